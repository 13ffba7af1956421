"""Bags written from the message definitions, read as `humandyn replay` reads them."""

import numpy as np
import pytest

from bench.recorded import BODIES, CASES, LEGS, START_NS, VICON, WALK, stream, write_bag
from humandyn_ros.errors import RecordingError, SkeletonError
from humandyn_ros.evaluation import replay
from humandyn_ros.motion import MotionOptions, load_motion, read_source
from humandyn_ros.reference import ReplayOptions
from humandyn_ros.sources.source import body_number

SHORT = 60  # frames


def named(case):
    return case.name


@pytest.fixture
def recorded(tmp_path):
    def record(case, frames=SHORT, change=lambda sent: sent):
        write_bag(tmp_path / 'bag', (change(one) for one in stream(case, frames)))
        return tmp_path / 'bag'

    return record


@pytest.mark.parametrize('case', BODIES, ids=named)
def test_a_recorded_walk_comes_back_with_its_legs_in_place(case, recorded):
    options = MotionOptions(
        recorded(case), topic=case.topic, format=case.format, input_type=case.input_type
    )
    motion = load_motion(options)
    assert motion.body_id == (body_number('ann') if case.body == VICON else case.body)
    assert len(motion.stamps_ns) == SHORT
    assert abs(int(motion.stamps_ns[0]) - START_NS) < 1_000_000
    np.testing.assert_allclose(np.diff(motion.stamps_ns), 20_000_000, atol=1000)
    # The flat feet of a format may differ; legs are what every source shows. Floats are 32 bit.
    np.testing.assert_allclose(motion.points[:, LEGS], WALK.points[:SHORT, LEGS], atol=2e-4)
    assert (motion.confidence[:, LEGS] > 0.5).all()


@pytest.mark.parametrize('name', ['ZED BODY_38', 'tf frames', 'vicon_receiver', 'Xsens MVN'])
def test_humandyn_replay_answers_for_it(name, recorded):
    case = next(case for case in CASES if case.name == name)
    bag = recorded(case, 120)
    result = replay(ReplayOptions(bag, topic=case.topic, format=case.format))
    assert result.figures['frames_valid'] > 60


def test_a_flat_skeleton_is_read_with_its_confidence(recorded):
    case = next(case for case in CASES if case.flat)
    (body,) = read_source(recorded(case), topic=case.topic)
    assert body.body_id == case.body
    np.testing.assert_allclose(body.confidence[0], 0.6 + 0.01 * np.arange(18), atol=1e-6)


def test_a_source_that_sends_confidence_keeps_it(recorded):
    case = next(case for case in CASES if case.name == 'yolo_ros')
    (body,) = read_source(recorded(case))
    assert np.isnan(body.points[:, 3]).all()  # left out below the detector's threshold
    assert set(np.round(body.confidence.ravel(), 6)) == {0.0, 0.8}


def test_a_body_that_the_camera_only_guesses_is_less_sure(recorded):
    case = next(case for case in CASES if case.name == 'ZED BODY_38')

    def searching(sent):
        sent.fields['objects'][0]['tracking_state'] = 2
        return sent

    (body,) = read_source(recorded(case, 20, searching))
    assert body.confidence.max() == pytest.approx(0.9 * 0.3)


def test_the_wrong_zed_format_is_refused_with_the_right_one(recorded):
    case = next(case for case in CASES if case.name == 'ZED BODY_38')
    with pytest.raises((RecordingError, SkeletonError), match='zed_38'):
        read_source(recorded(case, 5), format='zed_34')


def test_people_who_are_no_longer_tracked_are_left_out(recorded):
    case = next(case for case in CASES if case.name == 'ROS4HRI')

    def gone(sent):
        if 'ids' in sent.fields:
            sent.fields['ids'] = ['somebody else']
        return sent

    with pytest.raises(RecordingError, match='nobody'):
        read_source(recorded(case, 5, gone), topic=case.topic)


def test_poses_without_a_format_say_that_one_is_needed(recorded):
    case = next(case for case in CASES if case.name == 'vicon_receiver')
    with pytest.raises(RecordingError, match='set the parameter `format`'):
        read_source(recorded(case, 3), topic=case.topic)


def test_zeros_of_a_source_that_fills_with_them_are_not_seen(recorded):
    case = next(case for case in CASES if case.name == 'ZED BODY_34')

    def half(sent):
        sent.fields['objects'][0]['skeleton_3d']['keypoints'][4]['kp'] = np.zeros(3)
        return sent

    (body,) = read_source(recorded(case, 5, half))
    assert np.isnan(body.points[:, 4]).all()
    assert not body.confidence[:, 4].any()
