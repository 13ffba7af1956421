"""The action node: skeletons in, what every person does out.

Run it with `ros2 run humandyn_ros action_node`, or without ROS 2 with `humandyn run`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from humandyn_ros.actions import ActingPeople, ActionConfig, ActionModel, BodyAction
from humandyn_ros.config import PersonConfig, setting
from humandyn_ros.errors import ModelError
from humandyn_ros.ros import learned_messages
from humandyn_ros.ros.handle import LATCHED, RELIABLE, NodeHandle, Publisher
from humandyn_ros.ros.nodes.main import run_node
from humandyn_ros.ros.nodes.skeleton_node import INPUT, WHO, SkeletonNode, still
from humandyn_ros.ros.outputs import BODIES, WEARER
from humandyn_ros.ros.parameters import Group, Settings
from humandyn_ros.skeleton import SkeletonFormat

_TOPICS = {
    'action': learned_messages.CLASSIFICATION,
    'action_boundary': learned_messages.HEADER,
}
LABELS = 'humans/action_labels'


@dataclass(frozen=True)
class ActionNodeConfig(ActionConfig):
    """Which model tells actions, and how it is run."""

    optional: bool = setting(
        False, '', 'end well, with a warning, where there is no model or nothing to run it'
    )


PERSON = Group(PersonConfig(), names={'mass_kg': 'mass', 'height_m': 'height'})
MODEL = Group(ActionNodeConfig())
GROUPS: tuple[Group[Any], ...] = (INPUT, PERSON, WHO, MODEL)
"""Every parameter of the node."""


class ActionNode(SkeletonNode[BodyAction]):
    """Connects a skeleton topic to one LaDy per person.

    Args:
        handle: The node to be.
        steady_ns: The steady clock that silence and latency are measured on.

    Raises:
        HumandynError: A parameter or the model cannot be used; the message names it.
    """

    def __init__(
        self, handle: NodeHandle, steady_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        super().__init__(handle, steady_ns)
        self._person = Settings(handle, PERSON).value
        self._settings = Settings(handle, MODEL).value
        self._model: ActionModel | None = None
        self._labels: Publisher | None = None
        self._outputs: dict[int | str, dict[str, Publisher]] = {}
        self._latest: dict[int, BodyAction] = {}
        self._absent = self._settings.optional and not self._can_run()
        if not self._absent:
            self.manage(self._config.autostart)

    def _can_run(self) -> bool:
        try:
            ActionModel(self._settings).close()
        except ModelError as error:
            self._handle.log('warn', f'no actions will be told: {error}')
            return False
        return True

    def run(self) -> None:
        """Serve until told to stop."""
        if not self._absent:
            super().run()

    # Life

    def configure(self) -> None:
        """Check the input; open the model; advertise."""
        self.check()
        self._model = ActionModel(self._settings)
        super().configure()
        self._labels = self._handle.publisher(learned_messages.LABEL_INFO, LABELS, LATCHED)
        self._outputs[WEARER] = self._advertise(WEARER)

    def activate(self) -> None:
        """Tell the class map, then read skeletons."""
        assert self._model is not None and self._labels is not None
        warm_up(self._model)
        told = ', '.join(f'{name} {value}' for name, value in self._model.describe().items())
        self._handle.log('info', f'{told}; {len(self._model.labels)} classes')
        self._labels.publish(learned_messages.label_info(self._handle, self._model.labels))
        super().activate()

    def deactivate(self) -> None:
        """Read nothing, publish nothing, and forget everybody."""
        super().deactivate()
        for who in [who for who in self._outputs if who != WEARER]:
            self._close(who)
        self._latest.clear()

    def cleanup(self) -> None:
        """Stop advertising; close the model."""
        for who in list(self._outputs):
            self._close(who)
        super().cleanup()
        if self._labels is not None:
            self._labels.close()
            self._labels = None
        if self._model is not None:
            self._model.close()
            self._model = None

    def _advertise(self, prefix: str) -> dict[str, Publisher]:
        return {
            name: self._handle.publisher(kind, f'{prefix}/{name}', RELIABLE)
            for name, kind in _TOPICS.items()
        }

    def _close(self, who: int | str) -> None:
        for publisher in self._outputs.pop(who).values():
            publisher.close()

    # To the topics

    def gather(self, form: SkeletonFormat) -> ActingPeople:
        """Make the action estimators of people."""
        assert self._model is not None
        return ActingPeople(form, self._model, self._person, self._who)

    def publish(self, told: BodyAction, arrived_ns: int) -> None:
        """Publish one action, and where its segment began if it is new."""
        body_id, action = told.body_id, told.action
        if body_id not in self._outputs:
            self._outputs[body_id] = self._advertise(f'{BODIES}/b{body_id}')
        self._latest[body_id] = told
        self._send(body_id, 'action', told)
        if told.begins:
            self._send(body_id, 'action_boundary', told)
        age_ms = self.age_ms(action.stamp_ns, action.age_ms)
        self._health.estimate_published((self._steady_ns() - arrived_ns) * 1e-6, age_ms)

    def _send(self, body_id: int, topic: str, told: BodyAction) -> None:
        wearer = self._people is not None and self._people.wearer == body_id
        places = [self._outputs[body_id], *([self._outputs[WEARER]] if wearer else [])]
        listening = [place[topic] for place in places if place[topic].subscribers]
        if not listening:
            return
        build = learned_messages.action if topic == 'action' else learned_messages.boundary
        message = build(self._handle, told.action, self._frame_id)
        for publisher in listening:
            publisher.publish(message)

    def gone(self) -> None:
        """Take down the topics of those who left."""
        present = self._people.bodies if self._people is not None else ()
        for body_id in [body for body in self._latest if body not in present]:
            self._close(body_id)
            del self._latest[body_id]

    # Health

    def facts(self) -> dict[str, str]:
        """Return engine, model, backend, fallback and declared lags."""
        return self._model.describe() if self._model is not None else {}

    def body(self, body_id: int) -> tuple[str, dict[str, str]]:
        """Return the newest action of one body."""
        if body_id not in self._latest:
            return '', {}
        action = self._latest[body_id].action
        score = float(action.scores[action.labels.index(action.label)])
        return '', {'action': action.label, 'score': f'{score:.3f}'}


def warm_up(model: ActionModel) -> None:
    """Let an engine answer once: the first answer of a process is a slow one."""
    engine = model.make()
    for frame in still(engine.rate_hz, 0.3):
        engine.push(frame.stamp_ns, frame.points)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until it is told to stop; returns the exit status."""
    return run_node('action_node', ActionNode, arguments)


if __name__ == '__main__':
    sys.exit(main())
