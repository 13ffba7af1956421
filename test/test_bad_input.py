"""Strange files, options and streams from the outside: one clear line, or a stated degradation."""

import dataclasses
import json
import os
import re
import stat
import subprocess
import sys
import threading

import numpy as np
import pytest

from humandyn_ros.cli import main
from humandyn_ros.config import PersonConfig
from humandyn_ros.estimator import Estimator
from humandyn_ros.people import People, PeopleConfig
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.synthetic import person

PERSON = PersonConfig(mass_kg=70.0, height_m=1.75)
RATE_HZ = 100


@pytest.fixture(scope='module')
def walk(tmp_path_factory):
    """A .trc of somebody who walks, z up, and forces that fit it."""
    folder = tmp_path_factory.mktemp('walk')
    motion = person('walk', rate_hz=50.0, duration_s=2.0, seed=0)
    path = folder / 'walk.trc'
    names = '\t\t\t'.join(CANONICAL.joints)
    rows = [
        f'{k + 1}\t{k / 50:.3f}\t' + '\t'.join(f'{v:.5f}' for v in frame.ravel())
        for k, frame in enumerate(motion.points)
    ]
    path.write_text(
        f'PathFileType\t4\t(X/Y/Z)\t{path.name}\n'
        'DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\t'
        f'OrigNumFrames\n50\t50\t{len(rows)}\t24\tm\t50\t1\t{len(rows)}\n'
        f'Frame#\tTime\t{names}\n\t\tX1\n\n' + '\n'.join(rows) + '\n'
    )
    return path


def force_file(path, start_s=0.0, vertical_n=687.0):
    columns = [
        f'ground_force_{side}_{kind}{axis}' for side in 'rl' for kind in 'vp' for axis in 'xyz'
    ]
    row = '\t'.join(f'{v}' for v in [0.0, vertical_n / 2, 0.0, 0.1, 0.0, 0.1] * 2)
    rows = [f'{start_s + k / 100:.2f}\t{row}' for k in range(200)]
    head = f'forces\nversion=1\nnRows={len(rows)}\nnColumns=13\ninDegrees=no\nendheader\n'
    path.write_text(head + 'time\t' + '\t'.join(columns) + '\n' + '\n'.join(rows) + '\n')
    return path


def moment_file(path, name):
    rows = '\n'.join(f'{k / 100:.2f}\t{k}' for k in range(200))
    path.write_text(
        f'id\nversion=1\nnRows=200\nnColumns=2\ninDegrees=no\nendheader\ntime\t{name}\n{rows}\n'
    )
    return path


def run(capsys, *words):
    """Status, what was printed, and what was said on stderr."""
    try:
        status = main([str(word) for word in words])
    except SystemExit as end:  # argparse
        status = end.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def replay(capsys, walk, *words):
    return run(capsys, 'replay', walk, '--format', 'smpl_24', '--up', 'Z', '--mass', 70, *words)


def test_the_walk_itself_is_replayed(capsys, walk, tmp_path):
    status, out, _ = replay(capsys, walk, '--reference', force_file(tmp_path / 'f.mot'))
    assert status == 0
    assert re.search(r'ground reaction \d', out)


@pytest.mark.parametrize(
    'words',
    [
        ('--mass', '0'), ('--mass=-5',), ('--mass', '500'), ('--mass', 'nan'), ('--mass', 'inf'),
        ('--height', '0'), ('--height', '1750'), ('--height', 'nan'),
        ('--lag-ms', '10000'), ('--lag-ms=-1',), ('--lag-ms', 'nan'),
        ('--noise-mm', 'nan'), ('--noise-mm=-1',), ('--noise-mm', '1e9'),
        ('--rate-hz', '0'), ('--rate-hz', 'nan'), ('--rate-hz', '1e6'),
        ('--shift-ms', 'nan'), ('--shift-ms', 'inf'), ('--shift-ms', '1e300'),
        ('--seed=-1',),
        ('--format', 'magic'), ('--static', 'nowhere.trc'), ('--reference', 'nowhere.mot'),
        ('--moments', 'nowhere.sto'), ('--json', 'no/such/folder/a.json'),
    ],
)  # fmt: skip
def test_an_option_out_of_range_is_refused_in_one_line_that_names_it(capsys, walk, words):
    status, out, err = replay(capsys, walk, *words)
    assert status == 2
    assert out == '' or '--json' in words
    assert len(err.splitlines()) == 1
    value = words[-1].rpartition('=')[2]
    if value.lstrip('-').replace('.', '').replace('e', '').isdigit():
        value = ''  # numbers are printed in their own way, in seconds perhaps
    assert value in err


