import dataclasses

import numpy as np
import pytest
import torch

from humandyn_ros.config import PersonConfig
from humandyn_ros.engines.imdys import ImdysEngine
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.nets.imdys import ImdysConfig
from humandyn_ros.learning.tasks.imdys import ImdysTask, learns_on_real
from humandyn_ros.learning.tasks.imdys_windows import ImdysTaskConfig, imdys_windows
from humandyn_ros.learning.tasks.point_masses import clip
from humandyn_ros.learning.tasks.task import Progress
from humandyn_ros.quantities import MotionWindow

torch.set_num_threads(1)
JOINTS = ImdysTaskConfig(
    net=ImdysConfig(input='joints', points=24), source='point_masses', clips=3, batch=32,
    score_clips=2,
)  # fmt: skip
MARKERS = dataclasses.replace(JOINTS, net=ImdysConfig(), marker_room=40)
SMPL = dataclasses.replace(JOINTS, net=ImdysConfig(input='smpl', points=24))


@pytest.fixture(scope='module')
def made():
    return clip(30.0, [0, 0, 0])


def test_windows_hold_the_labels_of_their_middle(made):
    windows = imdys_windows(made, JOINTS, None)
    assert windows['states'].shape == (40 - 5, 24, 6, 6)
    assert windows['torque'].shape == (35, 23, 3)
    size = np.linalg.norm(made.torque_smpl[2:37, 1:], axis=-1) / made.mass_kg
    np.testing.assert_allclose(np.linalg.norm(windows['torque'], axis=-1), size, rtol=1e-4)
    vertical = made.contact_force[3:38, :, 2] / made.mass_kg
    np.testing.assert_allclose(windows['ground'][:, 1, :, 2], vertical, atol=1e-5)


def test_past_and_next_are_the_frames_around_the_instant(made):
    windows = imdys_windows(made, JOINTS, None)
    np.testing.assert_allclose(windows['past'], windows['states'][:, :, :3, :3])
    np.testing.assert_allclose(windows['next'], windows['states'][:, :, 3, :3])
    causal = dataclasses.replace(JOINTS, net=dataclasses.replace(JOINTS.net, causal=True))
    windows = imdys_windows(made, causal, None)
    np.testing.assert_allclose(windows['past'], windows['states'][:, :, 3:, :3])
    assert not np.allclose(windows['next'], windows['states'][:, :, 5, :3])


@pytest.mark.parametrize('config', [JOINTS, MARKERS, SMPL])
def test_turning_and_moving_the_person_changes_no_window(made, config):
    c, s = np.cos(1.2), np.sin(1.2)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    names = ('joints', 'markers', 'torque_smpl', 'contact_force', 'feet')
    turned = {name: getattr(made, name) @ turn.T for name in names}
    turned['joints'] = turned['joints'] + [5.0, -3.0, 0.0]
    turned['markers'] = turned['markers'] + [5.0, -3.0, 0.0]
    first = imdys_windows(made, config, None)
    second = imdys_windows(dataclasses.replace(made, **turned), config, None)
    for name, array in first.items():
        np.testing.assert_allclose(second[name], array, atol=1e-4, err_msg=name)


def test_frames_that_cannot_be_trusted_are_left_out(made):
    keep = np.ones(40, bool)
    keep[10] = False
    windows = imdys_windows(dataclasses.replace(made, keep=keep), JOINTS, None)
    assert len(windows['states']) == 35 - 2  # frames 9 (its next one) and 10


def test_training_hides_markers_at_random_but_leaves_enough(made):
    windows = imdys_windows(made, MARKERS, np.random.default_rng(0))
    count = windows['seen'].sum(axis=1)
    assert count.min() >= 22
    assert len(set(count.tolist())) > 3
    hidden = windows['seen'] == 0
    assert (windows['states'][hidden] == 0).all()


def test_batches_repeat_with_their_seed():
    task = ImdysTask(JOINTS)
    first, again = next(task.batches('train', 5)), next(task.batches('train', 5))
    assert torch.equal(first['states'], again['states'])


