"""Force plates and torques of a bag, placed by tf, as references."""

import numpy as np
import pytest
from small_bags import START_NS, header, loads, record, transform, wrench

from humandyn_ros.bag_reference import (
    JOINTS,
    TRANSFORMS,
    WRENCH,
    plate_topics,
    read_bag_forces,
    read_bag_moments,
)
from humandyn_ros.errors import RecordingError

HALF_TURN = (1.0, 0.0, 0.0, 0.0)  # about x: the plate's z points down


def test_a_plate_is_placed_by_tf_and_turned_round(tmp_path):
    bag = record(
        tmp_path / 'bag',
        [
            ('/tf_static', TRANSFORMS, START_NS,
             transform('lab', 'plate', (1.0, 2.0, 0.0), HALF_TURN)),
            ('/tf_static', TRANSFORMS, START_NS, transform('lab', 'camera', (0.0, 0.0, 1.0))),
            # 700 N down on a plate whose z points down, 0.1 m from its middle along its y.
            *loads('/fp', 'plate', (0.0, 0.0, 700.0), (70.0, 0.0, 5.0)),
        ],
    )  # fmt: skip
    forces = read_bag_forces(bag, frame_id='camera')
    (plate,) = forces.plates
    np.testing.assert_allclose(plate.force, np.tile([0.0, 0.0, 700.0], (20, 1)), atol=1e-9)
    np.testing.assert_allclose(plate.centre_of_pressure[5], [1.0, 1.9, -1.0], atol=1e-9)
    np.testing.assert_allclose(plate.moment[5], [0.0, 0.0, 5.0], atol=1e-9)
    assert 'turned round' in forces.recognised
    assert forces.rate_hz == pytest.approx(100.0)
    assert forces.stamps_ns[0] == START_NS


def test_skeletons_with_y_up_get_plates_with_z_up(tmp_path):
    bag = record(tmp_path / 'bag', loads('/fp', 'lab', (0.0, 500.0, 0.0)))
    (plate,) = read_bag_forces(bag, frame_id='lab', up='Y').plates
    np.testing.assert_allclose(plate.force[3], [0.0, 0.0, 500.0], atol=1e-9)


def test_a_plate_that_tf_does_not_know_has_forces_but_no_place(tmp_path):
    bag = record(tmp_path / 'bag', loads('/fp', 'fp_link', (0.0, 0.0, -500.0)))
    forces = read_bag_forces(bag, frame_id='lab')
    assert forces.plates[0].force[0, 2] == 500.0
    assert np.isnan(forces.plates[0].centre_of_pressure).all()
    assert 'no tf' in forces.recognised


def test_plates_of_different_rates_come_on_one_clock(tmp_path):
    slow = [
        ('/slow', WRENCH, START_NS + k * 40_000_000,
         wrench(START_NS + k * 40_000_000, 'lab', (0.0, 0.0, 100.0 * k)))
        for k in range(6)
    ]  # fmt: skip
    bag = record(tmp_path / 'bag', [*loads('/fast', 'lab', (0.0, 0.0, 300.0)), *slow])
    forces = read_bag_forces(bag, frame_id='lab')
    one = {plate.name: plate for plate in forces.plates}
    assert len(forces.stamps_ns) == 20
    np.testing.assert_allclose(one['/slow'].force[6, 2], 150.0)


def test_our_own_estimates_are_no_reference_unless_they_are_named(tmp_path):
    ours = '/humans/wearer/ground_reaction/left'
    bag = record(
        tmp_path / 'bag',
        [*loads('/fp', 'lab', (0, 0, 1.0)), *loads(ours, 'lab', (0, 0, 300.0))],
    )
    assert plate_topics(bag) == ('/fp',)
    (plate,) = read_bag_forces(bag, [ours], frame_id='lab').plates
    assert plate.force[0, 2] == 300.0


def test_what_is_not_there_is_named_with_what_is(tmp_path):
    bag = record(tmp_path / 'bag', loads('/fp', 'lab', (0.0, 0.0, 1.0)))
    with pytest.raises(RecordingError, match=r'no topic /other .* there are: /fp'):
        read_bag_forces(bag, ['/other'])
    with pytest.raises(RecordingError, match='--moments-topic'):
        read_bag_moments(bag)
    with pytest.raises(RecordingError, match='too few'):
        few = record(tmp_path / 'few', loads('/fp', 'lab', (0.0, 0.0, 1.0), count=1))
        read_bag_forces(few)


def efforts(topic, names, values):
    for k in range(5):
        stamp_ns = START_NS + k * 10_000_000
        fields = {'header': header(stamp_ns, ''), 'name': names, 'effort': values}
        yield topic, JOINTS, stamp_ns, fields


def test_torques_are_found_beside_a_robots_joints(tmp_path):
    bag = record(
        tmp_path / 'bag',
        [
            *efforts('/joint_states', ['wrist'], [1.0]),
            *efforts('/lab/torques', ['knee_angle_r', 'hip_flexion_r'], [30.0, -20.0]),
        ],
    )
    moments = read_bag_moments(bag)
    assert moments.names == ('knee_angle_r', 'hip_flexion_r')
    np.testing.assert_array_equal(moments.values[2], [30.0, -20.0])
    assert read_bag_moments(bag, '/joint_states').names == ('wrist',)


def test_a_circle_of_frames_ends(tmp_path):
    circle = [
        ('/tf', TRANSFORMS, START_NS, transform('a', 'b', (0, 0, 0))),
        ('/tf', TRANSFORMS, START_NS, transform('b', 'a', (0, 0, 0))),
    ]
    bag = record(tmp_path / 'bag', [*circle, *loads('/fp', 'a', (0.0, 0.0, 50.0))])
    assert 'no tf' in read_bag_forces(bag, frame_id='lab').recognised