@pytest.mark.parametrize('plates', ['nonsense', ':', '1:middle', '9:left', 'left:1', '-1:left'])
def test_an_impossible_plate_is_named(capsys, walk, tmp_path, plates):
    forces = force_file(tmp_path / 'f.mot')
    status, _, err = replay(capsys, walk, '--reference', forces, f'--plates={plates}')
    assert status == 2
    assert 'plate' in err
    assert len(err.splitlines()) == 1


ENDINGS = ('trc', 'c3d', 'mot', 'sto', 'bvh', 'amc', 'npz', 'trc.gz', 'mcap', 'db3', 'osim', '')


@pytest.mark.parametrize('ending', ENDINGS)
@pytest.mark.parametrize('content', [b'', bytes(range(256)) * 8, b'words, not numbers\n' * 20])
def test_a_file_that_is_not_what_its_name_says_is_refused_in_one_line(
    capsys, tmp_path, ending, content
):
    path = tmp_path / (f'motion.{ending}' if ending else 'motion')
    path.write_bytes(content)
    status, out, err = run(capsys, 'replay', path, '--mass', 70)
    assert (status, out) == (2, '')
    assert len(err.splitlines()) == 1
    assert str(path) in err


@pytest.mark.parametrize('source', ['', 'nowhere.trc', '.', '/dev/null', 'x' * 5000 + '.trc'])
def test_a_source_that_is_no_file_is_refused_in_one_line(capsys, source):
    status, out, err = run(capsys, 'replay', source, '--mass', 70)
    assert (status, out) == (2, '')
    assert len(err.splitlines()) == 1


def test_a_motion_file_cut_at_any_place_is_refused_or_said(capsys, walk, tmp_path):
    whole = walk.read_bytes()
    for share in (0.001, 0.01, 0.05, 0.5, 0.9):
        path = tmp_path / 'cut.trc'
        path.write_bytes(whole[: int(share * len(whole))])
        status, out, err = replay(capsys, path)
        assert (status, out) == (2, ''), share
        assert 'truncated' in err


def test_forces_of_another_time_are_told_with_both_spans(capsys, walk, tmp_path):
    forces = force_file(tmp_path / 'late.mot', start_s=100.0)
    status, _, err = replay(capsys, walk, '--reference', forces)
    assert status == 2
    assert 'late.mot goes from 100.00 to 101.99 s' in err


@pytest.mark.parametrize('vertical_n', [0.687, 9.8, 0.0, float('nan')])
def test_forces_that_carry_nobody_are_not_judged_and_it_is_said(
    capsys, walk, tmp_path, vertical_n
):
    forces = force_file(tmp_path / 'kilo.mot', vertical_n=vertical_n)
    result = tmp_path / 'result.json'
    status, out, _ = replay(capsys, walk, '--reference', forces, '--json', result)
    assert status == 0
    assert 'not judged' in out
    assert 'nan' not in out.lower()
    assert json.loads(result.read_text())['frames_judged'] == 0
    assert 'NaN' not in result.read_text()


def test_moments_without_a_name_in_common_are_refused(capsys, walk, tmp_path):
    moments = moment_file(tmp_path / 'id.sto', 'nose_flexion_moment')
    status, _, err = replay(capsys, walk, '--moments', moments)
    assert status == 2
    assert 'nose_flexion' in err
    assert 'hip_flexion_r' in err


def test_moments_without_a_leg_are_said(capsys, walk, tmp_path):
    moments = moment_file(tmp_path / 'id.sto', 'lumbar_extension_moment')
    status, out, _ = replay(capsys, walk, '--moments', moments)
    assert status == 0
    assert 'none of hip, knee and ankle' in out


def test_results_go_through_a_pipe_and_leave_it_a_pipe(capsys, walk, tmp_path):
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    heard = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text()), daemon=True)
    reader.start()
    status, _, err = replay(capsys, walk, '--json', pipe)
    reader.join(10.0)
    assert (status, err) == (0, '')
    assert json.loads(heard[0])['schema'] == 1
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_a_link(capsys, walk, tmp_path):
    link, target = tmp_path / 'link.json', tmp_path / 'target.json'
    target.write_text('old')
    link.symlink_to(target)
    assert replay(capsys, walk, '--json', link)[0] == 0
    assert link.is_symlink()
    assert json.loads(target.read_text())['schema'] == 1


