"""Stand-ins for the module tensorrt and the library libcudart, for machines without a GPU.

They keep to the documented names and signatures of each version: what a version lacks is absent.
"Device" memory is host memory; an engine computes y = 2 x and s = sum of x.
"""

# ruff: noqa: N802, N815 - the names are those of CUDA
import ctypes
import json
import threading
from types import SimpleNamespace

import numpy as np


class Library:
    """libcudart, with stream capture: while recording, calls are kept and done at each launch."""

    def __init__(self, devices=1, capability=(8, 7), recordable=True):
        self.devices, self.capability, self.recordable = devices, capability, recordable
        self.memory, self.graphs = {}, {}
        self._local = threading.local()  # recording concerns the thread that records
        self.calls, self.freed, self.broken = [], [], False
        self.cudaGetErrorString = _Text()

    @property
    def recording(self):
        return getattr(self._local, 'actions', None)

    @recording.setter
    def recording(self, actions):
        self._local.actions = actions

    def _note(self, name):
        self.calls.append((name, threading.get_ident()))

    def _new(self, made, size):
        buffer = ctypes.create_string_buffer(size)
        address = ctypes.addressof(buffer)
        self.memory[address] = buffer
        made._obj.value = address
        return 0

    def _drop(self, pointer):
        self.freed.append(pointer.value)
        return 0 if self.memory.pop(pointer.value, None) is not None else 1

    def cudaGetDeviceCount(self, count):
        count._obj.value = self.devices
        return 0 if self.devices else 100

    def cudaSetDevice(self, device):
        self._note('cudaSetDevice')
        return 0

    def cudaDeviceGetAttribute(self, value, attribute, device):
        value._obj.value = self.capability[attribute.value - 75]
        return 0

    def cudaMalloc(self, made, size):
        return self._new(made, size.value)

    def cudaHostAlloc(self, made, size, flags):
        return self._new(made, size.value)

    cudaFree = cudaFreeHost = cudaStreamDestroy = cudaGraphExecDestroy = _drop

    def cudaStreamCreate(self, made):
        return self._new(made, 1)

    def cudaMemcpyAsync(self, to, of, size, kind, stream):
        return self.do(lambda: ctypes.memmove(to.value, of.value, size.value))

    def do(self, action):
        if self.recording is not None:
            self.recording.append(action)
        else:
            action()
        return 0

    def cudaStreamSynchronize(self, stream):
        return 0

    def cudaStreamBeginCapture(self, stream, mode):
        self._note('begin')
        self.recording = []
        return 0

    def cudaStreamEndCapture(self, stream, graph):
        actions, self.recording = self.recording, None
        if not self.recordable:
            return 901
        self._new(graph, 1)
        self.graphs[graph._obj.value] = actions
        return 0

    def cudaGraphInstantiateWithFlags(self, ready, graph, flags):
        self._new(ready, 1)
        self.graphs[ready._obj.value] = self.graphs[graph.value]
        return 0

    def cudaGraphDestroy(self, graph):
        return self._drop(graph)

    def cudaGetLastError(self):
        return 0

    def cudaGraphLaunch(self, graph, stream):
        self._note('launch')
        for action in self.graphs[graph.value]:
            action()
        return 0


class _Text:
    restype = None

    def __call__(self, status):
        return f'status {status.value}'.encode()


class Context:
    def __init__(self, trt):
        self.trt, self.address, self.batch = trt, {}, 0
        self.thread = threading.get_ident()

    def set_tensor_address(self, name, address):
        self.address[name] = address
        return True

    def set_input_shape(self, name, shape):
        self.batch = shape[0]
        return True

    def execute_async_v3(self, stream_handle):
        assert threading.get_ident() == self.thread, 'a context is used by two threads'
        batch = self.batch
        self.trt.library.do(lambda: self._compute(batch))
        return True

    def _compute(self, batch):
        def array(name, shape):
            size = int(np.prod(shape))
            kind = ctypes.c_float * size
            return np.ctypeslib.as_array(kind.from_address(self.address[name])).reshape(shape)

        x = array('x', (batch, 3))
        array('y', (batch, 3))[:] = 2 * x
        array('s', (batch,))[:] = x.sum(1)


class Engine:
    def __init__(self, trt):
        self.trt, self.names = trt, ['x', 'y', 's']
        self.num_io_tensors = 3

    def get_tensor_name(self, index):
        return self.names[index]

    def get_tensor_dtype(self, name):
        return 'FLOAT'

    def create_execution_context(self):
        self.trt.contexts += 1
        return Context(self.trt)


def fake_tensorrt(version, library, *, gate=None, parses=True):
    """A module tensorrt of a version.

    gate: an Event that a build waits for.
    """
    major = int(version.split('.')[0])
    trt = SimpleNamespace(__version__=version, library=library, builds=[], contexts=0)
    flags = {'TF32': 1} if major >= 10 else {'TF32': 1, 'FP16': 0}
    if major == 10:
        flags['FP16'] = 0
    trt.BuilderFlag = SimpleNamespace(**flags)
    network = {8: {'EXPLICIT_BATCH': 0}, 10: {'EXPLICIT_BATCH': 0, 'STRONGLY_TYPED': 1}}
    trt.NetworkDefinitionCreationFlag = SimpleNamespace(
        **network.get(major, {'STRONGLY_TYPED': 0})
    )
    trt.nptype = lambda dtype: np.float32

    class Logger:
        ERROR = 1

        def __init__(self, severity):
            pass

    class Profile:
        def __init__(self):
            self.shapes = {}

        def set_shape(self, name, low, usual, high):
            self.shapes[name] = (low, usual, high)

    class Settings:
        def __init__(self):
            self.flags, self.profiles = {trt.BuilderFlag.TF32}, []

        def set_flag(self, flag):
            self.flags.add(flag)

        def clear_flag(self, flag):
            self.flags.discard(flag)

        def add_optimization_profile(self, profile):
            self.profiles.append(profile)

    class Builder:
        def __init__(self, logger):
            pass

        def create_network(self, flags):
            return SimpleNamespace(flags=flags, source=None)

        def create_builder_config(self):
            return Settings()

        def create_optimization_profile(self):
            return Profile()

        def build_serialized_network(self, network, settings):
            monitor = getattr(settings, 'progress_monitor', None)
            if monitor is not None:
                assert major >= 10, 'progress_monitor came with 10'
                monitor.phase_start('Building', None, 2)
                monitor.phase_start('Tactics', 'Building', 9)
                assert monitor.step_complete('Tactics', 0)
                assert monitor.step_complete('Building', 0)
            if gate is not None:
                assert gate.wait(10)
            if monitor is not None:
                monitor.phase_finish('Tactics')
                monitor.phase_finish('Building')
            trt.builds.append((network, settings))
            return memoryview(json.dumps({'trt': version}).encode())

    class OnnxParser:
        num_errors = 1

        def __init__(self, network, logger):
            self.network = network

        def parse(self, content):
            self.network.source = content
            return parses

        def get_error(self, index):
            return 'In node 0: unsupported operator'

    class Runtime:
        def __init__(self, logger):
            pass

        def deserialize_cuda_engine(self, content):
            return Engine(trt) if json.loads(content)['trt'] == version else None

    class Monitor:
        def __init__(self):
            self.initialised = True

    trt.Logger, trt.Builder, trt.OnnxParser, trt.Runtime = Logger, Builder, OnnxParser, Runtime
    if major >= 10:
        trt.IProgressMonitor = Monitor
    return trt
