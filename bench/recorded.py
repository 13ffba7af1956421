"""The synthetic walk as every supported source would send it, from the message definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.rosbag2 import Writer
from rosbags.typesys import get_types_from_msg

from humandyn_ros.quantities import CANONICAL, Array
from humandyn_ros.ros.dds.message_types import message_type, store
from humandyn_ros.rotations import exp
from humandyn_ros.skeleton import SkeletonFormat, load_format, to_z_up
from humandyn_ros.synthetic import person

Fields = dict[str, Any]
Build = Callable[[int, SkeletonFormat, Array], Fields]

SECOND = 1_000_000_000
START_NS = 1_700_000_000 * SECOND
BODY = 7
WALK = person('walk', rate_hz=50.0, duration_s=3.0)
LEGS = [CANONICAL.index[f'{s}_{j}'] for s in ('left', 'right') for j in ('hip', 'knee', 'ankle')]


def placed(form: SkeletonFormat, canonical: Array, up: str) -> Array:
    """Points (J, 3) of a format for canonical joint centres (24, 3), in axes with `up`."""
    points = np.full((len(form.skeleton.joints), 3), np.nan)
    for joint, ways in form.rules.items():
        if isinstance(ways[0], str) or len(ways[0]) == 1:
            name = ways[0] if isinstance(ways[0], str) else next(iter(ways[0]))
            if name in form.skeleton.index:
                points[form.skeleton.index[name]] = canonical[CANONICAL.index[joint]]
    for index, parent in enumerate(form.skeleton.parents):
        if np.isnan(points[index]).any():  # a point that stands for no joint: near its parent
            near = points[parent] if parent >= 0 else canonical[0]
            near = canonical[0] if np.isnan(near).any() else near
            points[index] = near + np.array([0.05, 0.0, 0.01 * index])
    return points @ to_z_up(up)


def _header(stamp_ns: int, frame_id: str = 'sensor') -> Fields:
    return {
        'stamp': {'sec': stamp_ns // SECOND, 'nanosec': stamp_ns % SECOND},
        'frame_id': frame_id,
    }


def _xyz(point: Array) -> Fields:
    return dict(zip('xyz', (float(value) for value in point), strict=True))


@dataclass(frozen=True)
class Sent:
    """One message: when, where, of which type, with which fields."""

    stamp_ns: int
    topic: str
    type_name: str
    fields: Fields


Messages = Callable[[int, Array], Iterator[Sent]]


@dataclass(frozen=True)
class Case:
    """One source: what it sends for (stamp, canonical joint centres), and how it is asked for."""

    name: str
    messages: Messages
    topic: str | None = None  # where the bag's only skeleton topic is not it
    format: str | None = None
    input_type: str | None = None
    body: int = BODY
    kind: str = ''  # the message type that the node hears of first
    flat: bool = False


def _single(type_name: str, form_name: str, up: str, build: Build) -> Messages:
    form = load_format(form_name)

    def messages(stamp_ns: int, canonical: Array) -> Iterator[Sent]:
        points = placed(form, canonical, up)
        yield Sent(stamp_ns, '/skeletons', type_name, build(stamp_ns, form, points))

    return messages


def _zed(number: int, package: str = 'zed_msgs') -> Messages:
    name = {0: 'zed_18', 1: 'zed_34', 2: 'zed_38'}[number]

    def build(stamp_ns: int, form: SkeletonFormat, points: Array) -> Fields:
        keypoints = np.zeros((70, 3))  # the rest is filled with zeros
        keypoints[: len(points)] = points
        body = {
            'label': 'Body', 'label_id': BODY, 'confidence': 90.0, 'tracking_available': True,
            'tracking_state': 1, 'skeleton_available': True, 'body_format': number,
            'skeleton_3d': {'keypoints': [{'kp': point} for point in keypoints]},
        }  # fmt: skip
        return {'header': _header(stamp_ns, 'zed_left_camera_frame'), 'objects': [body]}

    return _single(f'{package}/msg/ObjectsStamped', name, 'Z', build)


def _kinect(stamp_ns: int, form: SkeletonFormat, points: Array) -> Fields:
    return {
        'markers': [
            {'header': _header(stamp_ns), 'id': BODY * 100 + i, 'type': 2,
             'pose': {'position': _xyz(point)}}
            for i, point in enumerate(points)
        ]
    }  # fmt: skip


def _yolo(stamp_ns: int, form: SkeletonFormat, points: Array) -> Fields:
    keypoints = [
        {'id': i + 1, 'point': _xyz(point), 'score': 0.8}
        for i, point in enumerate(points)
        if i != 3
    ]
    person_ = {
        'class_name': 'person', 'id': str(BODY),
        'keypoints3d': {'data': keypoints, 'frame_id': 'base_link'},
    }  # fmt: skip
    chair = {'class_name': 'chair', 'id': '9'}
    return {'header': _header(stamp_ns, 'camera'), 'detections': [chair, person_]}


def _openpose(stamp_ns: int, form: SkeletonFormat, points: Array) -> Fields:
    parts = [{'score': 0.9, 'point': _xyz(point)} for point in points]
    return {'header': _header(stamp_ns), 'persons': [{'bodyParts': parts}]}


_SIDE = ('collar', 'shoulder', 'elbow', 'wrist', 'hand', 'fingertip')
_LEG = ('hip', 'knee', 'ankle', 'foot')
NUITRACK = {  # nuitrack::JointType
    name: number
    for number, name in enumerate(
        (
            *('none', 'head', 'neck', 'torso', 'waist'),
            *(f'{side}_{part}' for side in ('left', 'right') for part in _SIDE),
            *(f'{side}_{part}' for side in ('left', 'right') for part in _LEG),
        )
    )
}


def _nuitrack(stamp_ns: int, form: SkeletonFormat, points: Array) -> Fields:
    joints = [
        {'type': NUITRACK[name], 'confidence': 0.75, 'real': 1000 * point * np.array([1, 1, -1])}
        for name, point in zip(form.skeleton.joints, points, strict=True)
    ]
    joints.append({'type': 0, 'confidence': 0.0, 'real': np.zeros(3)})
    return {'skeletons': [{'id': BODY, 'joints': joints}]}


def _xsens(stamp_ns: int, form: SkeletonFormat, points: Array) -> Fields:
    return {
        'header': _header(stamp_ns, ''),
        'states': [
            {'header': _header(stamp_ns, f'skeleton_{name}'), 'pose': {'position': _xyz(point)}}
            for name, point in zip(form.skeleton.joints, points, strict=True)
        ],
    }


def _named_poses(stamp_ns: int, form: SkeletonFormat, points: Array) -> Fields:
    return {
        'header': _header(stamp_ns, 'world'),
        'poses': [
            {'name': name, 'pose': {'position': _xyz(point)}}
            for name, point in zip(form.skeleton.joints, points, strict=True)
        ],
    }


def _mocap(stamp_ns: int, form: SkeletonFormat, points: Array) -> Fields:
    return {
        'header': _header(stamp_ns, 'map'),
        'markers': [
            {'id_type': 2, 'marker_index': i, 'marker_name': name, 'translation': _xyz(point)}
            for i, (name, point) in enumerate(zip(form.skeleton.joints, points, strict=True))
        ],
    }


def _pose_array(stamp_ns: int, form: SkeletonFormat, points: Array) -> Fields:
    return {
        'header': _header(stamp_ns, 'camera'),
        'poses': [{'position': _xyz(point)} for point in points],
    }


def _landmarks(stamp_ns: int, form: SkeletonFormat, points: Array) -> Fields:
    flat = np.column_stack([points, np.full(len(points), 0.9)]).ravel()
    return {'data': flat.astype(np.float32)}


def _vicon(stamp_ns: int, canonical: Array) -> Iterator[Sent]:
    form = load_format('smpl_24')
    for k, (name, point) in enumerate(zip(form.skeleton.joints, canonical, strict=True)):
        at_ns = stamp_ns + 3_000 * k  # stamped one after the other
        fields = {'header': _header(at_ns, 'vicon_world'), 'pose': {'position': _xyz(point)}}
        yield Sent(at_ns, f'/vicon/ann/{name}', 'geometry_msgs/msg/PoseStamped', fields)


def _link(
    stamp_ns: int,
    parent: str,
    child: str,
    place: Array,
    turn: Sequence[float] = (0.0, 0.0, 0.0, 1.0),
) -> Fields:
    return {
        'header': _header(stamp_ns, parent),
        'child_frame_id': child,
        'transform': {
            'translation': _xyz(place),
            'rotation': dict(zip('xyzw', turn, strict=True)),
        },
    }


QUARTER = (0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5))  # a quarter turn about z
TURNED = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def _transforms(stamp_ns: int, form: SkeletonFormat, points: Array, suffix: str) -> Fields:
    """A chain: sensor -> body (turned) -> every joint; the ankles hang from the knees."""
    root = points[0]
    links = [_link(stamp_ns, 'sensor', f'body{suffix}', root, QUARTER)]
    local = (points - root) @ TURNED
    for i, name in enumerate(form.skeleton.joints):
        parent = form.skeleton.joints[form.skeleton.parents[i]]
        hangs = name.endswith('ankle')
        place = local[i] - local[form.skeleton.parents[i]] if hangs else local[i]
        links.append(
            _link(
                stamp_ns, f'{parent}{suffix}' if hangs else f'body{suffix}', name + suffix, place
            )
        )
    return {'transforms': links}


def _tf(stamp_ns: int, canonical: Array) -> Iterator[Sent]:
    form = load_format('rep155')
    points = placed(form, canonical, 'Z')
    fields = _transforms(stamp_ns, form, points, f'_{BODY}')
    yield Sent(stamp_ns, '/tf', 'tf2_msgs/msg/TFMessage', fields)


def _ros4hri(stamp_ns: int, canonical: Array) -> Iterator[Sent]:
    bodies = '/humans/bodies'
    if stamp_ns == START_NS:
        ids = {'header': _header(stamp_ns), 'ids': [str(BODY)]}
        yield Sent(stamp_ns, f'{bodies}/tracked', 'hri_msgs/msg/IdsList', ids)
    yield from _flat_hri(stamp_ns, canonical)
    yield from _tf(stamp_ns, canonical)


def _flat_hri(stamp_ns: int, canonical: Array) -> Iterator[Sent]:
    flat = [{'x': 0.5, 'y': 0.5, 'c': 0.6 + 0.01 * i} for i in range(18)]
    fields = {'header': _header(stamp_ns), 'skeleton': flat}
    topic = f'/humans/bodies/{BODY}/skeleton2d'
    yield Sent(stamp_ns, topic, 'hri_msgs/msg/Skeleton2D', fields)


def _limbs(form: SkeletonFormat) -> Iterator[tuple[int, int, str]]:
    """Every joint but the root, its parent, and its name with the body's suffix."""
    for i, name in enumerate(form.skeleton.joints):
        if i:
            yield i, form.skeleton.parents[i], f'{name}_{BODY}'


