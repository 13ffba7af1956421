"""The published layout, on small files made to it."""

import numpy as np
import pytest

from humandyn_ros.errors import ConfigError, RecordingError
from humandyn_ros.learning.readers.lady_features import (
    PublishedSet,
    class_names,
    load_preset,
    shaped,
    text_features,
)

SHAPES = {
    'pku_sub': lambda t: (t, 150),
    'lara': lambda t: (6, t, 19, 1),
    'mcfs_22': lambda t: (t, 25, 3),
    'mcfs_130': lambda t: (t, 25, 3),
    'tcg_15': lambda t: (t, 17, 3),
}
NAMES = {
    'pku_sub': ('A01N01-L', 'A01N05-M', 'A02N05-R'),
    'lara': ('L01_S01_R01', 'L01_S02_R01', 'L02_S02_R02'),
}


@pytest.fixture
def folder(tmp_path):
    """DATA with three training files and one for testing per data set."""
    rng = np.random.default_rng(0)
    for name, shape in SHAPES.items():
        preset = load_preset(name)
        home = tmp_path / preset.folder
        for part in ('features', 'gt_arr', 'gt_boundary_arr'):
            (home / part).mkdir(parents=True)
        names = (*NAMES.get(name, ('a', 'b', 'c')), 'test-file')
        rows = []
        for file in names:
            labels = np.repeat(rng.integers(0, preset.classes, 5), 8)
            np.save(home / 'features' / f'{file}.npy', 100 * rng.normal(size=shape(40)))
            np.save(home / 'gt_arr' / f'{file}.npy', labels)
            paths = [f'/{preset.folder}/{part}/{file}.npy' for part in
                     ('features', 'gt_arr', 'gt_boundary_arr')]  # fmt: skip
            rows.append(','.join(paths))
        lists = tmp_path / 'csv' / preset.folder
        lists.mkdir(parents=True)
        head = 'feature,label,boundary\n'
        (lists / 'train1.csv').write_text(head + '\n'.join(rows[:3]) + '\n')
        (lists / 'test1.csv').write_text(head + rows[3] + '\n')
        lines = (f'{i} class_{i}' for i in range(preset.classes))
        (home / 'mapping.txt').write_text('\n'.join(lines) + '\n')
    return tmp_path


@pytest.mark.parametrize('name', SHAPES)
def test_every_data_set_is_read(folder, name):
    preset = load_preset(name)
    found = PublishedSet(folder, preset)
    one = next(iter(found.sequences('test')))
    assert one.values.shape == (40, preset.persons, len(preset.parents), preset.values)
    assert one.boundary.tolist()[:1] == [1.0] and len(one.labels) == 40
    assert found.labels()[3] == 'class_3'
    x = preset.layout().inputs(one.values)
    assert x.shape == (40, len(preset.parents), preset.layout().channels)
    assert np.isfinite(x).all()


def test_pku_holds_person_after_person():
    feature = np.arange(2 * 150.0).reshape(2, 150)
    values = shaped(feature, load_preset('pku_sub'))
    assert values[1, 1, 2].tolist() == [150 + 75 + 6, 150 + 75 + 7, 150 + 75 + 8]


def test_lara_holds_channels_first_and_positions_last():
    feature = np.random.default_rng(0).normal(size=(6, 10, 19, 1))
    preset = load_preset('lara')
    values = shaped(feature, preset)
    np.testing.assert_array_equal(values[4, 0, 7], feature[:, 4, 7, 0])
    x = preset.layout().inputs(values)
    position = feature[3:, :, :, 0] - feature[3:, :, :1, 0]
    np.testing.assert_allclose(x[..., -3:], np.moveaxis(position, 0, -1))


def test_mcfs_is_scaled_by_the_image_and_relative_to_the_hip():
    feature = np.zeros((2, 25, 3))
    feature[:, 8], feature[:, 0] = [640, 360, 1], [1280, 180, 1]
    preset = load_preset('mcfs_22')
    values = shaped(feature, preset)
    assert values[0, 0, 8].tolist() == [0.0, 0.0]
    assert values[0, 0, 0].tolist() == [0.5, -0.25]
    feature += np.random.default_rng(0).uniform(1, 9, feature.shape)
    x = preset.layout().inputs(shaped(feature, preset))
    assert not x[:, 8].any() and x[:, 0].all()


@pytest.mark.parametrize('name', NAMES)
def test_validation_holds_out_whole_people_and_never_test_files(folder, name):
    found = PublishedSet(folder, load_preset(name))
    train = {row['feature'] for row in found.files('train')}
    held = {row['feature'] for row in found.files('validation')}
    assert len(train) == 1 and len(held) == 2 and not train & held
    assert not (train | held) & {row['feature'] for row in found.files('test')}
    with pytest.raises(ConfigError, match='split'):
        found.files('val')


def test_a_boundary_file_wins_over_the_labels(folder):
    found = PublishedSet(folder, load_preset('tcg_15'))
    row = found.files('test')[0]
    marked = np.zeros(40)
    marked[[0, 5]] = 1.0
    np.save(folder / row['boundary'].lstrip('/'), marked)
    assert np.flatnonzero(found.read(row).boundary).tolist() == [0, 5]


def test_bad_files_are_named(folder):
    preset = load_preset('tcg_15')
    found = PublishedSet(folder, preset)
    row = found.files('test')[0]
    with pytest.raises(RecordingError, match='csv/ of the LaDy release'):
        PublishedSet(folder, preset, fold=7)
    label = folder / row['label'].lstrip('/')
    np.save(label, np.full(40, 15))
    with pytest.raises(RecordingError, match='there are 15'):
        found.read(row)
    np.save(label, np.zeros(30, dtype=int))
    with pytest.raises(RecordingError, match='40 frames but 30 labels'):
        found.read(row)
    feature = folder / row['feature'].lstrip('/')
    np.save(feature, np.array([{'a': 1}], dtype=object), allow_pickle=True)
    with pytest.raises(RecordingError, match='no plain NumPy array'):
        found.read(row)
    np.save(feature, np.zeros((40, 18, 3)))
    with pytest.raises(RecordingError, match='17 joints'):
        found.read(row)
    feature.unlink()
    with pytest.raises(RecordingError, match='is missing'):
        found.read(row)


def test_class_names_must_be_whole_and_in_order(tmp_path):
    path = tmp_path / 'mapping.txt'
    with pytest.raises(RecordingError, match='missing'):
        class_names(path, 2)
    path.write_text('0 sit down\n1 stand\n')
    assert class_names(path, 2) == ('sit down', 'stand')
    with pytest.raises(RecordingError, match='names 2 classes'):
        class_names(path, 3)
    path.write_text('1 sit\n0 stand\n')
    with pytest.raises(RecordingError, match='in order'):
        class_names(path, 2)


def test_text_features_have_a_row_per_name(tmp_path):
    np.save(tmp_path / 'a.npy', np.ones((8, 768)))
    assert text_features(tmp_path / 'a.npy', 8).shape == (8, 768)
    with pytest.raises(RecordingError, match='9 finite rows'):
        text_features(tmp_path / 'a.npy', 9)


def test_unknown_presets_are_named():
    with pytest.raises(ConfigError, match='pku_sub'):
        load_preset('ntu')
