"""The linters that ROS 2 brings along, beside ours (ruff): where they agree on a style."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ('humandyn_ros', 'launch')
if not shutil.which('ament_flake8'):
    pytest.skip('needs the ament linters of a genuine ROS 2', allow_module_level=True)


def linted(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_flake8_has_nothing_to_say(tmp_path):
    # Ours to judge: spaces around a slice's colon (E203), the length of lines with a noqa, types
    # that are compared on purpose.
    config = tmp_path / 'flake8.ini'
    config.write_text('[flake8]\nmax-line-length = 99\nextend-ignore = E203,E501,E721,W503,E704\n')
    done = linted('ament_flake8', '--config', str(config), *CODE)
    assert done.returncode == 0, done.stdout[-2000:]


def test_pep257_has_nothing_to_say():
    # Magic methods and constructors are documented by their class.
    ignored = ('D105', 'D107', 'D402', 'D403')
    done = linted('ament_pep257', *CODE, '--convention', 'google', '--add-ignore', *ignored)
    assert done.returncode == 0, done.stdout[-2000:]


def test_the_manifest_follows_its_schema():
    done = linted('ament_xmllint', 'package.xml')
    if 'failed to compile' in done.stdout + done.stderr:
        pytest.skip('the schema of package.xml cannot be fetched from here')
    assert done.returncode == 0, done.stdout + done.stderr
