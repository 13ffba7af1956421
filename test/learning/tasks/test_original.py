import numpy as np
import pytest

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.nets.imdys import ImdysConfig
from humandyn_ros.learning.readers.imdy import ImdySequence
from humandyn_ros.learning.tasks import original
from humandyn_ros.learning.tasks.clips import clip_source
from humandyn_ros.learning.tasks.imdys_windows import ImdysTaskConfig, imdys_windows
from humandyn_ros.learning.tasks.original import MASS_KG, from_imdy
from humandyn_ros.learning.tasks.point_masses import clip


def sequence(mass_kg=None):
    made = clip(30.0, [0, 0, 0])
    turned = 0.1 * np.ones_like(made.joints)
    return ImdySequence(
        made.joints, turned, made.torque_smpl[:, 1:], made.contact_force, mass_kg, made.markers
    )


def test_a_sequence_becomes_a_clip_with_the_released_mass_where_none_is_given():
    found = from_imdy(sequence())
    assert found.mass_kg == MASS_KG
    assert from_imdy(sequence(60.0)).mass_kg == 60.0
    np.testing.assert_allclose(found.torque_smpl[:, 1:], sequence().torques)
    np.testing.assert_allclose(found.feet, clip(30.0, [0, 0, 0]).feet)


@pytest.mark.parametrize('kind', ['markers', 'smpl'])
def test_the_networks_take_it(kind):
    config = ImdysTaskConfig(
        net=ImdysConfig(input=kind), targets=('torque', 'ground'), source='point_masses'
    )
    windows = imdys_windows(from_imdy(sequence()), config, None)
    assert windows['states'].shape[-1] == (18 if kind == 'smpl' else 6)
    assert np.isfinite(windows['states']).all()


def test_without_its_folder_or_rate_it_is_refused(tmp_path):
    with pytest.raises(ConfigError, match='give its folder'):
        clip_source('imdy', None, 30.0, 1)
    with pytest.raises(ConfigError, match='rate_hz = 60'):
        clip_source('imdy', tmp_path, 60.0, 1)
    with pytest.raises(ConfigError, match='neither raw_train/ nor train/'):
        list(clip_source('imdy', tmp_path, 30.0, 1)('train', 0))


def test_no_model_is_chosen_on_the_test_split(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(original, 'read_sequence', lambda path: read.append(path) or sequence())
    found = {}
    for split, size in (('train', 30), ('test', 3)):
        (tmp_path / split).mkdir()
        for number in range(size):
            (tmp_path / split / f'{number:02d}.pkl').touch()
    for split in ('train', 'validation', 'test'):
        read.clear()
        list(clip_source('imdy', tmp_path, 30.0, 100)(split, 0))
        found[split] = {path.relative_to(tmp_path) for path in read}
    assert {split: len(paths) for split, paths in found.items()} == {
        'train': 27, 'validation': 3, 'test': 3,
    }  # fmt: skip
    assert not found['train'] & found['validation']
    assert {path.parts[0] for path in found['validation']} == {'train'}
