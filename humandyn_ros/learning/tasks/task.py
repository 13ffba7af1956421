"""What the training loop and the export need of a network: the protocol each one fulfils.

A task is made from its settings, a `Checked` dataclass, and the folder of the original data or
None: `LadyTask(config, data)`. Its class names the dataclass of the settings as `Config`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

Batch = dict[str, Tensor]
"""Named tensors, the batch first."""


@dataclass(frozen=True)
class Progress:
    """Where training stands.

    Attributes:
        stage: Name of the stage.
        epoch: Epoch within the stage, from 0.
        epochs: Epochs of the stage.
        step: Optimizer steps taken so far, over the whole training.
    """

    stage: str
    epoch: int
    epochs: int
    step: int


@dataclass(frozen=True)
class Stage:
    """One leg of the schedule.

    Attributes:
        name: Name, as it appears in logs.
        epochs: Passes over the split.
        learning_rate: Of the optimizer, which starts afresh with each stage.
        trains: Whether the parameter of this name learns; the others are frozen.
        split: What is learned from.
    """

    name: str
    epochs: int
    learning_rate: float
    trains: Callable[[str], bool]
    split: str = 'train'


@dataclass(frozen=True)
class Exportable:
    """What the export needs of a network.

    Attributes:
        module: Takes the inputs by position and returns the outputs, a tensor or a tuple.
        inputs: Example inputs with a batch of 2.
        input_names: One per input.
        output_names: One per output.
        manifest: Fields of the manifest that only the network knows, see `engines.manifest`.
        parts: Further models by the name of their folder within this one's.
        private: Inputs and outputs of which there is no mean (a latent, handed back): several
            networks have them side by side, along the last axis.
        private_width: Field of the manifest that holds the length of that axis.
    """

    module: nn.Module
    inputs: tuple[Tensor, ...]
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    manifest: dict[str, object]
    parts: Mapping[str, Exportable] = field(default_factory=dict)
    private: tuple[str, ...] = ()
    private_width: str = ''


class Task(Protocol):
    """One network with its material, losses and judgement."""

    name: str

    def model(self) -> nn.Module:
        """Return the network of the settings, its weights drawn from torch's current seed."""

    def stages(self) -> Sequence[Stage]:
        """Return the legs of the schedule in order."""

    def batches(self, split: str, seed: int) -> Iterator[Batch]:
        """Yield one epoch, the same batches for the same seed.

        It must not draw from torch's global generator: resuming runs it again from the start.
        """

    def losses(self, model: nn.Module, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the named loss terms, already weighted; their sum is what learns."""

    def score(self, model: nn.Module, split: str) -> dict[str, float]:
        """Return metrics of a split, with their units in their names."""

    def exportable(self, model: nn.Module) -> Exportable:
        """Return what the export needs."""


class TaskClass(Protocol):
    """The class of a task: names its settings, and makes a task of them and a folder."""

    Config: Any

    def __call__(self, config: Any, data: Path | None) -> Task:
        """Make the task."""
