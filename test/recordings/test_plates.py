"""A known load on a plate, turned into the channels of each plate type and back."""

import gzip

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings import read_forces
from humandyn_ros.recordings.loads import UNLOADED_N

FORCE = np.array([30.0, -50.0, 700.0])  # of the ground on the person, world z up, N
POINT = np.array([1.05, 2.1, 0.0])  # m
TWIST = 4.0  # N·m about the vertical
DEPTH = 0.04  # m, transducers below the surface

# Corners in the plate's order; this plate is turned a quarter: its x points along world +y.
CORNERS = np.array([[1.3, 2.2, 0.0], [1.3, 1.8, 0.0], [0.7, 1.8, 0.0], [0.7, 2.2, 0.0]])
AXES = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])  # rows: x, y, z down


def surface_load():
    """Force and moment about the surface's centre, in the plate's axes."""
    arm = POINT - CORNERS.mean(0)
    moment = np.cross(arm, FORCE) + np.array([0.0, 0.0, TWIST])
    return AXES @ FORCE, AXES @ moment


def channels(kind):
    force, moment = surface_load()
    at_sensor = moment - np.cross([0.0, 0.0, DEPTH], force)
    if kind == 1:
        x, y = -moment[1] / force[2], moment[0] / force[2]
        return [*force, 1e3 * x, 1e3 * y, 1e3 * (moment[2] - (x * force[1] - y * force[0]))]
    if kind == 3:
        a, b = 0.12, 0.2
        fx12, fy14 = 0.6 * force[0], 0.3 * force[1]
        shear = at_sensor[2] - (b * (force[0] - 2 * fx12) + a * (2 * fy14 - force[1]))
        fy14 += shear / (2 * a)
        total, mx, my = force[2], at_sensor[0] / b, at_sensor[1] / a
        fz = [(total + mx - my) / 4, (total + mx + my) / 4, 0.0, 0.0]
        fz[2], fz[3] = (total - mx + my) / 4, (total - mx - my) / 4
        return [fx12, force[0] - fx12, fy14, force[1] - fy14, *fz]
    return [*force, *(1e3 * at_sensor)]


def plate_file(write_c3d, kind, values, *, origin=(0.0, 0.0, -1e3 * DEPTH), **more):
    analogs = np.tile(np.asarray(values, float), (20, 1))
    analogs[10:] = 0.0  # then the foot is gone
    entries = {
        'USED': [1],
        'TYPE': [kind],
        'CHANNEL': np.arange(1.0, len(values) + 1)[:, None],
        'CORNERS': 1e3 * CORNERS.T[:, :, None],
        'ORIGIN': np.array(origin)[:, None],
    }
    markers = np.full((10, 1, 3), 5.0)
    return write_c3d(markers, ['A'], analogs=analogs, FORCE_PLATFORM=entries | more)


CLOSE = {'rtol': 1e-5, 'atol': 1e-6}


@pytest.mark.parametrize('kind', [1, 2, 3, 4])
@pytest.mark.parametrize('sign', [1.0, -1.0])
def test_the_load_comes_back_whichever_force_the_file_holds(write_c3d, kind, sign):
    values = np.array(channels(kind))
    if kind == 1:
        values[[0, 1, 2, 5]] *= sign
    else:
        values *= sign
    origin = (120.0, 200.0, -1e3 * DEPTH) if kind == 3 else (0.0, 0.0, -1e3 * DEPTH)
    more = {}
    if kind == 4:
        matrix = np.diag([500.0, 500.0, 1000.0, 8e5, 2.5e5, 4e5])
        matrix[0, 1] = 7.0  # crosstalk: tells rows from columns
        more['CAL_MATRIX'] = matrix[:, :, None]
        values = np.linalg.solve(matrix, values)
    forces = read_forces(plate_file(write_c3d, kind, values, origin=origin, **more))
    plate = forces.plates[0]
    np.testing.assert_allclose(plate.force[:10], np.tile(FORCE, (10, 1)), **CLOSE)
    np.testing.assert_allclose(
        plate.centre_of_pressure[:10, :2], np.tile(POINT[:2], (10, 1)), **CLOSE
    )
    np.testing.assert_allclose(plate.moment[:10, 2], TWIST, rtol=1e-4)
    assert ('turned round' in forces.recognised) == (sign < 0)


def test_either_direction_of_origin_means_transducers_below_the_surface(write_c3d):
    up = read_forces(plate_file(write_c3d, 2, channels(2), origin=(0.0, 0.0, -1e3 * DEPTH)))
    down = read_forces(plate_file(write_c3d, 2, channels(2), origin=(0.0, 0.0, 1e3 * DEPTH)))
    np.testing.assert_array_equal(
        up.plates[0].centre_of_pressure, down.plates[0].centre_of_pressure
    )


def test_an_unloaded_plate_has_no_force_no_moment_and_no_centre_of_pressure(write_c3d):
    values = np.array(channels(2)) * (0.9 * UNLOADED_N / FORCE[2])
    plate = read_forces(plate_file(write_c3d, 2, values)).plates[0]
    assert not plate.force.any()
    assert not plate.moment.any()
    assert np.isnan(plate.centre_of_pressure).all()


def test_the_plates_have_their_own_clock(write_c3d):
    forces = read_forces(plate_file(write_c3d, 2, channels(2)))
    assert forces.rate_hz == 200.0
    assert forces.stamps_ns[1] == 5_000_000


@pytest.mark.parametrize(
    ('changes', 'told'),
    [
        ({'TYPE': [9]}, 'type 9'),
        ({'CHANNEL': np.arange(40.0, 46.0)[:, None]}, 'channels that are absent'),
        ({'CORNERS': np.zeros((3, 4, 1))}, 'corners coincide'),
    ],
)
def test_a_plate_that_cannot_be_computed_says_why(write_c3d, changes, told):
    with pytest.raises(RecordingError, match=told):
        read_forces(plate_file(write_c3d, 2, channels(2), **changes))


@pytest.mark.parametrize('child', ['HC030A/Straight/HC030A05', 'HC032A/Turn/HC032A18'])
def test_opposed_plates_of_a_real_laboratory_agree_with_ezc3d(data, tmp_path, child):
    ezc3d = pytest.importorskip('ezc3d')
    packed = data / 'gait_children' / f'{child}.c3d.gz'
    plain = tmp_path / 'x.c3d'
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    theirs = ezc3d.c3d(str(plain), extract_forceplat_data=True)['data']['platform']
    for ours, other in zip(read_forces(packed).plates, theirs, strict=True):
        loaded = ours.force[:, 2] > 100.0
        np.testing.assert_allclose(ours.force[loaded], other['force'].T[loaded], atol=1e-4)
        np.testing.assert_allclose(
            ours.centre_of_pressure[loaded],
            1e-3 * other['center_of_pressure'].T[loaded],
            atol=1e-6,
        )
        low, high = ours.corners.min(0), ours.corners.max(0)
        inside = ours.centre_of_pressure[loaded, :2]
        assert ((inside > low[:2]) & (inside < high[:2])).all()


def test_a_child_standing_weighs_what_its_file_says(data):
    forces = read_forces(data / 'gait_children/HC030A/Static/HC030A01.c3d.gz')
    carried = sum(plate.force[:, 2].mean() for plate in forces.plates)
    assert carried / 9.80665 == pytest.approx(45.8, rel=0.01)
