"""Genuine pickles are read without their libraries; hostile ones run nothing."""

import base64
import os
import pickle
import zlib

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers.unpickle import Table, read_pickle, read_torch_archive

# pandas 2.3.3, protocol 5: DataFrame([[0, 1], [2, 3], [4, 5]] / 8, [0.02, 0.04, 0.1],
# ['soleus_r', 'soleus_l']); as to_pickle writes it.
PANDAS = """
eNptUjtv1EAQPvtyEELEKzxS0SEuQrIoKZAskSgILA6JPlqt7fXZynpt7UMhQCQoLiTSdgyRoKamp+Mn0JESJP4HzK59
IkFMMTP2zuv7Zl6P3n8PB17s5ZaKnKooaySLCklrBvbcBtV00/vvYO0N7MHYLpB6KsHePBleCc2koFxFNRV0yqQCu/yA
N9n2k+4b0+31PoPwKlV/U8BeJEa0VbbNGUldjgteEaZudyPiy6PPZJWBPU8K2dSpKQpfcnx0d/A/+Rp39ltvj3v7o7e/
YrAj3wBtrndbB8+GxT04PHgLz2CcDG1wHyaTyePfKF4lAw1pEibDfbDBJmgMs4upqbiuBGIYKV5lrkwywKDAVUlCp2ew
haStnmYrZ8+ZilKqkOMlItgOeeT+YXp5y47mvmc7xw0gdyfpqA02pVJSHH+ZSJY1QmlpMu3yL9mz2Mk/umFmsB6k0IEK
knAG5RUbPj0F9NU/QGMEeuiGXlQNZ0YR3Pbc5cDw1S4IdxITs481ytvlGk5a3ikvjI9W+w28vPr54c8XEHf2U/zxg5Mv
MZTXkuEMGVz3DJZxV4M5hZeFq8Cjc5DnB0hqpqnnYAtJplrjae2BPUMKTqfevUE5b3YUyU2LK6CaEU5Thnd1oEwa/QHL
5xuZ
"""
# joblib 1.6.0: [arange(6, float32).reshape(1, 2, 3), full((1, 2, 3), 2.0, order='F')].
JOBLIB = """
eNprYJl6gwECYqdo9Ahn5SflZCbp5ZXmFlTGF2QmZ+ekTukR9ANxHYuKEivDixILClKLpkyeotk4pRaog6O4NCk5J7G4eEoP
K1jXlB72vJREkFqgoh7W4ozEgtQp3ozeTN7M7UB+flEKUHsPozOQnVJSCZTLYIexgOqZ0kymdHa0TwmaouHN3MNoM8XPz8/r
PxCACW+GkilJPVyJOTn55fG5uYkFUzp6pCFuBdsYn5iTmZ6Xm5pXEp9UWZJaPMVboDSJ5z8SgHi1wR5IOAAREDcA8QKHqd7Q
UMhghngsgy2DM4ML5u4Mnh5GtykZfBkCQBdaIFyYIYLpvgyxjgxxkMXMcPtAdhFHp+oBACQJjgk=
"""


def genuine(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


def written(folder, content) -> object:
    path = folder / 'found.pkl'
    path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content))
    return path


def test_a_table_of_pandas_is_read_without_pandas(tmp_path):
    table = read_pickle(written(tmp_path, genuine(PANDAS)))
    assert isinstance(table, Table)
    assert table.columns == ['soleus_r', 'soleus_l']
    assert np.array_equal(table.index, [0.02, 0.04, 0.1])
    assert np.array_equal(table.values, np.arange(6).reshape(3, 2) / 8)


def test_arrays_of_joblib_are_read_without_joblib(tmp_path):
    first, second = read_pickle(written(tmp_path, genuine(JOBLIB)))
    assert first.dtype == np.float32
    assert np.array_equal(first, np.arange(6).reshape(1, 2, 3))
    assert np.array_equal(second, np.full((1, 2, 3), 2.0))


@pytest.mark.parametrize('pack', ['zlib', 'gzip', 'bz2', 'lzma'])
def test_compressed_joblib_files_are_read(tmp_path, pack):
    module = __import__(pack)
    path = written(tmp_path, module.compress(genuine(JOBLIB)))
    assert len(read_pickle(path)) == 2


@pytest.mark.parametrize('protocol', range(6))
def test_what_may_be_in_a_pickle_comes_back_as_it_was(tmp_path, protocol):
    shared = np.arange(4.0)
    content = {
        'fortran': np.asfortranarray(np.arange(6).reshape(2, 3)),
        'big endian': np.arange(3, dtype='>f4'),
        'names': np.array(['a', 'bé'], object),
        'number': np.float64(2.5), 'truth': True, 'none': None, 'text': 'é',
        'twice': [shared, (shared, 3)],
    }  # fmt: skip
    found = read_pickle(written(tmp_path, pickle.dumps(content, protocol)))
    assert np.array_equal(found['fortran'], content['fortran'])
    assert np.array_equal(found['big endian'], [0, 1, 2])
    assert list(found['names']) == ['a', 'bé']
    assert (found['number'], found['truth'], found['none'], found['text']) == (
        2.5,
        True,
        None,
        'é',
    )
    assert np.array_equal(found['twice'][1][0], shared)


