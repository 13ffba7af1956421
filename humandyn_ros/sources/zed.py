"""zed_msgs/ObjectsStamped: bodies of a ZED camera (and zed_interfaces, its name in old bags).

The message holds 70 points whatever the body format; only the first 18, 34 or 38 mean something.
Points are in the left camera frame, metres, x forward, z up. It has no confidence per point.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.skeleton import SkeletonFormat
from humandyn_ros.sources.source import Source, body_number, frame, hide_zeros

FORMATS = {0: 'zed_18', 1: 'zed_34', 2: 'zed_38'}
"""Number in `body_format` to skeleton format (sl::BODY_FORMAT)."""

_OK, _SEARCHING = 1, 2  # sl::OBJECT_TRACKING_STATE; 0 is off (no tracking asked for), 3 the end
_TERMINATE = 3
_SEARCHED = 0.3  # confidence of a body that the camera only extrapolates


def recognise(message: Any) -> str:
    """Return the format that the bodies are in; '' while there is none."""
    found = [FORMATS.get(int(body.body_format), '') for body in _bodies(message)]
    return found[0] if found else ''


def read(message: Any, form: SkeletonFormat, topic: str = '') -> tuple[SkeletonFrame, ...]:
    """Return one frame per body that is tracked.

    Raises:
        StreamError: A body is in another format than the one declared.
    """
    del topic
    frames = []
    for body in _bodies(message):
        sent = FORMATS.get(int(body.body_format), f'number {body.body_format}')
        if sent != form.name:
            raise StreamError(
                f'the camera sends body format {sent}, but skeleton format {form.name} was '
                f'chosen; set the parameter `format` to {sent}, or leave it empty'
            )
        points = np.array([p.kp for p in body.skeleton_3d.keypoints[: form.width]], float)
        trust = np.full(form.width, _trust(body))
        number = body_number(int(body.label_id))
        frames.append(frame(message.header, number, form.skeleton, hide_zeros(points), trust))
    return tuple(frames)


def _bodies(message: Any) -> list[Any]:
    return [
        body
        for body in message.objects
        if body.skeleton_available and int(body.tracking_state) != _TERMINATE
    ]


def _trust(body: Any) -> float:
    """Confidence of the whole body: 1-99 in the message, less while it is only guessed at."""
    percent = float(body.confidence)
    trust = percent / 100.0 if 0.0 < percent <= 100.0 else 1.0
    return trust * (_SEARCHED if int(body.tracking_state) == _SEARCHING else 1.0)


SOURCES = tuple(
    Source(f'{package}/msg/ObjectsStamped', read, up='Z', recognise=recognise)
    for package in ('zed_msgs', 'zed_interfaces')
)
