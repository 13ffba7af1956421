"""A squat, a dynamics node and a narration node, each in a process of its own."""

import os
import subprocess
import sys
import time

import pytest
import yaml

from humandyn_ros.ros import messages, words_messages
from humandyn_ros.ros.handle import RELIABLE, Qos
from humandyn_ros.ros.open import open_handle

pytest.importorskip('cyclonedds')
PATIENCE_S = 60.0
WEARER = 'humans/wearer'
NODES = {
    'source_node': {
        'source': 'synthetic:squat', 'wait_for_subscribers': 2, 'stamps': 'recorded', 'speed': 2.0,
        'loop': True,
    },
    'dynamics_node': {'mass': 75.0},
    'narration_node': {'mass': 75.0, 'model': '/nowhere', 'period_s': 0.5, 'longest_s': 3.0},
}  # fmt: skip


@pytest.fixture(scope='module', autouse=True)
def own_domain():
    """A domain that no other test and no robot in the room is on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('ROS_DOMAIN_ID', str(80 + os.getpid() % 15))
        patch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        patch.setenv('HUMANDYN_HANDLE', 'dds')
        yield


@pytest.fixture
def run(tmp_path):
    """`humandyn run` of all three nodes; what it said is looked at in the end."""
    config = tmp_path / 'nodes.yaml'
    config.write_text(yaml.safe_dump({n: {'ros__parameters': p} for n, p in NODES.items()}))
    process = subprocess.Popen(
        [sys.executable, '-m', 'humandyn_ros.cli', 'run', '--config', str(config)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    yield process
    process.terminate()
    output = process.communicate(timeout=PATIENCE_S)[0]
    assert 'Traceback' not in output and 'sentences come from templates' in output


def test_published_motion_is_told_with_the_torques_and_forces_that_were_published(run):
    handle = open_handle('listener', args=[])
    heard = {'caption': [], 'caption_stamped': [], 'answer': []}
    for name, found in heard.items():
        kind = words_messages.TOPICS[name]
        handle.subscription(kind, f'{WEARER}/{name}', found.append, RELIABLE)
    health = []
    handle.subscription(messages.DIAGNOSTIC_ARRAY, '/diagnostics', health.append, Qos(depth=50))
    ask = handle.publisher(words_messages.STRING, f'{WEARER}/question', RELIABLE)
    question = words_messages.text(handle, 'What torque has the right knee?')
    end, asked = time.monotonic() + PATIENCE_S, 0.0

    def answered():
        return any('N·m' in message.data for message in heard['answer'])

    while not (answered() and len(heard['caption_stamped']) > 1) and time.monotonic() < end:
        handle.spin_once(0.02)
        if ask.subscribers and heard['caption'] and time.monotonic() - asked > 1.0:
            ask.publish(question)
            asked = time.monotonic()
    handle.shutdown()
    assert run.poll() is None
    assert answered(), heard
    status = heard['caption_stamped'][-1].status[0]
    values = {pair.key: pair.value for pair in status.values}
    assert status.message in {message.data for message in heard['caption']}
    assert status.message.startswith('The person') and values['source'] == 'templates'
    told = [s for array in health for s in array.status if s.name == 'narration_node: skeletons']
    shown = {pair.key: pair.value for pair in told[-1].values}
    assert shown['engine'] == 'templates' and 'nowhere' in shown['not narrator']
