import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings import read_forces, read_moments, read_motion
from humandyn_ros.recordings.feet import assign_feet

CHILDREN = ('HC030A/Straight/HC030A05', 'HC038A/Straight/HC038A11')


def test_inverse_dynamics_of_opensim_gives_coordinates_in_newton_metres(data):
    moments = read_moments(data / 'walk_rajagopal2016' / 'id_walk.sto.gz')
    assert {'hip_flexion_r', 'knee_angle_l', 'ankle_angle_r'} <= set(moments.names)
    assert 'pelvis_ty' not in moments.names, 'forces of the root are no moments'
    ankle = moments.values[:, moments.names.index('ankle_angle_r')]
    assert -2.0 < ankle.min() / 85.27 < -1.2, 'push-off: plantarflexion is negative'


def test_plug_in_gait_moments_need_a_mass_and_scale_with_it(data, write_c3d):
    path = data / 'gait_children' / f'{CHILDREN[0]}.c3d.gz'
    own, other = read_moments(path), read_moments(path, mass_kg=91.6)
    np.testing.assert_allclose(other.values, own.values * 91.6 / 45.8, rtol=1e-6)
    massless = write_c3d(np.ones((3, 1, 3)), ['LHipMoment'])
    with pytest.raises(RecordingError, match='no mass'):
        read_moments(massless)
    with pytest.raises(RecordingError, match='no Plug-in Gait moments'):
        read_moments(write_c3d(np.ones((3, 1, 3)), ['LASI']), mass_kg=50.0)


@pytest.mark.parametrize('name', CHILDREN)
@pytest.mark.parametrize('side', ['l', 'r'])
def test_signs_of_plug_in_gait_are_those_that_balance_the_ground_reaction(data, name, side):
    """Internal moment = minus the ground reaction's about the joint, but for the leg's inertia."""
    path = data / 'gait_children' / f'{name}.c3d.gz'
    recording = read_motion(path)
    points = dict(zip(recording.names, recording.points.transpose(1, 0, 2), strict=True))
    ankles = np.stack([points['LANK'], points['RANK']], 1)
    toes = np.stack([points['LTOE'], points['RTOE']], 1)
    mass = recording.parameters['Bodymass']
    reference = assign_feet(read_forces(path), recording.stamps_ns, ankles, toes, mass_kg=mass)
    foot, letter = ('lr'.index(side), side.upper())
    forwards = np.nanmean(points['CLAV'] - points['C7'], 0) * [1, 1, 0]
    forwards /= np.linalg.norm(forwards)
    left = np.cross([0, 0, 1], forwards)
    inwards = left * (-1 if side == 'l' else 1)
    middle = (points['LASI'] + points['RASI']) / 2
    joints = {
        'hip_flexion': (middle - 0.075 * inwards - 0.05 * forwards - [0, 0, 0.08], -left),
        'hip_adduction': (middle - 0.075 * inwards - 0.05 * forwards - [0, 0, 0.08], None),
        'knee_angle': (points[f'{letter}KNE'] + 0.05 * inwards, left),
        'ankle_angle': (points[f'{letter}ANK'] + 0.04 * inwards, -left),
    }
    adduction = forwards if side == 'r' else -forwards
    moments = read_moments(path)
    stance = reference.force[:, foot, 2] > 0.3 * mass * 9.80665
    for coordinate, (centre, axis) in joints.items():
        external = np.cross(
            reference.centre_of_pressure[:, foot] - centre, reference.force[:, foot]
        )
        raising = external @ (adduction if axis is None else axis)
        internal = moments.values[:, moments.names.index(f'{coordinate}_{side}')]
        slope = np.polyfit(-raising[stance], internal[stance], 1)[0]
        assert 0.5 < slope < 1.4, coordinate
        assert np.corrcoef(-raising[stance], internal[stance])[0, 1] > 0.85, coordinate
