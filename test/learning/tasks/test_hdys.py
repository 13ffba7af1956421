import dataclasses

import numpy as np
import pytest
import torch

from humandyn_ros.config import PersonConfig
from humandyn_ros.engines.hdys import HdysEngine
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.nets.hdys import HdysConfig
from humandyn_ros.learning.tasks.hdys import HdysTask
from humandyn_ros.learning.tasks.hdys_sequences import NAMES, HdysTaskConfig, hdys_sequences
from humandyn_ros.learning.tasks.point_masses import clip
from humandyn_ros.learning.tasks.task import Progress
from humandyn_ros.quantities import MotionWindow

torch.set_num_threads(1)
NET = HdysConfig(
    latent=16, angles=17, frames=6, point_layers=1, temporal_layers=1, look_ahead=1, dropout=0.0
)
CONFIG = HdysTaskConfig(
    net=NET, sources=('point_masses',), clips=2, batch=4, score_clips=1, marker_room=36,
    ground_epochs=2, epochs=3,
)  # fmt: skip


@pytest.fixture(scope='module')
def made():
    return clip(30.0, [0, 0, 0])


@pytest.mark.parametrize('backward', [False, True])
def test_a_sequence_holds_every_representation(made, backward):
    config = dataclasses.replace(CONFIG, backward=backward)
    found = hdys_sequences(made, config, NAMES)
    count = len(found['smpl'])
    assert found['smpl'].shape == (count, 6, 225)
    assert found['angles'].shape == (count, 6, 51)
    assert found['markers'].shape == (count, 6, 36, 9)
    assert found['muscles'].shape == (count, 6, 402)
    assert all((found[f'{name}_known'] == 1).all() for name in NAMES)


def test_differences_are_per_second(made):
    found = hdys_sequences(made, CONFIG, ('keypoints', 'angles'))
    speed = (made.angles[2] - made.angles[0]) * 15.0
    np.testing.assert_allclose(found['angles'][0, 0, 17:34], speed, rtol=1e-4, atol=1e-4)
    rise = (made.joints[2, :, 2] - 2 * made.joints[1, :, 2] + made.joints[0, :, 2]) * 900.0
    np.testing.assert_allclose(found['keypoints'][0, 0, :, 8], rise, rtol=1e-3, atol=1e-2)


def test_a_data_set_gives_only_what_it_is_said_to_know(made):
    found = hdys_sequences(made, CONFIG, ('markers', 'torque'))
    assert found['markers_known'].all()
    assert found['torque_known'].all()
    assert not found['smpl_known'].any()
    assert not found['keypoints_seen'].any()
    assert not found['muscles'].any()


def test_labels_that_cannot_be_trusted_are_unknown_but_the_motion_is_used(made):
    doubtful = dataclasses.replace(made, keep=np.zeros(40, bool))
    found = hdys_sequences(doubtful, CONFIG, NAMES)
    assert not found['torque_known'].any()
    assert found['keypoints_known'].all()


def test_turning_and_moving_the_person_changes_no_sequence(made):
    c, s = np.cos(-2.0), np.sin(-2.0)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    names = ('joints', 'markers', 'torque_smpl', 'feet')
    turned = {name: getattr(made, name) @ turn.T for name in names}
    turned['joints'] = turned['joints'] + [5.0, -3.0, 0.0]
    turned['markers'] = turned['markers'] + [5.0, -3.0, 0.0]
    first = hdys_sequences(made, CONFIG, NAMES)
    second = hdys_sequences(dataclasses.replace(made, **turned), CONFIG, NAMES)
    for name, array in first.items():
        np.testing.assert_allclose(second[name], array, atol=3e-3, rtol=1e-3, err_msg=name)


