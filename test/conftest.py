"""What every test may ask for."""

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for small_models.py


@pytest.fixture
def recordings() -> Path:
    """The folder of the real recordings; skips where there is none."""
    folder = Path(os.environ.get('HUMANDYN_DATA', ''))
    if not os.environ.get('HUMANDYN_DATA') or not folder.is_dir():
        pytest.skip('HUMANDYN_DATA does not name the folder of the real recordings')
    return folder


@pytest.fixture(scope='session')
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folders of small networks with random weights, by the name of their engine."""
    pytest.importorskip('torch')
    pytest.importorskip('onnxscript')
    folder = tmp_path_factory.mktemp('models')

    @cache
    def model(name: str) -> Path:
        from small_models import causal, write

        if name == 'imdys_causal':
            return causal(model('imdys'), folder / name)
        return write(name, folder)

    return model
