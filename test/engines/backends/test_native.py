import threading

import numpy as np
import pytest
from fakes import Library, fake_tensorrt

from humandyn_ros.engines.backends.build import build_engine
from humandyn_ros.engines.backends.config import BackendConfig
from humandyn_ros.engines.backends.cuda import Cuda
from humandyn_ros.engines.backends.native import NativeSession
from humandyn_ros.engines.backends.session import Unavailable
from humandyn_ros.engines.manifest import read_manifest
from humandyn_ros.errors import ModelError

VERSIONS = ('8.6.1', '10.3.0', '11.0.0')


def x(batch, offset=0.0):
    return np.arange(3 * batch, dtype=np.float32).reshape(batch, 3) + np.float32(offset)


def opened(model, tmp_path, version='10.3.0', library=None, **settings):
    library = library or Library()
    trt = fake_tensorrt(version, library)
    config = BackendConfig(cache=str(tmp_path / 'cache'), max_batch=2, **settings)
    session = NativeSession(read_manifest(model), config, trt=trt, cuda=Cuda(0, library))
    return session, trt, library


@pytest.mark.parametrize('version', VERSIONS)
@pytest.mark.parametrize('cuda_graph', [True, False])
def test_it_answers_and_replays_a_recorded_graph(model, tmp_path, version, cuda_graph):
    session, _, library = opened(model, tmp_path, version, cuda_graph=cuda_graph)
    for batch, offset in ((1, 0), (2, 1), (1, 2), (2, 3)):
        found = session.run({'x': x(batch, offset)})
        np.testing.assert_allclose(found['y'], 2 * x(batch, offset))
        np.testing.assert_allclose(found['s'], x(batch, offset).sum(1))
    names = [name for name, _ in library.calls]
    assert names.count('begin') == (2 if cuda_graph else 0)  # once per batch
    assert names.count('launch') == (4 if cuda_graph else 0)
    assert session.describe()['tensorrt'] == version


def test_an_answer_is_not_changed_by_the_next(model, tmp_path):
    session, _, _ = opened(model, tmp_path)
    first = session.run({'x': x(1)})['y']
    session.run({'x': x(1, 5)})
    np.testing.assert_allclose(first, 2 * x(1))


def test_a_network_that_cannot_be_recorded_is_launched_plainly(model, tmp_path):
    session, _, library = opened(model, tmp_path, library=Library(recordable=False))
    for offset in (0, 1):
        np.testing.assert_allclose(session.run({'x': x(1, offset)})['y'], 2 * x(1, offset))
    assert [name for name, _ in library.calls].count('begin') == 1


def test_every_thread_has_a_context_of_its_own_and_all_are_freed(model, tmp_path):
    session, trt, library = opened(model, tmp_path)
    together, wrong = threading.Barrier(3), []

    def work(offset):
        together.wait(10)
        for i in range(20):
            found = session.run({'x': x(2, offset + i)})['y']
            if not np.array_equal(found, 2 * x(2, offset + i)):
                wrong.append(offset)
        together.wait(10)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert trt.contexts == 3
    assert library.memory
    session.close()
    assert not library.memory
    with pytest.raises(ModelError, match='closed'):
        session.run({'x': x(1)})


def test_a_batch_beyond_the_engines_is_named(model, tmp_path):
    session, _, _ = opened(model, tmp_path)
    with pytest.raises(ModelError, match='a batch of 3, but the engine takes up to 2'):
        session.run({'x': x(3)})


def test_the_engine_is_built_once_and_again_for_another_version_gpu_or_precision(model, tmp_path):
    builds = []
    for version, capability, precision in (
        ('10.3.0', (8, 7), 'fp32'),
        ('10.3.0', (8, 7), 'fp32'),
        ('11.0.0', (8, 7), 'fp32'),
        ('11.0.0', (9, 0), 'fp32'),
        ('11.0.0', (9, 0), 'fp16'),
        ('10.3.0', (8, 7), 'fp32'),
    ):
        library = Library(capability=capability)
        _, trt, _ = opened(model, tmp_path, version, library, precision=precision)
        builds.append(len(trt.builds))
    assert builds == [1, 0, 1, 1, 1, 0]
    assert len(list((tmp_path / 'cache').glob('*.engine'))) == 4


def test_an_engine_tensorrt_does_not_take_is_built_anew(model, tmp_path):
    from humandyn_ros.engines.backends.cache import EngineCache, engine_key

    config = BackendConfig(cache=str(tmp_path / 'cache'), max_batch=2)
    key = engine_key(read_manifest(model), config, '10.3.0', '8.7')
    EngineCache(config.cache_folder).keep(key, b'{"trt": "9.9.9"}')
    session, trt, _ = opened(model, tmp_path)
    assert len(trt.builds) == 1
    np.testing.assert_allclose(session.run({'x': x(1)})['y'], 2 * x(1))


@pytest.mark.parametrize(
    ('version', 'precision', 'flags', 'half'),
    [
        ('8.6.1', 'fp32', (1, set()), False),  # EXPLICIT_BATCH, no TF32
        ('8.6.1', 'fp16', (1, {0}), False),  # the flag FP16
        ('10.3.0', 'fp32', (2, set()), False),  # STRONGLY_TYPED
        ('10.3.0', 'tf32', (2, {1}), False),
        ('10.3.0', 'fp16', (2, set()), True),  # types from the model, no flag
        ('11.0.0', 'fp16', (1, set()), True),
    ],
)
def test_each_version_is_built_for_as_it_wants(model, version, precision, flags, half):
    trt = fake_tensorrt(version, Library())
    build_engine(trt, read_manifest(model), BackendConfig(precision=precision, max_batch=8))
    network, settings = trt.builds[0]
    assert (network.flags, settings.flags) == flags
    assert network.source.startswith(b'half') == half
    assert settings.profiles[0].shapes == {'x': ((1, 3), (1, 3), (8, 3))}


def test_half_precision_without_its_model_is_refused_from_10_on(model):
    from edit import edit

    edit(model, half_sha256=None)
    config = BackendConfig(precision='fp16')
    for version in ('10.3.0', '11.0.0'):
        with pytest.raises(Unavailable, match='--half'):
            build_engine(fake_tensorrt(version, Library()), read_manifest(model), config)
    build_engine(fake_tensorrt('8.6.1', Library()), read_manifest(model), config)


def test_progress_is_told_where_the_version_reports_it(model):
    for version in VERSIONS:
        told = []
        build_engine(
            fake_tensorrt(version, Library()),
            read_manifest(model),
            BackendConfig(),
            lambda part, phase, told=told: told.append((part, phase)),
        )
        parts = [part for part, _ in told if part >= 0]
        assert parts == ([] if version.startswith('8') else [0.0, 0.5, 1.0])


def test_a_model_that_cannot_be_parsed_is_named(model):
    trt = fake_tensorrt('10.3.0', Library(), parses=False)
    with pytest.raises(ModelError, match='unsupported operator'):
        build_engine(trt, read_manifest(model), BackendConfig())


def test_an_altered_model_is_not_built(model):
    (model / 'model.onnx').write_bytes(b'altered')
    with pytest.raises(ModelError, match='is not the model of its manifest'):
        build_engine(fake_tensorrt('10.3.0', Library()), read_manifest(model), BackendConfig())


def test_no_gpu_and_no_such_gpu_are_told_apart():
    with pytest.raises(Unavailable, match=r'CUDA: status 100'):
        Cuda(0, Library(devices=0))
    with pytest.raises(Unavailable, match='no GPU 3: there are 1'):
        Cuda(3, Library())
