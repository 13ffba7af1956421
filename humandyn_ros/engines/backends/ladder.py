"""The ladder: the best backend that works here serves, and says why none better does."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from humandyn_ros.engines.backends.build import load_tensorrt
from humandyn_ros.engines.backends.cache import EngineCache, engine_key
from humandyn_ros.engines.backends.config import BackendConfig
from humandyn_ros.engines.backends.cuda import Cuda
from humandyn_ros.engines.backends.native import NativeSession
from humandyn_ros.engines.backends.ort import OrtSession
from humandyn_ros.engines.backends.session import Arrays, Session, Unavailable
from humandyn_ros.engines.manifest import Manifest, read_manifest
from humandyn_ros.errors import HumandynError, ModelError

_LOG = logging.getLogger(__name__)


def open_session(model: str | Path | Manifest, config: BackendConfig | None = None) -> Session:
    """Open a model with the first backend of the ladder that works.

    A TensorRT engine that is not in the cache is built in the background while the next backend
    serves (`config.background`); the session then moves up by itself.

    Args:
        model: Folder of the model, or its manifest.
        config: The ladder and its settings; ONNX Runtime on the CPU if not given.

    Raises:
        ModelError: The model is not the one of its manifest, or no backend works.
    """
    config = config or BackendConfig()
    manifest = model if isinstance(model, Manifest) else read_manifest(model)
    manifest.check_model()
    return _climb(manifest, config, config.ladder, {})


def _climb(
    manifest: Manifest, config: BackendConfig, ladder: tuple[str, ...], reasons: dict[str, str]
) -> Session:
    for place, rung in enumerate(ladder):
        try:
            if rung == 'tensorrt' and ladder[place + 1 :] and _must_build(manifest, config):
                below = _climb(manifest, config, ladder[place + 1 :], reasons)
                return RisingSession(below, config)
            session = _open(rung, manifest, config)
        except (Unavailable, HumandynError) as reason:
            reasons[rung] = ' '.join(str(reason).split())
            _LOG.info('%s: not %s: %s', manifest.name, rung, reason)
            continue
        session.reasons = reasons
        return session
    told = '; '.join(f'{rung}: {reason}' for rung, reason in reasons.items())
    raise ModelError(f'no backend runs {manifest.name}: {told}')


def _open(rung: str, manifest: Manifest, config: BackendConfig) -> Session:
    if rung == 'tensorrt':
        return NativeSession(manifest, config)
    return OrtSession(rung, manifest, config)


def _must_build(manifest: Manifest, config: BackendConfig) -> bool:
    """Whether TensorRT could serve, but has no engine yet and may build it in the background."""
    if not config.background:
        return False
    trt, cuda = load_tensorrt(), Cuda(config.device)
    cuda.use()
    key = engine_key(manifest, config, trt.__version__, cuda.capability())
    return EngineCache(config.cache_folder).load(key) is None


class RisingSession(Session):
    """Serves with one backend while TensorRT's engine is built, then with TensorRT.

    Args:
        below: Serves meanwhile.
        config: Of the engine.
    """

    def __init__(self, below: Session, config: BackendConfig) -> None:
        super().__init__(below.rung, below.manifest)
        self.reasons = {**below.reasons, 'tensorrt': 'its engine is being built'}
        self._current = below
        self._config = config
        self._closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._build, name='tensorrt-build', daemon=True)
        self._thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the build has ended, well or not; return whether it has."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def describe(self) -> dict[str, str]:
        """Return what diagnostics show: the backend in use now, and how far the build is."""
        with self._lock:
            shown = self._current.describe()
        return shown | {f'not {rung}': reason for rung, reason in self.reasons.items()}

    def close(self) -> None:
        """Free the backend in use; a build that still runs ends unused."""
        with self._lock:
            self._closed = True
            self._current.close()

    def _run(self, inputs: Arrays, batch: int) -> Arrays:
        current = self._current
        try:
            return current._run(inputs, batch)
        except ModelError:
            if current is self._current:
                raise
            return self._current._run(inputs, batch)  # it moved up meanwhile

    def _build(self) -> None:
        try:
            session = NativeSession(self.manifest, self._config, self._tell)
        except Exception as reason:  # nothing may escape from this thread unseen
            self.reasons = {**self.reasons, 'tensorrt': ' '.join(str(reason).split())}
            _LOG.warning('%s: TensorRT not used: %s', self.manifest.name, reason)
            return
        self._move_up(session)

    def _tell(self, part: float, phase: str) -> None:
        if part >= 0.0:
            told = f'its engine is being built: {phase}, {100 * part:.0f} %'
            self.reasons = {**self.reasons, 'tensorrt': told}

    def _move_up(self, session: Session) -> None:
        with self._lock:
            if self._closed:
                session.close()
                return
            below, self._current, self.rung = self._current, session, session.rung
            rest = {rung: why for rung, why in self.reasons.items() if rung != 'tensorrt'}
            self.reasons = rest
            below.close()
        _LOG.info('%s: now in TensorRT', self.manifest.name)
