"""How ablations and folds of LaDy are told."""

from bench.ablation_lady import METRICS, directions, scores_table
from bench.actions_frames import frames_table

VARIANTS = ('kinematics only', 'spatial', 'temporal', 'both', 'both + ECLoss')


def runs(*values):
    return [{f'{metric}_percent': value for metric in METRICS} for value in values]


def found(**changed):
    same = {name.replace(' ', '_').replace('_+_', '_'): runs(50.0, 60.0) for name in VARIANTS}
    return dict(zip(VARIANTS, (same | changed).values(), strict=True))


def test_a_direction_is_reproduced_only_where_every_seed_gains():
    verdicts = directions(found(spatial=runs(51.0, 61.0), temporal=runs(49.0, 70.0)))
    assert verdicts['spatial modulation helps'].startswith('reproduced: F1@50 +1.0')
    assert verdicts['temporal modulation helps'].startswith('undecided: F1@50 +4.5')
    assert verdicts['both help more than spatial'].startswith('absent: F1@50 -1.0')


def test_the_table_of_an_ablation_has_means_spreads_and_verdicts():
    seeds = found()
    text = scores_table({'seeds': seeds, 'directions': directions(seeds)})
    assert text.count('55.0 ± 7.1') == len(VARIANTS) * len(METRICS)
    assert text.count('undecided') == 6


def test_the_table_of_folds_tells_how_much_of_each_counts():
    seeds = [run | {'judged': 0.58} for run in runs(70.0, 74.0, 72.0)]
    text = frames_table({'14_06': {'exercises': [1, 2, 3, 4, 6], 'seeds': seeds}})
    assert '| `14_06` | 5 | 58 % | 72.0 ± 2.0 |' in text
