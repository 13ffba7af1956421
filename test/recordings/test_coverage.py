"""A simulated walk and run on plates of which some are hidden."""

from itertools import pairwise

import numpy as np

from humandyn_ros.recordings.coverage import contacts, measured_frames

RATE, WEIGHT = 100.0, 700.0


def walk(seconds=4.0):
    """Vertical force of both feet (T, 2): two humps each, together the weight of a walker."""
    time = np.arange(0.0, seconds, 1.0 / RATE)
    force = np.zeros((len(time), 2))
    for step in range(int(seconds / 0.5) + 1):
        phase = (time - 0.5 * step) / 0.62  # stance lasts 0.62 s, double support 0.12 s
        inside = (phase > 0) & (phase < 1)
        shape = np.sin(np.pi * phase) + 0.33 * np.sin(3 * np.pi * phase)
        force[inside, step % 2] += 1.17 * WEIGHT * shape[inside]
    return force


def run(seconds=3.0):
    """Contacts of 0.22 s every 0.36 s, one peak each."""
    time = np.arange(0.0, seconds, 1.0 / RATE)
    force = np.zeros((len(time), 2))
    for step in range(int(seconds / 0.36) + 1):
        phase = (time - 0.36 * step) / 0.22
        inside = (phase > 0) & (phase < 1)
        force[inside, step % 2] = 2.57 * WEIGHT * np.sin(np.pi * phase[inside])
    return force


def only(force, steps):
    """The plates see these steps; also how much of the person they miss."""
    spans = sorted((a, b, f) for f in (0, 1) for a, b in contacts(force[:, f], RATE))
    seen = np.zeros_like(force)
    for start, end, foot in (spans[k] for k in steps):
        seen[start:end, foot] = force[start:end, foot]
    return seen, (force - seen).sum(1)


def measured(force):
    return measured_frames(force, np.ones(len(force), bool), RATE, WEIGHT)


def test_a_treadmill_that_carries_everything_counts_throughout():
    assert measured(walk()).all()
    assert measured(run()).all()


def test_flight_over_a_treadmill_counts():
    force = run()
    assert (force.sum(1) == 0).any()
    assert measured(force).all()


def test_two_steps_of_a_walk_count_between_the_outer_maxima():
    seen, missed = only(walk(), (3, 4))
    frames = measured(seen)
    assert 60 < frames.sum() < 100
    assert missed[frames].max() < 0.05 * WEIGHT, 'no unseen foot carries in a judged frame'
    assert len(contacts(frames.astype(float), RATE)) == 1


def test_a_hidden_step_between_two_seen_ones_breaks_the_span():
    seen, missed = only(walk(), (2, 4))
    frames = measured(seen)
    assert missed[frames].max() < 0.05 * WEIGHT
    assert len(contacts(frames.astype(float), RATE)) == 2


def test_running_steps_count_from_touch_down_to_take_off_with_the_flight_between():
    force = run()
    seen, missed = only(force, (3, 4, 5))
    frames = measured(seen)
    loaded = np.flatnonzero(seen.sum(1) > 0)
    assert frames[loaded[0] : loaded[-1] + 1].all()
    assert missed[frames].max() == 0.0


def test_a_hidden_running_step_is_no_flight():
    seen, missed = only(run(), (3, 5))
    frames = measured(seen)
    assert missed[frames].max() == 0.0
    assert frames.any()


def test_standing_half_beside_the_plate_does_not_count():
    force = walk()
    seen, _ = only(force, (3, 4))
    end = int(np.flatnonzero(seen[:, 0] > 0)[-1])
    seen[end - 20 :, 0] = 0.55 * WEIGHT  # comes to rest, the other foot off the plate
    assert not measured(seen)[end + 20 :].any()


def test_frames_whose_foot_is_unknown_never_count():
    known = np.ones(400, bool)
    known[100:200] = False
    frames = measured_frames(walk(), known, RATE, WEIGHT)
    np.testing.assert_array_equal(frames, known)


def test_the_rule_leaks_nothing_on_a_real_treadmill_of_which_two_steps_are_shown(data):
    from humandyn_ros.recordings import read_forces

    forces = read_forces(data / 'walk_treadmill_60s' / 'walking_baseline1_forces.mot.gz')
    force = np.stack([plate.force[:, 2] for plate in forces.plates], 1)
    weight = 86.04 * 9.80665
    spans = sorted((a, b, f) for f in (0, 1) for a, b in contacts(force[:, f], 50.0))
    leaks, counted = [], 0
    for first, second in pairwise(spans[1:-1]):
        seen = np.zeros_like(force)
        for start, end, foot in (first, second):
            seen[start:end, foot] = force[start:end, foot]
        frames = measured_frames(seen, np.ones(len(seen), bool), 50.0, weight)
        leaks.append((force - seen).sum(1)[frames].max(initial=0.0) / weight)
        counted += frames.sum()
    assert np.percentile(leaks, 95) < 0.05
    assert counted / len(leaks) > 40
