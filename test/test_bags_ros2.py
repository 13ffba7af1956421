"""Our bags in genuine ROS 2, and its bags in ours; needs an installation (HUMANDYN_ROS2)."""

import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from humandyn_ros.bags import read_skeletons, write_skeletons
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.recordings import Recording

pytestmark = pytest.mark.ros2
FRAMES = 100


@pytest.fixture
def ros2():
    """Start a ros2 command in the installation's own environment."""
    usual = sorted(Path('/opt/ros').glob('*/setup.bash'))
    setup = os.environ.get('HUMANDYN_ROS2') or (str(usual[-1]) if usual else '')
    if not setup:
        pytest.skip('no ROS 2 installation: set HUMANDYN_ROS2 to its setup script')
    environment = {k: v for k, v in os.environ.items() if not k.startswith(('PYTHON', 'VIRTUAL'))}
    environment |= {
        'ROS_DOMAIN_ID': str(20 + os.getpid() % 80),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }
    started = []

    def start(*words):
        command = f'. {shlex.quote(setup)}; exec {shlex.join(("ros2", *map(str, words)))}'
        started.append(
            subprocess.Popen(
                ['bash', '-c', command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def walk():
    points = np.random.default_rng(0).normal(size=(FRAMES, 24, 3))
    points[5, 3] = np.nan
    confidence = np.isfinite(points).all(-1).astype(float)
    stamps = 20_000_000 * np.arange(FRAMES)
    return Recording(
        'x', stamps, points, confidence, CANONICAL.joints, 50.0, 'Z', 'smpl_24', 'joints'
    )


def wait_for(path: Path, patience_s: float = 20.0) -> None:
    end = time.monotonic() + patience_s
    while not path.exists():
        assert time.monotonic() < end, f'{path.name} did not appear'
        time.sleep(0.1)


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_ros2_bag_plays_our_bag_and_we_read_what_it_records(tmp_path, walk, ros2, storage):
    write_skeletons(tmp_path / 'ours', [walk], topic='people', storage=storage)
    told = ros2('bag', 'info', tmp_path / 'ours').communicate(timeout=60)[0]
    assert '/people | Type: sensor_msgs/msg/PointCloud2 | Count: 100' in told
    recorder = ros2('bag', 'record', '-s', storage, '-o', tmp_path / 'theirs', '/people')
    wait_for(tmp_path / 'theirs')
    time.sleep(1.0)  # the recorder subscribes when it sees the player's topic
    player = ros2('bag', 'play', '--delay', '3', tmp_path / 'ours')
    player.communicate(timeout=60)
    assert player.returncode == 0
    os.killpg(recorder.pid, signal.SIGINT)
    recorder.communicate(timeout=30)
    (got,) = read_skeletons(tmp_path / 'theirs', format='smpl_24')
    np.testing.assert_array_equal(got.stamps_ns, walk.stamps_ns)
    np.testing.assert_allclose(got.points, walk.points, rtol=1e-6)
