import numpy as np
import pytest

from humandyn_ros.errors import SkeletonError
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.skeleton import UPWARD, Adapter, available_formats, load_format, to_z_up

RNG = np.random.default_rng(1)
JOINTS = [n for n in available_formats() if load_format(n).kind == 'joints']
SPACE = [n for n in JOINTS if load_format(n).dims == 3]


def frames(name: str, count: int = 4):
    form = load_format(name)
    return Adapter(form, up='Z'), RNG.normal(size=(count, form.width, form.dims))


@pytest.mark.parametrize('up', UPWARD)
@pytest.mark.parametrize('handedness', ['right', 'left'])
def test_every_upward_axis_becomes_z_without_mirroring_a_right_handed_frame(up, handedness):
    matrix = to_z_up(up, handedness)
    axis = np.eye(3)['XYZ'.index(up[-1])] * (-1 if up[0] == '-' else 1)
    np.testing.assert_array_equal(matrix @ axis, [0, 0, 1])
    assert np.linalg.det(matrix) == (1 if handedness == 'right' else -1)


def test_y_up_becomes_z_up_as_the_package_says():
    np.testing.assert_array_equal(to_z_up('Y') @ [1.0, 2.0, 3.0], [1.0, -3.0, 2.0])


def test_an_axis_that_does_not_exist_is_an_error():
    with pytest.raises(SkeletonError, match="up = 'up': choose one of X, Y, Z"):
        Adapter(load_format('smpl_24'), up='up')


def test_canonical_points_pass_unchanged():
    adapter, points = frames('smpl_24')
    joints, confidence = adapter.convert(points)
    np.testing.assert_array_equal(joints, points)
    assert (confidence == 1).all()


@pytest.mark.parametrize('name', JOINTS)
def test_a_frame_and_a_recording_give_the_same_numbers(name: str):
    adapter, points = frames(name)
    points[1, 3] = np.nan
    confidence = RNG.uniform(0.1, 1, points.shape[:2])
    whole = adapter.convert(points, confidence)
    for t, frame in enumerate(points):
        one = adapter.convert(frame, confidence[t])
        np.testing.assert_allclose(one[0], whole[0][t], atol=1e-14)
        np.testing.assert_allclose(one[1], whole[1][t], atol=1e-14)


@pytest.mark.parametrize('name', SPACE)
def test_moving_and_turning_the_source_moves_and_turns_the_skeleton(name: str):
    adapter, points = frames(name)
    shift, angle = np.array([3.0, -2.0, 0.5]), 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0],
                     [0, 0, 1]])  # fmt: skip
    moved, _ = adapter.convert(points @ turn.T + shift)
    still, _ = adapter.convert(points)
    np.testing.assert_allclose(moved, still @ turn.T + shift, atol=1e-9)


@pytest.mark.parametrize('name', JOINTS)
def test_what_is_not_seen_takes_away_only_what_is_made_of_it(name: str):
    adapter, points = frames(name, 1)
    whole, certain = adapter.convert(points[0])
    assert np.array_equal(np.isfinite(whole[:, 0]), certain > 0)
    lost_any = np.zeros(24, dtype=bool)
    for i in range(len(points[0])):
        holed = points[0].copy()
        holed[i] = np.nan
        joints, confidence = adapter.convert(holed)
        lost = np.isnan(joints[:, 0])
        assert (confidence[lost] == 0).all()
        np.testing.assert_allclose(joints[~lost], whole[~lost], atol=1e-12)
        lost_any |= lost
    assert lost_any.all()


def test_no_confidence_means_not_seen():
    adapter, points = frames('openpose_25', 1)
    confidence = np.ones(25)
    confidence[adapter.form.skeleton.index['left_knee']] = 0.0
    joints, certain = adapter.convert(points[0], confidence)
    knee = CANONICAL.index['left_knee']
    assert np.isnan(joints[knee]).all()
    assert certain[knee] == 0
    assert certain[CANONICAL.index['right_knee']] == 1


