"""Clips with words: from lists of files, from synthesis; frames out of them."""

import json

import numpy as np
import pytest

from humandyn_ros.errors import ConfigError, RecordingError
from humandyn_ros.learning.synthesis import ACTIONS
from humandyn_ros.learning.words.clips import clip_source, picked
from humandyn_ros.mannequin import standing
from humandyn_ros.words.facts import measure


def test_one_frame_of_each_part_in_order():
    assert picked(12, 4, None).tolist() == [1, 4, 7, 10]
    rng = np.random.default_rng(0)
    for length in (3, 12, 100):
        for _ in range(20):
            found = picked(length, 12, rng)
            assert (np.diff(found) >= 0).all()
            assert found[0] >= 0
            assert found[-1] < length
            assert (np.abs(found - (np.arange(12) + 0.5) * length / 12) <= length / 24 + 1).all()
    assert picked(1, 3, None).tolist() == [0, 0, 0]


def listed(folder, rows, split='train'):
    (folder / f'{split}.jsonl').write_text('\n'.join(json.dumps(row) for row in rows))
    return clip_source('lists', folder, 10)


def humanml3d(folder, name, frames=20):
    points = np.repeat(standing(1.7)[None, :22], frames, axis=0) @ np.array(
        [[0, 0, 1], [1, 0, 0], [0, 1, 0]], float
    )
    (folder / name).write_text(json.dumps({'skeletons': points.tolist()}))


def test_a_list_names_files_labels_and_captions(tmp_path):
    humanml3d(tmp_path, 'a.json')
    humanml3d(tmp_path, 'b.json')
    rows = [
        {'file': 'a.json', 'label': 'stand', 'caption': 'Somebody stands.', 'reasons': ['why']},
        {'file': 'b.json', 'label': 'wait', 'id': 'second'},
    ]
    source = listed(tmp_path, rows)
    found = {clip.id: clip for clip in source('train', 0)}
    assert set(found) == {'a.json', 'second'}
    assert found['a.json'].points.shape == (20, 1, 22, 3)
    assert found['a.json'].caption == 'Somebody stands.'
    assert found['a.json'].reasons == ('why',)
    assert np.ptp(found['second'].points[0, 0, :, 2]) > 1.0  # z is up
    orders = {tuple(clip.id for clip in source('train', seed)) for seed in range(8)}
    assert len(orders) == 2
    assert [c.id for c in source('train', 3)] == [c.id for c in source('train', 3)]


def test_a_list_that_cannot_serve_is_named(tmp_path):
    with pytest.raises(RecordingError, match='cannot be read'):
        list(clip_source('lists', tmp_path, 1)('test', 0))
    with pytest.raises(RecordingError, match='entry 1: needs "file" and "label"'):
        list(listed(tmp_path, [{'file': 'a.json'}])('train', 0))
    (tmp_path / 'validation.jsonl').write_text('\n')
    with pytest.raises(RecordingError, match='lists nothing'):
        list(clip_source('lists', tmp_path, 1)('validation', 0))
    with pytest.raises(ConfigError, match='--data'):
        clip_source('lists', None, 1)
    with pytest.raises(ConfigError, match='no source'):
        clip_source('nothing', None, 1)
    with pytest.raises(ConfigError, match='no source'):
        clip_source('json:nothing', None, 1)


def test_synthesis_gives_the_same_clips_in_another_order_and_measured_ones():
    source = clip_source('synthesis', None, 2)
    first = {clip.id: clip for clip in source('validation', 0)}
    assert set(first) == {clip.id for clip in source('validation', 5)}
    for clip in first.values():
        assert clip.points.shape[1:] == (1, 24, 3)
        assert clip.label in ACTIONS
        assert clip.caption.startswith('The person ')
        assert measure(clip.measured).numbers['duration'] > 0.9
