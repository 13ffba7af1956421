import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from humandyn_ros.cli import main
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.errors import ConfigError, RecordingError
from humandyn_ros.learning.synthesis import (
    ACTIONS,
    PEOPLE,
    NoiseConfig,
    Recipe,
    labelled_clip,
    split_of,
    stream,
)
from humandyn_ros.learning.synthesis.augment import BMI, HEIGHT_M, SWAPPED, draw, varied
from humandyn_ros.learning.synthesis.clip import procedural
from humandyn_ros.learning.synthesis.labels import leg_length
from humandyn_ros.learning.synthesis.markers import MARKERS
from humandyn_ros.learning.synthesis.mocap import load as load_recording
from humandyn_ros.learning.synthesis.mocap import off_belt, sources, theme
from humandyn_ros.learning.synthesis.moves import MOVES
from humandyn_ros.learning.synthesis.noise import sensed
from humandyn_ros.learning.synthesis.store import library, load, load_folder, save
from humandyn_ros.learning.synthesis.stream import _kinds
from humandyn_ros.learning.synthesis.touch import LEGS
from humandyn_ros.quantities import CANONICAL, GRAVITY
from humandyn_ros.synthetic import person

DATA = os.environ.get('HUMANDYN_DATA')
recordings = pytest.mark.skipif(not DATA, reason='HUMANDYN_DATA is not set')
SQUATS = Recipe(rate_hz=60.0, kinds=('squat',), markers=True, text=True)


@pytest.fixture(scope='module')
def clip():
    return labelled_clip(3, 0, 'train', SQUATS)


def test_the_same_arguments_give_the_same_clips(clip):
    again = labelled_clip(3, 0, 'train', SQUATS)
    for name, array in clip.arrays().items():
        np.testing.assert_array_equal(array, getattr(again, name))
    assert again.text == clip.text and again.origin == clip.origin


def test_other_seeds_numbers_and_splits_give_other_clips(clip):
    for number, seed, split in ((4, 0, 'train'), (3, 1, 'train'), (3, 0, 'test')):
        other = labelled_clip(number, seed, split, SQUATS)
        assert other.height_m != clip.height_m and other.origin.person != clip.origin.person


def test_a_stream_goes_on_where_it_stopped():
    heights = [c.height_m for c in islice(stream(5, 'train', SQUATS), 3)]
    assert [c.height_m for c in islice(stream(5, 'train', SQUATS, start=2), 1)] == heights[2:]


def test_every_array_of_a_clip_has_its_frames(clip):
    assert all(len(array) == len(clip) for array in clip.arrays().values())
    assert clip.torque_smpl.shape == (len(clip), 24, 3)
    assert clip.markers.shape == (len(clip), len(MARKERS), 3)
    assert np.isfinite(clip.torque_rajagopal).all() and np.isfinite(clip.ground_force).all()
    assert clip.keep.mean() > 0.9


def test_angular_momentum_is_the_integral_of_torque(clip):
    total = clip.angular_momentum[:-1].sum(0)
    expected = np.trapezoid(clip.torque_smpl, dx=1 / clip.rate_hz, axis=0)
    np.testing.assert_allclose(total, expected, atol=1e-9)


def test_windows_hold_trusted_frames_only(clip):
    windows = list(clip.windows(24, 12, kept=1.0))
    assert windows and all(w.keep.all() and len(w) == 24 for w in windows)
    with pytest.raises(ConfigError, match='frames'):
        clip.window(len(clip) - 3, 24)


def test_a_squat_is_told_as_one_with_measured_reasons(clip):
    assert clip.text.startswith('The person squats')
    knees = [fact for fact in clip.facts if 'knee' in fact.quantity]
    column = clip.angle[:, [2, 6]].max()
    assert max(fact.end for fact in knees) == pytest.approx(np.degrees(column), abs=1.0)
    assert any('both knees bend deeply' in reason for reason in clip.reasoning)


