"""Actions of people in front of a sensor, with a small network of random weights."""

import dataclasses
import json
import shutil
from itertools import pairwise

import numpy as np
import pytest

from humandyn_ros.actions import ActingPeople, ActionConfig, ActionModel
from humandyn_ros.errors import ModelError, StreamError
from humandyn_ros.synthetic import person

pytest.importorskip('onnxruntime')


@pytest.fixture(scope='module')
def model(models):
    opened = ActionModel(ActionConfig(str(models('lady'))))
    yield opened
    opened.close()


WALK = list(person('walk', rate_hz=60.0, duration_s=4.0).frames())


def told(people, frames):
    return [action for frame in frames for action in people.push([frame])]


def test_actions_come_at_the_rate_of_the_model_with_scores_that_sum_to_one(model):
    actions = told(ActingPeople('smpl_24', model), WALK)
    assert len(actions) == pytest.approx(4.0 * 30.0, abs=2)
    stamps = np.array([one.action.stamp_ns for one in actions])
    assert np.diff(stamps) == pytest.approx(1e9 / 30.0, abs=2)
    for one in actions:
        assert one.body_id == WALK[0].body_id
        assert one.action.label in model.labels
        assert one.action.scores.sum() == pytest.approx(1.0)
        assert 0.0 <= one.action.age_ms < 20.0


def test_a_segment_begins_where_its_stamp_changes_and_the_first_is_no_boundary(model):
    actions = told(ActingPeople('smpl_24', model), WALK)
    began = [one.action.began_ns for one in actions]
    expected = [False, *(later > before for before, later in pairwise(began))]
    assert [one.begins for one in actions] == expected


def test_everybody_has_a_memory_of_their_own(model):
    aside = [
        dataclasses.replace(f, body_id=8, points=f.points + [0.0, 3.0, 0.0]) for f in WALK[30:]
    ]
    people = ActingPeople('smpl_24', model)
    together = [people.push([a, b]) for a, b in zip(WALK, aside, strict=False)]
    alone = told(ActingPeople('smpl_24', model), aside)
    mine = [one for both in together for one in both if one.body_id == 8]
    assert len(mine) == len(alone)
    for one, other in zip(mine, alone, strict=True):
        np.testing.assert_allclose(one.action.scores, other.action.scores, atol=1e-6)
    assert people.wearer == WALK[0].body_id


def test_joints_that_are_not_seen_and_gaps_are_survived(model):
    people = ActingPeople('smpl_24', model)
    hidden = [dataclasses.replace(f, points=f.points.copy()) for f in WALK]
    for frame in hidden[60:90]:
        frame.points[4:12] = np.nan
    actions = told(people, hidden[:120] + hidden[180:])
    assert all(np.isfinite(one.action.scores).all() for one in actions)
    assert len(actions) == pytest.approx(3.0 * 30.0, abs=3)
    with pytest.raises(StreamError, match='24 joints'):
        people.push([dataclasses.replace(WALK[0], points=np.zeros((3, 3)), confidence=np.ones(3))])


def test_repeated_stamps_are_counted_and_silence_has_a_reason(model):
    people = ActingPeople('smpl_24', model)
    told(people, WALK[:10] + WALK[5:10])
    assert people.dropped == 5
    (body,) = people.bodies
    people.tick(0)
    assert people.reason(body) == ''
    people.tick(10**9)
    assert people.reason(body) == 'no frame for 1.0 s'


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'persons': 2}, 'takes 2 people of smpl_24'),
        ({'skeleton': 'pku_mmd'}, 'of pku_mmd'),
        ({'kind': 'imdys'}, 'is a model of kind imdys'),
    ],
)
def test_a_model_that_cannot_be_fed_live_is_refused(models, tmp_path, changes, words):
    folder = shutil.copytree(models('lady'), tmp_path / 'other')
    fields = json.loads((folder / 'manifest.json').read_text())
    (folder / 'manifest.json').write_text(json.dumps(fields | changes))
    with pytest.raises(ModelError, match=words):
        ActionModel(ActionConfig(str(folder)))
