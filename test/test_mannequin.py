import numpy as np
import pytest

from humandyn_ros.mannequin import (
    COORDINATES,
    INDEX,
    joint_centres,
    place,
    reach_ankle,
    standing,
)
from humandyn_ros.quantities import CANONICAL

LEG = ('hip_flexion', 'hip_adduction', 'hip_rotation', 'knee_angle', 'ankle_angle',
       'subtalar_angle')  # fmt: skip


def move(name, angle):
    coordinates = np.zeros((1, len(COORDINATES)))
    coordinates[0, INDEX[name]] = angle
    return joint_centres(coordinates, 1.75)[0] - joint_centres(0 * coordinates, 1.75)[0]


@pytest.mark.parametrize(
    ('coordinate', 'joint', 'axis', 'sign'),
    [
        ('hip_flexion_r', 'right_knee', 0, 1),
        ('hip_adduction_r', 'right_knee', 1, 1),
        ('hip_adduction_l', 'left_knee', 1, -1),
        ('hip_rotation_r', 'right_foot', 1, 1),
        ('hip_rotation_l', 'left_foot', 1, -1),
        ('knee_angle_l', 'left_ankle', 0, -1),
        ('ankle_angle_r', 'right_foot', 2, 1),
        ('lumbar_extension', 'neck', 0, -1),
        ('lumbar_bending', 'neck', 1, -1),
        ('arm_flex_l', 'left_elbow', 0, 1),
        ('elbow_flex_r', 'right_wrist', 0, 1),
    ],
)
def test_coordinates_move_the_way_the_rajagopal_model_says(coordinate, joint, axis, sign):
    assert sign * move(coordinate, 0.1)[CANONICAL.index[joint], axis] > 0.005


def test_legs_found_from_feet_are_the_legs_that_put_them_there():
    random = np.random.default_rng(0)
    wanted = 0.3 * random.normal(size=(50, len(COORDINATES)))
    for letter in 'rl':
        knee = INDEX[f'knee_angle_{letter}']
        wanted[:, knee] = 0.1 + np.abs(wanted[:, knee])
    found = wanted.copy()
    for letter in 'rl':
        found[:, [INDEX[f'{name}_{letter}'] for name in LEG]] = 0.0
        ankle, axes = place(wanted, 1.75)[f'foot_{letter}']
        reach_ankle(found, letter, ankle, axes, 1.75)
    assert found == pytest.approx(wanted, abs=1e-9)


def test_left_and_right_mirror_each_other():
    centres = joint_centres(np.zeros((1, len(COORDINATES))), 1.75)[0]
    for name, at in CANONICAL.index.items():
        other = CANONICAL.index[name.replace('right', 'LEFT').replace('left', 'right').lower()]
        assert centres[at] * [1, -1, 1] == pytest.approx(centres[other])


def test_who_stands_is_as_tall_as_told_with_level_feet_on_the_ground():
    centres = standing(1.80)
    assert centres[:, 2].min() == 0.0
    left, right = (centres[CANONICAL.index[f'{side}_ankle']] for side in ('left', 'right'))
    assert left[2] == pytest.approx(right[2])
    assert 1.4 < centres[CANONICAL.index['head'], 2] < 1.8
