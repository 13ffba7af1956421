"""The live engine on a stream, with sessions whose answers are known."""

from itertools import pairwise

import numpy as np
import pytest

from humandyn_ros.engines.lady import LadyEngine
from humandyn_ros.engines.lady.decode import RunningVote, log_softmax, sigmoid
from humandyn_ros.engines.lady.grid import UniformRate
from humandyn_ros.engines.lady.rings import Rings
from humandyn_ros.errors import ModelError, StreamError
from humandyn_ros.segmentation import boundary_peaks, refine, segments

MS = 1_000_000
LAYOUT = {
    'labels': ['rest', 'reach', 'wave'], 'rate_hz': 30.0, 'parents': [-1, 0, 1, 1],
    'landmarks': [0, 1, 2, 3], 'dims': 3, 'up': 2, 'root': 0, 'persons': 1, 'values': 3,
    'heading_free': False, 'inputs': ['x', 'q'],
}  # fmt: skip
SLIDING = LAYOUT | {
    'form': 'sliding', 'displacement': 'forward', 'frames': 12, 'delay': 3, 'hop': 4
}  # fmt: skip
STREAMING = LAYOUT | {
    'form': 'streaming', 'displacement': 'backward', 'dilations': [1, 2], 'width': 5,
    'lookahead': 2, 'state': {'count': [1]}, 'inputs': ['x', 'q', 'taps', 'count'],
}  # fmt: skip


def height_class(x):
    """Class by the height of joint 1 over the root: 1, 2 or 3 m."""
    number = np.rint(x[..., 1, 5]).astype(int) - 1
    return 4.0 * np.eye(3)[number]


class Window:
    """Knows everything; the boundary is where the class changes."""

    def __init__(self):
        self.runs = 0

    def run(self, inputs):
        self.runs += 1
        assert set(inputs) == {'x', 'q'} and inputs['q'].shape == (1, 12, 1, 9)
        classes = height_class(inputs['x'])
        change = np.zeros((1, 12))
        change[:, 1:] = (classes[:, 1:] != classes[:, :-1]).any(axis=-1)
        return {'classes': classes, 'boundary': 12.0 * change - 6.0}


class Frame:
    """Tells classes at once and boundaries two frames late, from its own rings and state."""

    def __init__(self):
        self.counts = []

    def run(self, inputs):
        count = inputs['count'] + 1.0
        self.counts.append(float(count[0, 0]))
        classes = height_class(inputs['x'])
        fresh = np.repeat(classes.argmax(axis=-1)[:, None, None], 5, axis=2) + 1.0
        taps = inputs['taps'][0, 1, :, 0]  # dilation 2: the classes 4 and 2 frames ago
        late, now = taps[0], taps[1]
        begins = now != late and 0.0 not in (now, late)
        self.before = (late, now)
        return {
            'classes': classes, 'boundary': np.full((1, 1), 6.0 if begins else -6.0),
            'fresh': np.repeat(fresh, 2, axis=1).astype(np.float32), 'next_count': count,
        }  # fmt: skip


def standing(height: float) -> np.ndarray:
    return np.array([[0.0, 0.0, 0.0], [0.0, 0.0, height], [0.1, 0.0, 0.2], [-0.1, 0.0, 0.2]])


def stream(engine: LadyEngine, heights, period_ns: float = 1e9 / 30):
    actions = []
    for i, height in enumerate(heights):
        actions += engine.push(round(i * period_ns), standing(height))
    return actions


def test_the_sliding_form_tells_every_frame_once_in_order_with_its_declared_delay():
    session = Window()
    engine = LadyEngine(SLIDING, session)
    heights = [1.0] * 20 + [2.0] * 20
    actions = stream(engine, heights)
    stamps = [a.stamp_ns for a in actions]
    assert stamps == [round(i * 1e9 / 30) for i in range(len(stamps))]
    assert len(stamps) >= 40 - 3 - 4
    assert session.runs == 1 + (40 - 12) // 4
    late = [a.age_ms for a in actions[9:]]
    assert max(late) <= engine.delay_s * 1e3 + 1e-6
    # A maximum is known one frame later; until then the old segment's vote stands.
    assert [a.label for a in actions] == ['rest'] * 21 + ['reach'] * (len(actions) - 21)
    assert actions[-1].began_ns == round(20 * 1e9 / 30)
    assert actions[10].began_ns == 0


class LateFrame(Frame):
    """Tells classes two frames late, and boundaries with them."""

    past = 0

    def run(self, inputs):
        outputs = super().run(inputs)
        past = round(float(inputs['taps'][0, 1, 1, 0]))  # dilation 2: the class 2 frames ago
        begins, self.past = 0 < self.past != past, past
        boundary = np.full((1, 1), 6.0 if begins else -6.0)
        return outputs | {'classes': 4.0 * np.eye(3)[None, max(past - 1, 0)], 'boundary': boundary}


