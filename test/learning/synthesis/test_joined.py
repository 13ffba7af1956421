"""Exercises joined to sequences: what is labelled how, and that no join can be seen."""

from itertools import islice

import numpy as np
import pytest

from humandyn_ros.errors import ConfigError, RecordingError
from humandyn_ros.learning.synthesis import joined
from humandyn_ros.learning.synthesis.exercises import EXERCISES, RATE_HZ, Exercise, exercises
from humandyn_ros.learning.synthesis.joined import sequence, sequences, uiprmd
from humandyn_ros.learning.tasks.lady_sequences import LadyTaskConfig
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.segmentation import segments

REST = np.random.default_rng(3).normal(0.0, 0.3, (24, 3)) + [0.0, 0.0, 1.0]
REST[CANONICAL.index['left_hip']], REST[CANONICAL.index['right_hip']] = (0, 0.1, 1), (0, -0.1, 1)


def repetition(label: int, frames: int = 75) -> Exercise:
    """Out and back, of the joint that belongs to the label, somewhere else each time."""
    phase = np.sin(np.pi * np.arange(frames) / (frames - 1))[:, None] ** 2
    points = np.repeat(REST[None], frames, axis=0)
    points[:, 14 + label] += 0.8 * phase * [0.0, 0.6, 0.8]
    return Exercise('uiprmd_01', label, points + [label, -label, 0.0])


CLIPS = [repetition(label, 60 + 5 * label + 9 * k) for label in range(4) for k in range(2)]


def made(seed: int, seconds: float = 60.0, *, vary: bool = False):
    return sequence(CLIPS, seconds, np.random.default_rng(seed), vary=vary)


def test_a_sequence_is_the_same_for_the_same_seed_and_another_for_another():
    assert np.array_equal(made(1).points, made(1).points)
    assert not np.array_equal(made(1).points, made(2).points)
    assert len(made(1).points) == len(made(1).labels) == round(60 * RATE_HZ)


def test_nothing_moves_faster_at_a_join_than_elsewhere():
    found = made(0, 120.0)
    speed = np.linalg.norm(np.diff(found.points, axis=0), axis=-1).max(axis=1) * RATE_HZ
    near = np.zeros(len(speed), bool)
    for join in found.joins:
        near[max(join - 20, 0) : join + 20] = True
    assert 0.2 < near.mean() < 0.9
    assert speed[near].max() < 1.05 * speed[~near].max()


def test_labels_change_at_joins_only_and_a_fifth_of_the_joins_change_none():
    share = []
    for seed in range(40):
        found = made(seed)
        starts = {s.start for s in segments(found.labels)} - {0}
        assert starts <= set(found.joins)
        share += [join not in starts for join in found.joins]
    assert np.mean(share) == pytest.approx(joined.WITHIN, abs=0.05)


def test_each_label_covers_the_peak_of_its_motion():
    found = made(4)
    raised = np.stack([found.points[:, 14 + k, 2] - REST[14 + k, 2] for k in range(4)], axis=1)
    peak = raised.max(axis=1) > 0.4
    assert peak.sum() > 200
    assert np.array_equal(raised[peak].argmax(axis=1), found.labels[peak])


def test_a_dwell_is_no_stiller_than_anything_else():
    step = np.abs(np.diff(made(5).points, axis=0)).mean(axis=(1, 2))
    assert step.min() > 1e-4


def test_training_sequences_vary_in_size_and_noise():
    hips = [CANONICAL.index[f'{side}_hip'] for side in ('left', 'right')]

    def width(found):
        return np.linalg.norm(np.diff(found.points[:, hips], axis=1), axis=-1)

    plain = [width(made(seed)) for seed in range(6)]
    varied = [width(made(seed, vary=True)) for seed in range(6)]
    assert np.std([w.mean() for w in plain]) < 0.002 < np.std([w.mean() for w in varied])
    assert max(w.std() for w in varied) > 1.5 * max(w.std() for w in plain)


def test_without_recordings_the_error_says_what_is_missing(tmp_path):
    with pytest.raises(ConfigError, match='folder'):
        uiprmd(None, LadyTaskConfig(preset='uiprmd_24'))
    with pytest.raises(RecordingError, match='actions_uiprmd'):
        exercises(tmp_path)


def test_a_rate_that_does_not_divide_is_refused(tmp_path):
    with pytest.raises(ConfigError, match='divides'):
        uiprmd(tmp_path, LadyTaskConfig(preset='lara'))


def test_recorded_people_stand_upright_and_their_left_is_left(recordings):
    clips = exercises(recordings)
    assert {clip.label for clip in clips} == set(range(len(EXERCISES)))
    assert len({clip.person for clip in clips}) == 10
    index = CANONICAL.index
    for clip in clips:
        assert np.isfinite(clip.points).all()
        if EXERCISES[clip.label] == 'sit_to_stand':
            continue
        first = clip.points[0]
        assert first[index['head'], 2] > first[index['pelvis'], 2] + 0.4
        assert first[index['left_knee'], 2] < first[index['left_hip'], 2] - 0.2
        across = first[index['left_hip']] - first[index['right_hip']]
        forwards = np.cross(across, [0.0, 0.0, 1.0])
        toes = first[index['left_foot']] - first[index['left_ankle']]
        assert toes @ forwards > 0


def test_splits_share_nobody(recordings):
    people = {
        split: {
            name.rsplit('_', 1)[0] for name, _ in islice(sequences(recordings, split, 0, 5.0), 20)
        }
        for split in ('train', 'validation', 'test')
    }
    assert people['test'] == {'uiprmd_09', 'uiprmd_10'} and people['validation'] == {'uiprmd_08'}
    assert len(people['train']) == 7
