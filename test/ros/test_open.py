"""Which implementation of the node handle is chosen."""

import sys
import types

import pytest

from humandyn_ros.errors import ConfigError, WireError
from humandyn_ros.ros import open as opening
from humandyn_ros.ros.open import open_handle


@pytest.fixture
def here(monkeypatch):
    """Pretend that exactly these libraries are installed."""
    monkeypatch.delenv('HUMANDYN_HANDLE', raising=False)

    def install(*libraries):
        monkeypatch.setattr(opening, '_present', lambda module: module in libraries)
        for module in ('rclpy', 'cyclonedds'):
            monkeypatch.delitem(sys.modules, module, raising=False)

    return install


def test_a_ros_installation_is_preferred(here):
    here('rclpy', 'cyclonedds')
    assert opening._choice('auto') == 'rclpy'
    assert opening._choice('dds') == 'dds'


def test_without_one_the_embedded_wire_is_taken(here):
    here('cyclonedds')
    assert opening._choice('auto') == 'dds'


def test_the_environment_decides_where_the_caller_does_not(here, monkeypatch):
    here('rclpy', 'cyclonedds')
    monkeypatch.setenv('HUMANDYN_HANDLE', 'dds')
    assert opening._choice('auto') == 'dds'
    assert opening._choice('rclpy') == 'rclpy'


def test_unknown_names_and_missing_libraries_are_errors(here, monkeypatch):
    here()
    with pytest.raises(ConfigError, match='roslibjs'):
        open_handle('node', implementation='roslibjs')
    with pytest.raises(WireError, match='rclpy cannot be imported'):
        open_handle('node', implementation='rclpy')
    with pytest.raises(WireError, match='cyclonedds cannot be imported'):
        open_handle('node')


def test_two_cyclone_libraries_never_share_a_process(here, monkeypatch):
    here('rclpy', 'cyclonedds')
    monkeypatch.setitem(sys.modules, 'rclpy', types.ModuleType('rclpy'))
    with pytest.raises(WireError, match='loaded rclpy already'):
        open_handle('node', implementation='dds')
