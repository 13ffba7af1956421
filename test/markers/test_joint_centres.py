"""Marker sets as a whole: made from a figure whose joint centres are known, and recordings."""

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import SkeletonError
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.recordings import read_motion
from humandyn_ros.rotations import exp
from humandyn_ros.skeleton import Adapter, load_format

INDEX = CANONICAL.index
DATA = Path(os.environ.get('HUMANDYN_DATA', '.'))
needs_recordings = pytest.mark.skipif(
    'HUMANDYN_DATA' not in os.environ, reason='HUMANDYN_DATA is not set'
)
RNG = np.random.default_rng(4)

# Left side of a standing figure, x forward, y left, z up, m.
MARKERS = {
    'ASIS': (0.08, 0.12, 1.0), 'PSIS': (-0.09, 0.05, 1.0), 'Iliac.Crest': (-0.02, 0.15, 1.05),
    'Thigh.Top.Lateral': (0.03, 0.16, 0.8), 'Thigh.Bottom.Lateral': (0.02, 0.15, 0.6),
    'Thigh.Top.Medial': (0.07, 0.11, 0.78), 'Thigh.Bottom.Medial': (0.06, 0.1, 0.62),
    'Shank.Top.Lateral': (0.02, 0.14, 0.38), 'Shank.Bottom.Lateral': (0.01, 0.13, 0.2),
    'Shank.Top.Medial': (0.06, 0.1, 0.36), 'Shank.Bottom.Medial': (0.05, 0.09, 0.22),
    'Heel.Top': (-0.05, 0.09, 0.07), 'Heel.Bottom': (-0.05, 0.09, 0.02),
    'Heel.Lateral': (-0.02, 0.12, 0.03), 'MT1': (0.14, 0.06, 0.04), 'MT5': (0.11, 0.13, 0.03),
    'Knee': (0.0, 0.15, 0.48), 'Knee.Medial': (0.0, 0.04, 0.48),
    'Ankle': (0.0, 0.13, 0.08), 'Ankle.Medial': (0.01, 0.05, 0.09),
}  # fmt: skip
STATIC_ONLY = ('Knee', 'Knee.Medial', 'Ankle', 'Ankle.Medial')


def figure():
    names, points = [], []
    for name, (x, y, z) in MARKERS.items():
        names += [f'L.{name}', f'R.{name}']
        points += [(x, y, z), (x, -y, z)]
    return tuple(names), np.array(points)


def calibrated():
    """An adapter of the RBDS set, its moving names, and the standing figure of those names."""
    names, points = figure()
    static = SimpleNamespace(names=names, points=points[None] + RNG.normal(size=(1, 1, 3)))
    keep = [i for i, n in enumerate(names) if n[2:] not in STATIC_ONLY]
    form = load_format('rbds').bind([names[i] for i in keep])
    adapter = Adapter(form, up='Z', static=static)
    truth = Adapter(load_format('rbds').bind(names), up='Z').convert(points)[0]
    return adapter, [names[i] for i in keep], points[keep], truth


def test_pairs_of_markers_give_the_middle_of_knee_ankle_and_metatarsals():
    joints = calibrated()[3]
    np.testing.assert_allclose(joints[INDEX['left_knee']], [0.0, 0.095, 0.48])
    np.testing.assert_allclose(joints[INDEX['right_ankle']], [0.005, -0.09, 0.085])
    np.testing.assert_allclose(joints[INDEX['left_foot']], [0.125, 0.095, 0.035])
    hips = joints[[INDEX['left_hip'], INDEX['right_hip']]]
    np.testing.assert_allclose(joints[INDEX['pelvis']], hips.mean(axis=0))


def test_a_static_trial_gives_knees_and_ankles_to_clusters_that_have_no_markers_there():
    adapter, _, points, truth = calibrated()
    turn, shift = exp(np.array([0.2, -0.5, 2.0])), np.array([1.0, -3.0, 0.4])
    joints, confidence = adapter.convert(points @ turn.T + shift)
    seen = np.isfinite(truth[:, 0])
    np.testing.assert_allclose(joints[seen], truth[seen] @ turn.T + shift, atol=1e-12)
    assert (confidence > 0).tolist() == seen.tolist()
    assert 'joint centres are calibrated with a static trial' in adapter.notes