def test_confidence_is_the_weighted_mean_of_what_a_joint_is_made_of():
    adapter, points = frames('coco_17', 1)
    confidence = np.ones(17)
    confidence[adapter.form.skeleton.index['left_hip']] = 0.5
    _, certain = adapter.convert(points[0], confidence)
    assert certain[CANONICAL.index['pelvis']] == pytest.approx(0.75)
    assert certain[CANONICAL.index['left_hip']] == pytest.approx(0.5)


def test_feet_that_were_not_seen_are_placed_level_ahead_and_trusted_less():
    form = load_format('coco_17')
    points = RNG.normal(size=(17, 3)) * 0.01
    for side, y in (('left', 0.1), ('right', -0.1)):
        for joint, z in (('hip', 0.9), ('knee', 0.5), ('ankle', 0.1)):
            points[form.skeleton.index[f'{side}_{joint}']] = [0.0, y, z]
    adapter = Adapter(form, up='Z')
    joints, certain = adapter.convert(points)
    for side, y in (('left', 0.1), ('right', -0.1)):
        place = CANONICAL.index[f'{side}_foot']
        np.testing.assert_allclose(joints[place], [0.31 * 0.4, y, 0.1 - 0.13 * 0.4])
        assert certain[place] == 0.5
    assert 'feet' in form.lacks
    assert 'feet assumed level and pointing forward' in adapter.notes


def test_flat_points_stay_flat_and_upright():
    adapter = Adapter(load_format('hri_18'))
    points = RNG.uniform(size=(18, 2))
    joints, _ = adapter.convert(points)
    knee = adapter.form.skeleton.index['left_knee']
    np.testing.assert_allclose(
        joints[CANONICAL.index['left_knee']], [points[knee, 0], 0.0, -points[knee, 1]]
    )
    assert 'depth' in adapter.form.lacks
    assert adapter.convert(np.c_[points, np.full(18, np.nan)])[0].shape == (24, 3)


@pytest.mark.parametrize('shape', [(31, 3), (33, 3), (5, 31, 3), (32, 2)])
def test_another_number_of_points_is_an_error_that_says_both(shape):
    with pytest.raises(SkeletonError, match=r'but format k4a_32 has 32 points in 3 dimensions'):
        Adapter(load_format('k4a_32')).convert(np.zeros(shape))


def test_a_static_trial_for_joints_is_an_error():
    adapter = Adapter(load_format('k4a_32'))

    class Static:
        names = adapter.form.skeleton.joints
        points = np.zeros((1, 32, 3))

    with pytest.raises(SkeletonError, match='k4a_32 has no segments'):
        Adapter(load_format('k4a_32'), static=Static())


def test_a_frame_is_not_changed_by_its_conversion():
    for name in JOINTS:
        adapter, points = frames(name, 1)
        before = points.copy()
        adapter.convert(points[0], np.zeros(len(points[0])))
        np.testing.assert_array_equal(points, before)


def test_what_needs_a_marker_that_was_never_placed_gives_way_to_the_next_best():
    form = load_format('rajagopal')
    placed = [n for n in form.skeleton.joints if n[1:] not in ('.MKnee', '.MAnkle', '.MElbow')]
    points = RNG.normal(size=(3, form.width, 3))
    points[:, [i for i, n in enumerate(form.skeleton.joints) if n not in placed]] = np.nan
    points[0, form.skeleton.index['S2']] = np.nan  # hidden once, but placed
    assert not form.seen(points).has('L.MKnee')
    assert form.seen(points).has('S2')
    fewer = points[:, [form.skeleton.index[n] for n in placed]]
    wanted, _ = Adapter(form.bind(placed)).convert(fewer)
    joints, _ = Adapter(form.seen(points)).convert(points)
    np.testing.assert_array_equal(joints, wanted)
    knees = [CANONICAL.index['left_knee'], CANONICAL.index['right_knee']]
    assert np.isnan(Adapter(form).convert(points)[0][:, knees]).all()
    assert np.isfinite(joints[:, knees]).all()


def test_a_needed_marker_that_never_shows_stays_missing():
    form = load_format('rajagopal')
    points = RNG.normal(size=(2, form.width, 3))
    points[:, form.skeleton.index['L.Knee']] = np.nan
    assert form.seen(points) is form
