"""What the ablations of HDyS and ImDyS run, draw and tell."""

import json

import pytest
import torch

from bench import ablation_models
from bench.ablation_models import HDYS_VARIANTS, IMDYS_VARIANTS, chosen_pools, drawn, missing
from bench.ablation_verdicts import DIRECTIONS, Direction, judged, scores_table

SIZES = {'procedural': 60, 'mocap': 40, 'plates': 20}
WORSE = Direction('all beat one', ('all', 'x'), ('one', 'x'), '+1 %')


def pools():
    return {
        name: {
            'keypoints': torch.arange(size)[:, None],
            'smpl': torch.zeros(size, 1),
            'smpl_known': torch.zeros(size, 1),
        }
        for name, size in SIZES.items()
    }


def runs(*values):
    return {str(seed): {'x': value} for seed, value in enumerate(values)}


@pytest.mark.parametrize(
    ('one', 'verdict'),
    [
        ((1.1, 2.2, 3.3), 'reproduced'),
        ((0.9, 2.6, 3.3), 'undecided'),
        ((0.8, 2.2, 3.0), 'not reproduced'),
        ((1.1, 2.2), 'reproduced, two seeds'),
        ((1.1,), 'undecided, one seed'),
    ],
)
def test_a_direction_is_reproduced_only_where_every_seed_shows_it(one, verdict):
    gains, said = judged(WORSE, {'all': runs(1.0, 2.0, 3.0), 'one': runs(*one)})
    assert said == verdict
    assert gains == pytest.approx(
        [100 * (x / y - 1) for x, y in zip(one, (1, 2, 3), strict=False)]
    )


def test_every_direction_is_about_variants_that_are_run():
    for name, variants in (('hdys', HDYS_VARIANTS), ('imdys', IMDYS_VARIANTS)):
        told = {side[0] for d in DIRECTIONS[name] for side in (d.better, d.worse)}
        assert told == set(variants)


def test_what_stands_in_the_results_is_not_run_again(tmp_path, monkeypatch):
    monkeypatch.setattr(ablation_models, 'RESULTS', tmp_path / 'results.json')
    results = ablation_models.load_results()
    everything = list(missing(results, 2))
    network, variant, seed = everything[3]
    results[network] = {variant: {str(seed): {'x': 1.0}}}
    ablation_models.save(results)
    left = list(missing(ablation_models.load_results(), 2))
    assert left == [run for run in everything if run != (network, variant, seed)]
    changed = results | {'settings': {'clips': 1}}
    (tmp_path / 'results.json').write_text(json.dumps(changed))
    assert list(missing(ablation_models.load_results(), 2)) == everything


def test_half_of_the_target_is_joined_by_as_much_of_all_others_together():
    taken = {
        name: len(pool['smpl']) for name, pool in chosen_pools(pools(), {'half': True}).items()
    }
    assert taken == {'procedural': 15, 'mocap': 20, 'plates': 5}
    alone = chosen_pools(pools(), {'half': True, 'sources': {'mocap'}})
    assert {name: len(pool['smpl']) for name, pool in alone.items()} == {'mocap': 20}


def test_a_representation_that_is_left_out_takes_its_masks_along():
    taken = chosen_pools(pools(), {'kinematics': {'keypoints'}})
    assert set(taken['mocap']) == {'keypoints'}


def test_a_source_deals_the_same_rows_whoever_is_beside_it():
    beside = next(drawn(pools(), 8, 1))['keypoints'][8:16]
    alone = next(drawn({'mocap': pools()['mocap']}, 8, 1))['keypoints']
    assert beside.equal(alone)


def test_a_table_has_a_line_for_what_a_variant_does_not_learn():
    text = scores_table('HDyS', {'all': runs(1.0, 3.0, 2.0), 'one': {'0': {}}}, {'x': 'error'})
    assert '| all | 2.000 ± 1.000 |' in text
    assert '| one | - |' in text
