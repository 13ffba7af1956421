from pathlib import Path

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings.storage import read_table

GOOD = 'name\nversion=1\nnRows=3\nnColumns=2\ninDegrees=yes\nendheader\ntime\ta\n'
ROWS = '0\t1\n0.01\t2\n0.02\t3\n'


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / 'x.sto'
    path.write_text(text)
    return path


def test_columns_units_and_rate_are_read(tmp_path):
    read = read_table(table(tmp_path, GOOD + ROWS))
    assert read.columns == ('a',)
    assert read.in_degrees
    assert read.rate_hz == 100.0
    np.testing.assert_array_equal(read.values[:, 0], [1, 2, 3])


def test_a_wrong_row_count_is_noted_and_the_rows_are_taken(tmp_path):
    read = read_table(table(tmp_path, GOOD.replace('nRows=3', 'nRows=120') + ROWS))
    assert len(read.values) == 3
    assert 'promises 120 rows, 3 are there' in read.notes[0]


def test_the_old_header_without_equal_signs_is_understood(tmp_path):
    old = 'name x\ndatacolumns 2\ndatarows 3\nrange 0 1\nendheader\n\n time a\n'
    assert read_table(table(tmp_path, old + ROWS)).notes == ()


@pytest.mark.parametrize(
    ('text', 'told'),
    [
        ('', 'empty'),
        (GOOD, 'no rows'),
        (GOOD + ROWS + '0.03', 'truncated'),
        (GOOD + ROWS.replace('2\n', 'two\n'), 'line 9'),
        (GOOD.replace('time', 'frame') + ROWS, 'not time'),
        (GOOD.replace('endheader', '') + ROWS, 'endheader'),
        ('\0' + GOOD + ROWS, 'not a text file'),
    ],
)
def test_a_damaged_table_is_refused_with_what_is_wrong(tmp_path, text, told):
    with pytest.raises(RecordingError, match=told):
        read_table(table(tmp_path, text))
