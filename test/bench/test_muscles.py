"""How muscle activation is judged."""

import numpy as np
import pytest

from bench.muscles import Activation, Envelope, against, agreement, emg_table, pcc, resting
from bench.opensim_so import plain
from humandyn_ros.muscles import load_muscles

NAMES = load_muscles().both
TIME = np.linspace(0.0, 4.0, 401)


def waves(delay_s=0.0):
    phases = np.linspace(0.0, 6.0, len(NAMES))
    values = 0.3 + 0.2 * np.sin(2.0 * np.pi * (TIME[:, None] - delay_s) + phases)
    return Activation(TIME, NAMES, values)


def test_the_same_activations_agree_wholly_and_muscles_at_rest_not_at_all():
    same = against(waves(), waves())
    assert same['rmse'] == pytest.approx(0.0, abs=1e-9)
    assert same['pcc'] == same['pcc_of_muscles'] == pytest.approx(1.0)
    assert same['muscles'] == 80
    rest = against(resting(waves()), waves())
    assert rest['rmse'] > 0.3
    assert rest['pcc_of_muscles'] == 0.0


def test_emg_leads_the_force_by_the_delay():
    ours = waves()
    emg = np.interp(TIME + 0.05, TIME, ours.values[:, NAMES.index('soleus_l')])
    channel = Envelope(('soleus',), 'l', TIME, emg)
    assert agreement(ours, channel, 0.05) == pytest.approx(1.0, abs=1e-3)
    assert agreement(ours, channel, 0.0) < 0.97


def test_what_does_not_vary_agrees_with_nothing():
    assert pcc(np.zeros(9), np.arange(9.0)) == 0.0


def test_a_row_is_the_mean_over_people_and_absent_ways_are_dashes():
    results = [
        {'set': 's', 'person': who, 'channel': 'Gast', 'way': 'live', 'pcc': p, 'pcc_delayed': p}
        for who, p in (('a', 0.4), ('b', 0.6))
    ]
    row = emg_table(results).splitlines()[2]
    assert row == '| s | Gast | 2 | 0.50 | 0.50 | - | - | - | - |'


@pytest.mark.parametrize(('degrees', 'knee', 'cap'), [('no', 0.5, 0.5), ('yes', 90.0, np.pi / 2)])
def test_knee_caps_take_the_angle_of_their_knee_in_radians(degrees, knee, cap, tmp_path):
    path = tmp_path / 'motion.sto'
    names = ['time', '/jointset/walker_knee_r/knee_angle_r/value',
             '/jointset/patellofemoral_r/knee_angle_r_beta/value']  # fmt: skip
    heading = '\t'.join(names)
    path.write_text(f'inDegrees={degrees}\nendheader\n{heading}\n0.0\t{knee}\t28.6\n')
    plain(path)
    first, row = path.read_text().splitlines()[-2:]
    assert first == 'time\tknee_angle_r\tknee_angle_r_beta'
    assert [float(value) for value in row.split()] == pytest.approx([0.0, knee, cap])
