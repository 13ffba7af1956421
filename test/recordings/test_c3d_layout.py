"""The same small recording in every number format that .c3d files come in."""

import struct
from pathlib import Path

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings.c3d_layout import decode

INTEL, DEC, MIPS = 84, 85, 86
POINTS = np.array([[[10.0, -20.0, 30.0], [1.5, 2.5, 3.5]], [[11.0, -21.0, 31.0], [4.0, 5.0, 6.0]]])
ANALOGS = np.array([[100.0, -50.0], [101.0, -51.0], [102.0, -52.0], [103.0, -53.0]])
PATH = Path('x.c3d')


def real(processor, *values):
    if processor != DEC:
        return struct.pack(('>' if processor == MIPS else '<') + f'{len(values)}f', *values)
    words = np.array(values, '<f4').view('<u4')
    raised = np.where(words == 0, 0, words + (2 << 23)).astype('<u4')  # four times the IEEE value
    return np.ascontiguousarray(raised.view('<u2').reshape(-1, 2)[:, ::-1]).tobytes()


def whole(processor, *values):
    return struct.pack(('>' if processor == MIPS else '<') + f'{len(values)}h', *values)


def parameter(processor, group, name, *, kind, dimensions, body):
    content = struct.pack('bb', kind, len(dimensions)) + bytes(dimensions) + body + b'\0'
    head = struct.pack('bb', len(name), group) + name.encode()
    return head + whole(processor, 2 + len(content)) + content


def c3d(processor, integers):
    p = processor
    group = b''.join(
        struct.pack('bb', len(name), -number) + name.encode() + whole(p, 3) + b'\0'
        for number, name in ((1, 'POINT'), (2, 'ANALOG'))
    )
    records = group + b''.join(
        (
            parameter(p, 1, 'RATE', kind=4, dimensions=(), body=real(p, 100.0)),
            parameter(p, 1, 'LABELS', kind=-1, dimensions=(4, 2), body=b'LASIRA  '),
            parameter(p, 2, 'GEN_SCALE', kind=4, dimensions=(), body=real(p, 2.0)),
            parameter(p, 2, 'SCALE', kind=4, dimensions=(2,), body=real(p, 0.5, 0.25)),
            parameter(p, 2, 'OFFSET', kind=2, dimensions=(2,), body=whole(p, 10, 0)),
        )
    )
    section = (bytes((1, 0x50, 1, p)) + records + b'\0\0').ljust(512, b'\0')
    scale = 0.5 if integers else -0.5
    header = bytes((2, 0x50)) + whole(p, 2, 4, 1, 2, 0) + real(p, scale) + whole(p, 3, 2)
    data = b''
    pack = (lambda *v: whole(p, *(int(x) for x in v))) if integers else (lambda *v: real(p, *v))
    for frame in range(2):
        for point in range(2):
            unseen = -1.0 if (frame, point) == (1, 0) else 0.0
            data += pack(*(POINTS[frame, point] / (0.5 if integers else 1.0)), unseen)
        for sample in ANALOGS[2 * frame : 2 * frame + 2]:
            data += pack(sample[0] + 10, 2 * sample[1])  # undone by OFFSET, SCALE and GEN_SCALE
    return header.ljust(512, b'\0') + section + data


@pytest.mark.parametrize('processor', [INTEL, DEC, MIPS])
@pytest.mark.parametrize('integers', [False, True])
def test_every_number_format_gives_the_same_recording(processor, integers):
    content = decode(PATH, c3d(processor, integers))
    expected = POINTS.copy()
    expected[1, 0] = np.nan
    np.testing.assert_array_equal(content.points, expected)
    np.testing.assert_array_equal(content.analogs, ANALOGS)
    assert content.parameters['POINT']['LABELS'] == ['LASI', 'RA']
    assert content.parameters['POINT']['RATE'] == 100.0


def test_a_parameter_that_leaves_its_record_is_refused():
    damaged = bytearray(c3d(INTEL, integers=False))
    at = damaged.index(b'LABELS') + 6 + 2 + 2  # the first dimension of LABELS
    damaged[at] = 250
    with pytest.raises(RecordingError, match='parameters are damaged near byte'):
        decode(PATH, bytes(damaged))


def test_a_header_with_no_room_for_its_frames_is_refused():
    whole_file = c3d(INTEL, integers=False)
    with pytest.raises(RecordingError, match='2 frames need 96 bytes of data, 90 are there'):
        decode(PATH, whole_file[:-6])
    reversed_frames = bytearray(whole_file)
    reversed_frames[6:10] = whole(INTEL, 9, 3)
    with pytest.raises(RecordingError, match='contradicts itself'):
        decode(PATH, bytes(reversed_frames))
