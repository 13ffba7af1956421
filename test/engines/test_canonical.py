import numpy as np
import pytest

from humandyn_ros import mannequin
from humandyn_ros.engines.canonical import canonical_frame


def person(yaw=0.0, x=0.0, y=0.0):
    values = np.zeros((1, len(mannequin.COORDINATES)))
    values[0, mannequin.INDEX['pelvis_tx']] = x
    values[0, mannequin.INDEX['pelvis_ty']] = y
    values[0, mannequin.INDEX['pelvis_tz']] = 0.9
    values[0, mannequin.INDEX['pelvis_rotation']] = yaw
    return mannequin.joint_centres(values, 1.75)[0]


@pytest.mark.parametrize('yaw', [0.0, 1.0, -2.5, np.pi])
def test_place_and_heading_leave_no_trace(yaw):
    still = canonical_frame(person()).points(person())
    moved = person(yaw, 3.0, -2.0)
    np.testing.assert_allclose(canonical_frame(moved).points(moved), still, atol=1e-9)
    assert still[10, 0] > 0.05  # the left ball lies ahead


def test_without_heading_the_axes_stay_the_worlds():
    frame = canonical_frame(person(1.0, 3.0), heading=False)
    np.testing.assert_array_equal(frame.rotation, np.eye(3))
    np.testing.assert_allclose(frame.origin, [3.0, 0.0, 0.0], atol=1e-12)


def test_vectors_come_back():
    frame = canonical_frame(person(0.7))
    force = np.array([[1.0, 2.0, 3.0]])
    np.testing.assert_allclose(frame.to_world(frame.vectors(force)), force)


def test_the_floor_becomes_zero():
    assert canonical_frame(person(), floor_m=0.2).points(person())[0, 2] == pytest.approx(0.7)


def test_batches_of_people_have_frames_of_their_own():
    people = np.stack([[person(0.3), person(2.0, 1.0)]] * 3)
    points = canonical_frame(people).points(people)
    np.testing.assert_allclose(points[0, 0], points[2, 1], atol=1e-9)


def test_unseen_hips_and_shoulders_leave_a_finite_frame():
    joints = np.full((24, 3), np.nan)
    frame = canonical_frame(joints)
    np.testing.assert_array_equal(frame.rotation, np.eye(3))
    joints = person(1.0)
    joints[0] = np.nan
    assert np.isfinite(canonical_frame(joints).origin).all()
