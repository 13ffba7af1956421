"""Damaged files and messages: read or refused with a sentence, quickly, never a crash or NaN.

The mutations follow a seed, so that a failure is the same everywhere.
"""

import random
import time
from types import SimpleNamespace

import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import HumandynError, RecordingError, SkeletonError
from humandyn_ros.people import People
from humandyn_ros.recordings import read_forces, read_moments, read_motion
from humandyn_ros.resources import resource
from humandyn_ros.skeleton import load_format
from humandyn_ros.sources import point_cloud
from humandyn_ros.synthetic import person

FILES = 60  # mutations of each kind of file
MESSAGES = 1500
PATIENCE_S = 2.0  # for one file, on a busy machine

WORDS = (
    b'nan', b'-1', b'0', b'1e308', b'-inf', b'99999999999', b'', b'\t', b'\n', b'\0', b'\xff',
    b'{', b'}', b'"', b'%s', b'End Site', b'endheader',
)  # fmt: skip

TRC = (
    'PathFileType\t4\t(X/Y/Z)\ta.trc\n'
    'DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\t'
    'OrigNumFrames\n100\t100\t4\t2\tm\t100\t1\t4\nFrame#\tTime\tRKnee\t\t\tLKnee\t\t\n'
    '\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n\n'
    + ''.join(f'{k + 1}\t{k / 100}\t0.1\t0.5\t{k}\t-0.1\t0.5\t0.2\n' for k in range(4))
)
GRF = 'forces\nversion=1\nnRows=4\nnColumns=10\ninDegrees=no\nendheader\ntime\t' + '\t'.join(
    f'ground_{kind}_r_{axis}' for kind in ('force_v', 'force_p', 'torque_') for axis in 'xyz'
) + '\n' + ''.join(f'{k / 100}\t1\t700\t2\t0.1\t0\t0.2\t0\t3\t0\n' for k in range(4))  # fmt: skip
ID = (
    'id\nversion=1\nnRows=4\nnColumns=3\ninDegrees=no\nendheader\n'
    'time\tknee_angle_r_moment\thip_flexion_r_moment\n'
    + ''.join(f'{k / 100}\t{k}\t-{k}.5\n' for k in range(4))
)
BVH = (
    'HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS 6 Xposition Yposition Zposition Zrotation '
    'Xrotation Yrotation\nJOINT Leg\n{\nOFFSET 0 -40 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n'
    'End Site\n{\nOFFSET 0 -40 0\n}\n}\n}\nMOTION\nFrames: 3\nFrame Time: 0.01\n'
    + '0 90 0 0 0 0 5 10 15\n'
    * 3
)


def mutated(whole: bytes, generator: random.Random) -> bytes:
    """Cut, overwrite, insert and repeat, here and there."""
    content = bytearray(whole)
    for _ in range(generator.randint(1, 6)):
        at = generator.randrange(len(content)) if content else 0
        kind = generator.randrange(5)
        if kind == 0:
            content = content[:at] or bytearray(b'x')
        elif kind == 1:
            content[at : at + 1] = bytes([generator.randrange(256)])
        elif kind == 2:
            word = generator.choice(WORDS)
            content[at : at + len(word)] = word
        elif kind == 3:
            content[at : at + generator.randint(1, 40)] = b''
        else:
            content[at:at] = content[at : at + generator.randint(1, 200)]
    return bytes(content)


def npz(tmp_path):
    path = tmp_path / 'whole.npz'
    np.savez(
        path, poses=np.zeros((4, 156)), trans=np.zeros((4, 3)), betas=np.zeros(16),
        mocap_framerate=np.array(60.0), gender=np.array('male'),
    )  # fmt: skip
    return path.read_bytes()


def c3d(tmp_path):
    ezc3d = pytest.importorskip('ezc3d')
    file = ezc3d.c3d()
    file['parameters']['POINT']['RATE']['value'] = [100.0]
    file['parameters']['POINT']['UNITS']['value'] = ['mm']
    file['parameters']['POINT']['LABELS']['value'] = ['LASI', 'RASI']
    file['data']['points'] = np.ones((4, 2, 4))
    path = tmp_path / 'whole.c3d'
    file.write(str(path))
    return path.read_bytes()


