from pathlib import Path

import pytest

from humandyn_ros import __version__, resources
from humandyn_ros.errors import ResourceError


@pytest.fixture(autouse=True)
def forget_the_cached_directory():
    resources.share_directory.cache_clear()
    yield
    resources.share_directory.cache_clear()


def share(path: Path, version: str) -> Path:
    (path / 'config').mkdir(parents=True)
    (path / 'package.xml').write_text(f'<package><version>{version}</version></package>')
    return path


def test_a_checkout_finds_its_own_configuration():
    assert resources.resource('config', 'limits.yaml').is_file()


def test_the_override_is_used_when_its_version_matches(tmp_path: Path, monkeypatch):
    monkeypatch.setenv('HUMANDYN_SHARE', str(share(tmp_path / 'mine', __version__)))
    assert resources.share_directory() == tmp_path / 'mine'


def test_files_of_another_version_are_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setenv('HUMANDYN_SHARE', str(share(tmp_path / 'old', '0.0.1')))
    with pytest.raises(ResourceError, match=r'0\.0\.1'):
        resources.share_directory()


def test_an_empty_override_lists_where_it_looked(tmp_path: Path, monkeypatch):
    monkeypatch.setenv('HUMANDYN_SHARE', str(tmp_path))
    with pytest.raises(ResourceError, match=str(tmp_path)):
        resources.share_directory()


def test_a_missing_file_is_named():
    with pytest.raises(ResourceError, match=r'nothing\.yaml does not exist'):
        resources.resource('config', 'nothing.yaml')


def test_the_version_is_the_same_everywhere():
    text = (Path(__file__).parents[1] / 'package.xml').read_text()
    assert f'<version>{__version__}</version>' in text
