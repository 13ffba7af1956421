"""Both launch files inside launch_pytest, which starts, watches and ends their processes."""

import os
import time

import pytest

NEEDS = 'needs a genuine ROS 2 with this package built in its workspace'
launch_pytest = pytest.importorskip('launch_pytest', reason=NEEDS)
index = pytest.importorskip('ament_index_python', reason=NEEDS)
if 'humandyn_ros' not in index.get_packages_with_prefixes():
    pytest.skip(NEEDS, allow_module_level=True)

from launch.actions import IncludeLaunchDescription, RegisterEventHandler  # noqa: E402
from launch.event_handlers import OnProcessExit, OnProcessIO  # noqa: E402
from launch.substitutions import PathJoinSubstitution  # noqa: E402
from launch_ros.substitutions import FindPackageShare  # noqa: E402

from launch import LaunchDescription  # noqa: E402

PATIENCE_S = 60.0


def described(name, **arguments):
    """A launch file, and everything that its processes say."""
    said = []

    def hear(event):
        said.append(event.text.decode(errors='replace'))

    def end(event, _):
        said.append(f'{event.process_name} ended with {event.returncode}\n')

    path = PathJoinSubstitution([FindPackageShare('humandyn_ros'), 'launch', name])
    description = LaunchDescription(
        [
            RegisterEventHandler(OnProcessIO(on_stdout=hear, on_stderr=hear)),
            RegisterEventHandler(OnProcessExit(on_exit=end)),
            IncludeLaunchDescription(path, launch_arguments=arguments.items()),
            launch_pytest.actions.ReadyToTest(),
        ]
    )
    return description, said


@pytest.fixture(autouse=True)
def own_domain(monkeypatch):
    """A domain that no other test and no robot in the room is on."""
    monkeypatch.setenv('ROS_DOMAIN_ID', str(30 + os.getpid() % 40))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')


@launch_pytest.fixture
def pipeline(own_domain):
    return described('pipeline.launch.py', mass='70.0')


@launch_pytest.fixture
def composed(own_domain):
    return described('pipeline.launch.py', mass='70.0', composed='true')


@launch_pytest.fixture
def replay(own_domain):
    return described('replay.launch.py', source='synthetic:squat', speed='4.0', mass='70.0')


def waited_for(said, *words):
    """Everything said, once all words were, or patience is at its end."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and not all(word in ''.join(said) for word in words):
        time.sleep(0.05)
    return ''.join(said)


@pytest.mark.launch(fixture=pipeline)
def test_the_pipeline_starts_a_node_that_answers(pipeline):
    text = waited_for(pipeline[1], 'engine physics')
    assert 'engine physics' in text
    assert 'Traceback' not in text


@pytest.mark.launch(fixture=composed)
def test_the_pipeline_runs_in_one_process_too(composed):
    text = waited_for(composed[1], 'engine physics')
    assert '[dynamics_node]' in text
    assert 'engine physics' in text
    assert 'Traceback' not in text


@pytest.mark.launch(fixture=replay)
def test_a_replay_reads_plays_and_ends(replay):
    text = waited_for(replay[1], 'as smpl_24', 'the motion has ended', 'ended with 0')
    assert 'as smpl_24' in text
    assert 'the motion has ended' in text
    assert 'ended with 0' in text
    assert 'Traceback' not in text
