import json

import pytest

from bench.gpu import tensorrt_table


def log(version, **backends):
    return {
        'gpu': 'Some GPU',
        'date': '2030-01-02',
        'versions': {'tensorrt': version},
        'networks': {'line': backends},
    }


def test_without_a_log_every_version_reads_not_run(tmp_path):
    rows = tensorrt_table(tmp_path).splitlines()[2:]
    assert rows == ['| 8.6 | not run |', '| 10 | not run |', '| 11 | not run |']


def test_a_version_counts_only_with_a_log_of_its_own_runtime(tmp_path):
    ran = {'tensorrt, fp32': {'p50_ms': 0.2}}
    (tmp_path / 'gpu-a.json').write_text(json.dumps(log('10.3.0', **ran)))
    failed = {'tensorrt, fp32': {'failed': 'no'}, 'ort-cuda, fp32': {'p50_ms': 1.0}}
    (tmp_path / 'gpu-b.json').write_text(json.dumps(log('11.0.0', **failed)))
    rows = tensorrt_table(tmp_path).splitlines()[2:]
    assert rows[1] == '| 10 | 10.3.0 on Some GPU, 2030-01-02 |'
    assert [row.endswith('not run |') for row in rows] == [True, False, True]


@pytest.mark.parametrize('version', ['1.0.0', '100.1', ''])
def test_a_version_is_not_taken_for_another(tmp_path, version):
    ran = {'tensorrt, fp32': {'p50_ms': 0.2}}
    (tmp_path / 'gpu-a.json').write_text(json.dumps(log(version, **ran)))
    assert tensorrt_table(tmp_path).count('not run') == 3
