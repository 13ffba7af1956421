"""One known load under every way of naming and measuring it."""

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings import read_forces

RAMP = np.linspace(0.2, 1.0, 50)[:, None]
FORCE = RAMP * np.array([40.0, 720.0, -25.0])  # y up, N
POINT = np.array([0.6, 0.0, -1.2]) + 0.1 * RAMP * np.array([1.0, 0.0, 0.2])  # m
FREE = RAMP * np.array([0.0, 6.0, 0.0])  # N·m
Z_UP = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]).T


def write(tmp_path, names, columns):
    path = tmp_path / 'grf.mot'
    times = 0.01 * np.arange(len(columns))
    rows = '\n'.join(
        '\t'.join(f'{x:.9g}' for x in (t, *row)) for t, row in zip(times, columns, strict=True)
    )
    path.write_text(
        f'grf\nnRows={len(columns)}\nendheader\ntime\t' + '\t'.join(names) + f'\n{rows}\n'
    )
    return path


def vector(prefix):
    return [f'{prefix}{axis}' for axis in 'xyz']


@pytest.mark.parametrize(
    ('force', 'point', 'moment', 'foot'),
    [
        ('ground_force_r_v', 'ground_force_r_p', 'ground_torque_r_', 'right'),
        ('R_ground_force_v', 'R_ground_force_p', 'R_ground_torque_', 'right'),
        ('ground_force_left_v', 'ground_force_left_p', 'ground_moment_left_', 'left'),
        ('ground_force_calcn_l_v', 'ground_force_calcn_l_p', 'ground_force_calcn_l_m', 'left'),
        ('ground_force_v', 'ground_force_p', 'ground_torque_', None),
        ('1_ground_force_v', '1_ground_force_p', '1_ground_torque_', None),
        ('ground_force_1_v', 'ground_force_1_p', 'ground_force_1_m', None),
        ('FP1_F', 'FP1_COP', 'FP1_M', None),
        ('F1', 'COP1', 'M1', None),
        ('plate1_force_', 'plate1_cop_', 'plate1_torque_', None),
        ('L_GRF_', 'L_COP_', 'L_GRM_', 'left'),
    ],
)
def test_names_of_many_laboratories_are_recognised(tmp_path, force, point, moment, foot):
    names = [*vector(force), *vector(point), *vector(moment)]
    forces = read_forces(write(tmp_path, names, np.hstack([FORCE, POINT, FREE])))
    (plate,) = forces.plates
    assert plate.foot == foot
    np.testing.assert_allclose(plate.force, FORCE @ Z_UP, atol=1e-5)
    np.testing.assert_allclose(plate.centre_of_pressure, POINT @ Z_UP, atol=1e-6)
    np.testing.assert_allclose(plate.moment, FREE @ Z_UP, atol=1e-6)
    assert force in forces.recognised


@pytest.mark.parametrize(
    ('scale', 'told'), [(1.0, 'centre of pressure in m,'), (1e3, 'centre of pressure in mm')]
)
def test_millimetres_are_told_from_metres_by_loaded_frames_only(tmp_path, scale, told):
    force, point = FORCE.copy(), scale * POINT
    force[:10] = 0.0
    point[:10] = 331.7  # what filters leave where nothing is measured
    names = [*vector('ground_force_v'), *vector('ground_force_p')]
    forces = read_forces(write(tmp_path, names, np.hstack([force, point])))
    np.testing.assert_allclose(forces.plates[0].centre_of_pressure[10:], (POINT @ Z_UP)[10:])
    assert np.isnan(forces.plates[0].centre_of_pressure[:10]).all()
    assert told in forces.recognised


@pytest.mark.parametrize(
    ('about', 'unit', 'told'),
    [
        ((0.0, 0.0, 0.0), 1.0, 'about the origin in N·m,'),
        ((0.0, 0.0, 0.0), 1e3, 'about the origin in N·mm,'),
        ((1.1, 0.0, -0.5), 1.0, 'about x 1.10 y 0.50 m in N·m,'),
    ],
)
def test_moments_about_a_fixed_point_are_brought_to_the_centre_of_pressure(
    tmp_path, about, unit, told
):
    force = FORCE + 30.0 * np.random.default_rng(0).normal(size=FORCE.shape)
    moment = unit * (np.cross(POINT - np.array(about), force) + FREE)
    names = [*vector('g_force_v'), *vector('g_force_p'), *vector('g_torque_')]
    forces = read_forces(write(tmp_path, names, np.hstack([force, POINT, moment])))
    np.testing.assert_allclose(forces.plates[0].moment, FREE @ Z_UP, atol=1e-4)
    assert told in forces.recognised + ','


def test_free_moments_in_newton_millimetres_are_recognised_by_their_size(tmp_path):
    names = [*vector('g_force_v'), *vector('g_force_p'), *vector('g_torque_')]
    forces = read_forces(write(tmp_path, names, np.hstack([FORCE, POINT, 1e3 * FREE])))
    np.testing.assert_allclose(forces.plates[0].moment, FREE @ Z_UP, atol=1e-5)


@pytest.mark.parametrize('sign', [1.0, -1.0])
def test_z_up_and_forces_on_the_plate_are_recognised_by_the_load(tmp_path, sign):
    force = sign * (FORCE @ Z_UP)
    forces = read_forces(write(tmp_path, vector('FP2_F'), force))
    np.testing.assert_allclose(forces.plates[0].force, FORCE @ Z_UP, atol=1e-5)
    assert 'vertical axis Z' in forces.recognised
    assert ('turned round' in forces.recognised) == (sign < 0)


def test_a_file_without_forces_lists_its_columns(tmp_path):
    with pytest.raises(RecordingError, match='knee_angle_r'):
        read_forces(write(tmp_path, ['knee_angle_r'], RAMP))


REAL = (
    ('walk_rajagopal2016/grf_walk.mot.gz', ['right', 'left'], 942),
    ('walk_treadmill_60s/walking_baseline1_forces.mot.gz', [None, None], 1016),
    ('walk_camargo2021/ID/levelground_ccw_fast_01_01_grf.mot.gz', [None] * 6, 1219),
    ('run_modsim2018/ExpData/grf_run.mot', ['right', 'left'], 1751),
)


@pytest.mark.parametrize(('file', 'feet', 'peak'), REAL)
def test_every_real_force_file_is_read(data, file, feet, peak):
    forces = read_forces(data / file)
    assert [plate.foot for plate in forces.plates] == feet
    assert max(plate.force[:, 2].max() for plate in forces.plates) == pytest.approx(peak, abs=1)
    for plate in forces.plates:
        loaded = plate.force[:, 2] > 100.0
        assert np.abs(plate.centre_of_pressure[loaded]).max() < 7.0, 'metres'
        assert np.abs(plate.centre_of_pressure[loaded, 2]).max() < 0.02, 'on the floor'
        assert np.percentile(np.abs(plate.moment[loaded]), 95) < 25.0, 'free moments are small'
