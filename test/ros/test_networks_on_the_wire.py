"""A bag, a dynamics node with a network and an action node, each in a process of its own."""

import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
import yaml

from humandyn_ros.bags import write_skeletons
from humandyn_ros.ros import learned_messages, messages
from humandyn_ros.ros.handle import LATCHED, Qos
from humandyn_ros.ros.open import open_handle
from humandyn_ros.synthetic import person

pytest.importorskip('onnxruntime')
pytest.importorskip('cyclonedds')
PATIENCE_S = 60.0
WEARER = 'humans/wearer'
SECOND = 1_000_000_000
DYNAMICS = {
    f'{WEARER}/joint_torques': messages.JOINT_STATE,
    f'{WEARER}/joint_estimates': messages.DYNAMIC_JOINT_STATE,
    f'{WEARER}/ground_reaction/left': messages.WRENCH_STAMPED,
    f'{WEARER}/ground_reaction/right': messages.WRENCH_STAMPED,
    f'{WEARER}/body_contacts': messages.POINT_CLOUD,
}
OF_HDYS = {
    f'{WEARER}/latent': learned_messages.FLOAT_ARRAY,
    f'{WEARER}/muscle_activation': learned_messages.GROUP_VALUES,
}
OF_IMDYS = {f'{WEARER}/plausibility': learned_messages.FLOAT_ARRAY}
ACTIONS = {f'{WEARER}/action': learned_messages.CLASSIFICATION}


@pytest.fixture(scope='module', autouse=True)
def own_domain():
    """A domain that no other test and no robot in the room is on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('ROS_DOMAIN_ID', str(10 + os.getpid() % 15))
        patch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        patch.setenv('HUMANDYN_HANDLE', 'dds')
        yield


@pytest.fixture(scope='module')
def bag(tmp_path_factory):
    folder = tmp_path_factory.mktemp('bag') / 'walk'
    write_skeletons(folder, [person('walk', rate_hz=50.0, duration_s=4.0)])
    return folder


def played(bag, config, engine, models, topics):
    """What `humandyn run` puts on some topics while it plays a bag, and how it ended."""
    nodes = {
        'source_node': {
            'source': str(bag), 'wait_for_subscribers': 2, 'stamps': 'recorded',
        },
        'dynamics_node': {'engine': engine, 'model': str(models(engine)), 'mass': 70.0},
        'action_node': {'model': str(models('lady'))},
    }  # fmt: skip
    config.write_text(yaml.safe_dump({n: {'ros__parameters': p} for n, p in nodes.items()}))
    handle = open_handle('listener', args=[])
    heard = {topic: [] for topic in topics}
    for topic, kind in topics.items():
        latched = kind == learned_messages.LABEL_INFO
        handle.subscription(
            kind, topic, heard[topic].append, LATCHED if latched else Qos(depth=400)
        )
    run = subprocess.Popen(
        [sys.executable, '-m', 'humandyn_ros.cli', 'run', '--config', str(config)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    end = time.monotonic() + PATIENCE_S
    while run.poll() is None and time.monotonic() < end:
        handle.spin_once(0.02)
    handle.shutdown()
    if run.poll() is None:
        run.kill()
    output = run.communicate()[0]
    assert run.returncode == 0, output
    assert 'Traceback' not in output
    return heard, output


def stamps(messages):
    return [m.header.stamp.sec * SECOND + m.header.stamp.nanosec for m in messages]


def test_a_bag_becomes_torques_muscles_and_actions(models, bag, tmp_path):
    topics = DYNAMICS | OF_HDYS | ACTIONS | {'humans/action_labels': learned_messages.LABEL_INFO}
    heard, output = played(bag, tmp_path / 'nodes.yaml', 'hdys', models, topics)
    assert all(heard.values()), {topic: len(found) for topic, found in heard.items()}
    torques = heard[f'{WEARER}/joint_torques']
    assert len(torques) > 100
    assert all(np.isfinite(message.effort).all() for message in torques)
    muscles = heard[f'{WEARER}/muscle_activation']
    assert set(stamps(muscles)) <= set(stamps(torques)) | set(stamps(muscles)[:3])
    values = muscles[-1].interface_values[0].values
    assert 0.0 <= values.min() <= values.max() <= 1.0
    powers = [v.values[2] for v in heard[f'{WEARER}/joint_estimates'][-1].interface_values]
    assert np.isfinite(powers).all()
    actions = heard[f'{WEARER}/action']
    assert np.median(np.diff(stamps(actions))) == pytest.approx(SECOND / 30.0, rel=0.01)
    (labels,) = heard['humans/action_labels']
    assert {r.class_id for r in actions[-1].results} == {str(c.class_id) for c in labels.class_map}
    assert 'engine hdys, backend ort-cpu' in output


def test_a_bag_through_imdys_tells_plausibility(models, bag, tmp_path):
    topics = DYNAMICS | OF_IMDYS
    heard, _ = played(bag, tmp_path / 'nodes.yaml', 'imdys_causal', models, topics)
    assert all(heard.values()), {topic: len(found) for topic, found in heard.items()}
    recorded = {frame.stamp_ns for frame in person('walk', rate_hz=50.0, duration_s=4.0).frames()}
    about = stamps(heard[f'{WEARER}/joint_torques'])
    assert len(set(about) & recorded) > 100  # no look-ahead: answers are about frames


@pytest.mark.parametrize('node', ['dynamics_node', 'action_node'])
def test_a_model_that_is_not_its_manifests_ends_the_node_with_status_2(models, tmp_path, node):
    name = {'dynamics_node': 'imdys', 'action_node': 'lady'}[node]
    folder = shutil.copytree(models(name), tmp_path / 'model')
    with (folder / 'model.onnx').open('ab') as file:
        file.write(b'x')
    engine = ['-p', 'engine:=imdys'] if node == 'dynamics_node' else []
    run = subprocess.run(
        [sys.executable, '-m', f'humandyn_ros.ros.nodes.{node}', '--ros-args', *engine,
         '-p', f'model:={folder}'],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert 'not the model of its manifest' in run.stdout + run.stderr
    assert 'Traceback' not in run.stderr
