import dataclasses

import numpy as np
import pytest

from humandyn_ros.errors import ConfigError, SkeletonError, StreamError
from humandyn_ros.filters import FilterConfig
from humandyn_ros.quantities import Skeleton
from humandyn_ros.ros import messages
from humandyn_ros.ros.nodes.dynamics_node import DynamicsNode
from humandyn_ros.sources import SOURCES, point_cloud
from humandyn_ros.synthetic import person

SECOND = 1_000_000_000
STEP = 20_000_000
LAG_NS = round(FilterConfig().lag_s * 1e9)
CLOUD = point_cloud.TYPE


@pytest.mark.parametrize(
    'spoil',
    [
        lambda points: points * np.nan,
        lambda points: points * np.inf,
        lambda points: np.where(np.arange(24)[:, None] == 4, np.nan, points),
        lambda points: np.where(np.arange(24)[:, None] > 11, np.nan, points),
        lambda points: points * 1e30,
        lambda points: points * 0.0,
        lambda points: np.random.default_rng(0).normal(size=(24, 3)),
    ],
    ids=['nan', 'inf', 'no knee', 'no upper body', 'far', 'one point', 'noise'],
)
def test_no_input_whatever_puts_a_number_on_a_topic_that_is_not_finite(rig, spoil):
    node = rig()
    node.play(0.6)
    node.play(1.0, change=lambda f: dataclasses.replace(f, points=spoil(f.points)))
    node.play(0.6)
    checked = 0
    for topic in ('joint_torques', 'joint_estimates', 'ground_reaction/left', 'markers'):
        for message in node.sent(f'humans/bodies/b1/{topic}'):
            numbers = list(node.every_number(message))
            assert np.isfinite(numbers).all(), topic
            checked += len(numbers)
    for link in node.handle.broadcasts:
        assert np.isfinite(link.translation).all()
    assert checked > 1000


def test_a_wrong_joint_count_is_refused_in_words_and_by_count(rig):
    node = rig(format='smpl_24')
    short = dataclasses.replace(
        node.frames[0],
        skeleton=Skeleton('three', ('a', 'b', 'c'), (-1, 0, 1)),
        points=np.zeros((3, 3)),
        confidence=np.ones(3),
        stamp_ns=node.stamp_ns(),
    )
    for _ in range(100):
        node.wait(0.02)
        node.send([short])
    level, text, values = node.health()
    assert level == messages.ERROR
    assert '3 points' in text
    assert '24' in text
    assert int(values['refused']) >= 49
    warned = [text for kind, text in node.handle.logged if kind == 'warn']
    assert len(warned) == 1


def test_an_unknown_format_is_an_error_at_the_start_that_lists_the_known(fake):
    with pytest.raises(SkeletonError, match='smpl_24'):
        DynamicsNode(fake(overrides={'format': 'octopus'}))


def test_an_unknown_type_is_an_error_at_the_start_that_lists_the_known(fake):
    with pytest.raises(StreamError, match='PointCloud2'):
        DynamicsNode(fake(overrides={'input_type': 'std_msgs/msg/String'}))


@pytest.mark.parametrize('mass', [0.0, -1.0, 500.0])
def test_an_impossible_mass_is_an_error_at_the_start(fake, mass):
    with pytest.raises(ConfigError, match='parameter mass = '):
        DynamicsNode(fake(overrides={'mass': mass}))


def test_a_topic_of_another_type_is_named_with_the_supported_ones(rig):
    node = rig(input_type='auto')
    node.handle.graph = {'/skeletons': ('std_msgs/msg/String',)}
    node.wait(1.5)
    level, text, _ = node.health()
    assert level == messages.ERROR
    assert 'std_msgs/msg/String' in text
    assert all(name in text for name in SOURCES)


def test_a_topic_of_another_type_than_the_named_one_is_told(rig):
    node = rig()
    node.handle.subscriptions[0].publishers = 0
    node.handle.graph = {'/skeletons': (CLOUD, 'geometry_msgs/msg/PoseArray')}
    node.wait(1.5)
    assert 'carries geometry_msgs/msg/PoseArray' in node.health()[1]


def test_stamps_far_in_the_future_are_told_and_ages_stay_sensible(rig):
    node = rig()
    node.ahead_ns = 3600 * SECOND
    node.play(2.0)
    level, text, values = node.health()
    assert level == messages.WARN
    assert '3600.0 s ahead' in text
    assert values['clocks_agree'] == 'false'
    assert len(node.sent('humans/wearer/joint_torques')) > 50
    assert node.valid_of(node.sent('humans/wearer/joint_estimates')[-1]) == 1.0
    assert node.sent('humans/wearer/joint_estimates')[-1].interface_values[0].values[4] < 200.0


def test_stamps_that_fall_back_start_the_filter_afresh_and_torques_return(rig):
    node = rig()
    node.play(1.0)
    node.ahead_ns = -20 * SECOND
    node.play(1.5)
    newest = node.sent('humans/wearer/joint_torques')[-1]
    assert node.stamp_of(newest) == node.handle.ros_ns - 20 * SECOND - LAG_NS


def test_repeated_stamps_change_nothing(rig):
    once, twice = rig(), rig()
    once.play(1.0)
    twice.play(1.0)
    repeated = dataclasses.replace(twice.frames[49], stamp_ns=twice.stamp_ns())
    before = len(twice.sent('humans/wearer/joint_torques'))
    for _ in range(5):
        twice.send([repeated])
    assert len(twice.sent('humans/wearer/joint_torques')) == before
    np.testing.assert_array_equal(
        twice.sent('humans/wearer/joint_torques')[-1].effort,
        once.sent('humans/wearer/joint_torques')[-1].effort,
    )


def test_a_jump_of_ros_time_is_said_and_survived(rig):
    node = rig()
    node.play(1.0)
    node.handle.ros_ns -= 30 * SECOND
    node.handle.jumped(-30 * SECOND)
    node.play(1.5)
    assert any('jumped by -30' in text for _, text in node.handle.logged)
    assert node.valid_of(node.sent('humans/wearer/joint_estimates')[-1]) == 1.0


def tipped(frame):
    x, y, z = frame.points.T
    return dataclasses.replace(frame, points=np.stack([x, z, -y], axis=-1))


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda f: dataclasses.replace(f, points=1000.0 * f.points), 'millimetres'),
        (tipped, 'set up to Y'),
    ],
    ids=['millimetres', 'y up'],
)
def test_a_wrong_unit_or_axis_is_told_with_the_remedy(rig, change, words):
    node = rig()
    node.play(2.0, change=change)
    level, text, _ = node.health()
    assert level == messages.WARN
    assert words in text


@pytest.mark.parametrize('rate_hz', [1.0, 1000.0])
def test_one_hertz_and_one_kilohertz_are_survived(rig, rate_hz):
    node = rig()
    frames = list(
        person('walk', rate_hz=rate_hz, duration_s=8.0 if rate_hz == 1 else 0.5).frames()
    )
    start, ros = node.now_ns, node.handle.ros_ns
    for frame in frames:
        elapsed = node.now_ns - start
        if frame.stamp_ns - elapsed > STEP:
            node.wait((frame.stamp_ns - elapsed) * 1e-9)
        node.send([dataclasses.replace(frame, stamp_ns=ros + frame.stamp_ns)])
    estimates = node.handle.publishers.get('/humans/wearer/joint_estimates')
    for message in estimates.sent:
        assert np.isfinite(list(node.every_number(message))).all()
    node.wait(1.5)
    assert node.health()[2]['received'] == str(len(frames))
