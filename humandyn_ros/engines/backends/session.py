"""An open model: named arrays in, named arrays out, whatever runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.engines.manifest import Manifest
from humandyn_ros.errors import ModelError

Arrays = dict[str, NDArray[Any]]


class Unavailable(Exception):  # noqa: N818 - no error: the next rung is tried
    """Why a backend cannot serve here."""


class Session(ABC):
    """One open model.

    Attributes:
        rung: The backend in use, one of `RUNGS` or 'torch'.
        manifest: Of the model.
        reasons: Backends that were preferred, and why each does not serve.
    """

    def __init__(self, rung: str, manifest: Manifest) -> None:
        self.rung = rung
        self.manifest = manifest
        self.reasons: dict[str, str] = {}

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Arrays:
        """Run the model on a batch.

        Raises:
            ModelError: An input is absent, unknown, or of another shape or type.
        """
        return self._run(*self.checked(inputs))

    def checked(self, inputs: Mapping[str, NDArray[Any]]) -> tuple[Arrays, int]:
        """Return the inputs, contiguous, and their batch; see `run`."""
        names = [spec.name for spec in self.manifest.inputs]
        if set(names) != set(inputs):
            raise ModelError(
                f'{self.manifest.name} takes {", ".join(names)}, not '
                f'{", ".join(sorted(inputs)) or "nothing"}'
            )
        batches = {spec.name: spec.check(inputs[spec.name]) for spec in self.manifest.inputs}
        batch = max(batches.values())
        if min(batches.values()) < 1 or len(set(batches.values())) > 1:
            raise ModelError(f'the inputs have different batches: {batches}')
        return {name: np.ascontiguousarray(inputs[name]) for name in names}, batch

    def describe(self) -> dict[str, str]:
        """Return what diagnostics show: backend, model, hash, and why not a better backend."""
        shown = {
            'backend': self.rung,
            'model': self.manifest.name,
            'model_sha256': self.manifest.sha256[:12],
        }
        shown |= {f'not {rung}': reason for rung, reason in self.reasons.items()}
        return shown

    def close(self) -> None:  # noqa: B027 - most sessions hold nothing of their own
        """Free what the session holds; it cannot run afterwards."""

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def _run(self, inputs: Arrays, batch: int) -> Arrays:
        """Run on checked inputs."""
