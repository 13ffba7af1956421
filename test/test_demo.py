import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from humandyn_ros.cli import main
from humandyn_ros.demo.listener import Answer
from humandyn_ros.demo.stage import own_wire, write_trc
from humandyn_ros.demo.table import Display, Moment
from humandyn_ros.motion import Motion
from humandyn_ros.quantities import GRAVITY
from humandyn_ros.recordings import read_forces, read_moments, read_motion, to_z_up
from humandyn_ros.resources import resource
from humandyn_ros.synthetic import person

MASS_KG = 72.0
# Second difference of sixth order at 100 Hz.
STENCIL = np.array([1 / 90, -3 / 20, 3 / 2, -49 / 18, 3 / 2, -3 / 20, 1 / 90]) * 100.0**2


@pytest.fixture(scope='module')
def truth():
    motion = read_motion(resource('config', 'demo', 'motion.trc.gz'))
    forces = read_forces(resource('config', 'demo', 'forces.mot.gz'))
    feet = {plate.foot: plate for plate in forces.plates}
    centre = to_z_up(motion.points[:, motion.names.index('centre_of_mass')], 'Y')
    total = feet['left'].force + feet['right'].force
    return motion, feet, centre, total


def test_the_stored_forces_are_the_bodys_mass_times_its_acceleration(truth):
    _, _, centre, total = truth
    acceleration = np.stack([np.convolve(x, STENCIL, 'valid') for x in centre.T], axis=1)
    expected = MASS_KG * (acceleration + [0.0, 0.0, GRAVITY])
    error = total[3:-3] - expected
    assert np.sqrt((error**2).mean()) < 1.5  # N, of 706: what rounding to a micrometre leaves
    assert np.abs(error).max() < 40.0  # 100 Hz differences at the corners of the jumps


def test_the_stored_flight_is_a_free_fall_without_force(truth):
    _, _, centre, total = truth
    air = np.linalg.norm(total, axis=1) == 0
    assert 0.6 < air.sum() / 100 < 0.9
    inside = np.convolve(air, np.ones(7), 'valid') == 7  # the whole stencil in the air
    fall = np.convolve(centre[:, 2], STENCIL, 'valid')[inside]
    assert len(fall) > 50
    assert np.abs(fall + GRAVITY).max() < 0.1


def test_the_stored_feet_neither_pull_nor_slip(truth):
    _, feet, _, _ = truth
    for foot in feet.values():
        loaded = foot.force[:, 2] > 20.0
        assert foot.force[:, 2].min() >= 0.0
        slope = np.linalg.norm(foot.force[loaded, :2], axis=1) / foot.force[loaded, 2]
        assert slope.max() < 0.4


def test_the_stored_moments_belong_to_the_stored_forces(truth):
    motion, feet, _, _ = truth
    moments = read_moments(resource('config', 'demo', 'moments.sto.gz'))
    # Quiet stance at the start: the ankle holds the ground reaction about itself.
    ankle = to_z_up(motion.points[0, motion.names.index('left_ankle')], 'Y')
    foot = feet['left']
    arm = (foot.centre_of_pressure[0] - ankle)[0]
    expected = -arm * foot.force[0, 2]
    found = moments.values[0, moments.names.index('ankle_angle_l')]
    assert found == pytest.approx(expected, abs=2.0)


# The whole demonstration, over the real wire on loopback, shortened.


def command(*arguments):
    return [sys.executable, '-m', 'humandyn_ros.cli', 'demo', *arguments]


def run(folder, *arguments, **environment):
    return subprocess.run(
        command(*arguments), check=False, cwd=folder, capture_output=True, text=True,
        timeout=150, env={**os.environ, **environment},
    )  # fmt: skip


def nodes_of(process_id):
    """Process numbers of nodes whose session was started by a demonstration."""
    found = []
    for folder in Path('/proc').glob('[0-9]*'):
        with contextlib.suppress(OSError):
            words = (folder / 'cmdline').read_bytes().split(b'\0')
            parent = int((folder / 'stat').read_text().rsplit(')', 1)[1].split()[1])
            if parent == process_id and any(b'humandyn_ros.ros.nodes' in w for w in words):
                found.append(int(folder.name))
    return found