def test_data_sets_are_drawn_evenly_and_mixed_in_a_batch():
    config = dataclasses.replace(
        CONFIG, sources=('point_masses/markers+torque', 'point_masses/smpl+muscles'), batch=20
    )
    for batch in HdysTask(config).batches('train', 0):
        torque, muscles = (batch[f'{n}_known'].max(1).values for n in ('torque', 'muscles'))
        assert torque.any()
        assert muscles.any()
        assert not (torque * muscles).any()


def test_an_unknown_representation_is_refused():
    with pytest.raises(ConfigError, match=r"\['forces'\] are none of markers"):
        HdysTask(dataclasses.replace(CONFIG, sources=('point_masses/forces',)))
    with pytest.raises(ConfigError, match='choose heads from'):
        dataclasses.replace(CONFIG, export_heads=('force',))


def test_ground_reactions_are_learnt_by_fine_tuning_unless_asked_otherwise():
    task = HdysTask(CONFIG)
    space, ground = task.stages()
    model, batch = task.model(), next(task.batches('train', 0))
    head = 'inverse.heads.feet.0.weight'
    assert not space.trains(head)
    assert ground.trains(head)
    assert not any(n.startswith('feet') for n in task.losses(
        model, batch, Progress('space', 0, 3, 0)))  # fmt: skip
    assert 'feet/keypoints' in task.losses(model, batch, Progress('ground', 0, 2, 0))


def test_scores_are_of_the_average_and_of_the_best():
    task = HdysTask(CONFIG)
    scores = task.score(task.model(), 'test')
    assert {
        f'{name}_{kind}'
        for name in ('torque_mae_nm_per_kg', 'torque_smpl_mpje_nm_per_kg', 'feet_mpje_n_per_kg',
                     'muscles_rmse', 'muscles_pcc', 'emg_rmse', 'emg_pcc')
        for kind in ('avg', 'best')
    } == set(scores)  # fmt: skip


class Torch:
    """A session that runs the exportable module itself."""

    def __init__(self, task, model):
        self.exportable = task.exportable(model.eval())

    def run(self, inputs):
        given = [torch.from_numpy(inputs[name]) for name in self.exportable.input_names]
        with torch.no_grad():
            answers = self.exportable.module(*given)
        return dict(zip(self.exportable.output_names, map(np.asarray, answers), strict=True))


@pytest.mark.parametrize('name', ['keypoints', 'markers', 'smpl', 'angles'])
def test_frame_by_frame_the_engine_gives_what_training_would(made, name):
    task = HdysTask(dataclasses.replace(CONFIG, export_input=name))
    model = task.model()
    session = Torch(task, model)
    engine = HdysEngine(session.exportable.manifest, session, PersonConfig(made.mass_kg, 1.75))
    engine.body._floor.step = lambda *_: 0.0
    stamps = (np.arange(40) * (1e9 / 30)).astype(np.int64)
    answers = []
    for frame in range(1, 7):  # the six frames of the first sequence
        around = slice(frame - 1, frame + 2)
        window = MotionWindow(stamps[around], 30.0, made.joints[around], np.ones((3, 24), bool))
        answers.append(engine.answer(window, markers=made.markers[around]))
    assert answers[0] is None
    answer = answers[-1]
    assert answer.stamp_ns == stamps[5]
    found = {n: torch.from_numpy(x) for n, x in hdys_sequences(made, task.config, NAMES).items()}
    seen = found.get(f'{name}_seen')
    with torch.no_grad():
        whole = model(name, found[name][:1], None if seen is None else seen[:1])
    torque = made.mass_kg * whole['torque'][0, 4].numpy()
    np.testing.assert_allclose(
        answer.dynamics.inverse_dynamics.torque, torque, rtol=2e-3, atol=2e-2
    )
    assert answer.latent.shape == (16,)


def test_onnx_gives_what_torch_gives(tmp_path):
    onnxruntime = pytest.importorskip('onnxruntime')
    heads = ('torque', 'torque_smpl', 'muscles', 'emg', 'feet')
    task = HdysTask(dataclasses.replace(CONFIG, export_heads=heads))
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
