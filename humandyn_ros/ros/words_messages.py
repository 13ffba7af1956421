"""Words as messages: a caption with its stamp and reasons beside the plain text."""

from __future__ import annotations

from humandyn_ros.quantities import Caption
from humandyn_ros.ros.handle import Message, NodeHandle
from humandyn_ros.ros.messages import DIAGNOSTIC_ARRAY, OK, WARN, header

STRING = 'std_msgs/msg/String'

TOPICS = {'caption': STRING, 'caption_stamped': DIAGNOSTIC_ARRAY, 'answer': STRING}
"""What is told about a body."""


def text(handle: NodeHandle, said: str) -> Message:
    """Build a std_msgs/String."""
    return handle.message(STRING, data=said)


def caption_stamped(handle: NodeHandle, told: Caption, frame_id: str) -> Message:
    """Build the DiagnosticArray of one caption: its stamp is the end of what it is about.

    The level is WARN where a sentence of the model was replaced; the values tell why.
    """
    values = {
        'label': told.label,
        'score': f'{told.score:.3f}',
        'began': f'{told.began_ns * 1e-9:.9f}',
        'source': told.source,
        'replaced': str(len(told.replaced)),
        **{f'reason_{i}': reason for i, reason in enumerate(told.reasons, 1)},
        **{f'not_measured_{i}': fault for i, fault in enumerate(told.replaced, 1)},
    }
    return handle.message(
        DIAGNOSTIC_ARRAY,
        header=header(handle, told.stamp_ns, frame_id),
        status=[
            handle.message(
                'diagnostic_msgs/msg/DiagnosticStatus',
                level=WARN if told.replaced else OK,
                name='caption',
                message=told.text,
                hardware_id='humandyn_ros',
                values=[
                    handle.message('diagnostic_msgs/msg/KeyValue', key=key, value=value)
                    for key, value in values.items()
                ],
            )
        ],
    )