def _urdf(form: SkeletonFormat, points: Array) -> str:
    """A tree whose every limb turns about z, then y, and lies along x."""
    joints = []
    for i, parent, name in _limbs(form):
        above = f'{form.skeleton.joints[parent]}_{BODY}' if parent else f'body_{BODY}'
        long = float(np.linalg.norm(points[i] - points[parent]))
        for kind, axis, upper, lower, place in (
            ('y', '0 0 1', above, f'aux{i}_{BODY}', '0 0 0'),
            ('p', '0 1 0', f'aux{i}_{BODY}', f'end{i}_{BODY}', '0 0 0'),
            ('', '', f'end{i}_{BODY}', name, f'{long!r} 0 0'),
        ):
            turns = f'type="revolute"><axis xyz="{axis}"/>' if axis else 'type="fixed">'
            joints.append(
                f'<joint name="{kind}_{name}" {turns}<parent link="{upper}"/>'
                f'<child link="{lower}"/><origin xyz="{place}" rpy="0 0 0"/></joint>'
            )
    return f'<robot name="human">{"".join(joints)}</robot>'


def _angles(form: SkeletonFormat, points: Array) -> dict[str, float]:
    """The angles at which that tree stands like the points."""
    turned, angles = {0: np.eye(3)}, {}
    local = (points - points[0]) @ TURNED
    for i, parent, name in _limbs(form):
        x, y, z = turned[parent].T @ (local[i] - local[parent])
        yaw, pitch = np.arctan2(y, x), -np.arctan2(z, np.hypot(x, y))
        angles |= {f'y_{name}': float(yaw), f'p_{name}': float(pitch)}
        turned[i] = turned[parent] @ exp(np.array([0, 0, yaw])) @ exp(np.array([0, pitch, 0]))
    return angles


