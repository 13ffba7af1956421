"""Engines by name: physics, or a network from a model folder that is opened once for everybody.

Networks are imported when one is asked for: a node of physics alone starts faster, and smaller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from humandyn_ros.config import Checked, PersonConfig, setting
from humandyn_ros.engines.backends import BackendConfig, Session, open_session
from humandyn_ros.engines.engine import Engine
from humandyn_ros.engines.learned import LearnedEngine, Network
from humandyn_ros.engines.manifest import MANIFEST, Manifest, read_manifest
from humandyn_ros.engines.physics import PhysicsConfig, PhysicsEngine
from humandyn_ros.errors import ModelError, ResourceError
from humandyn_ros.resources import resource

PHYSICS = 'physics'
KINDS = {'imdys': 'imdys', 'imdys_causal': 'imdys', 'hdys': 'hdys', 'hybrid': 'hybrid'}
"""Names of engines that are networks, and the kind of network that each takes."""

EXTRAS = {'plausibility': 'plausibility', 'refined': 'latent', 'muscles': 'muscles', 'emg': 'emg'}
"""Outputs of models, and what they become besides dynamics (fields of Extras)."""


@dataclass(frozen=True)
class EngineConfig(Checked):
    """What answers, and how it is run."""

    engine: str = setting(
        PHYSICS,
        '',
        'what answers; networks need models/<engine>, imdys_causal is the one without look-ahead',
        choices=(PHYSICS, *KINDS),
    )
    model: str = setting(
        '', '', 'folder of the model that the engine runs; empty: the one of its name'
    )
    muscles: bool = setting(
        False,
        '',
        'share the torques of the legs among 80 muscles and publish their activation; it costs '
        'under a millisecond a frame and changes no torque',
    )
    physics: PhysicsConfig = field(default_factory=PhysicsConfig)
    backend: BackendConfig = field(default_factory=BackendConfig)


def model_folder(name: str, path: str = '') -> Path:
    """Folder of a model: the one given, else the one that is shipped under a name.

    Raises:
        ModelError: There is none.
    """
    if path:
        return Path(path).expanduser()
    try:
        return resource('models', name, MANIFEST).parent
    except ResourceError as error:
        raise ModelError(
            f'no model {name} is installed: train and export one, and give its folder as the '
            'parameter `model`'
        ) from error


def open_model(
    name: str, kind: str, path: str, backend: BackendConfig
) -> tuple[Manifest, Session]:
    """Read, check and open a model.

    Raises:
        ModelError: It is absent, damaged, or of another kind.
        MissingDependencyError: What runs it is not installed.
    """
    manifest = read_manifest(model_folder(name, path))
    if manifest.kind != kind:
        raise ModelError(
            f'{manifest.folder} is a model of kind {manifest.kind}: {name} needs one of {kind}'
        )
    return manifest, open_session(manifest, backend)


class Engines:
    """Makes one engine per person, all of one kind and from one open model.

    Args:
        config: Which.

    Raises:
        ModelError: The model is absent, damaged, of another kind, or takes what is not seen live.
        MissingDependencyError: What runs it is not installed.
    """

    def __init__(self, config: EngineConfig | None = None) -> None:
        self.config = config or EngineConfig()
        self._manifest: Manifest | None = None
        self._session: Session | None = None
        if self.config.engine != PHYSICS:
            self._open()

    def _open(self) -> None:
        config = self.config
        kind = KINDS[config.engine]
        self._manifest, self._session = open_model(
            config.engine, kind, config.model, config.backend
        )
        try:
            if str(self._manifest.fields.get('input')) == 'markers':
                raise ModelError(
                    f'{self._manifest.folder} takes markers, but live input is brought to joint '
                    'centres: export a model of joints, keypoints, angles or smpl'
                )
            self.make(PersonConfig())  # a manifest that lacks something is known now, not later
        except ModelError:
            self.close()
            raise

    def make(self, person: PersonConfig) -> Engine:
        """Make the engine of one person."""
        engine = self._made(person)
        if not self.config.muscles:
            return engine
        from humandyn_ros.engines.muscular import MuscularEngine

        return MuscularEngine(engine, person)

    def _made(self, person: PersonConfig) -> Engine:
        physics = self.config.physics
        if self._manifest is None or self._session is None:
            return PhysicsEngine(person, physics)
        if self._manifest.kind == 'hybrid':
            from humandyn_ros.engines.hybrid import HybridEngine

            return HybridEngine(self._manifest.fields, self._session, person, physics)
        return LearnedEngine(
            _network(self._manifest.kind, self._manifest.fields, self._session, person),
            physics.cutoff_hz,
        )

    @property
    def look_ahead_s(self) -> float | None:
        """How long a network waits for what follows the instant; None: the filter's lag counts."""
        if self._manifest is None or self._session is None or self._manifest.kind == 'hybrid':
            return None
        fields = self._manifest.fields
        return _network(self._manifest.kind, fields, self._session, PersonConfig()).look_ahead_s

    @property
    def whole_ahead_s(self) -> float:
        """How much later frames an engine uses where a whole recording is at hand."""
        if self._manifest is not None and self._manifest.kind == 'hybrid':
            from humandyn_ros.engines.hybrid import AHEAD_S

            return 1.2 * AHEAD_S  # of a tall person
        return self.look_ahead_s or 0.0

    @property
    def extras(self) -> frozenset[str]:
        """What answers hold besides dynamics: fields of Extras."""
        outputs = () if self._manifest is None else self._manifest.fields.get('outputs', ())
        told = frozenset(EXTRAS[name] for name in outputs if name in EXTRAS)
        return told | {'muscles'} if self.config.muscles else told

    def describe(self) -> dict[str, str]:
        """Return what diagnostics show: engine; of a network model, hash, backend, fallback."""
        shown = {'engine': self.config.engine}
        return shown | (self._session.describe() if self._session is not None else {})

    def close(self) -> None:
        """Free the model; no engine made here can answer afterwards."""
        if self._session is not None:
            self._session.close()


def _network(
    kind: str, fields: Mapping[str, Any], session: Session, person: PersonConfig
) -> Network:
    if kind == 'imdys':
        from humandyn_ros.engines.imdys import ImdysEngine

        return ImdysEngine(fields, session, person)
    from humandyn_ros.engines.hdys import HdysEngine

    return HdysEngine(fields, session, person)
