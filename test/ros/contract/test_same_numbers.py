"""One bag through the node under genuine rclpy and on the embedded wire."""

import pytest

from bench import interop


def test_both_implementations_publish_the_same_numbers(domain, tmp_path, monkeypatch):
    pytest.importorskip('cyclonedds', reason='the embedded wire needs cyclonedds')
    if not interop.ros2_setup():
        pytest.skip('no ROS 2 installation: set HUMANDYN_ROS2 to its setup script')
    monkeypatch.setattr(interop, 'SECONDS', 5.0)
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain))  # what the listener sets is undone
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    for topic, found in interop.compared(interop.played(tmp_path, domain)).items():
        assert found['stamps_both'] >= 100, topic
        assert found['largest_number'] > 10.0, topic
        assert found['largest_difference'] <= interop.LIMIT, topic
