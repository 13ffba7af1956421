"""A network run by PyTorch itself, on a GPU through recorded CUDA graphs.

For those who have torch at run time, and to compare with: a model that ships needs it not.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from humandyn_ros.engines.backends.session import Arrays, Session
from humandyn_ros.engines.manifest import Manifest
from humandyn_ros.errors import ModelError

_WARM_UP = 3  # runs before recording, in a stream of their own (PyTorch notes, "CUDA graphs")


@dataclass
class _Recorded:
    """A recorded run for one batch: fixed inputs, fixed outputs."""

    graph: torch.cuda.CUDAGraph
    inputs: list[Tensor]
    outputs: tuple[Tensor, ...]


class TorchSession(Session):
    """A model in PyTorch; one run at a time.

    Args:
        module: Takes the inputs by position and returns a tensor or a tuple.
        manifest: Of the model, for names, shapes and types.
        device: 'cpu', 'cuda', 'cuda:1' ...
        cuda_graph: Replay a recorded graph instead of launching kernels one by one.

    Raises:
        ModelError: The device is not there.
    """

    def __init__(
        self, module: nn.Module, manifest: Manifest, device: str = 'cuda', cuda_graph: bool = True
    ) -> None:
        super().__init__('torch', manifest)
        self._device = torch.device(device)
        if self._device.type == 'cuda' and not torch.cuda.is_available():
            raise ModelError(f'torch finds no GPU for {device}: use cpu')
        self._module: nn.Module | None = module.to(self._device).eval()
        self._records = cuda_graph and self._device.type == 'cuda'
        self._recorded: dict[int, _Recorded] = {}
        self._lock = threading.Lock()

    def describe(self) -> dict[str, str]:
        """Return what diagnostics show, with the device and whether a graph is replayed."""
        graph = 'recorded graph' if self._records else 'eager'
        return super().describe() | {'torch': f'{torch.__version__}, {self._device}, {graph}'}

    def close(self) -> None:
        """Free the network and its graphs."""
        with self._lock:
            self._recorded.clear()
            self._module = None

    def _run(self, inputs: Arrays, batch: int) -> Arrays:
        given = [torch.from_numpy(inputs[spec.name]) for spec in self.manifest.inputs]
        with self._lock, torch.inference_mode():
            if self._module is None:
                raise ModelError(f'{self.manifest.name} is closed')
            outputs = self._replay(given, batch) if self._records else self._eager(given)
            found = [output.cpu().numpy() for output in outputs]
        names = [spec.name for spec in self.manifest.outputs]
        if len(names) != len(found):
            raise ModelError(f'the module gave {len(found)} outputs, the manifest has {names}')
        return dict(zip(names, found, strict=True))

    def _eager(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        assert self._module is not None
        outputs = self._module(*(x.to(self._device) for x in inputs))
        return (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)

    def _replay(self, inputs: Sequence[Tensor], batch: int) -> tuple[Tensor, ...]:
        if batch not in self._recorded:
            self._recorded[batch] = self._record(inputs)
        recorded = self._recorded[batch]
        for place, values in zip(recorded.inputs, inputs, strict=True):
            place.copy_(values)
        recorded.graph.replay()
        return recorded.outputs

    def _record(self, inputs: Sequence[Tensor]) -> _Recorded:
        places = [x.to(self._device).clone() for x in inputs]
        side = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(side):
            for _ in range(_WARM_UP):
                self._eager(places)
        torch.cuda.current_stream(self._device).wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            outputs = self._eager(places)
        return _Recorded(graph, places, outputs)
