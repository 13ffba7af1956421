"""Does a .c3d hold what it promises? Asked before a parser written in C++ may read it.

ezc3d reads a truncated file without a word and a damaged parameter section for ever. Layout:
C3D User Guide (Motion Lab Systems 2021), "The header section", "The parameter section".
"""

from __future__ import annotations

import struct
from pathlib import Path

from humandyn_ros.errors import RecordingError

_BLOCK = 512
_MAGIC = 0x50
_ORDER = {84: '<', 85: '<', 86: '>'}  # Intel, DEC, MIPS
_SIGN_BYTE = {84: 15, 85: 13, 86: 12}  # of the header's scale factor, in each one's float format
_ELEMENT_BYTES = {-1: 1, 1: 1, 2: 2, 4: 4}


def check_c3d(path: Path, content: bytes) -> None:
    """Check header, parameter records and data size.

    Raises:
        RecordingError: The file is not a .c3d, is truncated, or its parameters are damaged.
    """
    if len(content) < 2 * _BLOCK or content[1] != _MAGIC:
        raise RecordingError(f'{path}: not a .c3d file (no C3D header), or truncated inside it')
    start = (content[0] - 1) * _BLOCK
    if start < _BLOCK or start + 4 > len(content) or content[start + 3] not in _ORDER:
        raise RecordingError(f'{path}: the C3D parameter section is missing: corrupt or truncated')
    processor = content[start + 3]
    end = _check_parameters(path, content, start, _ORDER[processor])
    _check_size(path, content, processor, end)


def _check_parameters(path: Path, content: bytes, start: int, order: str) -> int:
    """Walk the records; return the end of the section."""
    end = min(len(content), start + max(content[start + 2], 1) * _BLOCK)
    at = start + 4
    while at + 2 <= end:
        length, group = struct.unpack_from('bb', content, at)
        if length == 0 or group == 0:
            return end
        step_at = at + 2 + abs(length)
        if step_at + 2 > end:
            break
        (step,) = struct.unpack_from(order + 'h', content, step_at)
        if step < 0:
            break
        following = step_at + step if step else end
        if following > end or (group > 0 and not _fits(content, step_at + 2, following)):
            break
        if step == 0:
            return end
        at = following
    raise RecordingError(f'{path}: C3D parameters are damaged near byte {at}: corrupt file')


def _fits(content: bytes, at: int, end: int) -> bool:
    """Tell whether one parameter's declared dimensions fit into its record."""
    if at + 2 > end:
        return False
    kind, dimensions = struct.unpack_from('bb', content, at)
    if kind not in _ELEMENT_BYTES or not 0 <= dimensions <= 7 or at + 2 + dimensions > end:
        return False
    size: int = _ELEMENT_BYTES[kind]
    for factor in content[at + 2 : at + 2 + dimensions]:
        size *= factor
    return bool(at + 2 + dimensions + size <= end)


def _check_size(path: Path, content: bytes, processor: int, parameters_end: int) -> None:
    order = _ORDER[processor]
    points, analogs, first, last = struct.unpack_from(order + '4H', content, 2)
    (data_block,) = struct.unpack_from(order + 'H', content, 16)
    data_start = (data_block - 1) * _BLOCK
    if data_start < parameters_end - _BLOCK or last < first:
        raise RecordingError(f'{path}: the C3D header contradicts itself: corrupt file')
    # A negative scale factor means floating point data, a positive one 16-bit integers.
    word = 4 if content[_SIGN_BYTE[processor]] & 0x80 else 2
    needed = (last - first + 1) * (4 * points + analogs) * word
    held = max(len(content) - data_start, 0)
    if held < needed:
        raise RecordingError(
            f'{path}: truncated: {last - first + 1} frames need {needed} bytes of data, '
            f'{held} are there; copy the file again'
        )