CASES = {
    'trc': (read_motion, lambda _: TRC.encode()),
    'bvh': (read_motion, lambda _: BVH.encode()),
    'npz': (read_motion, npz),
    'c3d': (read_motion, c3d),
    'mot': (read_forces, lambda _: GRF.encode()),
    'sto': (read_moments, lambda _: ID.encode()),
    'yaml': (load_format, lambda _: resource('config', 'skeletons', 'coco_17.yaml').read_bytes()),
}


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('ending', CASES)
def test_a_damaged_file_is_read_or_refused_with_a_sentence(ending, tmp_path):
    read, make = CASES[ending]
    whole = make(tmp_path)
    path = tmp_path / f'damaged.{ending}'
    for seed in range(FILES):
        path.write_bytes(mutated(whole, random.Random(seed)))
        start = time.monotonic()
        try:
            read(path)
        except (RecordingError, SkeletonError) as error:
            assert path.name in str(error), f'seed {seed}: the file is not named: {error}'
        assert time.monotonic() - start < PATIENCE_S, f'seed {seed}'


SMPL = load_format('smpl_24')
FRAMES = list(person('walk', rate_hz=60.0, duration_s=2.0).frames())


def message(frame, stamp_ns):
    cloud = point_cloud.pack([frame])
    return SimpleNamespace(
        header=SimpleNamespace(
            stamp=SimpleNamespace(sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9), frame_id='map'
        ),
        height=1, width=24, point_step=20, row_step=480, is_bigendian=False, is_dense=False,
        fields=[
            SimpleNamespace(name=name, offset=at, datatype=code, count=1)
            for name, at, code in point_cloud.fields_of(cloud.dtype)
        ],
        data=cloud.view(np.uint8).reshape(-1).copy(),
    )  # fmt: skip


def damage(made, generator):
    """One number of the layout, or some bytes of the points."""
    numbers = (0, 1, 2, 3, 4, 7, 8, 19, 23, 24, 25, 255, 480, 2**16, 2**31, 2**32 - 1)
    kind = generator.randrange(8)
    if kind == 0:
        name = generator.choice(('height', 'width', 'point_step', 'row_step'))
        setattr(made, name, generator.choice(numbers))
    elif kind == 1:
        field = generator.choice(made.fields)
        name = generator.choice(('offset', 'datatype', 'count'))
        setattr(field, name, generator.choice(numbers))
    elif kind == 2:
        generator.choice(made.fields).name = generator.choice(('x', 'q', '', 'body'))
    elif kind == 3:
        made.data = made.data[: generator.randrange(480)]
    elif kind == 4:
        made.is_bigendian = True
    elif kind == 5:
        made.header.stamp.sec = generator.choice((-(2**31), -1, 0, 2**31 - 1))
        made.header.stamp.nanosec = generator.choice((0, 10**9, 2**32 - 1))
    else:
        for _ in range(generator.randint(1, 30)):
            made.data[generator.randrange(480)] = generator.choice((0, 0x7F, 0x80, 0xFF, 0xC0))


def finite(estimate):
    ground, dynamics = estimate.ground, estimate.dynamics
    numbers = (
        dynamics.torque, dynamics.stddev, dynamics.power, dynamics.position, dynamics.velocity,
        ground.left.force, ground.right.force, ground.left.moment, ground.right.moment,
        estimate.residual, [estimate.age_ms],
    )  # fmt: skip
    return all(np.isfinite(number).all() for number in numbers)


@pytest.mark.filterwarnings('ignore::RuntimeWarning')
def test_damaged_skeleton_messages_are_refused_and_no_estimate_is_ever_not_finite():
    generator = random.Random(0)
    people = People('smpl_24', PersonConfig(mass_kg=70.0, height_m=1.75))
    answered = refused = 0
    for k in range(MESSAGES):
        made = message(FRAMES[k % len(FRAMES)], 10**12 + k * 16_666_667)
        if generator.random() < 0.3:
            damage(made, generator)
        start = time.monotonic()
        try:
            estimates = people.push(point_cloud.read(made, SMPL))
        except HumandynError:
            refused += 1
            estimates = ()
        assert time.monotonic() - start < PATIENCE_S, f'message {k}'
        assert all(finite(estimate) for estimate in estimates), f'message {k}'
        answered += len(estimates)
    assert refused > MESSAGES * 0.02
    assert answered > MESSAGES * 0.05
