"""Everything that is published about one body, each topic only while somebody listens."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from humandyn_ros.quantities import CANONICAL, Array, ContactForce, Estimate
from humandyn_ros.ros import learned_messages, markers, messages
from humandyn_ros.ros.handle import Message, NodeHandle, Publisher, Qos

TORQUES = Qos(reliable=True, depth=1)  # an old torque is worth nothing: only the newest is kept

_TOPICS = {
    'joint_torques': messages.JOINT_STATE,
    'joint_estimates': messages.DYNAMIC_JOINT_STATE,
    'ground_reaction/left': messages.WRENCH_STAMPED,
    'ground_reaction/right': messages.WRENCH_STAMPED,
    'body_contacts': messages.POINT_CLOUD,
    'markers': markers.MARKER_ARRAY,
}

BODIES = 'humans/bodies'
WEARER = 'humans/wearer'


class BodyOutputs:
    """Publishers of one body below `<namespace>/humans/bodies/b<id>/`, and maybe the wearer's.

    Args:
        handle: Node that publishes.
        body_id: The source's number for this body.
        config: How markers look.
        wearer: Publishers of the locked person; messages go there too while `is_wearer`.
        extras: What the engine tells besides dynamics, fields of Extras.
    """

    def __init__(
        self,
        handle: NodeHandle,
        body_id: int,
        config: Callable[[], markers.MarkerConfig],
        wearer: dict[str, Publisher],
        extras: frozenset[str] = frozenset(),
    ) -> None:
        self._handle = handle
        self.body_id = body_id
        self._config = config
        self._wearer = wearer
        self._own = advertise(handle, f'{BODIES}/b{body_id}', extras)
        self._markers_ns = 0
        self._origins: dict[str, Array] = {}
        self.is_wearer = False

    def publish(self, estimate: Estimate, frame_id: str, age_ms: float, now_ns: int) -> None:
        """Publish one estimate.

        Args:
            estimate: What is published; torques and ground reactions only while it is valid.
            frame_id: Frame with z up that positions and forces are in.
            age_ms: Age of the evaluated instant now, ms.
            now_ns: Steady clock, to limit the rate of markers.
        """
        if estimate.valid:
            self._send('joint_torques', messages.joint_torques, estimate, frame_id)
            self._send_ground(estimate, frame_id)
            self._send('body_contacts', messages.body_contacts, estimate, frame_id)
            self._send_extras(estimate, frame_id)
        self._send('joint_estimates', messages.joint_estimates, estimate, frame_id, age_ms)
        config = self._config()
        if now_ns - self._markers_ns >= 1e9 / config.rate_hz:
            self._markers_ns = now_ns
            self._send('markers', markers.draw, config, estimate, frame_id)

    def _send_extras(self, estimate: Estimate, frame_id: str) -> None:
        extras = estimate.extras
        if extras is None:
            return
        if extras.plausibility is not None:
            self._send('plausibility', learned_messages.plausibility, estimate)
        if extras.latent is not None:
            self._send('latent', learned_messages.latent, estimate)
        if extras.muscles is not None or extras.emg is not None:
            build = learned_messages.muscle_activation
            self._send('muscle_activation', build, estimate, frame_id)

    def _send_ground(self, estimate: Estimate, frame_id: str) -> None:
        frames = []
        for side, contact in (('left', estimate.ground.left), ('right', estimate.ground.right)):
            origin = self._origin(side, contact, estimate)
            if origin is None:
                continue
            frame = messages.contact_frame(side, self.body_id)
            if self._send(
                f'ground_reaction/{side}',
                messages.ground_reaction,
                contact,
                estimate.stamp_ns,
                frame,
            ):
                frames.append(messages.contact_transform(estimate, side, frame_id, origin))
        if frames:
            self._handle.broadcast(tuple(frames))

    def _origin(self, side: str, contact: ContactForce, estimate: Estimate) -> Array | None:
        """Where the ground reaction acts; between steps where it last did, or at the ankle."""
        ankle = CANONICAL.index[f'{side}_ankle']
        known = (
            contact.centre_of_pressure,
            self._origins.get(side),
            estimate.state.positions[ankle],
        )
        for origin in known:
            if origin is not None and math.isfinite(sum(origin.tolist())):
                self._origins[side] = origin
                return origin
        return None

    def _send(self, topic: str, build: Callable[..., Message], *arguments: Any) -> bool:
        """Build and publish where somebody listens; returns whether anybody does."""
        publishers = [self._own[topic], *([self._wearer[topic]] if self.is_wearer else [])]
        listening = [publisher for publisher in publishers if publisher.subscribers]
        if listening:
            message = build(self._handle, *arguments)
            for publisher in listening:
                publisher.publish(message)
        return bool(listening)

    def close(self, frame_id: str, stamp_ns: int) -> None:
        """Remove the markers and stop advertising: the body is gone."""
        self._send('markers', markers.erase, self.body_id, frame_id, stamp_ns)
        for publisher in self._own.values():
            publisher.close()


def advertise(
    handle: NodeHandle, prefix: str, extras: frozenset[str] = frozenset()
) -> dict[str, Publisher]:
    """Advertise every output topic below a prefix, and those of what is told besides."""
    topics = _TOPICS | learned_messages.topics_of(extras)
    return {
        name: handle.publisher(type_name, f'{prefix}/{name}', TORQUES)
        for name, type_name in topics.items()
    }
