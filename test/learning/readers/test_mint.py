import base64
import pickle
import zlib

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers.mint import read_clip, read_metadata

# As in test_unpickle: rows at 0.02, 0.04 and 0.1 s, columns soleus_r and soleus_l.
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


@pytest.fixture
def folder(tmp_path):
    table = zlib.decompress(base64.b64decode(PANDAS))
    (tmp_path / 'muscle_activations.pkl').write_bytes(table)
    return tmp_path


def test_rows_are_stamped_and_a_gap_ends_a_span(folder):
    clip = read_clip(folder)
    assert clip.activations.names == ('soleus_r', 'soleus_l')
    assert clip.activations.stamps_ns.tolist() == [20_000_000, 40_000_000, 100_000_000]
    assert clip.activations.spans == ((0, 2), (2, 3))
    assert np.array_equal(clip.activations.values[2], [0.5, 0.625])
    assert clip.muscle_forces is None


def test_forces_are_read_where_they_are(folder):
    (folder / 'grf.pkl').write_bytes((folder / 'muscle_activations.pkl').read_bytes())
    assert len(read_clip(folder).ground_reactions.stamps_ns) == 3


def test_no_activations_or_something_else_in_their_place_is_an_error(folder):
    path = folder / 'muscle_activations.pkl'
    path.write_bytes(pickle.dumps({'a': 1}))
    with pytest.raises(RecordingError, match='table of pandas'):
        read_clip(folder)
    path.unlink()
    with pytest.raises(RecordingError, match='muscle_activations'):
        read_clip(folder)


def test_metadata_gives_mass_and_height_in_si(tmp_path):
    path = tmp_path / 'musint_metadata.csv'
    path.write_text('data_path,gender,weight_kg,height_cm\nTotalCapture/s1/a_poses,m,71.5,182\n')
    (person,) = read_metadata(path)
    assert (person.path, person.mass_kg, person.height_m) == (
        'TotalCapture/s1/a_poses',
        71.5,
        1.82,
    )
    path.write_text('data_path,weight_kg\nx,heavy\n')
    with pytest.raises(RecordingError, match='metadata of MinT'):
        read_metadata(path)
