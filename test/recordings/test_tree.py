import numpy as np

from humandyn_ros.recordings.tree import euler, place


def test_angles_turn_about_moving_axes_in_the_order_named():
    quarter = np.array([[np.pi / 2, np.pi / 2]])
    # z first takes x to y; then the moved x axis (old y) takes z to x.
    turned = euler(quarter, 'ZX')[0] @ np.array([0.0, 0.0, 1.0])
    np.testing.assert_allclose(turned, [1.0, 0.0, 0.0], atol=1e-15)


def test_a_bent_arm_reaches_round_the_corner():
    turns = np.tile(np.eye(3), (1, 3, 1, 1))
    turns[0, 1] = euler(np.array([[np.pi / 2]]), 'Z')[0]
    offsets = np.array([[[0.0, 0.0, 5.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]])
    points = place([-1, 0, 1], turns, offsets)
    np.testing.assert_allclose(points[0], [[0, 0, 5], [1, 0, 5], [1, 2, 5]], atol=1e-15)
