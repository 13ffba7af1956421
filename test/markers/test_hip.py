import numpy as np

from humandyn_ros.markers.hip import bell, harrington, hip_centres, pelvis_axes
from humandyn_ros.rotations import exp

ASIS = np.array([[[0.0, 0.12, 1.0], [0.0, -0.12, 1.0]]])  # faces +x, z up
BACK = np.array([[-0.15, 0.0, 1.0]])


def test_the_pelvis_looks_forward_up_and_right():
    axes = pelvis_axes(ASIS[:, 0], ASIS[:, 1], BACK)
    np.testing.assert_allclose(axes, [[[1, 0, 0]], [[0, 0, 1]], [[0, -1, 0]]], atol=1e-15)


def test_the_regressions_are_those_of_the_papers():
    # Harrington et al. 2007 and Bell et al. 1990 for width 240 mm, depth 150 mm, in m.
    np.testing.assert_allclose(harrington(0.24, 0.15), [-0.0459, -0.0829, 0.0865])
    np.testing.assert_allclose(bell(0.24), [-0.0456, -0.072, 0.0864])


def test_hips_lie_behind_and_below_the_spines_on_their_own_side():
    centres = hip_centres(ASIS, BACK, depth_known=True, radius=0.0)
    np.testing.assert_allclose(
        centres[0], [[-0.0459, 0.0865, 0.9171], [-0.0459, -0.0865, 0.9171]], atol=1e-15
    )


def test_without_depth_the_width_alone_decides():
    centres = hip_centres(ASIS, BACK * [9, 1, 1], depth_known=False, radius=0.0)
    np.testing.assert_allclose(centres[0, 0], [-0.0456, 0.0864, 0.928], atol=1e-15)


def test_the_markers_radius_is_taken_off_in_front_and_behind():
    radius = 0.007
    bare = hip_centres(ASIS, BACK, depth_known=True, radius=0.0)
    shifted = ASIS + [radius, 0, 0], BACK - [radius, 0, 0]
    np.testing.assert_allclose(
        hip_centres(*shifted, depth_known=True, radius=radius), bare, atol=1e-12
    )


def test_a_measured_width_replaces_the_one_between_the_markers():
    centres = hip_centres(ASIS, BACK, depth_known=True, radius=0.0, width=0.2)
    np.testing.assert_allclose(centres[0, 0, 1], 0.33 * 0.2 + 0.0073)
    np.testing.assert_allclose(centres[0, 0, 2], 1 - 0.3 * 0.2 - 0.0109)


def test_hips_move_with_the_pelvis():
    turn, shift = exp(np.array([0.4, -0.9, 1.3])), np.array([1.0, 2.0, 3.0])
    still = hip_centres(ASIS, BACK, depth_known=True, radius=0.007)
    moved = hip_centres(
        ASIS @ turn.T + shift, BACK @ turn.T + shift, depth_known=True, radius=0.007
    )
    np.testing.assert_allclose(moved, still @ turn.T + shift, atol=1e-12)
