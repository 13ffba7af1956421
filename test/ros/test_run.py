import os
import signal
import subprocess
import sys
import time

import pytest
import yaml

from humandyn_ros.errors import ConfigError
from humandyn_ros.ros import run
from humandyn_ros.ros.run import NodeEntry, nodes_of, run_nodes

CONFIG = {'source_node': {'ros__parameters': {'source': 'synthetic:stand'}}}


@pytest.fixture
def config(tmp_path):
    def write(content):
        path = tmp_path / 'nodes.yaml'
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return path

    return write


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Lets both nodes be small programs; returns where each leaves a line per start."""
    monkeypatch.setattr(run, '_PATIENCE_S', 0.5)
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))

    def write(**bodies):
        for node, body in bodies.items():
            header = f'open({str(tmp_path / node)!r}, "a").write("started\\n")\n'
            (tmp_path / f'fake_{node}.py').write_text('import sys, time, signal\n' + header + body)
            monkeypatch.setitem(run.NODES, node, f'fake_{node}')
        return lambda node: (tmp_path / node).read_text().count('started')

    return write


def test_nodes_are_found_with_their_namespaces(config):
    content = {
        '/**': {'ros__parameters': {'use_sim_time': True}},
        'dynamics_node': {'ros__parameters': {'mass': 75.0}},
        'lab': {'left': {'source_node': {'ros__parameters': {'source': 'x'}}}},
        '/hall/dynamics_node': {'ros__parameters': {}},
        'rviz': {'ros__parameters': {'x': 1}},
    }
    assert sorted(nodes_of(config(content)), key=str) == [
        NodeEntry('dynamics_node', '/'),
        NodeEntry('dynamics_node', '/hall'),
        NodeEntry('source_node', '/lab/left'),
    ]


def test_a_node_is_started_with_the_file_its_namespace_and_the_arguments(tmp_path):
    command = NodeEntry('dynamics_node', '/lab').command(tmp_path / 'a.yaml', ['-p', 'mass:=80.0'])
    assert command[0] == sys.executable
    assert command[-7:] == [
        '--ros-args', '--params-file', str(tmp_path / 'a.yaml'),
        '-r', '__ns:=/lab', '-p', 'mass:=80.0',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        ('a: [1, 2', 'a.*nodes.yaml|YAML|nodes.yaml'),
        ('just text', 'must map node names'),
        ('', 'must map node names'),
        ({'rviz': {'ros__parameters': {}}}, 'names no node that can be run.*rviz.*dynamics_node'),
    ],
)
def test_a_file_that_names_no_node_is_refused_in_words(config, content, words):
    with pytest.raises(ConfigError, match=words):
        nodes_of(config(content))


def test_a_file_that_is_not_there_is_refused_by_name():
    with pytest.raises(ConfigError, match=r'nowhere\.yaml'):
        run_nodes('nowhere.yaml')


def test_the_end_of_the_source_ends_the_run_and_stops_the_others(config, script):
    starts = script(
        source_node='time.sleep(0.3)',
        dynamics_node='signal.signal(signal.SIGINT, lambda *_: sys.exit(0))\ntime.sleep(60)',
    )
    both = {**CONFIG, 'dynamics_node': {'ros__parameters': {}}}
    began = time.monotonic()
    assert run_nodes(str(config(both))) == 0
    assert time.monotonic() - began < 5.0
    assert (starts('source_node'), starts('dynamics_node')) == (1, 1)


def test_settings_that_cannot_be_used_end_the_run_at_once(config, script):
    starts = script(source_node='sys.exit(2)', dynamics_node='time.sleep(60)')
    both = {**CONFIG, 'dynamics_node': {'ros__parameters': {}}}
    assert run_nodes(str(config(both))) == 2
    assert starts('source_node') == 1


def test_a_node_that_crashes_is_started_again_and_given_up_in_the_end(
    config, script, monkeypatch, capsys
):
    monkeypatch.setattr(run, '_RESTARTS', 2)
    starts = script(source_node='sys.exit(3)')
    assert run_nodes(str(config(CONFIG))) == 1
    assert starts('source_node') == 3
    assert 'giving up' in capsys.readouterr().err


def test_a_node_that_recovers_ends_well(config, script, tmp_path):
    body = f'sys.exit(9 if open({str(tmp_path / "source_node")!r}).read().count("s") < 2 else 0)'
    starts = script(source_node=body)
    assert run_nodes(str(config(CONFIG))) == 0
    assert starts('source_node') == 2


def test_a_node_that_ignores_being_asked_is_killed(config, script, tmp_path):
    deaf = (
        'signal.signal(signal.SIGINT, signal.SIG_IGN)\n'
        'signal.signal(signal.SIGTERM, signal.SIG_IGN)\n'
        f'open({str(tmp_path / "pid")!r}, "w").write(str(__import__("os").getpid()))\n'
        'time.sleep(60)'
    )
    script(source_node='time.sleep(1.0)', dynamics_node=deaf)
    both = {**CONFIG, 'dynamics_node': {'ros__parameters': {}}}
    assert run_nodes(str(config(both))) == 0
    time.sleep(0.1)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / 'pid').read_text()), 0)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_real_nodes_and_the_run_ends_well(config, tmp_path, number):
    path = config({
        'source_node': {'ros__parameters': {'source': 'synthetic:stand', 'loop': True}},
        'dynamics_node': {'ros__parameters': {'mass': 70.0}},
    })  # fmt: skip
    code = f'from humandyn_ros.ros.run import *; raise SystemExit(run_nodes({str(path)!r}))'
    environment = {**os.environ, 'ROS_DOMAIN_ID': '73', 'PYTHONUNBUFFERED': '1'}
    process = subprocess.Popen(
        [sys.executable, '-c', code], env=environment, stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    lines = []
    for line in process.stdout:
        lines.append(line)
        if 'reading sensor_msgs/msg/PointCloud2' in line:
            break
    process.send_signal(number)
    output = process.communicate(timeout=20)[0]
    assert process.returncode == 0, ''.join(lines) + output
    assert 'Traceback' not in output


def test_a_mistyped_parameter_is_refused_with_the_nearest_one(tmp_path):
    path = tmp_path / 'mine.yaml'
    path.write_text('dynamics_node:\n  ros__parameters:\n    filter: {lag: 0.1}\n')
    with pytest.raises(ConfigError, match=r'no parameter filter.lag; did you mean filter.lag_s'):
        nodes_of(path)
