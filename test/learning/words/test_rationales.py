"""A teacher's reasons in a file."""

import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.words.rationales import (
    Rationale,
    append_rationales,
    parsed,
    read_rationales,
)

ONE = Rationale(
    'a', 'side_step', 'She steps sideways.', ('the left foot lifts', 'so it is a step')
)


def test_what_is_written_is_read(tmp_path):
    file = tmp_path / 'new' / 'rationales.jsonl'
    assert append_rationales(file, [ONE]) == 1
    better = Rationale('a', 'side_step', 'Ä better one.', ('why',))
    append_rationales(file, [Rationale('b', 'walk', '', ()), better])
    assert read_rationales(file) == {'a': better, 'b': Rationale('b', 'walk', '', ())}


def test_what_a_student_says_comes_apart_again():
    caption, reasons, label = parsed(ONE.text)
    assert (caption, reasons, label) == (ONE.caption, ONE.reasons, 'side step')
    assert parsed('1. first\n2) second\n**Label: Side step.**') == (
        '', ('first', 'second'), 'Side step',
    )  # fmt: skip
    assert parsed('no idea') == ('no idea', (), '')


@pytest.mark.parametrize(
    'line',
    [
        '{"id": "a"', '[]', '{"id": "a", "label": "x", "caption": ""}',
        '{"id": "a", "label": "x", "caption": "", "reasons": "because"}',
        '{"id": "a", "label": "", "caption": "", "reasons": []}',
        '{"id": 1, "label": "x", "caption": "", "reasons": []}',
    ],
)  # fmt: skip
def test_a_line_that_is_no_rationale_is_named(tmp_path, line):
    file = tmp_path / 'r.jsonl'
    append_rationales(file, [ONE])
    with file.open('a') as opened:
        opened.write(line + '\n')
    with pytest.raises(RecordingError, match=r'r\.jsonl, line 2: no rationale'):
        read_rationales(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RecordingError, match='cannot be read'):
        read_rationales(tmp_path / 'nothing.jsonl')