def _hri_angles(stamp_ns: int, canonical: Array) -> Iterator[Sent]:
    """ROS4HRI without robot_state_publisher: tf knows the body only."""
    form, one = load_format('rep155'), f'/humans/bodies/{BODY}'
    points = placed(form, canonical, 'Z')
    if stamp_ns == START_NS:
        ids = {'header': _header(stamp_ns), 'ids': [str(BODY)]}
        yield Sent(stamp_ns, '/humans/bodies/tracked', 'hri_msgs/msg/IdsList', ids)
        yield Sent(stamp_ns, f'{one}/urdf', 'std_msgs/msg/String', {'data': _urdf(form, points)})
    link = _link(stamp_ns, 'sensor', f'body_{BODY}', points[0], QUARTER)
    yield Sent(stamp_ns, '/tf', 'tf2_msgs/msg/TFMessage', {'transforms': [link]})
    angles = _angles(form, points)
    states = {
        'header': _header(stamp_ns), 'name': list(angles), 'position': list(angles.values())
    }  # fmt: skip
    yield Sent(stamp_ns, f'{one}/joint_states', 'sensor_msgs/msg/JointState', states)


def _private(name: str, *definitions: str) -> str:
    """Register a message type that nobody ships, as a private package would define it."""
    text = f'\n{"=" * 80}\n'.join(definitions)
    if name not in store().fielddefs:
        found = get_types_from_msg(text, name)
        known = store().fielddefs
        store().register({key: fields for key, fields in found.items() if key not in known})
    return name


