"""Damaged files and messages: read or refused with a sentence, quickly, never a crash or NaN.

The mutations follow a seed, so that a failure is the same everywhere.
"""

import random
import time
from types import SimpleNamespace

import numpy as np
import pytest

from bench.fuzz import CASES, messages_of_sources, mutated
from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import HumandynError, RecordingError, SkeletonError
from humandyn_ros.people import People
from humandyn_ros.skeleton import load_format
from humandyn_ros.sources import point_cloud
from humandyn_ros.synthetic import person

FILES = 60  # mutations of each kind of file
MESSAGES = 1500
PATIENCE_S = 2.0  # for one file, on a busy machine


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('ending', CASES)
def test_a_damaged_file_is_read_or_refused_with_a_sentence(ending, tmp_path):
    read, make = CASES[ending]
    whole = make(tmp_path / 'whole')
    path = tmp_path / f'damaged.{ending}'
    for seed in range(FILES):
        path.write_bytes(mutated(whole, random.Random(seed)))
        start = time.process_time()
        try:
            read(path)
        except (RecordingError, SkeletonError) as error:
            assert path.name in str(error), f'seed {seed}: the file is not named: {error}'
        assert time.process_time() - start < PATIENCE_S, f'seed {seed}'


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
        start = time.process_time()  # what others do on this machine does not count
        try:
            estimates = people.push(point_cloud.read(made, SMPL))
        except HumandynError:
            refused += 1
            estimates = ()
        assert time.process_time() - start < PATIENCE_S, f'message {k}'
        assert all(finite(estimate) for estimate in estimates), f'message {k}'
        answered += len(estimates)
    assert refused > MESSAGES * 0.02
    assert answered > MESSAGES * 0.05


@pytest.mark.filterwarnings('ignore::RuntimeWarning')
def test_damaged_messages_of_every_source_are_refused_or_read_quickly():
    figures = messages_of_sources(1500, seed=0)
    assert figures['crashed'] == 0, figures['first_crash']
    assert figures['not_finite'] == 0
    assert figures['slowest_s'] < PATIENCE_S
    assert min(figures['refused'], figures['read']) > 100
