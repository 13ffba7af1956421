"""Strange files and options from the outside: one clear line, or a stated degradation."""

import json
import os
import re
import stat
import subprocess
import sys
import threading

import pytest

from humandyn_ros.cli import main
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.synthetic import person


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