ARKIT = _private(
    'arkit_msgs/msg/BodyAnchors',
    'std_msgs/Header header\nBodyAnchor[] bodies\n',
    'MSG: arkit_msgs/BodyAnchor\nint32 id\nAnchorJoint[] joints\n',
    'MSG: arkit_msgs/AnchorJoint\nstring name\ngeometry_msgs/Pose pose\n',
)
LANDMARKS = _private(
    'mediapipe_msgs/msg/PoseLandmarks',
    'std_msgs/Header header\nLandmark[] landmarks\n',
    'MSG: mediapipe_msgs/Landmark\nfloat32 x\nfloat32 y\nfloat32 z\nfloat32 visibility\n',
)


def _arkit(stamp_ns: int, form: SkeletonFormat, points: Array) -> Fields:
    joints = [
        {'name': name, 'pose': {'position': _xyz(point)}}
        for name, point in zip(form.skeleton.joints, points, strict=True)
    ]
    return {'header': _header(stamp_ns, 'world'), 'bodies': [{'id': BODY, 'joints': joints}]}


def _landmark_list(stamp_ns: int, form: SkeletonFormat, points: Array) -> Fields:
    listed = [{**_xyz(point), 'visibility': 0.8} for point in points]
    return {'header': _header(stamp_ns), 'landmarks': listed}


