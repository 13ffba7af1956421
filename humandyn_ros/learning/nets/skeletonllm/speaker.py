"""A SkeletonLLM that is done learning, or a model as it comes: asked about clips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from humandyn_ros.drawing import velocities
from humandyn_ros.errors import ConfigError, ModelError
from humandyn_ros.learning.checkpoint import Checkpoint, load_checkpoint
from humandyn_ros.learning.nets.skeletonllm.backbone import memory
from humandyn_ros.learning.nets.skeletonllm.config import SkeletonLLMConfig
from humandyn_ros.learning.nets.skeletonllm.net import SkeletonLLM
from humandyn_ros.learning.words.clips import picked
from humandyn_ros.learning.words.prompts import Prompts, read_prompts, spoken
from humandyn_ros.learning.words.rationales import parsed
from humandyn_ros.learning.words.scores import LabelMatcher, read_synonyms
from humandyn_ros.quantities import Array, Skeleton

UNKNOWN = 'unknown'
_CHECKPOINTS = ('best.safetensors', 'last.safetensors')


class Speaker:
    """One network that speaks.

    Args:
        net: The network.
        prompts: Templates.
        matcher: Which label an answer is.
        labels: Actions to choose from.
        tokens: Of a label and of reasons, at most.
    """

    def __init__(
        self,
        net: SkeletonLLM,
        prompts: Prompts,
        matcher: LabelMatcher,
        labels: tuple[str, ...],
        tokens: tuple[int, int] = (16, 256),
    ) -> None:
        self.net = net.eval()
        self.prompts, self.labels = prompts, labels
        self._matcher, self._tokens = matcher, tokens
        self.origin = net.config.model

    def pictures(
        self, points: Array, confidence: Array, skeleton: Skeleton, rate_hz: float
    ) -> torch.Tensor:
        """Draw one clip.

        Args:
            points: (T, P, J, 3), or 2 for image points; NaN = not seen.
            confidence: (T, P, J) 0-1.
            skeleton: Of the points.
            rate_hz: Frames per second.
        """
        at = picked(len(points), self.net.config.frames, None)
        shown = (points[at], confidence[at], velocities(points, rate_hz)[at])
        device = self.net.negatives.device
        place, sure, moved = (torch.from_numpy(part[None]).float().to(device) for part in shown)
        with torch.no_grad():
            return self.net.draw(place, sure, moved, skeleton)

    def ask(self, prompt: str, pictures: torch.Tensor, tokens: int | None = None) -> str:
        """Return the answer to one prompt about the clip that was drawn."""
        return self.net.answer([prompt], pictures, tokens or self._tokens[1])[0]

    def choose(self, pictures: torch.Tensor) -> tuple[str, float]:
        """Return the label, UNKNOWN where the answer is none, and how likely that answer is."""
        prompt = self.prompts.choosing(self.labels)
        label = self._matcher.match(self.ask(prompt, pictures, self._tokens[0]))
        if label is None:
            return UNKNOWN, 0.0
        numbers = self.net.to_device(self.net.lessons([prompt], [spoken(label)]))
        with torch.no_grad():
            likely = float(self.net.likelihood(numbers, pictures)[0])
        return label, math.exp(min(likely, 0.0))

    def tell(self, pictures: torch.Tensor) -> tuple[str, tuple[str, ...]]:
        """Return a sentence and the reasons for it."""
        caption, reasons, _ = parsed(self.ask(self.prompts.reason, pictures))
        if not caption:
            caption = ' '.join(self.ask(self.prompts.describe, pictures).split())
        return caption, reasons


def open_speaker(path: str, *, labels: Sequence[str] = (), device: str = 'auto') -> Speaker:
    """Open a checkpoint of `humandyn train skeletonllm`, its folder, or a model as it comes.

    Args:
        path: Of the checkpoint or model, or a name on the hub.
        labels: To choose from, of a model as it comes; none: those of the synthesis.
        device: cpu, cuda ...; auto: a GPU if there is one.

    Raises:
        ConfigError: No path.
        ModelError: Nothing there, damaged, of another network, or too large for the memory.
        MissingDependencyError: transformers or peft is not installed.
    """
    if not path.strip():
        raise ConfigError(
            "model = '': name a checkpoint of humandyn train skeletonllm, or a folder or hub "
            'name of an image-text-to-text model'
        )
    found = _checkpoint(Path(path).expanduser())
    speaker = _plain(path, tuple(labels)) if found is None else _trained(found)
    where = device if device != 'auto' else 'cuda' if torch.cuda.is_available() else 'cpu'
    with memory(f'moving {path} to {where}', 'device cpu, or a smaller model'):
        speaker.net.to(where)
    return speaker


def _checkpoint(path: Path) -> Checkpoint | None:
    if path.is_file():
        return load_checkpoint(path)
    files = [path / name for name in _CHECKPOINTS if (path / name).is_file()]
    return load_checkpoint(files[0]) if files else None


def _plain(path: str, labels: tuple[str, ...]) -> Speaker:
    labels = labels or usual_labels()
    matcher = LabelMatcher(labels, read_synonyms())
    net = SkeletonLLM(SkeletonLLMConfig(model=path, lora_rank=0))
    return Speaker(net, read_prompts(), matcher, labels)


def _trained(found: Checkpoint) -> Speaker:
    from humandyn_ros.learning.settings import split_settings  # noqa: PLC0415
    from humandyn_ros.learning.tasks.skeletonllm_lessons import (  # noqa: PLC0415
        SkeletonLLMTaskConfig,
    )

    if found.facts.get('task') != 'skeletonllm':
        raise ModelError(f'a checkpoint of {found.facts.get("task")}: take one of skeletonllm')
    config: SkeletonLLMTaskConfig = split_settings(found.facts['settings'], SkeletonLLMTaskConfig)[
        1
    ]
    labels = config.labels or usual_labels()
    net = SkeletonLLM(replace(config.net, checkpointing=False), (len(labels), config.hardest))
    found.load_model(net)
    return Speaker(
        net,
        read_prompts(config.prompts),
        LabelMatcher(labels, read_synonyms(config.synonyms)),
        labels,
        (config.answer_tokens, config.reason_tokens),
    )


def usual_labels() -> tuple[str, ...]:
    """Return the actions of the synthesis that can be named."""
    from humandyn_ros.learning.synthesis import ACTIONS  # noqa: PLC0415

    return tuple(label for label in ACTIONS if label != 'other')
