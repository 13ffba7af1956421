import numpy as np
import pytest

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.errors import ConfigError
from humandyn_ros.exoskeleton import available_exoskeletons, load_exoskeleton
from humandyn_ros.quantities import InverseDynamics

GOOD = """
joints:
  motor: {coordinate: knee_angle_r, sign: -1, scale: 0.5, limit_nm: 10}
slew_nm_per_s: 100
"""


def dynamics(**torques):
    zeros = np.zeros(len(COORDINATES))
    torque = np.array([torques.get(name, 0.0) for name in COORDINATES])
    return InverseDynamics(COORDINATES, torque / 10, torque / 5, torque, zeros, zeros)


@pytest.mark.parametrize('name', available_exoskeletons())
def test_every_device_that_is_shipped_follows_coordinates_that_exist(name):
    device = load_exoskeleton(name)
    assert np.isfinite(device.torque(dynamics())).all()
    assert device.name == name


def test_corc_has_its_four_joints_in_its_order():
    device = load_exoskeleton('corc_x2')
    assert device.joint_names == (
        'left_hip_joint', 'left_knee_joint', 'right_hip_joint', 'right_knee_joint'
    )  # fmt: skip
    torque = device.torque(dynamics(hip_flexion_l=50.0, knee_angle_r=-20.0))
    np.testing.assert_allclose(torque, [10.0, 0.0, 0.0, -4.0])


def test_signs_turn_torques_and_angles_and_scales_torques_only(tmp_path):
    path = tmp_path / 'mine.yaml'
    path.write_text(GOOD)
    device = load_exoskeleton(path)
    given = dynamics(knee_angle_r=30.0)
    assert device.torque(given).tolist() == [-15.0]
    assert device.limited(device.torque(given)).tolist() == [-10.0]
    assert device.position(given).tolist() == [-3.0]
    assert device.velocity(given).tolist() == [-6.0]


@pytest.mark.parametrize(
    ('change', 'told'),
    [
        (('sign: -1', 'sign: 2'), '1 or -1'),
        (('scale: 0.5', 'scale: 0'), 'positive'),
        (('limit_nm: 10', 'limit_nm: .inf'), 'positive'),
        (('slew_nm_per_s: 100', 'slew: 1'), 'slew_nm_per_s'),
        ((', limit_nm: 10', ''), 'needs coordinate'),
        (('joints:', 'joint:'), 'name at least one'),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused_with_the_remedy(tmp_path, change, told):
    path = tmp_path / 'mine.yaml'
    path.write_text(GOOD.replace(*change))
    with pytest.raises(ConfigError, match=told) as caught:
        load_exoskeleton(path)
    assert 'mine.yaml' in str(caught.value)


def test_a_coordinate_that_the_engine_does_not_give_is_named(tmp_path):
    path = tmp_path / 'mine.yaml'
    path.write_text(GOOD.replace('knee_angle_r', 'big_toe'))
    with pytest.raises(ConfigError, match='big_toe'):
        load_exoskeleton(path).torque(dynamics())


def test_an_unknown_device_lists_the_known_ones():
    with pytest.raises(ConfigError, match='corc_x2, hip'):
        load_exoskeleton('iron man')
