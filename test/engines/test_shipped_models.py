"""The dynamics networks that are shipped: whole, small, the same in another runtime, plausible."""

import json
from pathlib import Path

import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.engines.factory import KINDS
from humandyn_ros.engines.manifest import read_manifest
from humandyn_ros.estimator import Estimator, EstimatorConfig
from humandyn_ros.quantities import GRAVITY
from humandyn_ros.synthetic import person

onnxruntime = pytest.importorskip('onnxruntime')
MODELS = Path(__file__).parents[2] / 'models'
SHIPPED = [name for name in KINDS if (MODELS / name).is_dir()]
FORBIDDEN = ('non-commercial', 'CC BY-NC', 'SMPL licence', 'research only')


def test_all_models_together_stay_small_and_each_has_its_card():
    files = [path for path in MODELS.rglob('*') if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 60e6
    assert max(path.stat().st_size for path in files) < 16 * 2**20
    assert {'imdys', 'imdys_causal'} <= set(SHIPPED)
    for name in SHIPPED:
        card = (MODELS / name / 'MODEL_CARD.md').read_text()
        assert 'CMU mocap terms' in card
        assert not any(word in card for word in FORBIDDEN)


@pytest.mark.parametrize('name', SHIPPED)
def test_the_file_is_the_one_that_the_manifest_and_the_card_name(name):
    manifest = read_manifest(MODELS / name)
    manifest.check_model()
    assert manifest.kind == KINDS[name]
    fields = json.loads((MODELS / name / 'manifest.json').read_text())
    assert fields['sha256'] in (MODELS / name / 'MODEL_CARD.md').read_text()


@pytest.mark.parametrize('name', SHIPPED)
def test_another_runtime_gives_the_same_numbers(name):
    reference = pytest.importorskip('onnx.reference')
    path = str(MODELS / name / 'model.onnx')
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    random = np.random.default_rng(0)
    given = {
        item.name: random.uniform(
            0.0, 1.0, [2 if isinstance(size, str) else size for size in item.shape]
        ).astype(np.float32)
        for item in session.get_inputs()
    }
    expected = reference.ReferenceEvaluator(path).run(None, given)
    for value, other in zip(session.run(None, given), expected, strict=True):
        np.testing.assert_allclose(value, other, atol=1e-4 * max(1.0, np.abs(other).max()))


@pytest.mark.parametrize('name', SHIPPED)
def test_a_walker_is_carried_and_torques_are_those_of_a_walk(name):
    estimator = Estimator(
        'smpl_24', PersonConfig(mass_kg=70.0, height_m=1.75), EstimatorConfig(engine=name)
    )
    frames = person('walk', rate_hz=60.0, duration_s=2.0).frames()
    found = [estimate for frame in frames for estimate in estimator.push(frame)]
    assert len(found) > 60
    forces = np.array([[e.ground.left.force, e.ground.right.force] for e in found])
    torques = np.array([e.dynamics.torque for e in found])
    assert np.isfinite(forces).all()
    assert np.isfinite(torques).all()
    assert forces[..., 2].sum(axis=1).mean() == pytest.approx(70.0 * GRAVITY, rel=0.15)
    assert 3.0 < np.abs(torques).max() < 70.0 * 4.0