K4A = 'visualization_msgs/msg/MarkerArray'
YOLO = 'yolo_msgs/msg/DetectionArray'
NAMED = 'motion_capture_tracking_interfaces/msg/NamedPoseArray'
VICON = 2**32  # its body number is made from a name: looked up in the test

CASES = (
    Case('ZED BODY_18', _zed(0)),
    Case('ZED BODY_34', _zed(1)),
    Case('ZED BODY_38', _zed(2)),
    Case('ZED, old bags', _zed(2, 'zed_interfaces')),
    Case('Azure Kinect', _single(K4A, 'k4a_32', '-Y', _kinect)),
    Case('ROS4HRI', _ros4hri, topic='/humans/bodies/tracked'),
    Case('ROS4HRI, angles', _hri_angles, topic='/humans/bodies/tracked'),
    Case('ROS4HRI, flat', _flat_hri, topic='/humans/bodies', flat=True),
    Case('yolo_ros', _single(YOLO, 'coco_17', 'Z', _yolo)),
    Case('yolov8_ros', _single('yolov8_msgs/msg/DetectionArray', 'coco_17', 'Z', _yolo)),
    Case(
        'MediaPipe array',
        _single('std_msgs/msg/Float32MultiArray', 'mediapipe_33', '-Y', _landmarks),
        input_type='mediapipe_array',
        body=0,
    ),
    Case(
        'MediaPipe landmarks',
        _single(LANDMARKS, 'mediapipe_33', '-Y', _landmark_list),
        topic='/skeletons',
        input_type='mediapipe_landmarks',
        body=0,
    ),
    Case(
        'ARKit anchors',
        _single(ARKIT, 'arkit_body', 'Y', _arkit),
        topic='/skeletons',
        input_type='arkit_anchors',
    ),
    Case('MarkerArray, named format', _single(K4A, 'smpl_24', 'Z', _kinect), format='smpl_24'),
    Case('mocap4r2', _single('mocap4r2_msgs/msg/Markers', 'opensim', 'Z', _mocap), body=0),
    Case(
        'mocap4r2 by index',
        _single('mocap4r2_msgs/msg/Markers', 'opensim', 'Z', _mocap),
        format='opensim',
        input_type='mocap4r2_by_index',
        body=0,
    ),
    Case('motion_capture_tracking', _single(NAMED, 'opensim', 'Z', _named_poses), body=0),
    Case('vicon_receiver', _vicon, topic='/vicon', format='smpl_24', body=VICON),
    Case(
        'Xsens MVN', _single('xsens_mvn_msgs/msg/LinkStateArray', 'xsens_23', 'Z', _xsens), body=0
    ),
    Case('Nuitrack', _single('nuitrack_msgs/msg/Skeletons', 'nuitrack_20', 'Y', _nuitrack)),
    Case('OpenPose', _single('ros_openpose/msg/Frame', 'openpose_25', '-Y', _openpose), body=0),
    Case('PoseArray', _single('geometry_msgs/msg/PoseArray', 'smpl_24', 'Z', _pose_array), body=0),
    Case('tf frames', _tf, topic='/tf'),
)

BODIES = tuple(case for case in CASES if not case.flat)
"""Those that hold bodies in space."""


def stream(case: Case, frames: int = len(WALK.stamps_ns)) -> Iterator[Sent]:
    """Everything a source sends while somebody walks."""
    for k in range(frames):
        yield from case.messages(START_NS + k * SECOND // 50, WALK.points[k])


def write_bag(path: Path, sent: Iterable[Sent]) -> None:
    """Record messages as the source's driver would, with the definitions in the bag."""
    with Writer(path, version=8) as writer:
        connections: dict[str, Any] = {}
        for one in sent:
            kind = message_type(one.type_name)
            if one.topic not in connections:
                connections[one.topic] = writer.add_connection(
                    one.topic, one.type_name, typestore=store()
                )
            raw = bytes(kind.encode(kind.new(one.fields)))
            writer.write(connections[one.topic], one.stamp_ns, raw)
