"""The bytes of a .c3d: header, parameters, points and analog samples.

Source: C3D User Guide (Motion Lab Systems 2021): "The header section", "The parameter section",
"3D point and analog data". Read here, and not by a library, because a damaged file must give an
error: every size is checked against the file before it is used.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array

Value = list[str] | Array
"""A parameter: strings, or numbers in the file's dimensions."""

_BLOCK = 512
_MAGIC = 0x50
_DEC, _MIPS = 85, 86  # processors; 84 is Intel
_SIGN_BYTE = {84: 15, _DEC: 13, _MIPS: 12}  # of the header's scale factor
_KINDS = {-1: 'S1', 1: 'i1', 2: 'i2', 4: 'f4'}


@dataclass(frozen=True, eq=False)
class C3dContent:
    """What a .c3d holds."""

    parameters: dict[str, dict[str, Value]]  # GROUP -> name as written -> value
    points: Array  # (T, N, 3) in POINT:UNITS; NaN = not seen
    analogs: Array  # (T_a, C) scaled to ANALOG:UNITS


def decode(path: Path, content: bytes) -> C3dContent:
    """Decode a whole .c3d.

    Raises:
        RecordingError: Not a .c3d, truncated, or its parameters are damaged.
    """
    if len(content) < 2 * _BLOCK or content[1] != _MAGIC:
        raise RecordingError(f'{path}: not a .c3d file (no C3D header), or truncated inside it')
    start = (content[0] - 1) * _BLOCK
    if start < _BLOCK or start + 4 > len(content) or content[start + 3] not in _SIGN_BYTE:
        raise RecordingError(f'{path}: the C3D parameter section is missing: corrupt or truncated')
    layout = _Layout(path, content, content[start + 3])
    parameters = layout.parameters(start)
    points, analogs = layout.samples(parameters)
    return C3dContent(parameters, points, analogs)


