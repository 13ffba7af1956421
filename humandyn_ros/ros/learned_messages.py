"""What only networks tell, as messages: plausibility, latent, muscles, actions."""

from __future__ import annotations

import numpy as np

from humandyn_ros.quantities import Action, Array, Estimate, MuscleActivation
from humandyn_ros.ros.handle import Message, NodeHandle
from humandyn_ros.ros.messages import header

FLOAT_ARRAY = 'std_msgs/msg/Float32MultiArray'
GROUP_VALUES = 'control_msgs/msg/DynamicInterfaceGroupValues'
CLASSIFICATION = 'vision_msgs/msg/Classification'
LABEL_INFO = 'vision_msgs/msg/LabelInfo'
HEADER = 'std_msgs/msg/Header'

TOPICS = {
    'plausibility': (FLOAT_ARRAY, frozenset({'plausibility'})),
    'latent': (FLOAT_ARRAY, frozenset({'latent'})),
    'muscle_activation': (GROUP_VALUES, frozenset({'muscles', 'emg'})),
}
"""Topics of an estimate's extras: type, and the fields of Extras of which one is needed."""


def topics_of(extras: frozenset[str]) -> dict[str, str]:
    """Topics and types for the extras that an engine tells."""
    return {name: kind for name, (kind, needed) in TOPICS.items() if needed & extras}


def plausibility(handle: NodeHandle, estimate: Estimate) -> Message:
    """Build the Float32MultiArray of one number, 0-1."""
    assert estimate.extras is not None
    return _array(handle, 'plausibility', np.array([estimate.extras.plausibility or 0.0]))


def latent(handle: NodeHandle, estimate: Estimate) -> Message:
    """Build the Float32MultiArray of the latent vector."""
    assert estimate.extras is not None and estimate.extras.latent is not None
    return _array(handle, 'latent', estimate.extras.latent)


def _array(handle: NodeHandle, label: str, values: Array) -> Message:
    size = len(values)
    dimension = handle.message(
        'std_msgs/msg/MultiArrayDimension', label=label, size=size, stride=size
    )
    layout = handle.message('std_msgs/msg/MultiArrayLayout', dim=[dimension], data_offset=0)
    return handle.message(FLOAT_ARRAY, layout=layout, data=values.astype(np.float32))


def muscle_activation(handle: NodeHandle, estimate: Estimate, frame_id: str) -> Message:
    """Build the groups `muscles` (0-1) and `semg`, as far as the model tells them."""
    assert estimate.extras is not None
    groups: dict[str, MuscleActivation | None] = {
        'muscles': estimate.extras.muscles,
        'semg': estimate.extras.emg,
    }
    told = {name: group for name, group in groups.items() if group is not None}
    return handle.message(
        GROUP_VALUES,
        header=header(handle, estimate.stamp_ns, frame_id),
        interface_groups=list(told),
        interface_values=[
            handle.message(
                'control_msgs/msg/InterfaceValue',
                interface_names=list(group.names),
                values=group.activation,
            )
            for group in told.values()
        ],
    )


def action(handle: NodeHandle, told: Action, frame_id: str) -> Message:
    """Build the Classification of one instant.

    The class of the segment comes first, then all others by falling score; scores are of this
    instant alone. `class_id` is the number in the class map.
    """
    first = told.labels.index(told.label)
    order = [int(i) for i in np.argsort(-told.scores, kind='stable') if i != first]
    return handle.message(
        CLASSIFICATION,
        header=header(handle, told.stamp_ns, frame_id),
        results=[
            handle.message(
                'vision_msgs/msg/ObjectHypothesis', class_id=str(i), score=float(told.scores[i])
            )
            for i in (first, *order)
        ],
    )


def boundary(handle: NodeHandle, told: Action, frame_id: str) -> Message:
    """Build the Header whose stamp is when the present segment began."""
    return header(handle, told.began_ns, frame_id)


def label_info(handle: NodeHandle, labels: tuple[str, ...]) -> Message:
    """Build the class map: numbers to names."""
    return handle.message(
        LABEL_INFO,
        header=header(handle, handle.now_ns(), ''),
        class_map=[
            handle.message('vision_msgs/msg/VisionClass', class_id=i, class_name=label)
            for i, label in enumerate(labels)
        ],
        threshold=0.0,
    )
