"""The frame buffer against matrices."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humandyn_ros import rotations
from humandyn_ros.ros.dds.transforms import TransformBuffer
from humandyn_ros.ros.handle import Transform

SECOND = 10**9
STILL = (0.0, 0.0, 0.0, 1.0)
NUMBER = st.floats(-3, 3)
TURN = st.tuples(NUMBER, NUMBER, NUMBER)


def matrix(transform):
    made = np.eye(4)
    made[:3, :3] = rotations.quat_xyzw_to_matrix(np.array(transform.rotation_quat_xyzw))
    made[:3, 3] = transform.translation
    return made


def step(parent, child, place, turn=(0.0, 0.0, 0.0), stamp_ns=SECOND):
    quat = rotations.matrix_to_quat_xyzw(rotations.exp(np.array(turn)))
    return Transform(parent, child, stamp_ns, tuple(place), tuple(map(float, quat)))


@settings(deadline=None)
@given(st.lists(st.tuples(TURN, TURN), min_size=4, max_size=4))
def test_the_tree_composes_like_matrices(places):
    #      a        d
    #   b     c
    tree = (('root', 'a'), ('a', 'b'), ('a', 'c'), ('root', 'd'))
    steps = [step(*pair, *place) for pair, place in zip(tree, places, strict=True)]
    buffer = TransformBuffer()
    for item in steps:
        assert buffer.insert(item)
    a, b, c, d = map(matrix, steps)
    for target, source, expected in (
        ('root', 'b', a @ b),
        ('b', 'root', np.linalg.inv(a @ b)),
        ('c', 'b', np.linalg.inv(c) @ b),
        ('d', 'b', np.linalg.inv(d) @ a @ b),
        ('b', 'b', np.eye(4)),
    ):
        found = buffer.look_up(target, source, SECOND)
        np.testing.assert_allclose(matrix(found), expected, atol=1e-9)


def test_between_stamps_the_turn_is_steady():
    buffer = TransformBuffer()
    buffer.insert(step('w', 'c', (0, 0, 0), (0, 0, 0), 0))
    buffer.insert(step('w', 'c', (4, 0, 0), (0, 0, 2.0), 4 * SECOND))
    found = buffer.look_up('w', 'c', SECOND)
    np.testing.assert_allclose(found.translation, (1, 0, 0))
    np.testing.assert_allclose(
        found.rotation_quat_xyzw, (0, 0, math.sin(0.25), math.cos(0.25)), atol=1e-12
    )


def test_the_shorter_way_round_is_taken():
    buffer = TransformBuffer()
    buffer.insert(Transform('w', 'c', 0, (0.0, 0.0, 0.0), STILL))
    buffer.insert(Transform('w', 'c', 2, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, -1.0)))
    assert buffer.look_up('w', 'c', 1).rotation_quat_xyzw == STILL


def test_outside_what_is_known_there_is_no_answer():
    buffer = TransformBuffer()
    for stamp in (5, 6):
        buffer.insert(Transform('w', 'c', stamp * SECOND, (0.0, 0.0, 0.0), STILL))
    assert buffer.look_up('w', 'c', 4 * SECOND) is None
    assert buffer.look_up('w', 'c', 7 * SECOND) is None
    assert buffer.look_up('w', 'x', 5 * SECOND) is None
    assert buffer.look_up('c', 'w', 5 * SECOND + 1) is not None


def test_stamp_zero_asks_for_the_latest_common_instant():
    buffer = TransformBuffer()
    buffer.insert(Transform('w', 'a', 5 * SECOND, (1.0, 0.0, 0.0), STILL))
    buffer.insert(Transform('w', 'a', 9 * SECOND, (5.0, 0.0, 0.0), STILL))
    buffer.insert(Transform('a', 'b', 7 * SECOND, (0.0, 1.0, 0.0), STILL))
    buffer.insert(Transform('b', 'lens', 0, (0.0, 0.0, 1.0), STILL), static=True)
    found = buffer.look_up('w', 'lens', 0)
    assert found.stamp_ns == 7 * SECOND
    assert found.translation == (3.0, 1.0, 1.0)


def test_only_ten_seconds_are_kept():
    buffer = TransformBuffer()
    for second in range(40):
        buffer.insert(Transform('w', 'c', second * SECOND, (0.0, 0.0, 0.0), STILL))
    assert buffer.look_up('w', 'c', 29 * SECOND) is not None
    assert buffer.look_up('w', 'c', 28 * SECOND) is None


def test_stamps_far_in_the_past_begin_a_new_history():
    buffer = TransformBuffer()
    buffer.insert(Transform('w', 'c', 100 * SECOND, (1.0, 0.0, 0.0), STILL))
    buffer.insert(Transform('w', 'c', 2 * SECOND, (2.0, 0.0, 0.0), STILL))
    assert buffer.look_up('w', 'c', 100 * SECOND) is None
    assert buffer.look_up('w', 'c', 2 * SECOND).translation == (2.0, 0.0, 0.0)


def test_clearing_keeps_what_is_static():
    buffer = TransformBuffer()
    buffer.insert(Transform('w', 'a', SECOND, (0.0, 0.0, 0.0), STILL))
    buffer.insert(Transform('w', 'b', SECOND, (0.0, 0.0, 0.0), STILL), static=True)
    buffer.clear()
    assert buffer.look_up('w', 'a', SECOND) is None
    assert buffer.look_up('w', 'b', 77) is not None


@pytest.mark.parametrize(
    ('parent', 'child', 'place', 'turn'),
    [
        ('w', 'c', (math.nan, 0.0, 0.0), STILL),
        ('w', 'c', (math.inf, 0.0, 0.0), STILL),
        ('w', 'c', (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)),
        ('w', 'c', (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 2.0)),
        ('w', 'w', (0.0, 0.0, 0.0), STILL),
        ('', 'c', (0.0, 0.0, 0.0), STILL),
    ],
)
def test_nonsense_is_refused(parent, child, place, turn):
    assert not TransformBuffer().insert(Transform(parent, child, 1, place, turn))


def test_a_loop_of_frames_ends():
    buffer = TransformBuffer()
    for parent, child in (('a', 'b'), ('b', 'c'), ('c', 'a')):
        buffer.insert(Transform(parent, child, 1, (1.0, 0.0, 0.0), STILL))
    buffer.look_up('a', 'x', 1)
    assert buffer.look_up('a', 'x', 0) is None


def test_endless_new_frames_do_not_fill_the_memory():
    buffer = TransformBuffer()
    taken = [
        buffer.insert(Transform('w', f'c{number}', 1, (0.0, 0.0, 0.0), STILL))
        for number in range(10_010)
    ]
    assert sum(taken) == 10_000
    assert buffer.insert(Transform('w', 'c1', 2, (0.0, 0.0, 0.0), STILL))