@dataclass(frozen=True)
class _Layout:
    path: Path
    content: bytes
    processor: int

    @property
    def order(self) -> str:
        return '>' if self.processor == _MIPS else '<'

    def numbers(self, kind: str, count: int, at: int) -> NDArray[np.generic]:
        """Take `count` numbers at a byte; whoever calls has checked that they are there."""
        raw = np.frombuffer(self.content, self.order + kind, count, at)
        if kind == 'f4' and self.processor == _DEC:
            # VAX F floating point: words exchanged, exponent bias larger by two.
            words = np.frombuffer(self.content, '<u2', 2 * count, at).reshape(-1, 2)
            raw = np.ascontiguousarray(words[:, ::-1]).view('<f4')[:, 0] / np.float32(4)
        return raw

    def parameters(self, start: int) -> dict[str, dict[str, Value]]:
        names: dict[int, str] = {}
        found: dict[int, dict[str, Value]] = {}
        for name, group, at, end in self._records(start):
            if group < 0:
                names[-group] = name.upper()
            else:
                found.setdefault(group, {})[name] = self._value(at, end)
        return {names[group]: values for group, values in found.items() if group in names}

    def _records(self, start: int) -> Iterator[tuple[str, int, int, int]]:
        """Yield name, group number, first byte and end of every record."""
        end = min(len(self.content), start + max(self.content[start + 2], 1) * _BLOCK)
        at = start + 4
        while at + 2 <= end:
            length, group = struct.unpack_from('bb', self.content, at)
            if length == 0 or group == 0:
                return
            body = at + 2 + abs(length)
            if body + 2 > end:
                break
            (step,) = struct.unpack_from(self.order + 'h', self.content, body)
            following = body + step if step else end
            if step < 0 or following > end:
                break
            name = self.content[at + 2 : body].decode('latin-1').strip()
            yield name, group, body + 2, following
            if step == 0:
                return
            at = following
        else:
            return
        raise self._damaged(at)

    def _value(self, at: int, end: int) -> Value:
        if at + 2 > end:
            raise self._damaged(at)
        kind, dimensions = struct.unpack_from('bb', self.content, at)
        first = at + 2 + dimensions
        if kind not in _KINDS or not 0 <= dimensions <= 7 or first > end:
            raise self._damaged(at)
        shape = tuple(self.content[at + 2 : first])
        count = int(np.prod(shape, dtype=np.int64)) if shape else 1
        if first + count * abs(kind) > end:
            raise self._damaged(at)
        if kind == -1:
            width = shape[0] if shape else 1
            text = self.content[first : first + count].decode('latin-1')
            return [text[k : k + width].strip(' \0') for k in range(0, count, max(width, 1))]
        return self.numbers(_KINDS[kind], count, first).astype(float).reshape(shape, order='F')

    def _damaged(self, at: int) -> RecordingError:
        return RecordingError(
            f'{self.path}: C3D parameters are damaged near byte {at}: corrupt file'
        )

    def samples(self, parameters: dict[str, dict[str, Value]]) -> tuple[Array, Array]:
        """Points (T, N, 3) and analog samples (T_a, C)."""
        header = struct.unpack_from(self.order + '4H', self.content, 2)
        points, analogs, first, last = header
        data_block, per_frame = struct.unpack_from(self.order + '2H', self.content, 16)
        scale = float(self.numbers('f4', 1, 12)[0])
        # A negative scale factor means floating point data, a positive one 16-bit integers.
        real = bool(self.content[_SIGN_BYTE[self.processor]] & 0x80)
        frames = _long_count(parameters) if last == 0xFFFF else last - first + 1
        words = frames * (4 * points + analogs)
        start, size = (data_block - 1) * _BLOCK, 4 if real else 2
        if frames < 1 or start < _BLOCK or (analogs and (not per_frame or analogs % per_frame)):
            raise RecordingError(f'{self.path}: the C3D header contradicts itself: corrupt file')
        held = max(len(self.content) - start, 0)
        if held < words * size:
            raise RecordingError(
                f'{self.path}: truncated: {frames} frames need {words * size} bytes of data, '
                f'{held} are there; copy the file again'
            )
        with np.errstate(all='ignore'):  # damaged numbers become NaN or not seen, silently
            raw = self.numbers('f4' if real else 'i2', words, start).astype(float)
            table = raw.reshape(frames, 4 * points + analogs)
            quads = table[:, : 4 * points].reshape(frames, points, 4)
            xyz = quads[..., :3] * (1.0 if real else abs(scale))
            xyz[quads[..., 3] < 0] = np.nan
            count = analogs // per_frame if analogs else 0
            channels = (
                table[:, 4 * points :].reshape(-1, count) if count else np.zeros((frames, 0))
            )
            return xyz, _scaled(channels, parameters.get('ANALOG', {}))


def _long_count(parameters: dict[str, dict[str, Value]]) -> int:
    """Frames of a recording too long for the header: from TRIAL, in pairs of 16-bit words."""
    trial = {name.upper(): value for name, value in parameters.get('TRIAL', {}).items()}
    ends = [trial.get(f'ACTUAL_{name}_FIELD') for name in ('START', 'END')]
    if any(not isinstance(end, np.ndarray) or end.size < 2 for end in ends):
        return 0
    start, end = (int(e[0]) % 65536 + 65536 * (int(e[1]) % 65536) for e in ends if e is not None)
    return end - start + 1


def _scaled(channels: Array, analog: dict[str, Value]) -> Array:
    """(raw - OFFSET) · SCALE · GEN_SCALE, column by column."""
    analog = {name.upper(): value for name, value in analog.items()}
    count = channels.shape[1]
    factor = _series(analog, 'GEN_SCALE', 1, 1.0)[0]
    offset = _series(analog, 'OFFSET', count, 0.0)
    scale = _series(analog, 'SCALE', count, 1.0)
    result: Array = (channels - offset) * scale * factor
    return result


def _series(group: dict[str, Value], name: str, count: int, default: float) -> Array:
    """One number per channel; one parameter holds 255, more are in NAME2, NAME3, ..."""
    parts = [group.get(name), *(group.get(f'{name}{k}') for k in range(2, 10))]
    given = [np.ravel(p) for p in parts if isinstance(p, np.ndarray)]
    numbers = np.concatenate([*given, np.full(count, default)])
    result: Array = numbers[:count].astype(float)
    return result
