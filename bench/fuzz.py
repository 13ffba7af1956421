"""Damaged messages and files in great number: no crash, no NaN, bounded time.

`python -m bench.fuzz [--messages 100000 --files 10000]` writes bench/results/fuzz.json. The
mutations follow a seed, so that a failure is the same everywhere.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.readme import write_section
from bench.recorded import BODIES, stream
from bench.soak import endurance
from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import HumandynError
from humandyn_ros.people import People
from humandyn_ros.recordings import read_forces, read_moments, read_motion
from humandyn_ros.resources import resource
from humandyn_ros.ros.dds.message_types import message_type
from humandyn_ros.skeleton import load_format
from humandyn_ros.sources import SkeletonReader, source_for

RESULTS = Path(__file__).parent / 'results' / 'fuzz.json'
SLOWEST_S = 2.0

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


def npz(path: Path) -> bytes:
    """An AMASS file of four frames."""
    path = path.with_suffix('.npz')
    np.savez(
        path, poses=np.zeros((4, 156)), trans=np.zeros((4, 3)), betas=np.zeros(16),
        mocap_framerate=np.array(60.0), gender=np.array('male'),
    )  # fmt: skip
    return path.read_bytes()


def c3d(path: Path) -> bytes:
    """A .c3d of four frames."""
    import ezc3d

    file = ezc3d.c3d()
    file['parameters']['POINT']['RATE']['value'] = [100.0]
    file['parameters']['POINT']['UNITS']['value'] = ['mm']
    file['parameters']['POINT']['LABELS']['value'] = ['LASI', 'RASI']
    file['data']['points'] = np.ones((4, 2, 4))
    path = path.with_suffix('.c3d')
    file.write(str(path))
    return path.read_bytes()


CASES: dict[str, tuple[Callable[[Path], Any], Callable[[Path], bytes]]] = {
    'trc': (read_motion, lambda _: TRC.encode()),
    'bvh': (read_motion, lambda _: BVH.encode()),
    'npz': (read_motion, npz),
    'c3d': (read_motion, c3d),
    'mot': (read_forces, lambda _: GRF.encode()),
    'sto': (read_moments, lambda _: ID.encode()),
    'yaml': (load_format, lambda _: resource('config', 'skeletons', 'coco_17.yaml').read_bytes()),
}


def messages_of_sources(count: int, seed: int = 0) -> dict[str, Any]:
    """Damage the bytes of every source's messages, decode, read and estimate.

    Args:
        count: Messages in all.
        seed: Of the mutations.
    """
    generator = random.Random(seed)
    figures = _Figures()
    for case in BODIES:
        sent = list(stream(case, 12))
        name = case.input_type or sent[0].type_name
        reader = SkeletonReader(source_for(name), case.format or '')
        people: People | None = None
        raws = [bytes(message_type(s.type_name).encode(_built(s))) for s in sent]
        for k in range(-(-count // len(BODIES))):
            one = sent[k % len(sent)]
            raw = raws[k % len(sent)]
            raw = _bent(raw, generator) if generator.random() < 0.8 else raw
            people = figures.time(_through, one, raw, reader, people)
    return figures.told()


def _built(one: Any) -> Any:
    return message_type(one.type_name).new(one.fields)


def _bent(raw: bytes, generator: random.Random) -> bytes:
    content = bytearray(raw)
    if generator.random() < 0.2:
        return bytes(content[: generator.randrange(len(content))])
    for _ in range(generator.randint(1, 8)):
        at = generator.randrange(4, len(content))
        content[at] = generator.choice((0, 1, 0x7F, 0x80, 0xC0, 0xF0, 0xFF, content[at] ^ 1))
    return bytes(content)


def _through(
    one: Any, raw: bytes, reader: SkeletonReader, people: People | None
) -> tuple[People | None, bool]:
    """Everything between the wire and the estimates; returns people, and whether all is finite."""
    message = message_type(one.type_name).decode(raw)
    frames = reader.read(message, one.topic, one.stamp_ns)
    if people is None and reader.format is not None:
        people = People(reader.format, PersonConfig(70.0, 1.75))
    estimates = people.push(frames) if people is not None else ()
    return people, all(np.isfinite(e.dynamics.torque).all() for e in estimates)


def files(count: int, seed: int = 0) -> dict[str, Any]:
    """Damage files of every kind and read them.

    Args:
        count: Files in all.
        seed: Of the mutations.
    """
    generator = random.Random(seed)
    figures = _Figures()
    with tempfile.TemporaryDirectory() as folder:
        for ending, (read, make) in CASES.items():
            whole = make(Path(folder) / 'whole')
            path = Path(folder) / f'damaged.{ending}'
            for _ in range(-(-count // len(CASES))):
                path.write_bytes(mutated(whole, generator))
                figures.time(lambda path=path, read=read: (read(path), True))
    return figures.told()


class _Figures:
    """Counts what was read, refused or worse, and the slowest."""

    def __init__(self) -> None:
        self.read = self.refused = self.crashed = self.not_finite = 0
        self.slowest_s = 0.0
        self.first_crash = ''

    def time(self, act: Callable[..., tuple[Any, bool]], *arguments: Any) -> Any:
        """Act once; a sentence is a refusal, any other exception a crash."""
        start = time.process_time()  # what others do on this machine does not count
        kept = arguments[-1] if arguments else None
        try:
            kept, finite = act(*arguments)
            self.read += 1
            self.not_finite += not finite
        except HumandynError:
            self.refused += 1
        except Exception as error:
            self.crashed += 1
            self.first_crash = self.first_crash or f'{type(error).__name__}: {error}'
        self.slowest_s = max(self.slowest_s, time.process_time() - start)
        return kept

    def told(self) -> dict[str, Any]:
        """The figures."""
        return dict(vars(self))


def main() -> None:
    """Fuzz; exits with an error where anything crashed, was slow or was not finite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--messages', type=int, default=100_000)
    parser.add_argument('--files', type=int, default=10_000)
    parser.add_argument('--seed', type=int, default=0)
    asked = parser.parse_args()
    warnings.simplefilter('ignore', RuntimeWarning)
    figures = {
        'messages': messages_of_sources(asked.messages, asked.seed),
        'files': files(asked.files, asked.seed),
    }
    print(json.dumps(figures, indent=1))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=1) + '\n')
    write_section('endurance', endurance())
    for kind in figures.values():
        if kind['crashed'] or kind['not_finite'] or kind['slowest_s'] > SLOWEST_S:
            raise SystemExit('something crashed, was slow or was not finite')


if __name__ == '__main__':
    main()
