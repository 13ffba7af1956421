import numpy as np

from humandyn_ros import mannequin, rotations
from humandyn_ros.engines.swings import smpl_parameters, swings
from humandyn_ros.quantities import CANONICAL


def person(**values):
    row = np.zeros((1, len(mannequin.COORDINATES)))
    for name, value in values.items():
        row[0, mannequin.INDEX[name]] = value
    return mannequin.joint_centres(row, 1.75)[0]


def test_a_bent_knee_turns_the_knee_and_nothing_else():
    straight, bent = swings(person()), swings(person(knee_angle_r=1.0))
    changed = np.linalg.norm(bent - straight, axis=1) > 1e-6
    assert [CANONICAL.joints[i] for i in np.flatnonzero(changed)] == ['right_knee']
    assert np.isclose(np.linalg.norm(bent[CANONICAL.index['right_knee']]), 1.0, atol=0.05)


def test_the_parameters_carry_the_segments_where_they_are():
    points = person(hip_flexion_l=0.7, knee_angle_l=0.9, arm_flex_r=0.5, lumbar_bending=0.3)
    turned = rotations.exp(swings(points))
    thigh = turned[0] @ turned[CANONICAL.index['left_hip']] @ np.array([0.0, 0.0, -1.0])
    bar = points[CANONICAL.index['left_knee']] - points[CANONICAL.index['left_hip']]
    np.testing.assert_allclose(thigh, bar / np.linalg.norm(bar), atol=1e-9)


def test_turning_the_person_turns_the_root_only():
    still, turned = (
        swings(person(arm_flex_l=0.4)),
        swings(person(arm_flex_l=0.4, pelvis_rotation=2)),
    )
    np.testing.assert_allclose(turned[1:], still[1:], atol=1e-9)
    np.testing.assert_allclose(turned[0] - still[0], [0, 0, 2], atol=1e-9)


def test_unseen_joints_count_as_unturned_and_nothing_is_nan():
    points = person()
    points[[CANONICAL.index['left_elbow'], CANONICAL.index['spine1']]] = np.nan
    turned = swings(points)
    assert np.isfinite(turned).all()
    assert np.isfinite(smpl_parameters(np.full((2, 24, 3), np.nan))).all()


def test_there_are_75_parameters_per_frame():
    assert smpl_parameters(np.stack([person()] * 4)).shape == (4, 75)


def test_a_limb_that_points_straight_back_is_half_a_turn():
    points = person()
    knee, ankle = CANONICAL.index['left_knee'], CANONICAL.index['left_ankle']
    points[ankle] = points[knee] + [0.0, 0.0, 0.4]
    turned = swings(points)
    assert np.isclose(np.linalg.norm(turned[knee]), np.pi)
    matrix = rotations.exp(turned)
    shank = matrix[0] @ matrix[CANONICAL.index['left_hip']] @ matrix[knee] @ [0.0, 0.0, -1.0]
    np.testing.assert_allclose(shank, [0.0, 0.0, 1.0], atol=1e-6)