def test_the_second_stage_freezes_encoder_and_simulated_heads():
    task = ImdysTask(dataclasses.replace(JOINTS, epochs=140, real_epochs=10))
    first, second = task.stages()
    assert (first.name, first.split, second.name, second.split) == (
        'simulated', 'train', 'real', 'real',
    )  # fmt: skip
    model = task.model()
    learning = {name.split('.')[2] for name, _ in model.named_parameters()
                if name.startswith('inverse.') and second.trains(name)}  # fmt: skip
    assert learning == {'joint_torque', 'feet', 'feet_contact'}
    assert learns_on_real('discriminator.linear.weight')
    assert all(first.trains(name) for name, _ in model.named_parameters())


def test_the_forward_model_is_taught_with_true_forces_first():
    config = dataclasses.replace(JOINTS, predicted_share=1.0)
    task = ImdysTask(config)
    model, batch = task.model(), next(task.batches('train', 0))
    for epoch, expected in ((0, False), (50, True)):
        model.zero_grad()
        task.losses(model, batch, Progress('simulated', epoch, 100, 0))['forward'].backward()
        gradient = model.inverse.heads.torque.weight.grad
        assert bool(gradient.abs().sum() > 0) is expected


def test_scores_carry_their_units():
    task = ImdysTask(JOINTS)
    scores = task.score(task.model(), 'test')
    assert scores['torque_mpje_nms_per_kg'] == pytest.approx(scores['torque_mpje_nm_per_kg'] / 30)
    assert {'grf_mpje_n_per_kg', 'left_foot_mpje_n_per_kg', 'right_foot_mpje_n_per_kg'} <= set(
        scores
    )


def test_unknown_targets_are_refused():
    with pytest.raises(ConfigError, match='choose from torque, ground'):
        dataclasses.replace(JOINTS, targets=('force',))
    with pytest.raises(ConfigError, match=r'2 coordinates but net\.coordinates = 17'):
        dataclasses.replace(JOINTS, coordinates=('knee_angle_r', 'knee_angle_l'))


class Torch:
    """A session that runs the exportable module itself."""

    def __init__(self, task, model):
        self.exportable = task.exportable(model.eval())

    def run(self, inputs):
        given = [torch.from_numpy(inputs[name]) for name in self.exportable.input_names]
        with torch.no_grad():
            answers = self.exportable.module(*given)
        return dict(zip(self.exportable.output_names, map(np.asarray, answers), strict=True))


@pytest.mark.parametrize('config', [JOINTS, MARKERS, SMPL])
def test_the_live_engine_sees_what_training_saw(made, config):
    task = ImdysTask(config)
    model = task.model()
    session = Torch(task, model)
    engine = ImdysEngine(session.exportable.manifest, session, PersonConfig(70.0, 1.75))
    around = slice(0, 6)
    window = MotionWindow(
        np.arange(6) * 33_333_333, 30.0, made.joints[around], np.ones((6, 24), bool)
    )
    engine.body._floor.step = lambda *_: 0.0
    inputs = engine.features(window, markers=made.markers[around])
    expected = imdys_windows(made, config, None)
    np.testing.assert_allclose(inputs['states'][0], expected['states'][0], atol=2e-5)
    np.testing.assert_array_equal(inputs['seen'][0], expected['seen'][0])


def test_onnx_gives_what_torch_gives(tmp_path):
    onnxruntime = pytest.importorskip('onnxruntime')
    task = ImdysTask(dataclasses.replace(JOINTS, weights=dataclasses.replace(
        JOINTS.weights, plausible=1.0)))  # fmt: skip
    exportable = task.exportable(task.model().eval())
    file = str(tmp_path / 'model.onnx')
    torch.onnx.export(
        exportable.module, exportable.inputs, file, dynamo=True,
        input_names=list(exportable.input_names), output_names=list(exportable.output_names),
    )  # fmt: skip
    session = onnxruntime.InferenceSession(file, providers=['CPUExecutionProvider'])
    given = {n: x.numpy() for n, x in zip(exportable.input_names, exportable.inputs, strict=True)}
    with torch.no_grad():
        expected = exportable.module(*exportable.inputs)
    for name, found, wanted in zip(
        exportable.output_names, session.run(None, given), expected, strict=True
    ):
        difference = np.abs(found - wanted.numpy()).max() / max(1.0, float(wanted.abs().max()))
        assert difference < 1e-4, name