class Hostile:
    def __init__(self, call, *arguments):
        self.doing = (call, arguments)

    def __reduce__(self):
        return self.doing


@pytest.mark.parametrize(
    'attack',
    [
        Hostile(os.system, 'touch OWNED'),
        Hostile(eval, '1 + 1'),
        Hostile(getattr, 'text', 'upper'),
        Hostile(__import__, 'os'),
        [np.zeros(3), {'deep': Hostile(os.mkdir, 'OWNED')}],
    ],
    ids=['system', 'eval', 'getattr', 'import', 'deep'],
)
def test_a_hostile_pickle_is_refused_and_runs_nothing(tmp_path, monkeypatch, attack):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecordingError, match=r'found\.pkl.*it wants'):
        read_pickle(written(tmp_path, attack))
    assert not (tmp_path / 'OWNED').exists()


def test_state_cannot_be_planted_in_our_own_functions(tmp_path):
    plant = b'\x80\x02cnumpy\nndarray\n}U\x01aU\x01bsb.'  # state for the stand-in of ndarray
    with pytest.raises(RecordingError, match='state'):
        read_pickle(written(tmp_path, plant))


def test_a_few_bytes_cannot_ask_for_all_memory(tmp_path):
    index = (
        b"cpandas.core.indexes.base\n_new_Index\n(N(S'start'\nI0\nS'stop'\nI%d\nS'step'\nI1\ndtR."
    )
    assert np.array_equal(read_pickle(written(tmp_path, index % 5)), np.arange(5))
    with pytest.raises(RecordingError, match=r'found\.pkl.*absurd'):
        read_pickle(written(tmp_path, index % 10**9))


def test_an_array_of_objects_cannot_be_made_of_bytes(tmp_path):
    attack = Hostile(
        np.zeros(1).__reduce_ex__(5)[0], bytes(16), np.dtype(object), (2,), 'C'
    )  # would be read as pointers
    with pytest.raises(RecordingError, match='objects from bytes'):
        read_pickle(written(tmp_path, pickle.dumps(attack, 5)))


@pytest.mark.parametrize('keep', [1, 2, 20, 100, 200, 330])
def test_a_truncated_pickle_is_an_error_that_names_the_file(tmp_path, keep):
    for whole in (genuine(JOBLIB), genuine(PANDAS), pickle.dumps([np.arange(99.0)])):
        with pytest.raises(RecordingError, match=r'found\.pkl'):
            read_pickle(written(tmp_path, whole[:keep]))


def test_garbage_is_an_error_that_names_the_file(tmp_path):
    rng = np.random.default_rng(0)
    for size in (1, 7, 64, 999):
        for magic in (b'', b'\x80\x04', b'\x78\x9c', b'\x1f\x8b', b'BZ', b'\xfd7zXZ'):
            with pytest.raises(RecordingError, match=r'found\.pkl'):
                read_pickle(written(tmp_path, magic + rng.bytes(size)))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RecordingError, match='nowhere'):
        read_pickle(tmp_path / 'nowhere.pkl')


def test_tensors_are_read_from_pickles_and_from_torch_archives(tmp_path):
    torch = pytest.importorskip('torch')
    turned = torch.arange(6.0).reshape(2, 3).T
    content = {'t': turned, 'd': turned.double()[1], 'rate': 250.0, 'who': np.array('male')}
    torch.save(content, tmp_path / 'a.pth')
    for found in (
        read_pickle(written(tmp_path, content)),
        read_torch_archive(tmp_path / 'a.pth'),
    ):
        assert np.array_equal(found['t'], turned.numpy())
        assert np.array_equal(found['d'], [1.0, 4.0])
        assert (found['rate'], str(found['who'])) == (250.0, 'male')


def test_a_torch_archive_that_names_code_or_is_cut_off_is_refused(tmp_path):
    torch = pytest.importorskip('torch')
    torch.save({'bad': Hostile(os.system, 'true')}, tmp_path / 'a.pth')
    with pytest.raises(RecordingError, match='it wants'):
        read_torch_archive(tmp_path / 'a.pth')
    content = (tmp_path / 'a.pth').read_bytes()
    (tmp_path / 'a.pth').write_bytes(content[: len(content) // 2])
    with pytest.raises(RecordingError, match=r'a\.pth'):
        read_torch_archive(tmp_path / 'a.pth')
