import dataclasses

import numpy as np

from humandyn_ros.quantities import CANONICAL
from humandyn_ros.sources.confidence import ConfidenceRebuilder
from humandyn_ros.synthetic import person

WALK = list(person('walk', rate_hz=30.0, duration_s=4.0).frames())
KNEE, WRIST = CANONICAL.index['left_knee'], CANONICAL.index['left_wrist']


def rebuilt(change=lambda k, points: points):
    rebuilder = ConfidenceRebuilder()
    frames = [
        rebuilder.rebuild(dataclasses.replace(frame, points=change(k, frame.points.copy())))
        for k, frame in enumerate(WALK)
    ]
    return np.array([frame.confidence for frame in frames])


def test_a_clean_walk_is_believed_in_full():
    assert (rebuilt() == 1.0).all()


def test_a_walk_with_millimetres_of_noise_is_still_believed():
    noise = np.random.default_rng(0)
    assert rebuilt(lambda k, p: p + noise.normal(0, 0.01, p.shape)).min() > 0.5


def test_a_joint_that_flies_off_loses_confidence_and_its_neighbours_keep_theirs():
    def fly(k, points):
        points[KNEE] += [0.0, 0.6, 0.0] if k == 80 else 0.0
        return points

    trust = rebuilt(fly)
    assert trust[80, KNEE] < 0.1
    others = [i for i in range(24) if i != KNEE]
    assert trust[80, others].min() == 1.0
    assert trust[110, KNEE] == 1.0


def test_a_joint_that_jitters_loses_confidence():
    noise = np.random.default_rng(1)

    def shake(k, points):
        points[WRIST] += noise.normal(0, 0.15, 3)
        return points

    trust = rebuilt(shake)
    assert np.median(trust[30:, WRIST]) < 0.2
    assert trust[30:, KNEE].min() == 1.0


def test_what_is_not_seen_stays_so_and_hurts_nobody():
    def hide(k, points):
        points[KNEE] = np.nan
        return points

    rebuilder = ConfidenceRebuilder()
    for k, frame in enumerate(WALK):
        trust = frame.confidence.copy()
        trust[KNEE] = 0.0
        hidden = dataclasses.replace(frame, points=hide(k, frame.points.copy()), confidence=trust)
        result = rebuilder.rebuild(hidden).confidence
        assert result[KNEE] == 0.0
        assert np.delete(result, KNEE).min() == 1.0


def test_another_body_under_the_number_after_a_while_starts_anew():
    rebuilder = ConfidenceRebuilder()
    for frame in WALK:
        rebuilder.rebuild(frame)
    later = WALK[-1].stamp_ns + 60 * 10**9
    child = [
        rebuilder.rebuild(
            dataclasses.replace(frame, stamp_ns=later + frame.stamp_ns, points=0.5 * frame.points)
        )
        for frame in WALK[:20]
    ]
    assert min(frame.confidence.min() for frame in child) == 1.0


def test_a_source_that_numbers_everybody_anew_does_not_fill_the_memory():
    rebuilder = ConfidenceRebuilder()
    for k, frame in enumerate(WALK * 5):
        rebuilder.rebuild(dataclasses.replace(frame, body_id=k))
    assert len(rebuilder._bodies) <= 100
