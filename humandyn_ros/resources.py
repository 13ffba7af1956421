"""The one place that finds config/, models/ and launch/, however the package was installed."""

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import yaml

from humandyn_ros import __version__
from humandyn_ros.errors import ResourceError

_PACKAGE = 'humandyn_ros'

if TYPE_CHECKING:
    from yaml import SafeLoader as SafeLoader  # noqa: PLC0414 - passed on
else:  # libyaml reads ten times as fast, where it was built in
    SafeLoader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)


def _candidates() -> list[Path]:
    override = os.environ.get('HUMANDYN_SHARE')
    if override:
        return [Path(override)]
    here = Path(__file__).resolve()
    prefixes = [
        *filter(None, os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)),
        sys.prefix,
        str(here.parents[4]) if len(here.parents) > 4 else sys.prefix,
    ]
    checkout = here.parents[1]
    # A checkout wins over an installation of the same package: its files are the ones edited.
    return [checkout, *(Path(prefix) / 'share' / _PACKAGE for prefix in prefixes)]


@lru_cache(maxsize=1)
def share_directory() -> Path:
    """Return the directory that holds config/, models/ and launch/.

    Searched in order: HUMANDYN_SHARE, the checkout, AMENT_PREFIX_PATH, the install prefix.

    Raises:
        ResourceError: None of them holds the package's files, or their version differs.
    """
    tried = _candidates()
    for path in tried:
        if (path / 'config').is_dir() and (path / 'package.xml').is_file():
            return _checked(path)
    places = ', '.join(str(path) for path in tried)
    raise ResourceError(
        f'configuration files of {_PACKAGE} not found in any of: {places}; '
        'reinstall the package or set HUMANDYN_SHARE'
    )


def _checked(path: Path) -> Path:
    version = ElementTree.parse(path / 'package.xml').findtext('version', '')
    if version != __version__:
        raise ResourceError(
            f'{path} holds files of {_PACKAGE} {version}, but the code is {__version__}; '
            'reinstall the package or correct HUMANDYN_SHARE'
        )
    return path


def resource(*parts: str) -> Path:
    """Return the path of one shipped file or folder, such as ('config', 'pipeline.yaml').

    Raises:
        ResourceError: It does not exist.
    """
    path = share_directory().joinpath(*parts)
    if not path.exists():
        raise ResourceError(f'{path} does not exist; reinstall the package')
    return path
