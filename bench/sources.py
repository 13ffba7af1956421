"""The README's table of skeleton sources: `python -m bench.sources`.

Every line is run: the recorded stream of `bench/recorded.py` goes through a bag and back, so the
joints, confidence and frame are what really came out, and the error is that of the legs.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from bench.readme import table, write_section
from bench.recorded import ARKIT, CASES, LANDMARKS, LEGS, WALK, Case, stream, write_bag
from humandyn_ros.motion import MotionOptions, load_motion, read_source
from humandyn_ros.sources import source_for

FRAMES = 40
HRI = 'hri_msgs/msg/IdsList'

# What the drivers say of themselves: usual rate, and what the frame is.
KNOWN = {
    'ZED': ('camera, 15-60 Hz', 'left camera, x forward, z up'),
    'Azure': ('5-30 Hz', 'depth camera, optical (y down)'),
    'ROS4HRI': ('camera, 5-30 Hz', 'what the body hangs from in tf'),
    'yolo': ('camera, 5-30 Hz', '`target_frame`, base_link by default'),
    'MediaPipe': ('camera, 15-30 Hz', 'middle of the hips (y down)'),
    'ARKit': ('60 Hz', 'world of the session (y up); no standard message'),
    'MarkerArray': ('any', 'of the header'),
    'mocap4r2': ('100 Hz and more', 'map'),
    'motion_capture': ('100 Hz and more', 'world'),
    'vicon': ('100 Hz and more', 'configurable'),
    'Xsens': ('100 Hz', 'world'),
    'Nuitrack': ('30 Hz', 'sensor; the message names none'),
    'OpenPose': ('camera, 5-30 Hz', 'camera, optical (y down)'),
    'PoseArray': ('any', 'of the header'),
    'tf': ('any', 'what the body hangs from'),
}


def line(case: Case) -> tuple[object, ...]:
    """One source: name, type, joints, confidence, error of the legs, frame, rate."""
    sent = list(stream(case, FRAMES))
    with tempfile.TemporaryDirectory() as folder:
        bag = Path(folder) / 'bag'
        write_bag(bag, sent)
        options = MotionOptions(
            bag, topic=case.topic, format=case.format, input_type=case.input_type
        )
        (found,) = read_source(
            bag, topic=case.topic, format=case.format, input_type=case.input_type
        )
        legs = '-' if case.flat else _error(options)
    kinds = sorted({one.type_name for one in sent})
    kind = next(one for one in (case.input_type, *kinds) if one)
    source = source_for(HRI if HRI in kinds else kind)
    rate, frame = next(
        (v for k, v in KNOWN.items() if case.name.lower().startswith(k.lower())), KNOWN['yolo']
    )
    told = 'own' if source.confident or 'hri_msgs/msg/Skeleton2D' in kinds else 'rebuilt'
    types = ', '.join(f'`{name}`' for name in kinds)
    private = kinds in ([ARKIT], [LANDMARKS])
    tested = 'bag of a private message' if private else 'bag written from the definition'
    return case.name, types, tested, len(found.names), told, legs, frame, rate


def _error(options: MotionOptions) -> str:
    motion = load_motion(options)
    error = np.linalg.norm(motion.points[:, LEGS] - WALK.points[:FRAMES, LEGS], axis=-1)
    return f'{1e3 * error.max():.2f} mm'


def sources() -> str:
    """Return the table."""
    head = (
        'source', 'type', 'tested how', 'points', 'confidence', 'legs off by', 'frame', 'rate',
    )  # fmt: skip
    own = (
        'our own form', '`sensor_msgs/msg/PointCloud2`', 'real recordings, live and bags', 'any',
        'own', '-', 'of the header, z up', 'any',
    )  # fmt: skip
    return table(head, [own, *(line(case) for case in CASES)])


if __name__ == '__main__':
    text = sources()
    print(text)
    write_section('sources', text)
