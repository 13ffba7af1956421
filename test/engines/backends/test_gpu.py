"""What can only be seen on a CUDA device; elsewhere it skips and says why."""

import threading

import numpy as np
import pytest

from humandyn_ros.engines.backends import BackendConfig, open_session
from humandyn_ros.engines.backends.build import load_tensorrt
from humandyn_ros.engines.backends.cuda import Cuda
from humandyn_ros.engines.backends.session import Unavailable

X = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def gpu():
    try:
        return Cuda()
    except Unavailable as reason:
        pytest.skip(f'no CUDA device: {reason}')


def test_the_cuda_runtime_copies_there_and_back(gpu):
    gpu.use()
    there, address = gpu.pinned((4,), 'float32')
    back, back_address = gpu.pinned((4,), 'float32')
    there[:] = [1, 2, 3, 4]
    device, stream = gpu.malloc(16), gpu.stream()
    gpu.to_device(device, address, 16, stream)
    gpu.to_host(back_address, device, 16, stream)
    gpu.synchronize(stream)
    assert back.tolist() == [1, 2, 3, 4]
    gpu.destroy_stream(stream)
    gpu.free(device)
    gpu.free_pinned(address)
    gpu.free_pinned(back_address)


@pytest.mark.parametrize('rung', ['tensorrt', 'ort-tensorrt', 'ort-cuda'])
@pytest.mark.parametrize('cuda_graph', [True, False])
def test_a_backend_on_the_gpu_answers_as_the_cpu_does(gpu, model, tmp_path, rung, cuda_graph):
    if rung == 'tensorrt':
        try:
            load_tensorrt()
        except Unavailable as reason:
            pytest.skip(str(reason))
    else:
        import onnxruntime

        names = {'ort-tensorrt': 'Tensorrt', 'ort-cuda': 'CUDA'}
        if f'{names[rung]}ExecutionProvider' not in onnxruntime.get_available_providers():
            pytest.skip(f'this ONNX Runtime has no {rung}')
    config = BackendConfig(
        ladder=(rung,), cache=str(tmp_path), max_batch=2, background=False, cuda_graph=cuda_graph
    )
    expected = open_session(model).run({'x': X})
    with open_session(model, config) as session:
        found = []
        threads = [
            threading.Thread(target=lambda: found.append(session.run({'x': X}))) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 3
    for answer in found:
        for name, values in expected.items():
            np.testing.assert_allclose(answer[name], values, rtol=1e-5)
