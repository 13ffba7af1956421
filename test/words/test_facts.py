import numpy as np
import pytest

from humandyn_ros.coordinates import COORDINATES, coordinates
from humandyn_ros.errors import ModelError
from humandyn_ros.quantities import CANONICAL, GRAVITY
from humandyn_ros.synthetic import person
from humandyn_ros.words.facts import Measured, angles_of, measure
from humandyn_ros.words.slots import SLOTS, fill, needs, spoken

RATE_HZ = 30.0


def played(kind, seconds=8.0):
    frames = person(kind, rate_hz=RATE_HZ, duration_s=seconds).frames()
    return np.array([frame.points for frame in frames])


@pytest.fixture(scope='module')
def walk():
    return played('walk')


def test_every_number_is_a_known_slot(walk):
    forces = np.zeros((len(walk), 2, 3))
    forces[..., 2] = 400.0
    measured = Measured(RATE_HZ, walk, torques=np.ones((len(walk), 17)), forces=forces,
                        seat=np.zeros(len(walk)), mass_kg=75.0)  # fmt: skip
    assert measure(measured).numbers.keys() <= SLOTS.keys()
    assert SLOTS.keys() - measure(measured).numbers.keys() <= {'cadence'}


def test_angles_are_those_of_the_engine(walk):
    for frame in (0, 50, 100):
        one = coordinates(walk[frame], np.zeros((24, 3))).angle
        np.testing.assert_allclose(angles_of(walk)[frame], one, atol=1e-12)


def test_a_walk_has_the_speed_and_cadence_of_its_pelvis_and_feet(walk):
    facts = measure(Measured(RATE_HZ, walk))
    went = np.linalg.norm(walk[-1, 0, :2] - walk[0, 0, :2])
    assert facts.numbers['distance'] == pytest.approx(went, rel=0.05)
    assert facts.numbers['speed'] == pytest.approx(went / 7.967, rel=0.05)
    assert facts.words['travel_way'] == 'forwards'
    ankles = walk[:, [CANONICAL.index[f'{side}_ankle'] for side in ('left', 'right')], 2]
    lifts = sum((np.diff((z > z.min() + 0.06).astype(int)) > 0).sum() for z in ankles.T)
    assert abs(facts.numbers['steps'] - lifts) <= 1
    assert 60.0 < facts.numbers['cadence'] < 150.0


def test_turned_and_mirrored_people_change_the_words_they_should(walk):
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    before, after = measure(Measured(RATE_HZ, walk)), measure(Measured(RATE_HZ, walk @ turn.T))
    assert after.words == before.words
    for name, value in before.numbers.items():
        assert after.numbers[name] == pytest.approx(value, abs=1e-6), name
    back = measure(Measured(RATE_HZ, walk[::-1]))
    assert back.words['travel_way'] == 'backwards'


def test_a_squat_bends_both_knees_and_sinks(walk):
    facts = measure(Measured(RATE_HZ, played('squat')))
    for side in ('left', 'right'):
        assert facts.change(f'{side}_knee') > 60.0
    assert facts.numbers['sink'] > 20.0
    assert 'speed' not in facts.notable.numbers
    assert facts.words['moves_most'] == 'both legs'


def test_forces_tell_contacts_flight_and_peaks():
    points = played('stand', 2.0)
    forces = np.zeros((len(points), 2, 3))
    forces[:20, 0, 2], forces[30:, 1, 2] = 1500.0, 700.0
    facts = measure(Measured(RATE_HZ, points, forces=forces, mass_kg=75.0))
    numbers = facts.numbers
    assert numbers['flight'] == pytest.approx(10 / RATE_HZ)
    assert numbers['single_support'] == pytest.approx((len(points) - 30) / RATE_HZ)
    assert facts.words['foot'] == 'right'
    assert numbers['left_contact'] == pytest.approx(100 * 20 / len(points))
    assert numbers['peak_grf'] == pytest.approx(1500 / (75 * GRAVITY))
    assert numbers['right_force'] == 700.0
    unknown = measure(Measured(RATE_HZ, points, forces=forces)).numbers
    assert 'peak_grf' not in unknown and unknown['peak_force'] == 1500.0


def test_what_was_mostly_not_measured_is_not_told():
    points = played('stand', 2.0)
    forces = np.full((len(points), 2, 3), np.nan)
    torques = np.full((len(points), 17), np.nan)
    torques[:, COORDINATES.index('knee_angle_r')] = -30.0
    facts = measure(Measured(RATE_HZ, points, forces=forces, torques=torques, mass_kg=75.0))
    assert not {'flight', 'peak_grf', 'left_contact', 'left_knee_torque'} & facts.numbers.keys()
    assert facts.numbers['right_knee_torque'] == 30.0


def test_numbers_are_written_as_their_slot_says():
    assert spoken('speed', 1.25001) == '1.3'
    assert spoken('right_knee_to', -0.2) == '0'
    assert spoken('right_knee_to', -7.6) == '-8'
    text = 'the {foot} foot, {speed} m/s and <flight> s'
    assert needs(text) == ('foot', 'speed', 'flight')
    assert fill(text, {'speed': 1.2, 'flight': 0.1}, {'foot': 'left'}) == (
        'the left foot, 1.2 m/s and 0.10 s'
    )


@pytest.mark.parametrize('text', ['{seat} %', '{mood}', '<__class__>'])
def test_a_slot_that_was_not_measured_cannot_be_said(text):
    with pytest.raises(ModelError, match='was not measured'):
        fill(text, {'speed': 1.0})
