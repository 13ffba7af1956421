import os
import subprocess
import sys

import pytest

from humandyn_ros.ros.nodes import composed

ENVIRONMENT = {**os.environ, 'ROS_DOMAIN_ID': '79', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}


@pytest.mark.parametrize('names', [[], ['teapot'], ['source_node', 'teapot']])
def test_unknown_nodes_are_refused_with_the_known_ones(names, capsys):
    assert composed.main(names) == 2
    assert 'dynamics_node' in capsys.readouterr().err


def test_a_setting_that_cannot_be_used_ends_the_process(capsys):
    arguments = ['source_node', 'dynamics_node', '--ros-args', '-p', 'dynamics_node:mass:=0.0']
    assert composed.main(arguments) == 2
    assert 'parameter mass = 0.0' in capsys.readouterr().err


def test_the_process_ends_with_what_its_source_plays():
    command = [
        sys.executable, '-m', composed.__name__, 'source_node', 'dynamics_node',
        '--ros-args', '-p', 'source:=synthetic:squat', '-p', 'speed:=3.0',
        '-p', 'wait_for_subscribers:=1',
    ]  # fmt: skip
    done = subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, text=True, timeout=30, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert 'reading sensor_msgs/msg/PointCloud2' in said
    assert 'the motion has ended' in said
