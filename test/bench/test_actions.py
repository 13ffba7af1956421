"""How answers of the live engine are read for the table of actions."""

import numpy as np

from bench.actions import METRICS, OFFLINE, REVISED, TOLD, offline, revised, scores_table, spread
from humandyn_ros.quantities import Action

LABELS = ('squat', 'lunge')
STEP_NS = 100_000_000


def told(votes, began, scores=None, late=0):
    """Answers with given votes; boundaries where `began` changes, told `late` frames late."""
    sure = votes if scores is None else scores
    return [
        Action(
            stamp_ns=t * STEP_NS, age_ms=1000.0, label=LABELS[vote], labels=LABELS,
            scores=np.where(np.arange(2) == sure[t], 0.9, 0.1),
            boundary=0.9 if t - late in began[1:] else 0.1,
            boundary_stamp_ns=max(t - late, 0) * STEP_NS,
            began_ns=max(b for b in began if b <= t) * STEP_NS,
        )
        for t, vote in enumerate(votes)
    ]  # fmt: skip


def test_a_segment_is_told_anew_while_it_goes_on_and_no_longer():
    answers = told([0, 0, 0, 0, 0, 1, 1, 1], [0, 3])
    assert revised(answers, 0).tolist() == [0, 0, 0, 0, 0, 1, 1, 1]
    assert revised(answers, 1).tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert revised(answers, 5).tolist() == [0, 0, 0, 1, 1, 1, 1, 1]


def test_offline_labels_vote_between_boundaries_wherever_these_were_told():
    scores = [0, 1, 0, 0, 1, 0, 1, 1]
    for late in (0, 1):
        answers = told([0] * 8, [0, 4], scores, late)
        assert offline(answers).tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_the_table_has_a_row_for_each_noise_and_way_with_its_delay():
    runs = [{f'{m}_percent': value for m in METRICS} for value in (80.0, 84.0)]
    ways = {way: spread(runs) for way in (OFFLINE, TOLD, REVISED)}
    text = scores_table({'lady': {'delay_s': 1.0, 'scores': {'0 mm': ways, '10 mm': ways}}})
    rows = text.splitlines()[2:]
    assert len(rows) == 6 and all('82.0 ± 2.8' in row for row in rows)
    assert '| - |' in rows[0] and '1.0 s' in rows[1] and '2.0 s' in rows[2]
