import dataclasses

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings import Forces, Plate, read_forces, read_motion, to_z_up
from humandyn_ros.recordings.feet import assign_feet, parse_plates

RATE = 500.0
MASS = 70.0
STAMPS = (np.arange(300) * 10_000_000).astype(np.int64)  # 3 s at 100 Hz


def plate(name, force_z, point, foot=None):
    loaded = force_z > 0
    force = np.zeros((len(force_z), 3))
    force[:, 2] = force_z
    cop = np.where(loaded[:, None], np.array(point), np.nan)
    moment = np.zeros((len(force_z), 3))
    moment[loaded, 2] = 3.0
    return Plate(name, foot, force, cop, moment)


def plates(*those):
    count = len(those[0].force)
    stamps = np.rint(np.arange(count) / RATE * 1e9).astype(np.int64)
    return Forces(stamps, those, '', RATE)


def pulse(start_s, end_s, newtons):
    time = np.arange(1500) / RATE
    return np.where((time > start_s) & (time < end_s), newtons, 0.0)


def standing(left=(0.0, 0.15, 0.08), right=(0.0, -0.15, 0.08)):
    ankles = np.tile(np.array([left, right]), (300, 1, 1))
    return ankles, ankles + np.array([0.15, 0.0, -0.06])


def test_each_contact_goes_to_the_foot_it_is_under():
    shared = pulse(0.5, 1.0, 690.0)
    ankles, toes = standing()
    left = plate('plate 1', shared, (0.05, 0.15, 0.0))
    right = plate('plate 2', pulse(1.2, 1.8, 680.0), (0.05, -0.14, 0.0))
    reference = assign_feet(plates(left, right), STAMPS, ankles, toes, mass_kg=MASS)
    assert reference.force[75, :, 2] == pytest.approx([690.0, 0.0], abs=0.5)
    assert reference.force[150, :, 2] == pytest.approx([0.0, 680.0], abs=0.5)
    np.testing.assert_allclose(reference.centre_of_pressure[75, 0], [0.05, 0.15, 0], atol=1e-6)
    assert np.isnan(reference.centre_of_pressure[75, 1]).all()
    assert reference.moment[75, 0, 2] == pytest.approx(3.0, abs=0.01)


def test_one_plate_can_hold_one_foot_after_the_other():
    ankles, toes = standing()
    ankles[120:], toes[120:] = ankles[120:, ::-1], toes[120:, ::-1]  # the feet change places
    both = pulse(0.5, 1.0, 690.0) + pulse(1.5, 2.0, 690.0)
    reference = assign_feet(
        plates(plate('plate 1', both, (0.05, 0.15, 0.0))), STAMPS, ankles, toes, mass_kg=MASS
    )
    assert reference.force[75, 0, 2] > 600
    assert reference.force[175, 1, 2] > 600


def test_both_feet_on_one_plate_are_not_measured_and_it_is_said():
    ankles, toes = standing()
    middle = plate('plate 1', pulse(0.5, 1.5, 690.0), (0.07, 0.01, 0.0))
    reference = assign_feet(plates(middle), STAMPS, ankles, toes, mass_kg=MASS)
    assert not reference.force.any()
    assert not reference.measured[50:150].any()
    assert 'fits both feet' in reference.notes[0]


def test_the_caller_and_then_the_file_decide():
    ankles, toes = standing()
    named = plates(plate('plate r', pulse(0.5, 1.0, 690.0), (0.05, 0.15, 0.0), 'right'))
    by_file = assign_feet(named, STAMPS, ankles, toes, mass_kg=MASS)
    assert by_file.force[75, 1, 2] > 600
    for key in ('r', 'plate r', '1'):
        chosen = assign_feet(named, STAMPS, ankles, toes, mass_kg=MASS, plates={key: 'left'})
        assert chosen.force[75, 0, 2] > 600
    off = assign_feet(named, STAMPS, ankles, toes, mass_kg=MASS, plates={'r': 'off'})
    assert not off.force.any()
    with pytest.raises(RecordingError, match="no plate 'q'; there are: plate r"):
        assign_feet(named, STAMPS, ankles, toes, mass_kg=MASS, plates={'q': 'left'})


def test_crosstalk_is_no_contact():
    ankles, toes = standing()
    noise = plate('plate 1', pulse(0.5, 0.56, 60.0), (0.05, 0.15, 0.0))
    assert not assign_feet(plates(noise), STAMPS, ankles, toes, mass_kg=MASS).force.any()


def test_loads_above_the_rate_of_the_motion_do_not_alias():
    ankles, toes = standing()
    force = pulse(0.2, 2.8, 690.0)
    shaken = force + np.where(
        force > 0, 200.0 * np.sin(2 * np.pi * 100 * np.arange(1500) / RATE), 0
    )
    reference = assign_feet(
        plates(plate('plate 1', shaken, (0.05, 0.15, 0.0))), STAMPS, ankles, toes, mass_kg=MASS
    )
    np.testing.assert_allclose(reference.force[50:250, 0, 2], 690.0, atol=25.0)


