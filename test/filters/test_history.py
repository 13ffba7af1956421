import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from humandyn_ros.filters.history import History

ONE = np.ones(1)


def points(stamp):
    return np.full(3, float(stamp))


@given(st.lists(st.integers(0, 200), unique=True, min_size=1, max_size=60), st.integers(1, 8))
def test_the_newest_frames_are_kept_in_order_whatever_the_order_of_arrival(stamps, capacity):
    history = History(capacity, 1)
    kept = []
    for stamp in stamps:
        if kept and stamp < kept[-1]:
            history.insert(stamp, points(stamp), ONE)
        else:
            history.append(stamp, points(stamp), ONE)
        kept = sorted([*kept, stamp])[-capacity:]
        assert history.stamps.tolist() == kept
        np.testing.assert_array_equal(history.points[:, 0], kept)


def test_frames_are_even_only_where_all_joints_weigh_the_same():
    history = History(4, 2)
    for weights in ([1.0, 1.0], [0.5, 0.5], [1.0, 0.5], [0.0, 0.0]):
        history.append(len(history), np.zeros(6), np.array(weights))
    assert history.even.tolist() == [True, True, False, False]
    history.forget(np.array([True, False]))
    assert history.weights[:, 0].tolist() == [0.0] * 4 and not history.even.any()


def test_a_cleared_history_is_empty_and_the_newest_frame_can_be_replaced():
    history = History(2, 1)
    for stamp in range(7):
        history.append(stamp, points(stamp), ONE)
    history.replace_newest(8, points(8), 0.5 * ONE)
    assert history.stamps.tolist() == [5, 8] and history.weights.tolist() == [[1.0], [0.5]]
    history.clear()
    assert len(history) == 0
