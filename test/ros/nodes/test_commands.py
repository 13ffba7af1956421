"""The dynamics node with an exoskeleton: services, commands, and what takes them back."""

import numpy as np
import pytest

from humandyn_ros.exoskeleton import load_exoskeleton

DEVICE = load_exoskeleton('corc_x2')


@pytest.fixture
def worn(rig):
    def make(**overrides):
        return rig(**{
            'exoskeleton.device': 'corc_x2', 'exoskeleton.command': True,
            'exoskeleton.rate_hz': 50.0, **overrides,
        })  # fmt: skip

    return make


def commands(node):
    return np.array([message.data for message in node.sent('exoskeleton/commands')])


def test_the_command_topic_is_off_by_default(rig):
    node = rig(**{'exoskeleton.device': 'corc_x2'})
    node.play(1.0)
    assert '/exoskeleton/commands' not in node.handle.publishers
    torques = node.sent('exoskeleton/joint_torques')
    assert torques[-1].name == list(DEVICE.joint_names)
    assert len(torques[-1].effort) == len(torques[-1].position) == 4


def test_without_a_device_there_is_nothing_to_arm(rig):
    node = rig()
    node.play(1.0)
    answer = node.handle.services['~/arm'](data=True)
    assert not answer.success
    assert 'device' in answer.message
    assert not any('exoskeleton' in topic for topic in node.handle.publishers)


def test_it_speaks_only_once_armed_and_rises_along_the_slew_limit(worn):
    node = worn()
    assert not node.handle.services['~/arm'](data=True).success
    node.play(1.5)
    assert len(commands(node)) == 0
    answer = node.handle.services['~/arm'](data=True)
    assert answer.success, answer.message
    node.play(1.5)
    given = commands(node)
    assert len(given) > 60
    assert np.isfinite(given).all()
    assert given.any()
    rise = np.abs(np.diff(np.vstack([np.zeros(4), given]), axis=0)).max()
    assert rise <= DEVICE.slew_nm_per_s * 0.02 + 1e-9


def test_commands_follow_the_renamed_and_scaled_torques(worn):
    node = worn()
    node.play(1.5)
    node.handle.services['~/arm'](data=True)
    node.play(2.0)
    wanted = np.array([m.effort for m in node.sent('exoskeleton/joint_torques')])[-51:-1]
    given = commands(node)[-51:]
    step = DEVICE.slew_nm_per_s * 0.02
    followed = given[:-1] + np.clip(wanted - given[:-1], -step, step)
    np.testing.assert_allclose(given[1:], followed, atol=1e-9)


@pytest.mark.parametrize('way', ['silence', 'disarm', 'deactivate'])
def test_whatever_ends_it_the_last_command_is_zero(worn, way):
    node = worn()
    node.play(1.5)
    node.handle.services['~/arm'](data=True)
    node.play(1.0)
    assert commands(node)[-1].any()
    if way == 'disarm':
        assert node.handle.services['~/arm'](data=False).success
    elif way == 'deactivate':
        node.handle.transition('deactivate')
    node.wait(4.0)
    count = len(commands(node))
    assert not commands(node)[-1].any()
    node.wait(1.0)
    assert len(commands(node)) == count  # silent now
    steps = np.abs(np.diff(commands(node), axis=0)).max()
    assert steps <= DEVICE.slew_nm_per_s * 0.02 + 1e-9


def test_a_tare_takes_the_present_for_zero(worn):
    node = worn()
    assert not node.handle.services['~/tare']().success
    node.play(2.0)
    assert node.handle.services['~/tare']().success


def test_whoever_arms_becomes_the_wearer_where_that_is_asked_for(worn):
    node = worn(choose='armed')
    node.play(1.0, bodies=(4,))
    assert '/humans/wearer/joint_torques' in node.handle.publishers
    assert not node.sent('humans/wearer/joint_torques')
    node.handle.services['~/arm'](data=True)  # locks; the estimate settles anew
    node.play(1.5, bodies=(4,))
    assert node.handle.services['~/arm'](data=True).success
    assert node.sent('humans/wearer/joint_torques')


def test_mass_is_set_by_its_parameter_while_armed_without_a_step(worn):
    node = worn()
    node.play(1.5)
    node.handle.services['~/arm'](data=True)
    node.play(1.0)
    assert node.handle.change(mass=120.0) == ''
    node.play(1.0)
    steps = np.abs(np.diff(commands(node), axis=0)).max()
    assert steps <= DEVICE.slew_nm_per_s * 0.02 + 1e-9


def test_diagnostics_say_whether_it_is_armed(worn):
    node = worn()
    node.play(1.5)
    assert node.health()[2]['armed'] == 'not armed'
    node.handle.services['~/arm'](data=True)
    node.play(1.0)
    assert node.health()[2]['armed'] == 'armed'
