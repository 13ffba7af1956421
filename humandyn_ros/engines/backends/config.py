"""Settings of the backends: which are tried, in which order, and where engines are kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from humandyn_ros.config import Checked, setting
from humandyn_ros.errors import ConfigError

RUNGS = ('tensorrt', 'ort-tensorrt', 'ort-cuda', 'ort-cpu')
"""Native TensorRT; ONNX Runtime with its TensorRT, CUDA or CPU execution provider."""


@dataclass(frozen=True)
class BackendConfig(Checked):
    """How a model is run."""

    ladder: tuple[str, ...] = setting(
        ('ort-cpu',), '', 'backends in order of preference; the first that works is used'
    )
    precision: str = setting(
        'fp32', '', 'of TensorRT; fp16 is for measured models', choices=('fp32', 'tf32', 'fp16')
    )
    device: int = setting(0, '', 'index of the GPU', low=0, high=63)
    threads: int = setting(1, '', 'CPU threads of ONNX Runtime', low=1, high=256)
    max_batch: int = setting(1, '', 'largest batch a TensorRT engine will run', low=1, high=4096)
    cache: str = setting('', '', "folder of TensorRT engines; empty: the user's cache folder")
    cuda_graph: bool = setting(True, '', 'replay a recorded graph instead of launching kernels')
    background: bool = setting(
        True, '', 'build an engine in the background while the next backend serves'
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = [rung for rung in self.ladder if rung not in RUNGS]
        if unknown or not self.ladder:
            raise ConfigError(
                f'BackendConfig.ladder = {self.ladder!r}: choose from {", ".join(RUNGS)}'
            )

    @property
    def cache_folder(self) -> Path:
        """Where engines are kept."""
        if self.cache:
            return Path(self.cache)
        home = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
        return Path(home) / 'humandyn_ros' / 'engines'


def preferred(precision: str = 'fp32') -> BackendConfig:
    """Return the whole ladder: TensorRT, then ONNX Runtime on the GPU, then on the CPU."""
    return BackendConfig(ladder=('tensorrt', 'ort-cuda', 'ort-cpu'), precision=precision)