def test_boundaries_lie_where_the_action_changes():
    found = labelled_clip(0, 0, 'train', Recipe(kinds=('sit_to_stand',)))
    changes = np.flatnonzero(np.diff(found.action)) + 1
    np.testing.assert_array_equal(np.flatnonzero(found.boundary), changes)
    assert ACTIONS[found.action[len(found) // 2]] == 'sit_to_stand'


def test_a_seat_carries_whom_it_is_said_to_carry():
    found = labelled_clip(0, 0, 'train', Recipe(kinds=('sit_to_stand',)))
    seat = found.contact_force[:, 0, 2] / (found.mass_kg * GRAVITY)
    assert 0.5 < seat.max() < 1.0 and seat[:20].max() < 0.01
    assert found.keep.mean() > 0.9


def test_who_falls_is_carried_by_seat_and_hands_in_the_end():
    found = labelled_clip(0, 0, 'train', Recipe(kinds=('fall',), augment=False))
    weight = found.mass_kg * GRAVITY
    feet = found.ground_force[..., 2].sum(1) / weight
    rest = [
        CANONICAL.index[n] for n in ('pelvis', 'left_hip', 'right_hip', 'left_hand', 'right_hand')
    ]
    others = found.contact_force[:, rest, 2].sum(1) / weight
    assert feet[:20].min() > 0.9 and others[:20].max() < 0.05
    assert feet[-20:].max() < 0.3 and others[-20:].min() > 0.7
    knees = [CANONICAL.index['left_knee'], CANONICAL.index['right_knee']]
    assert found.points[-1, knees, 2].min() > found.points[-1, 0, 2] + 0.2
    assert 'fall' in {ACTIONS[k] for k in found.action}


def test_nobody_falls_unless_asked_to():
    kinds = {kind for k in range(200) for kind in _kinds(np.random.default_rng(k), Recipe())}
    assert kinds == set(MOVES) - {'fall'}


def test_muscles_are_labelled_on_request(clip):
    assert clip.activation is None
    found = labelled_clip(3, 0, 'train', Recipe(rate_hz=60.0, kinds=('squat',), muscles=True))
    assert found.activation.shape == (len(found), 80)
    assert found.window(5, 10).activation.shape == (10, 80)
    knee = found.angle[:, COORDINATES.index('knee_angle_r')]
    vastus = found.activation[:, found.muscle_names.index('vaslat_r')]
    assert np.corrcoef(knee, vastus)[0, 1] > 0.5
    assert found.activation.min() >= 0.01 and found.activation.max() <= 1.0


@pytest.mark.parametrize('kind', sorted(MOVES))
def test_every_kind_of_procedural_motion_passes_the_gate_in_part(kind):
    least = 0.35 if kind in ('walk', 'jump', 'side_step', 'lunge') else 0.6
    recipe = Recipe(rate_hz=60.0, kinds=(kind,), augment=False, noise=NoiseConfig(kind='clean'))
    found = labelled_clip(0, 0, 'train', recipe)
    assert found.keep.mean() > least


def test_bodies_lie_in_the_declared_ranges_and_keep_their_feet_on_the_ground():
    clip = procedural(['walk'], 3)
    random = np.random.default_rng(0)
    for _ in range(5):
        change = draw(random, clip)
        other = varied(clip, change)
        assert HEIGHT_M[0] <= change.height_m <= HEIGHT_M[1]
        assert BMI[0] <= change.body.mass_kg / change.height_m**2 <= BMI[1]
        scale = change.height_m / clip.height_m
        assert leg_length(other.points) == pytest.approx(scale * leg_length(clip.points), rel=1e-6)
        lowest = other.points[:, LEGS[:, 2], 2].min()
        assert lowest == pytest.approx(scale * clip.points[:, LEGS[:, 2], 2].min(), abs=1e-9)


def test_swapping_left_and_right_twice_changes_nothing():
    np.testing.assert_array_equal(SWAPPED[SWAPPED], np.arange(24))
    assert SWAPPED[CANONICAL.index['left_knee']] == CANONICAL.index['right_knee']


def test_estimator_noise_is_correlated_in_time_and_white_noise_is_not():
    points = np.broadcast_to(person('stand').points[:1], (2000, 24, 3))
    quiet = {'occlusions_hz': 0.0, 'swaps_hz': 0.0, 'dropped': 0.0}

    def memory(kind):
        seen, _ = sensed(points, 60.0, NoiseConfig(kind=kind, **quiet), np.random.default_rng(0))
        error = (seen - points)[:, 8, 0]
        return np.corrcoef(error[1:], error[:-1])[0, 1]

    assert memory('estimator') > 0.6 and abs(memory('white')) < 0.1


def test_occlusion_hides_a_limb_outwards_and_confidence_says_so():
    points = np.broadcast_to(person('stand').points[:1], (3000, 24, 3))
    config = NoiseConfig(occlusions_hz=1.0, dropped=0.0)
    seen, confidence = sensed(points, 60.0, config, np.random.default_rng(1))
    gone = np.isnan(seen[..., 0])
    elbow, wrist = CANONICAL.index['left_elbow'], CANONICAL.index['left_wrist']
    assert gone[:, elbow].any() and gone[gone[:, elbow], wrist].all()
    assert not gone[:, 0].any() and (confidence[gone] == 0).all()


def test_swapped_legs_are_seen_as_the_other_side():
    points = np.broadcast_to(person('stand').points[:1], (3000, 24, 3))
    config = NoiseConfig(white_mm=0.0, jitter_mm=0.0, drift=0.0, occlusions_hz=0, dropped=0,
                         swaps_hz=1.0)  # fmt: skip
    seen, _ = sensed(points, 60.0, config, np.random.default_rng(2))
    swapped = np.abs(seen - points[:, SWAPPED]).max(2) < 1e-9
    knee = CANONICAL.index['left_knee']
    assert 0.01 < swapped[:, knee].mean() < 0.5


def test_a_planar_sensor_loses_one_direction():
    points = person('walk').points
    config = NoiseConfig('planar', 0.0, 0.0, drift=0.0, occlusions_hz=0, swaps_hz=0, dropped=0)
    seen, _ = sensed(points, 60.0, config, np.random.default_rng(0))
    flat = (seen - seen[:, :1]).reshape(-1, 3)
    assert np.linalg.svd(flat[::37], compute_uv=False)[2] < 1e-6


def test_markers_lie_on_the_skin_beside_their_joints(clip):
    knee = clip.markers[:, MARKERS.index('LKNE')] - clip.points[:, CANONICAL.index['left_knee']]
    assert 0.02 < np.linalg.norm(knee, axis=1).mean() < 0.1
    outside = clip.markers[:, MARKERS.index('LKNE')] - clip.markers[:, MARKERS.index('LKNM')]
    across = clip.points[:, 1] - clip.points[:, 2]
    assert ((outside * across).sum(1) > 0).all()


def test_a_belt_is_taken_away_and_a_floor_is_left(tmp_path):
    points = person('walk').points[300:1500]
    moving = points - np.arange(len(points))[:, None, None] / 100.0 * [1.3, 0.0, 0.0]
    drift = np.polyfit(np.arange(len(points)) / 100.0, points[:, 0, 0], 1)[0]
    belt = points - (np.arange(len(points)) / 100.0 * drift)[:, None, None] * np.array([1.0, 0, 0])
    back = np.polyfit(np.arange(len(points)) / 100.0, off_belt(belt, 100.0)[:, 0, 0], 1)[0]
    assert back == pytest.approx(drift, rel=0.1)
    assert moving.shape == points.shape
    np.testing.assert_array_equal(off_belt(points, 100.0), points)


def test_nobody_is_in_two_splits():
    names = [name for people in PEOPLE.values() for name in people]
    assert len(names) == len(set(names))
    assert {split_of(n) for n in ('rajagopal', 'treadmill', 'modsim', 'somebody new')} == {'test'}
    assert split_of('cmu_060') == split_of('cmu_061')
    assert split_of('cmu_013') == split_of('cmu_014') == 'test'


@pytest.mark.parametrize(
    'text, label',
    [
        ('run/jog', 'run'),
        ('walk, veer left', 'turn'),
        ('soccer - kick ball', 'kick'),
        ('x', 'other'),
    ],
)
def test_descriptions_become_labels(text, label):
    assert theme(text) == label


def test_a_clip_comes_back_from_disk_as_it_was(clip, tmp_path):
    save(clip, tmp_path / 'a.npz')
    back = load(tmp_path / 'a.npz')
    np.testing.assert_allclose(back.torque_smpl, clip.torque_smpl, rtol=1e-6, atol=1e-4)
    np.testing.assert_array_equal(back.keep, clip.keep)
    assert (back.text, back.facts, back.origin) == (clip.text, clip.facts, clip.origin)
    assert len(list(load_folder(tmp_path))) == 1


def test_a_file_that_is_no_clip_is_refused(tmp_path):
    (tmp_path / 'bad.npz').write_bytes(b'no')
    with pytest.raises(RecordingError, match='synthesize it anew'):
        load(tmp_path / 'bad.npz')


def test_a_library_holds_the_minutes_that_were_asked_for():
    clips = library(0.1, 0, 'train', Recipe(kinds=('stand',)))
    assert sum(len(c) / c.rate_hz for c in clips) >= 6.0
    assert sum(len(c) / c.rate_hz for c in clips[:-1]) < 6.0


def test_unknown_splits_and_kinds_are_refused():
    with pytest.raises(ConfigError, match='validation'):
        next(stream(0, 'training'))
    with pytest.raises(ConfigError, match='squat'):
        next(stream(0, 'train', Recipe(kinds=('swim',))))


def test_the_command_says_what_passed_and_keeps_the_clips(tmp_path, capsys):
    arguments = ['synthesize', '--minutes', '0.05', '--kinds', 'squat', '--out', str(tmp_path)]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert 'procedural  squat' in told and '100 %' in told
    assert list(tmp_path.glob('train-0-*.npz'))
    assert main(['synthesize', '--minutes', '0']) == 2


@recordings
def test_recordings_of_the_splits_have_other_people():
    found = {split: sources(Path(DATA), split) for split in ('train', 'validation', 'test')}
    people = {split: {s.person for s in each} for split, each in found.items()}
    assert not people['train'] & people['test'] and not people['train'] & people['validation']
    assert {'cmu_016', 'RBDS001'} <= people['train']


@recordings
def test_exercises_come_on_request_with_their_labels():
    plain, more = (sources(Path(DATA), 'train', exercises=asked) for asked in (False, True))
    added = more[len(plain) :]
    assert more[: len(plain)] == plain and len(added) > 100
    assert {s.person for s in added} == {f'uiprmd_{k:02d}' for k in range(1, 8)}
    squat = next(s for s in added if s.description == 'deep squat')
    found = load_recording(squat)
    assert {ACTIONS[k] for k in found.action} == {'squat'} and found.licence == 'PDDL 1.0'
    assert found.rate_hz == 100.0 and np.isfinite(found.points).all()


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(RecordingError, match='no recordings'):
        sources(tmp_path, 'train')
