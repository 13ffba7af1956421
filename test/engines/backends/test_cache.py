import dataclasses

import pytest

from humandyn_ros.engines.backends.cache import EngineCache, EngineKey, engine_key
from humandyn_ros.engines.backends.config import BackendConfig
from humandyn_ros.engines.manifest import read_manifest

KEY = EngineKey('abc', '10.3.0', '8.7', 'fp32', 'x:float32:batchx3,batch=1..1')


@pytest.mark.parametrize('field', [f.name for f in dataclasses.fields(EngineKey)])
def test_every_fact_changes_the_key(field):
    assert dataclasses.replace(KEY, **{field: 'other'}).digest != KEY.digest


def test_the_key_rests_on_model_version_gpu_precision_and_shapes(model):
    manifest = read_manifest(model)
    key = engine_key(manifest, BackendConfig(max_batch=4), '8.6.1', '8.7')
    assert key == EngineKey(
        manifest.sha256, '8.6.1', '8.7', 'fp32', 'x:float32:batchx3,batch=1..4'
    )
    half = BackendConfig(precision='fp16')
    assert engine_key(manifest, half, '8.6.1', '8.7').model == manifest.sha256
    assert engine_key(manifest, half, '11.0.0', '8.7').model == manifest.half_sha256


def test_what_is_kept_is_loaded_whole(tmp_path):
    cache = EngineCache(tmp_path / 'engines')
    assert cache.load(KEY) is None
    path = cache.keep(KEY, b'engine')
    assert cache.load(KEY) == b'engine'
    assert sorted(p.suffix for p in path.parent.iterdir()) == ['.engine', '.json']
    cache.drop(KEY)
    assert cache.load(KEY) is None


def test_an_engine_of_another_version_put_in_its_place_is_found_out(tmp_path):
    cache = EngineCache(tmp_path)
    other = dataclasses.replace(KEY, tensorrt='8.6.1')
    cache.keep(other, b'old')
    cache.path(other).rename(cache.path(KEY))
    cache.path(other).with_suffix('.json').rename(cache.path(KEY).with_suffix('.json'))
    assert cache.load(KEY) is None


@pytest.mark.parametrize('content', [b'', b'engin', b'enginE'])
def test_a_damaged_engine_is_found_out(tmp_path, content):
    cache = EngineCache(tmp_path)
    cache.keep(KEY, b'engine').write_bytes(content)
    assert cache.load(KEY) is None


def test_a_write_that_fails_leaves_the_old_engine_and_nothing_half(tmp_path, monkeypatch):
    cache = EngineCache(tmp_path)
    cache.keep(KEY, b'engine')

    def full(handle):
        raise OSError('no space left on device')

    monkeypatch.setattr('os.fsync', full)
    with pytest.raises(OSError, match='no space'):
        cache.keep(KEY, b'a longer engine')
    assert cache.load(KEY) == b'engine'
    assert not list(tmp_path.glob('*.partial'))