@pytest.mark.parametrize('option', ['--json', '--report'])
def test_a_folder_in_the_way_is_refused_and_nothing_half_written_stays(
    capsys, walk, tmp_path, option
):
    if option == '--report':
        pytest.importorskip('matplotlib')
    status, _, err = replay(capsys, walk, option, tmp_path)
    assert status == 2
    assert len(err.splitlines()) == 1
    assert list(tmp_path.parent.glob('*.partial')) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='no /dev/full on this system')
def test_a_full_disk_is_said(capsys, walk):
    status, _, err = replay(capsys, walk, '--json', '/dev/full')
    assert status == 2
    assert 'No space left' in err
    assert stat.S_ISCHR(os.stat('/dev/full').st_mode)


@pytest.mark.parametrize('topic', ['', '/', 'a b', 'ü', '//a', 'a/', '1st'])
def test_a_topic_that_ros_would_refuse_is_refused_and_no_bag_appears(
    capsys, walk, tmp_path, topic
):
    status, _, err = run(capsys, 'convert', walk, tmp_path / 'bag', f'--topic={topic}')
    assert status == 2
    assert 'topic' in err
    assert list(tmp_path.iterdir()) == []


def test_the_command_itself_says_one_line_and_status_two(tmp_path):
    broken = tmp_path / 'broken.yaml'
    broken.write_text('a: [1,\nb: {')
    for words in (['run', '--config', str(broken)], ['replay', 'x.trc', '--format', str(broken)]):
        done = subprocess.run(
            [sys.executable, '-m', 'humandyn_ros.cli', *words],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1, done.stderr


def frames(kind='walk', seconds=3.0, rate_hz=float(RATE_HZ)):
    return list(person(kind, rate_hz=rate_hz, duration_s=seconds, seed=0).frames())


def push_all(estimator, them):
    return [estimate for frame in them for estimate in estimator.push(frame)]


def finite(estimates):
    return all(
        np.isfinite(numbers).all()
        for e in estimates
        for numbers in (
            e.dynamics.torque, e.dynamics.stddev, e.dynamics.power, e.dynamics.position,
            e.ground.left.force, e.ground.right.force, e.residual, [e.age_ms],
        )
    )  # fmt: skip


LEGS = ('hip', 'knee', 'ankle', 'foot')
GROUPS = {
    'feet': ('foot',),
    'left leg': ('left_hip', 'left_knee', 'left_ankle', 'left_foot'),
    'arms': ('shoulder', 'elbow', 'wrist', 'hand', 'collar'),
    'trunk': ('spine', 'neck'),
    'head': ('head',),
    'all but the legs': (
        'pelvis', 'spine', 'neck', 'head', 'collar', 'shoulder', 'elbow', 'wrist', 'hand',
    ),
    'everything': ('',),
}  # fmt: skip
NEEDED = ('left leg', 'everything')


def hidden(them, group, start, end):
    lost = [
        i for name, i in CANONICAL.index.items() if any(part in name for part in GROUPS[group])
    ]
    for frame in them[start:end]:
        frame.points[lost] = np.nan
    return them


@pytest.mark.parametrize('group', GROUPS)
def test_joints_missing_for_one_frame_are_bridged(group):
    estimates = push_all(Estimator('smpl_24', PERSON), hidden(frames(), group, 150, 151))
    assert finite(estimates)
    assert all(e.valid for e in estimates[5:])


@pytest.mark.parametrize('group', GROUPS)
def test_joints_missing_for_a_second_are_assumed_or_the_estimate_stops(group):
    estimator = Estimator('smpl_24', PERSON)
    them = hidden(frames(seconds=4.0), group, 150, 250)
    estimates = push_all(estimator, them)
    assert finite(estimates)
    assert estimates[-1].valid, 'it comes back'
    blind = [e for e in estimates if them[185].stamp_ns < e.stamp_ns < them[235].stamp_ns]
    assert any(e.valid for e in blind) == (group not in NEEDED)


@pytest.mark.parametrize('group', GROUPS)
def test_joints_missing_for_ever_are_said(group):
    estimator = Estimator('smpl_24', PERSON)
    estimates = push_all(estimator, hidden(frames(), group, 0, None))
    assert finite(estimates)
    if group in NEEDED:
        assert estimates == []
        assert 'not seen' in estimator.reason
    elif group in ('feet', 'arms', 'all but the legs'):
        assert any('not seen' in note for note in estimates[-1].notes)
    assert estimates == [] or estimates[-1].valid


@pytest.mark.parametrize('factor', [1000.0, 100.0, 39.37, 0.001])
def test_another_unit_is_said_and_gives_no_estimate(factor):
    estimator = Estimator('smpl_24', PERSON)
    them = [dataclasses.replace(f, points=f.points * factor) for f in frames('stand', 1.5)]
    assert not any(e.valid for e in push_all(estimator, them))
    assert estimator.reason


@pytest.mark.parametrize(
    ('name', 'turn'),
    [
        ('Y', [[1, 0, 0], [0, 0, -1], [0, 1, 0]]),
        ('-Z', [[1, 0, 0], [0, -1, 0], [0, 0, -1]]),
        ('-X', [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]),
    ],
)
def test_a_person_who_does_not_stand_upwards_is_told_which_axis_does(name, turn):
    them = [dataclasses.replace(f, points=f.points @ np.array(turn)) for f in frames('stand')]
    estimates = push_all(Estimator('smpl_24', PERSON), them)
    assert finite(estimates)
    assert any(f'set up to {name}' in note for note in estimates[-1].notes)


def stamped(them, stamps_ns):
    return [dataclasses.replace(f, stamp_ns=int(s)) for f, s in zip(them, stamps_ns, strict=True)]


@pytest.mark.parametrize(
    ('name', 'change'),
    [
        ('all the same', lambda s: s * 0),
        ('backwards', lambda s: s[::-1]),
        ('the largest there is', lambda s: np.full_like(s, 2**63 - 1)),
        ('nanoseconds apart', lambda s: np.arange(len(s))),
    ],
)
def test_stamps_that_tell_no_time_give_no_estimate_and_a_reason(name, change):
    them = frames()
    estimator = Estimator('smpl_24', PERSON)
    stamps = np.array([f.stamp_ns for f in them])
    assert push_all(estimator, stamped(them, change(stamps))) == []
    assert estimator.reason
    assert name == 'nanoseconds apart' or estimator.dropped > 200
    assert name == 'nanoseconds apart' or 'stamp' in estimator.reason


def test_one_stamp_from_the_future_costs_less_than_a_second_and_a_half():
    them = frames(seconds=5.0)
    for jump_ns in (300_000_000, 900_000_000, 3_600_000_000_000):
        wrong = list(them)
        wrong[150] = dataclasses.replace(them[150], stamp_ns=them[150].stamp_ns + jump_ns)
        estimates = push_all(Estimator('smpl_24', PERSON), wrong)
        assert finite(estimates)
        assert [e for e in estimates if e.stamp_ns > them[300].stamp_ns][-1].valid
        assert any(e.valid and them[290].stamp_ns < e.stamp_ns < 2**61 for e in estimates)


def test_jittered_stamps_are_taken():
    them = frames()
    jitter = np.random.default_rng(0).integers(-3_000_000, 3_000_000, len(them))
    estimates = push_all(
        Estimator('smpl_24', PERSON), stamped(them, [f.stamp_ns for f in them] + jitter)
    )
    assert finite(estimates)
    assert all(e.valid for e in estimates[5:])


def test_one_frame_a_second_is_named_as_what_is_wrong():
    estimator = Estimator('smpl_24', PERSON)
    assert push_all(estimator, frames(seconds=20.0, rate_hz=1.0)) == []
    assert '1 s apart' in estimator.reason


@pytest.mark.parametrize('value', [float('nan'), float('inf'), -1.0])
def test_a_confidence_that_is_none_is_not_seen(value):
    them = [dataclasses.replace(f, confidence=np.full_like(f.confidence, value)) for f in frames()]
    assert push_all(Estimator('smpl_24', PERSON), them) == []


def test_people_leave_return_and_change_their_number_without_mixing():
    them = frames(seconds=6.0)
    people = People('smpl_24', PERSON, config=PeopleConfig(left_s=1.0))
    answers = {7: [], 9: [], 11: []}
    for k, frame in enumerate(them):
        beside = dataclasses.replace(frame, points=frame.points + [2.0, 0.0, 0.0])
        seen = [dataclasses.replace(beside, body_id=9 if k < 450 else 11)]
        seen += [] if 200 <= k < 400 else [dataclasses.replace(frame, body_id=7)]
        for estimate in (*people.push(seen), *people.tick(k * 10_000_000)):
            answers[estimate.body_id].append(estimate)
        if k == 350:
            assert people.bodies == (9,)
            assert people.wearer == 9
    assert set(people.bodies) == {7, 11}
    for body, offset in ((7, 0.0), (9, 2.0), (11, 2.0)):
        valid = [e for e in answers[body] if e.valid]
        assert len(valid) > 80
        assert finite(answers[body])
        for e in valid:
            there = min(them, key=lambda f: abs(f.stamp_ns - e.stamp_ns)).points[0, 0] + offset
            assert e.state.positions[0, 0] == pytest.approx(there, abs=0.05)
