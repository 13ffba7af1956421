"""Native TensorRT: an engine, and per thread a context with its buffers and its recorded graph."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.engines.backends.build import Tell, engine_for, load_tensorrt
from humandyn_ros.engines.backends.cache import EngineCache, engine_key
from humandyn_ros.engines.backends.config import BackendConfig
from humandyn_ros.engines.backends.cuda import Cuda
from humandyn_ros.engines.backends.session import Arrays, Session
from humandyn_ros.engines.manifest import Manifest, TensorSpec
from humandyn_ros.errors import ModelError


@dataclass
class _Buffer:
    """One tensor: page-locked on the host, and on the device."""

    spec: TensorSpec
    host: NDArray[Any]
    host_address: int
    device: int

    def size(self, batch: int) -> int:
        return int(np.prod(self.spec.sized(batch))) * self.host.itemsize


@dataclass
class _Lane:
    """What one thread needs to run: execution contexts may not be shared between threads."""

    context: Any
    stream: int
    inputs: list[_Buffer]
    outputs: list[_Buffer]
    batch: int = 0
    graphs: dict[int, int] = field(default_factory=dict)  # by batch
    plain: set[int] = field(default_factory=set)  # batches that cannot be recorded


class NativeSession(Session):
    """A model in TensorRT's own runtime, 8.6 to 11.

    Args:
        manifest: Of the model.
        config: Device, precision, largest batch, cache, graphs.
        tell: Is told of progress where the engine must be built.
        trt: The module, if not the installed one.
        cuda: The runtime, if not the installed one.

    Raises:
        Unavailable: There is no TensorRT, CUDA or GPU here, or the precision cannot be had.
        ModelError: The engine cannot be built or loaded.
    """

    def __init__(
        self,
        manifest: Manifest,
        config: BackendConfig,
        tell: Tell | None = None,
        *,
        trt: Any = None,
        cuda: Cuda | None = None,
    ) -> None:
        super().__init__('tensorrt', manifest)
        self._trt = trt if trt is not None else load_tensorrt()
        self._cuda = cuda if cuda is not None else Cuda(config.device)
        self._config = config
        self._lanes: dict[int, _Lane] = {}
        self._lock = threading.Lock()
        self._runtime = self._trt.Runtime(self._trt.Logger(self._trt.Logger.ERROR))
        self._engine = self._load(tell)
        self._check_tensors()

    def describe(self) -> dict[str, str]:
        """Return what diagnostics show, with the version and precision of TensorRT."""
        shown = {'tensorrt': self._trt.__version__, 'precision': self._config.precision}
        return super().describe() | shown

    def close(self) -> None:
        """Free every buffer, graph and context."""
        with self._lock:
            lanes, self._lanes = list(self._lanes.values()), {}
            self._cuda.use()
            for lane in lanes:
                self._free(lane)
            self._engine = None

    def _load(self, tell: Tell | None) -> Any:
        """Load the engine; build it anew once where TensorRT does not take the kept one."""
        for _ in range(2):
            content = engine_for(self._trt, self._cuda, self.manifest, self._config, tell)
            engine = self._runtime.deserialize_cuda_engine(content)
            if engine is not None:
                return engine
            capability = self._cuda.capability()
            key = engine_key(self.manifest, self._config, self._trt.__version__, capability)
            EngineCache(self._config.cache_folder).drop(key)
        raise ModelError(f'TensorRT {self._trt.__version__} does not load the engine it built')

    def _check_tensors(self) -> None:
        engine = self._engine
        found = {engine.get_tensor_name(i) for i in range(engine.num_io_tensors)}
        specs = (*self.manifest.inputs, *self.manifest.outputs)
        wanted = {spec.name for spec in specs}
        if found != wanted:
            raise ModelError(
                f'the engine has tensors {", ".join(sorted(found))}, the manifest '
                f'{", ".join(sorted(wanted))}: export the model again'
            )
        for spec in specs:
            dtype = np.dtype(self._trt.nptype(engine.get_tensor_dtype(spec.name)))
            if dtype != np.dtype(spec.dtype):
                raise ModelError(f'{spec.name} is {dtype} in the engine, {spec.dtype} elsewhere')

    def _run(self, inputs: Arrays, batch: int) -> Arrays:
        if self._engine is None:
            raise ModelError(f'{self.manifest.name} is closed')
        if batch > self._config.max_batch:
            raise ModelError(
                f'a batch of {batch}, but the engine takes up to {self._config.max_batch}'
            )
        lane = self._lane()
        for buffer in lane.inputs:
            buffer.host[:batch] = inputs[buffer.spec.name]
        self._shape(lane, batch)
        graph = self._graph(lane, batch)
        if graph:
            self._cuda.launch(graph, lane.stream)
        else:
            self._enqueue(lane, batch)
        self._cuda.synchronize(lane.stream)
        return {buffer.spec.name: buffer.host[:batch].copy() for buffer in lane.outputs}

    def _lane(self) -> _Lane:
        """Lane of this thread, made when it first runs."""
        thread = threading.get_ident()
        self._cuda.use()
        with self._lock:
            if thread not in self._lanes:
                self._lanes[thread] = self._make_lane()
            return self._lanes[thread]

    def _make_lane(self) -> _Lane:
        context = self._engine.create_execution_context()
        if context is None:
            raise ModelError(f'no execution context for {self.manifest.name}: GPU memory is short')
        inputs = [self._buffer(spec) for spec in self.manifest.inputs]
        outputs = [self._buffer(spec) for spec in self.manifest.outputs]
        for buffer in (*inputs, *outputs):
            context.set_tensor_address(buffer.spec.name, buffer.device)
        return _Lane(context, self._cuda.stream(), inputs, outputs)

    def _buffer(self, spec: TensorSpec) -> _Buffer:
        host, address = self._cuda.pinned(spec.sized(self._config.max_batch), spec.dtype)
        return _Buffer(spec, host, address, self._cuda.malloc(host.nbytes))

    def _shape(self, lane: _Lane, batch: int) -> None:
        if lane.batch == batch:
            return
        for buffer in lane.inputs:
            shape = buffer.spec.sized(batch)
            if not lane.context.set_input_shape(buffer.spec.name, shape):
                raise ModelError(f'the engine does not take {buffer.spec.name} of shape {shape}')
        lane.batch = batch

    def _enqueue(self, lane: _Lane, batch: int) -> None:
        cuda, stream = self._cuda, lane.stream
        for buffer in lane.inputs:
            cuda.to_device(buffer.device, buffer.host_address, buffer.size(batch), stream)
        if not lane.context.execute_async_v3(stream):
            raise ModelError(f'{self.manifest.name} failed in TensorRT')
        for buffer in lane.outputs:
            cuda.to_host(buffer.host_address, buffer.device, buffer.size(batch), stream)

    def _graph(self, lane: _Lane, batch: int) -> int:
        """Recorded graph for a batch; 0 where there is none.

        The first run of a batch goes without: TensorRT may still set itself up for the shape,
        which must not be recorded (developer guide, "CUDA Graphs").
        """
        if not self._config.cuda_graph or batch in lane.plain:
            return 0
        if batch not in lane.graphs:
            self._enqueue(lane, batch)
            self._cuda.synchronize(lane.stream)
            self._cuda.begin_capture(lane.stream)
            try:
                self._enqueue(lane, batch)
                lane.graphs[batch] = self._cuda.end_capture(lane.stream)
            except ModelError:  # some layers cannot be recorded: kernels are launched instead
                self._cuda.abandon_capture(lane.stream)
                lane.plain.add(batch)
                return 0
        return lane.graphs[batch]

    def _free(self, lane: _Lane) -> None:
        self._cuda.synchronize(lane.stream)
        for graph in lane.graphs.values():
            self._cuda.destroy_graph(graph)
        for buffer in (*lane.inputs, *lane.outputs):
            self._cuda.free(buffer.device)
            self._cuda.free_pinned(buffer.host_address)
        self._cuda.destroy_stream(lane.stream)
        lane.context = None
