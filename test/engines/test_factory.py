"""Engines by name, run by the estimator on a live stream."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.engines.factory import EngineConfig, Engines, model_folder
from humandyn_ros.errors import ConfigError, ModelError
from humandyn_ros.estimator import Estimator, EstimatorConfig
from humandyn_ros.filters import FilterConfig
from humandyn_ros.quantities import Estimate
from humandyn_ros.synthetic import person

pytest.importorskip('onnxruntime')
PERSON = PersonConfig(mass_kg=70.0, height_m=1.75)
NETWORKS = ('imdys', 'imdys_causal', 'hdys')


def frames(rate_hz=50.0, seconds=2.0):
    return list(person('walk', rate_hz=rate_hz, duration_s=seconds).frames())


def made(models, name, **changes):
    config = EstimatorConfig(engine=name, model=str(models(name)), **changes)
    return Estimator('smpl_24', PERSON, config)


def push_all(estimator, them) -> list[Estimate]:
    return [estimate for frame in them for estimate in estimator.push(frame)]


@pytest.mark.parametrize(
    ('name', 'age_ms'), [('imdys', 100.0), ('imdys_causal', 0.0), ('hdys', 2000.0 / 30.0)]
)
@pytest.mark.parametrize('rate_hz', [25.0, 60.0, 100.0])
def test_a_network_answers_every_frame_at_its_declared_age(models, name, age_ms, rate_hz):
    estimator = made(models, name)
    them = frames(rate_hz)
    estimates = push_all(estimator, them)
    assert estimator.lag_ns == pytest.approx(age_ms * 1e6, abs=1)
    assert len(estimates) > len(them) - 0.6 * rate_hz
    stamps = [estimate.stamp_ns for estimate in estimates]
    assert np.diff(stamps[1:]) == pytest.approx(1e9 / rate_hz, abs=1)
    assert {round(estimate.age_ms, 3) for estimate in estimates} == {round(age_ms, 3)}
    assert estimates[-1].valid
    assert estimator.reason == ''


@pytest.mark.parametrize('name', NETWORKS)
def test_what_a_network_says_is_about_the_motion_around_the_stamp(models, name):
    """A stream that changes after window and look-ahead has passed changes no earlier answer."""
    them = frames()
    later = [
        frame if k <= 70 else dataclasses.replace(frame, points=frame.points + [0.0, 0.0, 0.02])
        for k, frame in enumerate(them)
    ]
    one, other = push_all(made(models, name), them), push_all(made(models, name), later)
    changed = [
        a.stamp_ns
        for a, b in zip(one, other, strict=True)
        if np.any(a.dynamics.torque != b.dynamics.torque)
    ]
    assert min(changed) == pytest.approx(them[71].stamp_ns - one[0].age_ms * 1e6, abs=20e6)


def test_extras_are_those_of_the_model(models):
    imdys = push_all(made(models, 'imdys'), frames())[-1].extras
    assert 0.0 <= imdys.plausibility <= 1.0
    assert (imdys.latent, imdys.muscles) == (None, None)
    hdys = push_all(made(models, 'hdys'), frames())[-1].extras
    assert hdys.latent.shape == (8,)
    assert len(hdys.muscles.names) == len(hdys.muscles.activation) == 402
    assert hdys.plausibility is None
    assert push_all(Estimator('smpl_24', PERSON), frames())[-1].extras is None
    config = EngineConfig('imdys', str(models('imdys')))
    assert Engines(config).extras == {'plausibility'}
    assert Engines().extras == frozenset()


@pytest.mark.parametrize('name', NETWORKS)
def test_a_fading_estimate_has_no_extras_and_a_gap_starts_anew(models, name):
    estimator = made(models, name)
    them = frames(seconds=4.0)
    push_all(estimator, them[:80])
    estimator.tick(0)
    estimator.tick(0)
    (faded,) = estimator.tick(300_000_000)
    assert faded.extras is None
    assert 'no usable input' in faded.reason
    assert push_all(estimator, them[120:125]) == []
    assert 'not' in estimator.reason or 'warming' in estimator.reason
    assert push_all(estimator, them[125:170])[-1].valid


def test_numbers_of_a_model_that_are_not_finite_never_leave(models):
    estimator = made(models, 'imdys')
    push_all(estimator, frames(seconds=1.0))
    network = estimator._engine._network

    class Broken:
        def run(self, inputs):
            session = network_session.run(inputs)
            return session | {'feet': np.full_like(session['feet'], np.nan)}

    network_session, network._session = network._session, Broken()
    rest = frames(seconds=2.0)[50:]
    assert push_all(estimator, rest) == []
    assert 'feet' in estimator.reason and 'not finite' in estimator.reason


def test_another_mass_scales_forces_at_once(models):
    estimator = made(models, 'imdys_causal')
    push_all(estimator, frames(seconds=1.0))
    estimator.set_person(PersonConfig(140.0, 1.75))
    assert estimator.mass_kg == 140.0


def test_the_whole_recording_is_answered_without_age(models):
    them = frames()
    for name in ('imdys', 'imdys_causal'):
        estimates = made(models, name).whole(them)
        assert len(estimates) > len(them) - 30
        assert {estimate.age_ms for estimate in estimates} == {0.0}


def test_people_share_one_open_model(models):
    engines = Engines(EngineConfig('imdys', str(models('imdys'))))
    one, other = engines.make(PERSON), engines.make(PERSON)
    assert one is not other
    assert one._network._session is other._network._session
    assert engines.describe()['backend'] == 'ort-cpu'
    assert len(engines.describe()['model_sha256']) == 12
    engines.close()


def test_a_model_that_is_not_there_is_named_with_the_remedy(tmp_path):
    with pytest.raises(ModelError, match=r'manifest\.json is missing'):
        Engines(EngineConfig('imdys', str(tmp_path)))
    with pytest.raises(ModelError, match=r'no model of_nobody is installed.*`model`'):
        model_folder('of_nobody')


def test_a_model_of_another_kind_is_refused(models):
    with pytest.raises(ModelError, match=r'kind imdys.*hdys needs one of hdys'):
        Engines(EngineConfig('hdys', str(models('imdys'))))


@pytest.fixture
def copy(models, tmp_path):
    return shutil.copytree(models('imdys'), tmp_path / 'copy')


def test_a_corrupt_model_is_refused_by_its_hash(copy):
    with (copy / 'model.onnx').open('ab') as file:
        file.write(b'x')
    with pytest.raises(ModelError, match='not the model of its manifest'):
        Engines(EngineConfig('imdys', str(copy)))


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'input': 'markers'}, 'takes markers'),
        ({'coordinates': ['knee_of_a_horse']}, 'unknown coordinates knee_of_a_horse'),
    ],
)
def test_a_model_that_cannot_be_fed_or_read_live_is_refused(copy, changes, words):
    fields = json.loads((copy / 'manifest.json').read_text())
    (copy / 'manifest.json').write_text(json.dumps(fields | changes))
    with pytest.raises(ModelError, match=words):
        Engines(EngineConfig('imdys', str(copy)))


def test_a_missing_onnxruntime_is_told_with_the_extra_that_brings_it(models, monkeypatch):
    import sys

    path = str(models('imdys'))
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ModelError, match=r"pip install 'humandyn_ros\[onnx\]'"):
        Engines(EngineConfig('imdys', path))


def test_a_filter_with_less_lag_than_the_look_ahead_is_refused(models):
    quick = FilterConfig(kind='butterworth', cutoff_hz=30.0)
    with pytest.raises(ConfigError, match=r'looks 0\.100 s ahead'):
        made(models, 'imdys', filter=quick)
