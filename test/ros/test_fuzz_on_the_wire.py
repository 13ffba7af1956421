"""A dynamics node in a process of its own that is sent damaged skeletons over the real wire."""

import copy
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from humandyn_ros.ros import messages
from humandyn_ros.ros.handle import Qos
from humandyn_ros.ros.open import open_handle
from humandyn_ros.synthetic import person

PATIENCE_S = 20.0
SENT = 400
FRAMES = list(person('walk', rate_hz=100.0, duration_s=4.0).frames())


@pytest.fixture
def node(monkeypatch):
    """A node that runs, in a domain of its own."""
    monkeypatch.setenv('ROS_DOMAIN_ID', str(60 + os.getpid() % 20))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    monkeypatch.setenv('HUMANDYN_HANDLE', 'dds')
    process = subprocess.Popen(
        [sys.executable, '-m', 'humandyn_ros.ros.nodes.dynamics_node', '--ros-args',
         '-p', 'mass:=70.0', '-p', 'max_people:=50', '-p', 'left_s:=0.5'],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def damage(message, generator):
    """Other numbers in the layout, or other bytes in the points; all of it can be sent."""
    numbers = (0, 1, 3, 4, 19, 20, 23, 25, 480, 2**16, 2**31, 2**32 - 1)
    kind = generator.randrange(5)
    if kind == 0:
        name = generator.choice(('height', 'width', 'point_step', 'row_step'))
        setattr(message, name, generator.choice(numbers))
    elif kind == 1:
        field = generator.choice(message.fields)
        field.offset = generator.choice(numbers)
        field.datatype = generator.choice((0, 1, 5, 7, 8, 255))
    elif kind == 2:
        message.data = message.data[: generator.randrange(480)]
    else:
        wrong = np.array(message.data, np.uint8)
        for _ in range(generator.randint(1, 30)):
            wrong[generator.randrange(480)] = generator.choice((0, 0x7F, 0x80, 0xFF, 0xC0))
        message.data = wrong
    return message


def test_a_node_that_is_sent_damaged_skeletons_lives_and_publishes_no_nan(node):
    peer, generator = open_handle('peer', args=[]), random.Random(1)
    torques, estimates, diagnosed = [], [], []
    body = 'humans/bodies/b1'
    hear = [
        peer.subscription(messages.JOINT_STATE, f'{body}/joint_torques', torques.append, Qos()),
        peer.subscription(
            messages.DYNAMIC_JOINT_STATE, f'{body}/joint_estimates', estimates.append, Qos()
        ),
        peer.subscription(messages.DIAGNOSTIC_ARRAY, '/diagnostics', diagnosed.append, Qos()),
    ]
    send = peer.publisher(messages.POINT_CLOUD, 'skeletons', Qos(depth=50))
    end = time.monotonic() + PATIENCE_S
    while not diagnosed and time.monotonic() < end:
        peer.spin_once(0.05)
    for k in range(SENT):
        message = messages.skeletons(peer, [FRAMES[k]], peer.now_ns(), 'world')
        if k % 5 == 4:
            message = damage(copy.deepcopy(message), generator)
        send.publish(message)
        peer.spin_once(0.01)
    end = time.monotonic() + PATIENCE_S
    while len(torques) < 20 and time.monotonic() < end:
        peer.spin_once(0.05)
    assert node.poll() is None, node.stdout.read()
    peer.shutdown()
    node.send_signal(signal.SIGINT)
    said = node.communicate(timeout=PATIENCE_S)[0]
    assert node.returncode == 0, said
    assert 'Traceback' not in said
    assert len(hear) == 3
    assert len(torques) >= 20, said
    for message in torques:
        assert np.isfinite([*message.effort, *message.position, *message.velocity]).all()
    for message in estimates:
        assert np.isfinite([value.values for value in message.interface_values]).all()