def test_nothing_is_measured_outside_the_force_recording():
    ankles, toes = standing()
    late = STAMPS + 1_000_000_000
    everything = plates(plate('plate 1', pulse(-1, 9, 690.0), (0.05, 0.15, 0.0)))
    reference = assign_feet(everything, late, ankles, toes, mass_kg=MASS)
    assert reference.measured[:190].all()
    assert not reference.measured[205:].any()


def test_plate_lists_are_parsed_and_mistakes_named():
    assert parse_plates('1:left, 2:r,FP3:off') == {'1': 'left', '2': 'right', 'fp3': 'off'}
    with pytest.raises(RecordingError, match="'1:up'"):
        parse_plates('1:up')


WALKS = ('HC030A/Straight/HC030A05', 'HC033A/Straight/HC033A10', 'HC039A/Straight/HC039A17')


def child(data, name):
    path = data / 'gait_children' / f'{name}.c3d.gz'
    recording = read_motion(path)
    points = to_z_up(recording.points, recording.up)
    column = recording.names.index
    ankles = points[:, [column('LANK'), column('RANK')]]
    toes = points[:, [column('LTOE'), column('RTOE')]]
    mass = recording.parameters['Bodymass']
    forces = read_forces(path)
    return assign_feet(forces, recording.stamps_ns, ankles, toes, mass_kg=mass), ankles, mass


@pytest.mark.parametrize('name', WALKS)
def test_children_step_on_one_plate_with_each_foot_and_brake_then_push(data, name):
    reference, ankles, mass = child(data, name)
    weight = mass * 9.80665
    assert 70 <= reference.measured.sum() <= 95
    carried = reference.force[reference.measured].sum(1)[:, 2]
    assert 0.9 < carried.mean() / weight < 1.1
    way = np.nanmean(ankles[-5:, 0, :2], 0) - np.nanmean(ankles[:5, 0, :2], 0)
    way /= np.linalg.norm(way)
    for foot in (0, 1):
        loaded = np.flatnonzero(reference.force[:, foot, 2] > 0.1 * weight)
        forwards = reference.force[loaded, foot, :2] @ way
        third = len(loaded) // 3
        assert forwards[:third].mean() < -0.02 * weight < 0.02 * weight < forwards[-third:].mean()
        under = reference.centre_of_pressure[loaded, foot, :2] - ankles[loaded, foot, :2]
        assert np.linalg.norm(under, axis=1).max() < 0.25, 'under the foot that is loaded'


def test_the_two_belts_of_a_treadmill_are_told_apart_without_names(data):
    folder = data / 'walk_treadmill_60s'
    model = folder / 'Rajagopal_scaled_Sub1_gasAvoid.osim.gz'
    recording = read_motion(folder / 'results_ik.sto.gz', model=model)
    points = to_z_up(recording.points, recording.up)
    column = recording.names.index
    ankles = points[:, [column('ankle_l'), column('ankle_r')]]
    toes = points[:, [column('mtp_l'), column('mtp_r')]]
    forces = read_forces(folder / 'walking_baseline1_forces.mot.gz')
    reference = assign_feet(forces, recording.stamps_ns, ankles, toes, mass_kg=86.04)
    assert reference.measured.all()
    assert reference.force[..., 2].mean(0) / (86.04 * 9.80665) == pytest.approx(
        [0.5] * 2, abs=0.03
    )
    named = dataclasses.replace(
        forces,
        plates=tuple(
            dataclasses.replace(plate, foot=foot)
            for plate, foot in zip(forces.plates, ('right', 'left'), strict=True)
        ),
    )
    told = assign_feet(named, recording.stamps_ns, ankles, toes, mass_kg=86.04)
    np.testing.assert_array_equal(told.force, reference.force)


def test_a_centre_of_pressure_missing_at_an_edge_does_not_pull_the_rest_to_the_origin():
    ankles, toes = standing(left=(3.0, 2.15, 0.08), right=(3.0, 1.85, 0.08))
    whole = plate('plate 1', pulse(0.5, 1.0, 690.0), (3.05, 2.15, 0.0))
    edge = np.flatnonzero(whole.force[:, 2])[:4]
    whole.centre_of_pressure[edge] = np.nan
    reference = assign_feet(plates(whole), STAMPS, ankles, toes, mass_kg=MASS)
    point = reference.centre_of_pressure[:, 0]
    there = np.isfinite(point).all(axis=1)
    assert 45 <= there.sum() <= 52
    np.testing.assert_allclose(point[there], np.tile([3.05, 2.15, 0], (there.sum(), 1)), atol=1e-6)


def test_a_plate_that_knows_no_centre_of_pressure_has_none():
    ankles, toes = standing()
    blind = plate('plate 1', pulse(0.5, 1.0, 690.0), (0.05, 0.15, 0.0), foot='left')
    blind.centre_of_pressure[:] = np.nan
    reference = assign_feet(plates(blind), STAMPS, ankles, toes, mass_kg=MASS)
    assert reference.force[75, 0, 2] == pytest.approx(690.0, abs=0.5)
    assert np.isnan(reference.centre_of_pressure[:, 0]).all()
