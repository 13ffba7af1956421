"""The few calls of the CUDA runtime that native TensorRT needs, through ctypes.

Names and signatures: CUDA Runtime API reference, 11.4 to 13. No Python package is needed beyond
the library that TensorRT itself loads.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.engines.backends.session import Unavailable
from humandyn_ros.errors import ModelError

_NAMES = ('libcudart.so.13', 'libcudart.so.12', 'libcudart.so.11.0', 'libcudart.so')
_TO_DEVICE, _TO_HOST = 1, 2  # cudaMemcpyKind
_THREAD_LOCAL = 1  # cudaStreamCaptureModeThreadLocal: other threads may allocate meanwhile
_CAPABILITY = (75, 76)  # cudaDevAttrComputeCapabilityMajor, Minor
_P, _SIZE = ctypes.c_void_p, ctypes.c_size_t


class Cuda:
    """The CUDA runtime on one device.

    Args:
        device: Index.
        library: The loaded library, found if not given.

    Raises:
        Unavailable: There is no CUDA runtime, driver or such device.
    """

    def __init__(self, device: int = 0, library: Any = None) -> None:
        self._lib = library if library is not None else _load()
        self._lib.cudaGetErrorString.restype = ctypes.c_char_p
        self._device = device
        count = ctypes.c_int()
        status = self._lib.cudaGetDeviceCount(ctypes.byref(count))
        if status:
            raise Unavailable(f'CUDA: {self._message(status)}')
        if device >= count.value:
            raise Unavailable(f'no GPU {device}: there are {count.value}')

    def use(self) -> None:
        """Make the device current in this thread."""
        self._do('cudaSetDevice', ctypes.c_int(self._device))

    def capability(self) -> str:
        """Compute capability, such as '8.7'."""
        found = []
        for attribute in _CAPABILITY:
            value = ctypes.c_int()
            self._do(
                'cudaDeviceGetAttribute',
                ctypes.byref(value),
                ctypes.c_int(attribute),
                ctypes.c_int(self._device),
            )
            found.append(str(value.value))
        return '.'.join(found)

    def malloc(self, size: int) -> int:
        """Allocate bytes on the device; return the address."""
        return self._new('cudaMalloc', _SIZE(max(size, 1)))

    def free(self, address: int) -> None:
        """Free what `malloc` gave."""
        self._do('cudaFree', _P(address))

    def pinned(self, shape: Sequence[int], dtype: str) -> tuple[NDArray[Any], int]:
        """Allocate a page-locked array; return it and its address."""
        size = max(int(np.prod(shape)) * np.dtype(dtype).itemsize, 1)
        address = self._new('cudaHostAlloc', _SIZE(size), ctypes.c_uint(0))
        whole = np.ctypeslib.as_array((ctypes.c_ubyte * size).from_address(address))
        return whole.view(dtype)[: int(np.prod(shape))].reshape(shape), address

    def free_pinned(self, address: int) -> None:
        """Free what `pinned` gave."""
        self._do('cudaFreeHost', _P(address))

    def stream(self) -> int:
        """Make a stream."""
        return self._new('cudaStreamCreate')

    def destroy_stream(self, stream: int) -> None:
        """Destroy a stream."""
        self._do('cudaStreamDestroy', _P(stream))

    def to_device(self, device: int, host: int, size: int, stream: int) -> None:
        """Copy bytes to the device, in the stream."""
        self._copy(device, host, size, _TO_DEVICE, stream)

    def to_host(self, host: int, device: int, size: int, stream: int) -> None:
        """Copy bytes from the device, in the stream."""
        self._copy(host, device, size, _TO_HOST, stream)

    def synchronize(self, stream: int) -> None:
        """Wait until the stream is done."""
        self._do('cudaStreamSynchronize', _P(stream))

    def begin_capture(self, stream: int) -> None:
        """Record what follows in the stream instead of doing it."""
        self._do('cudaStreamBeginCapture', _P(stream), ctypes.c_int(_THREAD_LOCAL))

    def end_capture(self, stream: int) -> int:
        """Return the recorded graph, ready to be launched."""
        graph = _P()
        self._do('cudaStreamEndCapture', _P(stream), ctypes.byref(graph))
        ready = _P()
        try:  # the form that is the same in CUDA 11, 12 and 13
            self._do(
                'cudaGraphInstantiateWithFlags',
                ctypes.byref(ready),
                graph,
                ctypes.c_ulonglong(0),
            )
        finally:
            self._do('cudaGraphDestroy', graph)
        return int(ready.value or 0)

    def abandon_capture(self, stream: int) -> None:
        """End a recording that failed."""
        graph = _P()
        if self._lib.cudaStreamEndCapture(_P(stream), ctypes.byref(graph)) == 0 and graph.value:
            self._lib.cudaGraphDestroy(graph)
        self._lib.cudaGetLastError()  # the failed recording shall not fail the next call

    def launch(self, graph: int, stream: int) -> None:
        """Launch a graph in the stream."""
        self._do('cudaGraphLaunch', _P(graph), _P(stream))

    def destroy_graph(self, graph: int) -> None:
        """Free a graph that `end_capture` gave."""
        self._do('cudaGraphExecDestroy', _P(graph))

    def _copy(self, to: int, of: int, size: int, kind: int, stream: int) -> None:
        self._do('cudaMemcpyAsync', _P(to), _P(of), _SIZE(size), ctypes.c_int(kind), _P(stream))

    def _new(self, call: str, *arguments: Any) -> int:
        made = _P()
        self._do(call, ctypes.byref(made), *arguments)
        return int(made.value or 0)

    def _do(self, call: str, *arguments: Any) -> None:
        status = getattr(self._lib, call)(*arguments)
        if status:
            raise ModelError(f'{call}: {self._message(status)}')

    def _message(self, status: int) -> str:
        text = self._lib.cudaGetErrorString(ctypes.c_int(status))
        return f'{text.decode()} ({status})' if text else f'error {status}'


def _load() -> Any:
    found = ctypes.util.find_library('cudart')
    # The wheels of the runtime put it below site-packages/nvidia, where no loader looks.
    places = [Path(folder) / 'nvidia' for folder in sys.path if folder]
    wheels = [
        str(path)
        for place in places
        if place.is_dir()
        for path in sorted(place.glob('*/lib/libcudart.so.*'), reverse=True)
    ]
    for name in (*_NAMES, *wheels, *([found] if found else [])):
        with contextlib.suppress(OSError):
            return ctypes.CDLL(name)
    raise Unavailable('no CUDA runtime (libcudart) found')
