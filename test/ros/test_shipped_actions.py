"""The shipped LaDy in an action node of its own process, fed by a bag of a person it never saw."""

import dataclasses
import os
import subprocess
import sys
import time

import numpy as np
import pytest
import yaml

from humandyn_ros.bags import write_skeletons
from humandyn_ros.ros import learned_messages
from humandyn_ros.ros.handle import LATCHED, Qos
from humandyn_ros.ros.open import open_handle
from humandyn_ros.synthetic import person

pytest.importorskip('onnxruntime')
pytest.importorskip('cyclonedds')
pytest.importorskip('torch')
PATIENCE_S, SECOND = 60.0, 1_000_000_000
LABELS, ACTION = 'humans/action_labels', 'humans/wearer/action'


@pytest.fixture
def recorded(recordings, tmp_path):
    """A bag of a held-out person's exercises, and their labels at its frames."""
    from humandyn_ros.learning.synthesis.exercises import RATE_HZ
    from humandyn_ros.learning.synthesis.joined import sequences

    _, found = next(iter(sequences(recordings, 'test', 0, 18.0)))
    motion = dataclasses.replace(
        person('stand', duration_s=1.0),
        stamps_ns=np.round(np.arange(len(found.points)) * SECOND / RATE_HZ).astype(np.int64),
        points=found.points,
        confidence=np.ones(found.points.shape[:2]),
        rate_hz=RATE_HZ,
    )
    write_skeletons(tmp_path / 'bag', [motion])
    return tmp_path / 'bag', motion.stamps_ns, found.labels


def test_a_bag_of_exercises_becomes_their_names(recorded, tmp_path, monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', str(10 + os.getpid() % 15))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    monkeypatch.setenv('HUMANDYN_HANDLE', 'dds')
    bag, stamps, truth = recorded
    source = {'source': str(bag), 'wait_for_subscribers': 1, 'stamps': 'recorded', 'speed': 3.0}
    nodes = {'source_node': source, 'action_node': {}}
    config = tmp_path / 'nodes.yaml'
    config.write_text(yaml.safe_dump({n: {'ros__parameters': p} for n, p in nodes.items()}))
    handle = open_handle('listener', args=[])
    names, told = [], []
    handle.subscription(learned_messages.LABEL_INFO, LABELS, names.append, LATCHED)
    handle.subscription(learned_messages.CLASSIFICATION, ACTION, told.append, Qos(depth=400))
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
    assert run.returncode == 0 and 'Traceback' not in output, output
    classes = {entry.class_id: entry.class_name for entry in names[0].class_map}
    assert classes[0] == 'deep_squat' and len(classes) == 10
    about = [m.header.stamp.sec * SECOND + m.header.stamp.nanosec for m in told]
    assert np.median(np.diff(about)) == pytest.approx(0.1 * SECOND, rel=0.01)
    right = [
        int(message.results[0].class_id) == truth[min(np.searchsorted(stamps, t), len(truth) - 1)]
        for message, t in zip(told, about, strict=True)
    ]
    assert len(right) > 140, output
    assert np.mean(right) > 0.7
