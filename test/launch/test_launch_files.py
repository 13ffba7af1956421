"""The launch files, run by a genuine ROS 2 in whose workspace this package was built.

Started as a user starts them: launch_pytest of Jazzy does not know pytest 8.4 and later.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest

from humandyn_ros.ros import messages
from humandyn_ros.ros.handle import Qos

NEEDS = 'needs a genuine ROS 2 with this package built in its workspace'
index = pytest.importorskip('ament_index_python', reason=NEEDS)
pytest.importorskip('rclpy', reason=NEEDS)
if not shutil.which('ros2') or 'humandyn_ros' not in index.get_packages_with_prefixes():
    pytest.skip(NEEDS, allow_module_level=True)

PATIENCE_S = 40.0
LAUNCH = ('ros2', 'launch', 'humandyn_ros')


@pytest.fixture(scope='module', autouse=True)
def own_domain():
    """A domain that no other test and no robot in the room is on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('ROS_DOMAIN_ID', str(30 + os.getpid() % 40))
        patch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        yield


@pytest.fixture
def started():
    """Starts commands; stops them as Ctrl-C does, and wants them to end well then."""
    running = []

    def start(*command):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    for process in running:
        output = process.communicate(timeout=PATIENCE_S)[0]
        assert process.returncode in (0, 2, -signal.SIGINT), output
        assert 'Traceback' not in output, output


def heard(topic, type_name, enough):
    """Messages of a topic, heard by a node of our own until there are enough."""
    from humandyn_ros.ros.open import open_handle

    handle = open_handle('listener', args=[], implementation='rclpy')
    found = []
    handle.subscription(type_name, topic, found.append, Qos(depth=100))
    end = time.monotonic() + PATIENCE_S
    while len(found) < enough and time.monotonic() < end:
        handle.spin_once(0.1)
    handle.shutdown()
    assert len(found) >= enough, f'{len(found)} messages on {topic}'
    return found


def test_a_replay_puts_the_walkers_torques_on_the_wearers_topic(started):
    started(*LAUNCH, 'replay.launch.py', 'source:=synthetic:walk', 'loop:=true', 'mass:=75.0')
    found = heard('/humans/wearer/joint_torques', messages.JOINT_STATE, 50)
    assert all(np.isfinite(message.effort).all() for message in found)
    assert {len(message.effort) for message in found} == {len(found[0].name)}
    assert np.abs([message.effort for message in found]).max() > 10.0


def test_both_nodes_can_share_a_process(started):
    started(
        *LAUNCH, 'replay.launch.py', 'source:=synthetic:walk', 'loop:=true', 'mass:=75.0',
        'composed:=true',
    )  # fmt: skip
    found = heard('/humans/wearer/ground_reaction/right', messages.WRENCH_STAMPED, 50)
    assert max(message.wrench.force.z for message in found) > 75.0 * 9.81 * 0.3


@pytest.mark.parametrize('composed', ['false', 'true'])
def test_a_replay_is_told_in_words_when_asked_to(started, composed):
    started(
        *LAUNCH, 'replay.launch.py', 'source:=synthetic:squat', 'loop:=true', 'mass:=75.0',
        'words:=true', 'words_engine:=templates', f'composed:={composed}',
    )  # fmt: skip
    found = heard('/humans/wearer/caption', 'std_msgs/msg/String', 1)
    assert found[0].data.startswith('The person')


def test_a_replay_ends_with_what_it_plays(started):
    process = started(*LAUNCH, 'replay.launch.py', 'source:=synthetic:squat', 'speed:=4.0')
    assert process.wait(timeout=PATIENCE_S) == 0


def test_the_pipeline_follows_a_remap_and_a_namespace(started):
    started(
        *LAUNCH, 'pipeline.launch.py', 'skeletons:=/camera/people', 'namespace:=lab', 'mass:=60.0'
    )
    started(
        'ros2', 'run', 'humandyn_ros', 'source_node', '--ros-args', '-p', 'loop:=true',
        '-r', 'skeletons:=/camera/people',
    )  # fmt: skip
    found = heard('/lab/humans/wearer/ground_reaction/left', messages.WRENCH_STAMPED, 50)
    vertical = [message.wrench.force.z for message in found]
    assert 60.0 * 9.81 * 0.3 < max(vertical) < 60.0 * 9.81 * 2.0
    assert {message.header.frame_id for message in found} == {'left_contact_b1'}


@pytest.mark.parametrize('name', ['pipeline.launch.py', 'replay.launch.py'])
def test_every_argument_is_told_by_show_args(name):
    command = [*LAUNCH, name, '--show-args']
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "'skeletons'" in told
    assert told.count('default') >= 10
    assert 'no description given' not in told
