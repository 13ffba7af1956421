import numpy as np
import pytest

from humandyn_ros.quantities import CANONICAL
from humandyn_ros.skeleton import (
    UPWARD,
    Adapter,
    UnitWatch,
    check_units,
    load_format,
    to_z_up,
)


def standing() -> np.ndarray:
    """A person of 1.7 m, arms hanging, as canonical joints, z up."""
    points = np.zeros((24, 3))
    heights = {
        'foot': 0.02, 'ankle': 0.08, 'knee': 0.48, 'hip': 0.9, 'pelvis': 0.9, 'spine1': 1.03,
        'spine2': 1.14, 'spine3': 1.24, 'neck': 1.46, 'head': 1.58, 'collar': 1.44,
        'shoulder': 1.4, 'elbow': 1.12, 'wrist': 0.86, 'hand': 0.78,
    }  # fmt: skip
    for i, joint in enumerate(CANONICAL.joints):
        side, _, part = joint.rpartition('_')
        points[i] = 0.0, {'left': 0.1, 'right': -0.1}.get(side, 0.0), heights[part]
    return points


STANDING = standing()


def test_a_standing_person_in_metres_and_the_right_axes_is_found_right():
    findings = check_units(STANDING, Adapter(load_format('smpl_24')))
    assert findings.messages == ()
    assert (findings.scale, findings.up) == (1.0, 'Z')
    assert findings.size_m == pytest.approx(1.56)


@pytest.mark.parametrize(
    ('given', 'scale', 'words'),
    [
        (1000.0, 0.001, 'millimetres taken for metres'),
        (100.0, 0.01, 'centimetres taken for metres'),
        (0.001, 1000.0, 'metres read as millimetres'),
    ],
)
def test_a_wrong_unit_is_found_from_one_frame_and_said_with_its_remedy(given, scale, words):
    findings = check_units(STANDING * given, Adapter(load_format('smpl_24')))
    assert findings.scale == scale
    assert findings.up == 'Z'
    assert words in findings.messages[0]
    assert f'by {scale:g}' in findings.messages[0]


def test_a_unit_of_the_format_itself_is_taken_into_account(tmp_path):
    text = 'name: own\nkind: joints\nup: Z\nunit: mm\njoints:\n'
    text += ''.join(f'  {j}:\n' for j in CANONICAL.joints)
    text += 'map:\n' + ''.join(f'  {j}: {j}\n' for j in CANONICAL.joints)
    path = tmp_path / 'own.yaml'
    path.write_text(text)
    adapter = Adapter(load_format(path))
    assert check_units(STANDING * 1000, adapter).messages == ()
    assert check_units(STANDING, adapter).scale == 1000.0
    np.testing.assert_allclose(adapter.convert(STANDING * 1000)[0], STANDING)


@pytest.mark.parametrize('true', UPWARD)
@pytest.mark.parametrize('said', UPWARD)
def test_the_upward_axis_is_found_whatever_it_is_said_to_be(true: str, said: str):
    points = STANDING @ to_z_up(true)  # the inverse of the rotation to z up
    findings = check_units(points, Adapter(load_format('smpl_24'), up=said))
    assert findings.up == true
    assert bool(findings.messages) == (true != said)
    if true != said:
        assert f'set up to {true}' in findings.messages[0]


def test_somebody_who_lies_obliquely_says_nothing_about_up():
    tilt = np.array([[np.cos(0.8), 0, np.sin(0.8)], [0, 1, 0], [-np.sin(0.8), 0, np.cos(0.8)]])
    findings = check_units(STANDING @ tilt.T, Adapter(load_format('smpl_24')))
    assert findings.up is None
    assert findings.messages == ()


def test_points_of_no_size_of_a_person_in_any_unit_are_named():
    findings = check_units(STANDING * 8, Adapter(load_format('smpl_24')))
    assert 'no person in any unit' in findings.messages[0]


def test_unseen_and_flat_points_are_not_judged():
    adapter = Adapter(load_format('smpl_24'))
    unseen = check_units(np.full((24, 3), np.nan), adapter)
    assert np.isnan(unseen.size_m)
    assert unseen.messages == ()
    few = np.full((24, 3), np.nan)
    few[:2] = 5.0
    assert check_units(few, adapter).messages == ()
    assert check_units(np.random.default_rng(0).uniform(size=(18, 2)),
                       Adapter(load_format('hri_18'))).messages == ()  # fmt: skip


def test_a_child_and_a_tall_jumper_are_people():
    adapter = Adapter(load_format('smpl_24'))
    assert check_units(STANDING * 0.45, adapter).scale == 1.0
    assert check_units(STANDING * 1.5, adapter).scale == 1.0


def test_a_live_stream_is_judged_after_ten_frames_and_until_it_agrees():
    watch = UnitWatch(Adapter(load_format('smpl_24'), up='Y'))
    for _ in range(9):
        watch.see(STANDING)
        assert watch.messages == ()
    watch.see(STANDING)
    assert 'set up to Z' in watch.messages[0]
    upright = STANDING @ to_z_up('Y')
    for _ in range(10):
        watch.see(upright)
    assert watch.messages == ()
    for _ in range(20):
        watch.see(STANDING)  # later a person may lie: what once agreed is not judged again
    assert watch.messages == ()
