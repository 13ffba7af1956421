"""The nodes as managed ones: what each state does, and what a failed step leaves behind."""

import pytest

from humandyn_ros.errors import HumandynError
from humandyn_ros.ros.nodes.source_node import SourceNode

SECOND = 1_000_000_000


def test_by_default_a_node_is_active_at_once(rig):
    node = rig()
    assert node.handle.machine.state == 3
    node.play(1.0)
    assert node.sent('humans/wearer/joint_torques')


def test_without_autostart_nothing_is_read_or_said_before_it_is_told(rig):
    node = rig(autostart=False)
    assert node.handle.subscriptions == []
    assert node.handle.publishers == {}
    assert node.handle.transition('configure')
    assert node.handle.subscriptions == []
    node.wait(2.0)
    assert not any(publisher.sent for publisher in node.handle.publishers.values())
    assert node.handle.transition('activate')
    node.play(1.0)
    assert node.sent('humans/wearer/joint_torques')


def test_an_inactive_node_is_silent_and_an_activated_one_begins_afresh(rig):
    node = rig()
    node.play(1.5)
    assert node.handle.transition('deactivate')
    counts = {topic: len(p.sent) for topic, p in node.handle.publishers.items()}
    node.play(0.5)
    node.wait(2.0)
    assert counts == {topic: len(p.sent) for topic, p in node.handle.publishers.items()}
    assert node.handle.transition('activate')
    node.play(0.1)
    before = len(node.sent('humans/wearer/joint_torques'))
    node.play(1.0)
    assert len(node.sent('humans/wearer/joint_torques')) > before + 20


def test_a_cleaned_up_node_has_given_everything_back_and_can_start_again(rig):
    node = rig()
    node.play(0.5)
    node.handle.transition('deactivate')
    node.handle.transition('cleanup')
    assert all(publisher.closed for publisher in node.handle.publishers.values())
    assert all(subscription.closed for subscription in node.handle.subscriptions)
    assert node.handle.timers == []
    assert node.handle.transition('configure')
    assert node.handle.transition('activate')
    node.play(1.0)
    assert node.sent('humans/wearer/joint_torques')


def test_shutdown_from_active_leaves_nothing_open(rig):
    node = rig()
    node.play(0.5)
    assert node.handle.transition('shutdown')
    assert node.handle.machine.state == 4
    assert all(publisher.closed for publisher in node.handle.publishers.values())
    assert node.handle.timers == []


def test_a_setting_that_cannot_be_used_fails_configure_in_words_and_can_be_tried_again(rig):
    node = rig(autostart=False, **{'exoskeleton.device': 'iron man'})
    assert not node.handle.transition('configure')
    assert node.handle.machine.state == 1
    assert "exoskeleton 'iron man' is not known" in node.handle.logged[-1][1]
    assert not node.handle.transition('configure')


def test_with_autostart_it_ends_the_node(rig):
    with pytest.raises(HumandynError, match='iron man'):
        rig(**{'exoskeleton.device': 'iron man'})


def test_a_source_pauses_and_plays_anew(fake):
    handle = fake(overrides={'source': 'synthetic:stand', 'rate_hz': 50.0})
    now = [0]
    SourceNode(handle, lambda: now[0])

    def wait(seconds):
        for _ in range(round(seconds * 100)):
            now[0] += SECOND // 100
            handle.run_timers()

    wait(0.5)
    sent = handle.publishers['/skeletons'].sent
    assert len(sent) > 20
    handle.transition('deactivate')
    before = len(sent)
    wait(0.5)
    assert len(sent) == before
    handle.transition('activate')
    wait(0.5)
    assert len(sent) > before + 20


def test_a_source_that_cannot_be_read_fails_configure_in_words(fake):
    handle = fake(overrides={'source': 'nothing.trc', 'autostart': False})
    SourceNode(handle, lambda: 0)
    assert not handle.transition('configure')
    assert 'nothing.trc' in handle.logged[-1][1]