def test_the_static_trial_may_be_of_somebody_who_turns_and_walks_about():
    names, points = figure()
    turn, shift = exp(RNG.normal(size=(7, 3))), RNG.normal(size=(7, 1, 3))
    walking = points @ np.swapaxes(turn, -1, -2) + shift
    walking[2, names.index('L.Shank.Top.Lateral')] = np.nan
    static = SimpleNamespace(names=names, points=walking)
    moving = [i for i, n in enumerate(names) if n[2:] not in STATIC_ONLY]
    form = load_format('rbds').bind([names[i] for i in moving])
    joints = Adapter(form, up='Z', static=static).convert(points[moving])[0]
    truth = calibrated()[3]
    seen = np.isfinite(truth[:, 0])
    np.testing.assert_allclose(joints[seen], truth[seen], atol=1e-12)


def test_without_the_static_trial_such_knees_are_not_seen_and_it_is_said():
    _, names, points, _ = calibrated()
    adapter = Adapter(load_format('rbds').bind(names), up='Z')
    assert np.isnan(adapter.convert(points)[0][INDEX['left_knee']]).all()
    assert 'left_knee' in next(n for n in adapter.notes if n.startswith('not seen'))


def test_one_lost_marker_of_a_cluster_is_bridged_by_the_others_and_two_left_are_not():
    adapter, names, points, truth = calibrated()
    gap = points.copy()
    gap[names.index('L.Shank.Top.Lateral')] = np.nan
    gap[names.index('R.ASIS')] = np.nan
    joints, _ = adapter.convert(gap)
    for joint in ('left_knee', 'left_ankle', 'left_hip', 'right_hip', 'right_knee'):
        np.testing.assert_allclose(joints[INDEX[joint]], truth[INDEX[joint]], atol=1e-12)
    gap[names.index('L.Shank.Top.Medial')] = np.nan
    joints, confidence = adapter.convert(gap)
    assert np.isnan(joints[INDEX['left_ankle']]).all()
    assert confidence[INDEX['left_ankle']] == 0
    assert np.isfinite(joints[INDEX['right_ankle']]).all()


def test_a_lost_metatarsal_marker_is_replaced_by_the_foots_cluster():
    adapter, names, points, truth = calibrated()
    gap = points.copy()
    gap[names.index('L.MT1')] = np.nan
    foot = INDEX['left_foot']
    np.testing.assert_allclose(adapter.convert(gap)[0][foot], truth[foot], atol=1e-12)


def test_a_static_trial_without_the_needed_markers_is_an_error_that_names_the_segment():
    names, points = figure()
    keep = [i for i, n in enumerate(names) if not n.startswith('L.Knee')]
    moving = [n for n in names if n[2:] not in STATIC_ONLY]
    static = SimpleNamespace(names=tuple(names[i] for i in keep), points=points[None, keep])
    static.points[:, static.names.index('L.Ankle.Medial')] = np.nan
    with pytest.raises(SkeletonError, match=r'static trial: segment left_thigh'):
        Adapter(load_format('rbds').bind(moving), static=static)


def test_a_segment_the_static_trial_cannot_calibrate_is_left_to_the_markers_and_said():
    names, points = figure()
    still = points[None].copy()
    still[:, [i for i, n in enumerate(names) if n.startswith('L.Shank')]] = np.nan
    adapter = Adapter(
        load_format('rbds').bind(names),
        up='Z',
        static=SimpleNamespace(names=names, points=still),
    )
    assert any('segment left_shank' in n and 'not calibrated' in n for n in adapter.notes)
    joints = adapter.convert(points)[0]
    np.testing.assert_allclose(joints[INDEX['left_ankle']], [0.005, 0.09, 0.085])


@pytest.mark.parametrize(
    'name', ['rajagopal', 'camargo', 'plug_in_gait_39', 'modsim', 'opencap_markers']
)
def test_a_frame_and_a_recording_give_the_same_joint_centres(name: str):
    form = load_format(name)
    points = RNG.normal(size=(5, form.width, 3))
    points[3, ::4] = np.nan
    adapter = Adapter(form)
    whole, certain = adapter.convert(points)
    for t, frame in enumerate(points):
        one = adapter.convert(frame)
        np.testing.assert_allclose(one[0], whole[t], atol=1e-12)
        np.testing.assert_array_equal(one[1], certain[t])
    adapter, _, standing, _ = calibrated()
    moving = standing + RNG.normal(scale=0.01, size=(5, *standing.shape))
    moving[2, ::5] = np.nan
    whole, _ = adapter.convert(moving)
    for t, frame in enumerate(moving):
        np.testing.assert_allclose(adapter.convert(frame)[0], whole[t], atol=1e-12)