def gone(process_ids, within_s=10.0):
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if not any(Path(f'/proc/{number}').exists() for number in process_ids):
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def demo(tmp_path):
    """Start a demonstration and wait for its nodes; whatever happens, end it."""
    running = []

    def start(*arguments):
        process = subprocess.Popen(
            command(*arguments), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        running.append(process)
        until = time.monotonic() + 60
        while len(nodes_of(process.pid)) < 2 and time.monotonic() < until:
            assert process.poll() is None, process.stdout.read().decode()
            time.sleep(0.05)
        return process, nodes_of(process.pid)

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture(scope='module')
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp('demo')
    return folder, run(folder, '--seconds', '5')


def test_the_demonstration_runs_judges_and_reports_without_a_terminal(shown):
    folder, done = shown
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in folder.iterdir()] == ['demo_report.html']
    assert '\x1b' not in done.stdout
    error, *guesses = (float(x) for x in re.findall(r'(\d+\.\d+) (?:N/kg|no force|half|weight)',
                                                    done.stdout))  # fmt: skip
    assert 0.0 < error < guesses[0]
    assert len(re.findall(r'^ *\d+\.\d of 5\.0 s: ', done.stdout, re.M)) >= 2


def test_nearly_every_skeleton_is_heard_and_answered(shown):
    _, done = shown
    found = re.search(r'(\d+) estimates for (\d+)', done.stdout)
    estimates, skeletons = map(int, found.groups())
    assert skeletons == 500
    assert estimates > 250  # the rest are the filter's warming up, and a busy machine


def test_a_terminal_sees_a_table_with_a_progress_bar():
    answer = Answer(0, True, 83.0, np.array([40.0, -20.0]), {'left': np.array([0, 0, 500.0])})
    moment = Moment(4.0, 8.0, 99.6, answer, ('knee_angle_l', 'ankle_angle_r'), np.ones((2, 3)))
    console = Console(file=io.StringIO(), force_terminal=True, width=110, color_system=None)
    with Display('A person', 70.0, console) as display:
        display.show(moment)
    text = console.file.getvalue()
    assert '4.0 of 8.0 s' in text and '100 estimates/s' in text and 'age   83 ms' in text
    assert '● valid' in text and '500 N' in text and '(ref    1)' in text
    assert re.search(r'knee.*│█+.* 40 N·m', text)
    assert re.search(r'ankle.*█│.*-20 N·m', text)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_it_ends_no_node_and_no_report_is_left(demo, tmp_path, number):
    process, nodes = demo('--seconds', '30')
    assert len(nodes) == 2
    process.send_signal(number)
    assert process.wait(20) != 0
    assert gone(nodes)
    assert list(tmp_path.iterdir()) == []


def test_a_node_that_dies_is_reported_with_its_status(demo):
    process, nodes = demo('--seconds', '30')
    for node in nodes:
        os.kill(node, signal.SIGKILL)
    said = process.communicate(timeout=30)[0].decode()
    assert process.returncode == 2
    assert re.search(r'the \w+_node ended with status -9', said)


def test_a_wire_that_cannot_be_opened_is_one_clear_line(tmp_path):
    done = run(tmp_path, '--seconds', '3', ROS_DOMAIN_ID='500')
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert 'ROS_DOMAIN_ID=500' in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_recording_without_a_mass_is_refused(capsys):
    assert main(['demo', '--recording', 'walk.trc']) == 2
    assert '--mass' in capsys.readouterr().err


def test_a_missing_matplotlib_is_told_before_anything_starts(monkeypatch, capsys):
    monkeypatch.setattr('humandyn_ros.demo.run.find_spec', lambda name: None)
    assert main(['demo']) == 2
    assert 'humandyn_ros[report]' in capsys.readouterr().err


def test_the_users_own_domain_is_kept(monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', '7')
    monkeypatch.delenv('ROS_AUTOMATIC_DISCOVERY_RANGE', raising=False)
    with own_wire():
        assert os.environ['ROS_DOMAIN_ID'] == '7'
        assert os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    assert 'ROS_AUTOMATIC_DISCOVERY_RANGE' not in os.environ


def test_a_take_survives_its_way_to_the_source_node(tmp_path):
    taken = person('walk', duration_s=1.0)
    points = taken.points.copy()
    points[3, 5] = np.nan
    motion = Motion(taken.stamps_ns, points, taken.confidence, 'joints', 1, ())
    write_trc(tmp_path / 'take.trc', motion)
    found = read_motion(tmp_path / 'take.trc', up='Z')
    assert found.stamps_ns.tolist() == taken.stamps_ns.tolist()
    assert found.points == pytest.approx(points, abs=1e-7, nan_ok=True)


@pytest.mark.recordings
def test_a_real_recording_is_shown_the_same_way(tmp_path):
    folder = os.environ.get('HUMANDYN_DATA')
    if not folder:
        pytest.skip('HUMANDYN_DATA is not set')
    walk = Path(folder, 'walk_rajagopal2016')
    done = run(
        tmp_path, '--recording', str(walk / 'markers_walk.trc.gz'), '--mass', '85.27',
        '--reference', str(walk / 'grf_walk.mot.gz'), '--moments', str(walk / 'id_walk.sto.gz'),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r'forces +\d\.\d\d N/kg', done.stdout)
    assert (tmp_path / 'demo_report.html').exists()