def test_a_streaming_form_that_is_late_says_of_which_frame_it_speaks():
    engine = LadyEngine(STREAMING | {'delay': 2}, LateFrame())
    assert engine.delay_s == pytest.approx(2 / 30)
    assert engine.boundary_delay_s == pytest.approx(3 / 30)
    actions = stream(engine, [1.0] * 10 + [3.0] * 10)
    assert [a.stamp_ns for a in actions] == [round(i * 1e9 / 30) for i in range(18)]
    assert all(a.age_ms == pytest.approx(2e3 / 30) for a in actions)
    assert [a.labels[a.scores.argmax()] for a in actions] == ['rest'] * 10 + ['wave'] * 8
    assert all(a.boundary_stamp_ns == a.stamp_ns for a in actions)
    assert actions[-1].label == 'wave'
    assert actions[-1].began_ns == round(10 * 1e9 / 30)


def test_the_streaming_form_answers_every_frame_at_once_and_carries_its_state():
    session = Frame()
    engine = LadyEngine(STREAMING, session)
    actions = stream(engine, [1.0] * 10 + [3.0] * 10)
    assert session.counts == list(range(1, 21))
    assert [a.age_ms for a in actions] == [0.0] * 20
    assert [a.labels[a.scores.argmax()] for a in actions] == ['rest'] * 10 + ['wave'] * 10
    assert all(a.scores.sum() == pytest.approx(1.0) for a in actions)
    assert actions[15].boundary_stamp_ns == round(13 * 1e9 / 30)
    assert engine.boundary_delay_s == pytest.approx(3 / 30)


def test_a_gap_and_a_reset_start_afresh():
    session = Frame()
    engine = LadyEngine(STREAMING, session, bridge_s=0.2)
    stream(engine, [1.0] * 5)
    engine.push(2_000 * MS, standing(1.0))
    assert session.counts == [1, 2, 3, 4, 5, 1]
    engine.reset()
    engine.push(2_010 * MS, standing(1.0))
    assert session.counts[-1] == 1


def test_any_input_rate_becomes_the_networks():
    engine = LadyEngine(STREAMING, Frame())
    actions = stream(engine, [1.0] * 100, period_ns=1e9 / 100)
    assert len(actions) in (30, 31)
    steps = np.diff([a.stamp_ns for a in actions])
    assert np.abs(steps - 1e9 / 30).max() <= 1


def test_joints_that_are_not_seen_do_no_harm():
    engine = LadyEngine(STREAMING, Frame())
    points = standing(1.0)
    for i in range(5):
        points[i % 4] = np.nan if i else points[0]
        engine_input = np.where(np.arange(4)[:, None] == 1, standing(1.0), points)
        engine_input[0] = 0.0
        for action in engine.push(round(i * 1e9 / 30), engine_input):
            assert np.isfinite(action.scores).all()


def test_what_does_not_fit_is_named():
    with pytest.raises(ModelError, match='sideways'):
        LadyEngine(SLIDING | {'form': 'sideways'}, Window())
    with pytest.raises(ModelError, match="no field 'hop'"):
        LadyEngine({k: v for k, v in SLIDING.items() if k != 'hop'}, Window())
    with pytest.raises(ModelError, match='late'):
        LadyEngine(SLIDING | {'delay': 12}, Window())
    with pytest.raises(StreamError, match='4 joints'):
        LadyEngine(SLIDING, Window()).push(0, np.zeros((5, 3)))


def test_rings_give_what_was_pushed_so_many_frames_ago():
    dilations = (1, 2, 8)
    rings = Rings(dilations, np.zeros((1, Rings.size(dilations), 1)))
    for t in range(50):
        taps = rings.taps()[0, :, :, 0]
        wanted = [[max(t - 2 * d + 1, 0), max(t - d + 1, 0)] for d in dilations]
        assert taps.tolist() == wanted
        rings.push(np.full((1, 3, 1), t + 1.0))
    rings.reset()
    assert not rings.taps().any()


def test_frames_near_a_reading_are_taken_as_they_are():
    grid = UniformRate(30.0, 0.2)
    rng = np.random.default_rng(0)
    found = []
    for i in range(30):
        stamp = round(i * 1e9 / 30) + int(rng.integers(-1, 2)) * 1_000 * (i > 0)
        found += grid.push(stamp, np.full((1, 1, 3), float(i)))
    assert [s.values[0, 0, 0] for s in found] == pytest.approx(range(len(found)), abs=1e-3)
    assert grid.push(0, np.zeros((1, 1, 3)))[0].fresh  # time jumped back: a new start


@pytest.mark.parametrize('lookahead', [0, 3])
def test_the_running_vote_ends_each_segment_with_the_offline_label(lookahead):
    rng = np.random.default_rng(1)
    for _ in range(20):
        scores = log_softmax(rng.normal(size=(80, 4)) * 3.0)
        probability = rng.uniform(0.0, 0.7, 80)
        vote = RunningVote(4, lookahead)
        late = np.concatenate([np.full(lookahead, 0.9), probability])
        votes = [vote.push(s, p) for s, p in zip(scores, late, strict=False)]
        peaks = boundary_peaks(probability)
        known = [p for p in peaks if p + lookahead + 1 < 80]
        assert sorted({v.began for v in votes}) == known
        for start, end in pairwise(known):
            if lookahead == 0:
                assert votes[end - 1].label == refine(scores, probability)[start]
        assert len(segments(np.array([v.began for v in votes]))) == len(known)


def test_probabilities_do_not_overflow():
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
    assert log_softmax(np.array([1e4, 0.0])).tolist() == [0.0, -1e4]
