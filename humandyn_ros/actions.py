"""What people do, live and without ROS: frames in, actions out.

frame -> canonical joint centres -> LaDy at its own rate -> action, and where segments begin
"""

from __future__ import annotations

from dataclasses import dataclass, field

from humandyn_ros.config import Checked, PersonConfig, setting
from humandyn_ros.engines.backends import BackendConfig
from humandyn_ros.engines.factory import open_model
from humandyn_ros.engines.lady import LadyEngine
from humandyn_ros.errors import ModelError
from humandyn_ros.joint_centres import JointCentres
from humandyn_ros.people import Crowd, PeopleConfig
from humandyn_ros.quantities import CANONICAL, Action, SkeletonFrame
from humandyn_ros.skeleton import SkeletonFormat, load_format

LADY = 'lady'
_QUIET_NS = 500_000_000  # after this long without a frame there is a reason to tell
_GAP_S = 0.2  # longest interval between frames that is bridged


@dataclass(frozen=True)
class ActionConfig(Checked):
    """Which model tells actions, and how it is run."""

    model: str = setting('', '', 'folder of the model; empty: the shipped one of LaDy')
    backend: BackendConfig = field(default_factory=BackendConfig)


@dataclass(frozen=True, eq=False)
class BodyAction:
    """What one body does."""

    body_id: int
    action: Action
    begins: bool  # the first answer about a segment after another one


class ActionModel:
    """One open model of LaDy, for everybody.

    Args:
        config: Which.

    Raises:
        ModelError: It is absent, damaged, of another kind, or not of one person's joint centres.
    """

    def __init__(self, config: ActionConfig | None = None) -> None:
        config = config or ActionConfig()
        self._manifest, self._session = open_model(LADY, LADY, config.model, config.backend)
        try:
            engine = self.make()
            layout, skeleton = engine.layout, self._manifest.fields.get('skeleton')
            if skeleton != CANONICAL.name or (layout.persons, layout.values) != (1, 3):
                raise ModelError(
                    f'{self._manifest.folder} takes {layout.persons} people of {skeleton} with '
                    f'{layout.values} numbers a joint: live, a model of one person of '
                    f'{CANONICAL.name} with 3 is needed'
                )
        except ModelError:
            self.close()
            raise
        self.labels = engine.labels
        self.delay_s, self.boundary_delay_s = engine.delay_s, engine.boundary_delay_s

    def make(self) -> LadyEngine:
        """Make the engine of one person."""
        return LadyEngine(self._manifest.fields, self._session, bridge_s=_GAP_S)

    def describe(self) -> dict[str, str]:
        """Return what diagnostics show."""
        return {
            'engine': LADY,
            **self._session.describe(),
            'lag_ms': f'{1e3 * self.delay_s:.1f}',
            'boundary_lag_ms': f'{1e3 * self.boundary_delay_s:.1f}',
        }

    def close(self) -> None:
        """Free the model."""
        self._session.close()


class ActionEstimator:
    """Actions of one body, live.

    Args:
        form: Format of the frames.
        person: Body mass, height and sex.
        model: What makes the engine.
    """

    def __init__(self, form: SkeletonFormat, person: PersonConfig, model: ActionModel) -> None:
        self._centres = JointCentres(form, person)
        self._engine = model.make()
        self.dropped = 0
        self.reason = 'no frame yet'
        self._newest_ns: int | None = None
        self._began_ns: int | None = None
        self._heard_ns: int | None = None
        self._fresh = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What is assumed, and what looks wrong."""
        return self._centres.notes

    def set_person(self, person: PersonConfig) -> None:
        """Take over what is known of the body."""
        self._centres.person = person

    def reset(self, reason: str) -> None:
        """Forget the motion so far."""
        self._centres.reset()
        self._engine.reset()
        self._newest_ns = self._began_ns = None
        self.reason = reason

    def push(self, frame: SkeletonFrame) -> tuple[BodyAction, ...]:
        """Take one frame and return the actions that became known.

        Raises:
            StreamError: The frame has another number of joints than its format.
        """
        points, confidence = self._centres.checked(frame)
        newest = self._newest_ns
        if newest is not None and -_GAP_S * 1e9 <= frame.stamp_ns - newest <= 0:
            self.dropped += 1
            return ()
        self._newest_ns = frame.stamp_ns
        self._fresh = True
        if self._centres.see(points):
            self._engine.reset()  # joint centres by another method are another motion
        points, _ = self._centres.convert(frame.stamp_ns, points, confidence)
        try:
            actions = self._engine.push(frame.stamp_ns, points)
        except ModelError as error:
            self.reason = str(error)
            self._engine.reset()
            return ()
        self.reason = ''
        return tuple(self._told(frame.body_id, action) for action in actions)

    def _told(self, body_id: int, action: Action) -> BodyAction:
        last, self._began_ns = self._began_ns, action.began_ns
        return BodyAction(body_id, action, last is not None and action.began_ns > last)

    def tick(self, now_ns: int) -> tuple[BodyAction, ...]:
        """Tell the time on a steady clock: in silence there is nothing to say, but a reason."""
        if self._fresh or self._heard_ns is None:
            self._fresh, self._heard_ns = False, now_ns
        elif now_ns - self._heard_ns > _QUIET_NS:
            self.reason = f'no frame for {(now_ns - self._heard_ns) * 1e-9:.1f} s'
        return ()


class ActingPeople(Crowd[BodyAction]):
    """The actions of everybody in front of one sensor.

    Args:
        skeleton: Format of the frames, or its name.
        model: What makes engines.
        person: Body mass, height and sex, taken for everybody.
        config: Who counts.
    """

    def __init__(
        self,
        skeleton: SkeletonFormat | str,
        model: ActionModel,
        person: PersonConfig | None = None,
        config: PeopleConfig | None = None,
    ) -> None:
        super().__init__(person, config)
        self._form = load_format(skeleton) if isinstance(skeleton, str) else skeleton
        self._model = model

    def _make(self) -> ActionEstimator:
        return ActionEstimator(self._form, self._person, self._model)
