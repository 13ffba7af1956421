import sys
import threading

import numpy as np
import pytest
from fakes import Library, fake_tensorrt

from humandyn_ros.cli import main
from humandyn_ros.engines.backends import BackendConfig, open_session, preferred
from humandyn_ros.errors import ModelError

X = np.ones((1, 3), np.float32)
WHOLE = ('tensorrt', 'ort-tensorrt', 'ort-cuda', 'ort-cpu')


def install(monkeypatch, version='10.3.0', library=None, **options):
    library = library or Library()
    trt = fake_tensorrt(version, library, **options)
    monkeypatch.setitem(sys.modules, 'tensorrt', trt)
    monkeypatch.setattr('humandyn_ros.engines.backends.cuda._load', lambda: library)
    return trt


@pytest.fixture
def bare(monkeypatch):
    """A machine without TensorRT and without a GPU."""
    import onnxruntime

    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: ['CPUExecutionProvider'])


def test_without_a_gpu_the_cpu_serves_and_every_reason_is_told(model, bare):
    session = open_session(model, BackendConfig(ladder=WHOLE))
    assert session.rung == 'ort-cpu'
    shown = session.describe()
    assert 'TensorRT is not installed' in shown['not tensorrt']
    assert 'no CUDAExecutionProvider' in shown['not ort-cuda']
    assert 'no TensorrtExecutionProvider' in shown['not ort-tensorrt']
    np.testing.assert_allclose(session.run({'x': X})['y'], 2 * X)


def test_no_backend_at_all_names_every_reason(model, bare):
    with pytest.raises(ModelError, match=r'tensorrt: TensorRT is not installed.*; ort-cuda: '):
        open_session(model, BackendConfig(ladder=('tensorrt', 'ort-cuda')))


@pytest.mark.parametrize('version', ['8.5.3', '12.0.0'])
def test_a_version_that_is_not_supported_falls_through(model, monkeypatch, version):
    install(monkeypatch, version)
    session = open_session(model, preferred())
    assert session.rung == 'ort-cpu'
    assert '8.6 to 11 are supported' in session.describe()['not tensorrt']


def test_a_driver_without_a_device_falls_through(model, monkeypatch):
    install(monkeypatch, library=Library(devices=0))
    session = open_session(model, preferred())
    assert session.rung == 'ort-cpu'
    assert 'CUDA' in session.describe()['not tensorrt']


def settings(tmp_path, **changes):
    return BackendConfig(ladder=('tensorrt', 'ort-cpu'), cache=str(tmp_path / 'cache'), **changes)


def test_the_next_backend_serves_while_the_engine_is_built(model, tmp_path, monkeypatch):
    gate = threading.Event()
    install(monkeypatch, gate=gate)
    session = open_session(model, settings(tmp_path))
    assert session.rung == 'ort-cpu'
    np.testing.assert_allclose(session.run({'x': X})['y'], 2 * X)
    assert 'is being built' in session.describe()['not tensorrt']
    gate.set()
    assert session.wait(10)
    assert session.rung == 'tensorrt'
    assert session.describe()['backend'] == 'tensorrt'
    assert 'not tensorrt' not in session.describe()
    np.testing.assert_allclose(session.run({'x': X})['y'], 2 * X)
    session.close()
    kept = open_session(model, settings(tmp_path))  # from the cache: no waiting
    assert kept.rung == 'tensorrt'


def test_progress_of_the_build_is_in_diagnostics(model, tmp_path, monkeypatch):
    gate = threading.Event()
    install(monkeypatch, gate=gate)
    session = open_session(model, settings(tmp_path))
    for _ in range(100):
        if '50 %' in session.describe()['not tensorrt']:
            break
        threading.Event().wait(0.02)
    else:
        pytest.fail(session.describe()['not tensorrt'])
    gate.set()
    session.wait(10)


def test_a_build_that_fails_leaves_the_next_backend_serving(model, tmp_path, monkeypatch):
    install(monkeypatch, parses=False)
    session = open_session(model, settings(tmp_path))
    session.wait(10)
    assert session.rung == 'ort-cpu'
    assert 'unsupported operator' in session.describe()['not tensorrt']
    np.testing.assert_allclose(session.run({'x': X})['y'], 2 * X)


def test_a_session_closed_during_the_build_frees_the_engine(model, tmp_path, monkeypatch):
    gate, library = threading.Event(), Library()
    install(monkeypatch, library=library, gate=gate)
    session = open_session(model, settings(tmp_path))
    session.close()
    gate.set()
    session.wait(10)
    assert session.rung == 'ort-cpu'
    assert not library.memory


def test_building_can_be_waited_for(model, tmp_path, monkeypatch):
    install(monkeypatch)
    assert open_session(model, settings(tmp_path, background=False)).rung == 'tensorrt'


def test_the_command_builds_and_keeps_an_engine(model, tmp_path, monkeypatch, capsys):
    install(monkeypatch, '11.0.0')
    command = ['build-engine', str(model), '--cache', str(tmp_path / 'c'), '--precision', 'fp16']
    assert main(command) == 0
    assert 'TensorRT 11.0.0, fp16' in capsys.readouterr().out
    assert len(list((tmp_path / 'c').glob('*.engine'))) == 1


def test_the_command_says_why_nothing_can_be_built(model, bare, capsys):
    assert main(['build-engine', str(model)]) == 2
    assert 'TensorRT is not installed' in capsys.readouterr().err
