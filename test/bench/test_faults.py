"""Every fault of the fault table, one test each: no NaN, no step, and back in time."""

from functools import cache

import pytest

from bench import faults

run = cache(faults.run)

BACK_MS = 400.0  # filter, settling and a margin


@pytest.mark.parametrize('name', faults.FAULTS)
def test_a_fault_gives_no_nan_no_step_and_input_counts_again_soon(name):
    watched = run(name)
    assert watched.finite
    assert watched.steps <= 1.0 + 1e-6
    assert watched.slews <= 1.0 + 1e-6
    assert watched.back_ms is None or watched.back_ms <= BACK_MS
    assert watched.largest_bodies <= 20


@pytest.mark.parametrize(
    'name',
    [
        'NaN for 1 s',
        'points freeze for 1 s',
        'occlusion of 2 s',
        'clock jumps 1 h back',
    ],
)
def test_where_input_is_lost_the_command_goes_to_zero(name):
    watched = run(name)
    assert watched.zero_ms is not None
    assert watched.zero_ms <= 350.0


@pytest.mark.parametrize(
    'name',
    [
        'numbers of two people swapped',
        '49 more people for 1 s',
        'left and right exchanged for 0.1 s',
    ],
)
def test_other_people_never_disturb_the_wearer(name):
    assert run(name).lost_ms is None


def test_the_table_has_a_line_for_every_fault():
    found = {'NaN': {'expected': 'x', 'zero_ms': None, 'back_ms': 3.0, 'slews': 0.5}}
    assert '| NaN | x | - | 3 | 50 % |' in faults.fault_table(found)
