"""What every test may ask for."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def recordings() -> Path:
    """The folder of the real recordings; skips where there is none."""
    folder = Path(os.environ.get('HUMANDYN_DATA', ''))
    if not os.environ.get('HUMANDYN_DATA') or not folder.is_dir():
        pytest.skip('HUMANDYN_DATA does not name the folder of the real recordings')
    return folder