@pytest.mark.parametrize(
    'name', ['rajagopal', 'camargo', 'plug_in_gait_39', 'modsim', 'opencap_markers']
)
def test_joint_centres_move_with_the_markers(name: str):
    form = load_format(name)
    points = RNG.normal(size=(1, form.width, 3))
    person = PersonConfig(height_m=1.7)
    turn, shift = exp(RNG.normal(size=3)), RNG.normal(size=3)
    adapter = Adapter(form, up='Z', person=person)
    still, moved = adapter.convert(points)[0], adapter.convert(points @ turn.T + shift)[0]
    np.testing.assert_allclose(moved, still @ turn.T + shift, atol=1e-9)


def test_lower_body_sets_say_that_the_rest_is_not_seen():
    for name in ('rbds', 'camargo'):
        form = load_format(name)
        assert 'upper_body' in form.lacks
        joints, confidence = Adapter(form).convert(RNG.normal(size=(form.width, 3)))
        assert np.isnan(joints[INDEX['neck']]).all()
        assert confidence[INDEX['left_wrist']] == 0


def child(subject: str, kind: str):
    return read_motion(next((DATA / 'gait_children' / subject / kind).glob('*.c3d.gz')))


@pytest.mark.recordings
@needs_recordings
def test_hips_are_the_laboratorys_own_harrington_hips_within_three_millimetres():
    """The laboratory's virtual markers are the truth here; they are no input."""
    from humandyn_ros.recordings.c3d import C3d

    path = next((DATA / 'gait_children' / 'HC033A' / 'Static').glob('*.c3d.gz'))
    truth = dict(zip(C3d(path).labels, _points(path), strict=False))
    static = child('HC033A', 'Static')
    form = load_format('plug_in_gait_39').bind(static.names)
    joints, _ = Adapter(form, up=static.up, parameters=static.parameters).convert(static.points)
    for side in ('left', 'right'):
        lab = np.nanmean(truth[f'{side[0].upper()}HJCHarrington'], axis=0)
        ours = np.nanmean(joints[:, INDEX[f'{side}_hip']], axis=0)
        assert np.linalg.norm(lab - ours) < 0.003


@pytest.mark.recordings
@needs_recordings
@pytest.mark.parametrize('subject', ['HC002D', 'HC036A'])
def test_knees_and_ankles_are_those_of_plug_in_gait_within_millimetres(subject: str):
    path = next((DATA / 'gait_children' / subject / 'Straight').glob('*.c3d.gz'))
    walk = read_motion(path)
    from humandyn_ros.recordings.c3d import C3d

    truth = dict(zip(C3d(path).labels, _points(path), strict=False))
    form = load_format('plug_in_gait_39').bind(walk.names)
    joints, _ = Adapter(form, up=walk.up, parameters=walk.parameters).convert(walk.points)
    for label, joint, limit in (('FEO', 'knee', 0.006), ('TIO', 'ankle', 0.002)):
        for side in ('left', 'right'):
            error = truth[f'{side[0].upper()}{label}'] - joints[:, INDEX[f'{side}_{joint}']]
            assert np.nanmean(np.linalg.norm(error, axis=-1)) < limit


def _points(path: Path):
    import gzip
    import tempfile

    import ezc3d

    with tempfile.NamedTemporaryFile(suffix='.c3d') as plain:
        plain.write(gzip.decompress(path.read_bytes()))
        plain.flush()
        points = ezc3d.c3d(plain.name)['data']['points'][:3] / 1000
    points[:, np.all(points == 0, axis=0)] = np.nan
    return np.transpose(points, (1, 2, 0))


@pytest.mark.recordings
@needs_recordings
def test_lateral_markers_alone_give_the_joints_of_scaled_model_within_centimetres():
    folder = DATA / 'walk_camargo2021'
    trial = 'levelground_ccw_fast_01_01'
    walk = read_motion(folder / 'MarkerData' / f'{trial}.trc.gz')
    model = read_motion(
        folder / 'IK' / f'{trial}_ik.mot.gz',
        model=folder / 'Models' / 'optimized_scale_and_markers.osim.gz',
    )
    ours, _ = Adapter(load_format('camargo').bind(walk.names)).convert(walk.points)
    theirs, _ = Adapter(load_format('opensim').bind(model.names)).convert(model.points)
    rows = np.searchsorted(walk.stamps_ns, model.stamps_ns - 10**6)
    limits = {'hip': 0.03, 'knee': 0.03, 'ankle': 0.02, 'foot': 0.02}
    for joint, limit in limits.items():
        for side in ('left', 'right'):
            error = ours[rows, INDEX[f'{side}_{joint}']] - theirs[:, INDEX[f'{side}_{joint}']]
            assert np.nanmean(np.linalg.norm(error, axis=-1)) < limit, joint
