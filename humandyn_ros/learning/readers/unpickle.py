"""Pickles without their teeth: arrays, tables, numbers and text; nothing is ever called.

A pickle is a program; loading a foreign one runs it. Here only a fixed list of names is known,
each with a harmless stand-in of our own; any other name is refused before anything happens.
Known: NumPy arrays and scalars; joblib's array-in-stream form (also compressed); tables of
pandas 1.3 to 2 (without pandas); torch tensors (through torch's own restricted loader); the
numbers of chumpy arrays and scipy's sparse matrices (SMPL's model files).
"""

from __future__ import annotations

import bz2
import io
import lzma
import math
import pickle
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np

from humandyn_ros.errors import MissingDependencyError, RecordingError
from humandyn_ros.recordings.files import MAX_BYTES, read_bytes, reading

_PACKED: dict[bytes, Callable[[], Any]] = {
    b'\x78': zlib.decompressobj,
    b'\x1f\x8b': lambda: zlib.decompressobj(16 + zlib.MAX_WBITS),
    b'BZ': bz2.BZ2Decompressor,
    b'\xfd7zXZ': lzma.LZMADecompressor,
    b'\x5d\x00\x00': lzma.LZMADecompressor,
}


def read_pickle(path: Path) -> Any:
    """Read a pickle of arrays, tables, numbers, text, and lists, tuples and dicts of them.

    Raises:
        RecordingError: The file names anything else, is truncated, damaged or not a pickle.
    """
    content = _unpacked(path, read_bytes(path))
    with reading(path, 'pickle'):
        return read_stream(io.BytesIO(content))


def read_stream(stream: BinaryIO) -> Any:
    """Read one pickle where the stream stands; errors of any kind mean that it is damaged."""
    return _plain(_Reader(stream).load())


def read_torch_archive(path: Path) -> Any:
    """Read what torch.save writes (a zip with a pickle and the numbers), without torch.

    Raises:
        RecordingError: As `read_pickle`.
    """
    content = read_bytes(path)
    with reading(path, 'torch archive'), zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
            raise RecordingError(f'{path}: unpacks to more than {MAX_BYTES >> 20} MiB')
        inside = next(name for name in archive.namelist() if name.endswith('/data.pkl'))
        folder = inside[: -len('data.pkl')]

        def stored(mark: Any) -> _Storage:
            kind, numbers, key = mark[0], mark[1], str(mark[2])
            if kind != 'storage' or not isinstance(numbers, _Numbers) or not key.isdigit():
                raise pickle.UnpicklingError('a storage of another kind')
            return _Storage(np.frombuffer(archive.read(f'{folder}data/{key}'), numbers.kind))

        return _plain(_Reader(io.BytesIO(archive.read(inside)), stored).load())


def _unpacked(path: Path, content: bytes) -> bytes:
    for magic, make in _PACKED.items():
        if content.startswith(magic):
            with reading(path, 'compressed pickle'):
                result: bytes = make().decompress(content, MAX_BYTES + 1)
            if len(result) > MAX_BYTES:
                raise RecordingError(f'{path}: unpacks to more than {MAX_BYTES >> 20} MiB')
            return result
    return content


class _Kind:
    """A number type; NumPy's own restoring is not let near foreign content."""

    def __init__(self, name: Any, *_: Any) -> None:
        self.name, self.order = str(name), '='

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if any(item is not None for item in state[2:5]):
            raise pickle.UnpicklingError('an array of records')
        self.order = {'<': '<', '>': '>'}.get(state[1], '=')

    @property
    def dtype(self) -> Any:
        kind = np.dtype(self.name)
        if kind.names or kind.subdtype:
            raise pickle.UnpicklingError('an array of records')
        big: Any = self.order
        return kind.newbyteorder(big)


class _Array:
    """An array in the making."""

    def __init__(self, *_: Any) -> None:
        self.state: tuple[Any, ...] = (1, (0,), _Kind('f8'), False, b'')

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state

    def array(self) -> Any:
        _, shape, kind, fortran, content = self.state
        if not _dtype(kind).hasobject:
            return _from_buffer(content, kind, shape, 'F' if fortran else 'C')
        made = np.empty(len(content), object)
        made[:] = [_plain(item) for item in content]
        return made.reshape(shape, order='F' if fortran else 'C')


class Table:
    """A table of pandas: `values` (rows, columns) float, `index` (rows), `columns` names."""

    def __init__(self, *_: Any) -> None:
        self.state: dict[str, Any] = {}
        self.index: Any = None
        self.columns: list[str] = []
        self.values: Any = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.state = state

    def fill(self) -> Table:
        """Make the columns from the blocks that pandas keeps them in."""
        blocks, (columns, index) = self.state['_mgr']
        self.columns, self.index = [str(name) for name in _plain(columns)], _plain(index)
        _size((len(self.index), len(self.columns)), 8)
        self.values = np.full((len(self.index), len(self.columns)), np.nan)
        for block, where in blocks:
            self.values[:, _plain(where)] = np.asarray(_plain(block), float).T
        return self


class _Wrapper:
    """joblib's mark in the stream: the raw bytes of an array come next."""

    def __init__(self, *_: Any) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.state = state

    def read(self, stream: BinaryIO) -> Any:
        shape, kind = tuple(self.state['shape']), _dtype(self.state['dtype'])
        if kind.hasobject:
            raise pickle.UnpicklingError('an array of objects inside the stream')
        if self.state.get('numpy_array_alignment_bytes') is not None:
            padding = stream.read(1)
            stream.read(padding[0] if padding else 0)
        size = _size(shape, kind.itemsize)
        content = stream.read(size)
        if len(content) != size:
            raise pickle.UnpicklingError('the file ends inside an array')
        return _from_buffer(content, kind, shape, self.state['order'])


class _Foreign:
    """An object of chumpy or scipy.sparse, of which only the numbers are wanted (SMPL's files)."""

    def __init__(self, *_: Any) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.state = state

    def array(self) -> Any:
        if 'x' in self.state:  # chumpy.Ch
            return _plain(self.state['x'])
        rows, columns = (int(n) for n in self.state['_shape'])  # scipy.sparse.csc_matrix
        _size((rows, columns), 8)
        data, indices, indptr = (_plain(self.state[n]) for n in ('data', 'indices', 'indptr'))
        dense = np.zeros((rows, columns))
        dense[indices, np.repeat(np.arange(columns), np.diff(indptr))] = data
        return dense


class _Numbers:
    """The number type of a torch storage."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


class _Storage:
    """The numbers of a torch tensor."""

    def __init__(self, numbers: Any) -> None:
        self.numbers = numbers


def _size(shape: Any, itemsize: int) -> int:
    """Bytes of an array, which a few bytes of a pickle may claim to be any number."""
    size = math.prod(int(n) for n in shape) * itemsize
    if not 0 <= size <= MAX_BYTES:
        raise pickle.UnpicklingError(f'an array of shape {shape} is absurd')
    return size


def _dtype(kind: Any) -> Any:
    return kind.dtype if isinstance(kind, _Kind) else np.dtype(kind)


def _from_buffer(buffer: Any, kind: Any, shape: Any, order: Any) -> Any:
    kind = _dtype(kind)
    if kind.hasobject:
        raise pickle.UnpicklingError('an array of objects from bytes')
    content = buffer.encode('latin1') if isinstance(buffer, str) else bytes(buffer)
    array = np.frombuffer(content, kind).reshape(shape, order='F' if order == 'F' else 'C')
    return array.copy()


def _scalar(kind: Any, content: Any) -> Any:
    return _from_buffer(content, kind, (), 'C')[()]


def _manager(blocks: Any, axes: Any, *_: Any) -> Any:
    return blocks, axes


def _block(values: Any, where: Any, *_: Any) -> Any:
    return values, where


def _index(_: Any, state: dict[str, Any]) -> Any:
    if 'start' in state:
        numbers = range(state['start'], state['stop'], state['step'])
        _size((len(numbers),), 8)
        return np.asarray(numbers)
    return state['data']


def _made(kind: Any, *_: Any) -> Any:
    if kind is not _Foreign:
        raise pickle.UnpicklingError('an object of a foreign class')
    return _Foreign()


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _encode(text: Any, _: Any = None) -> bytes:
    return str(text).encode('latin1')  # how old protocols write bytes


def _tensor_storage(content: Any) -> _Storage:
    """Storage inside a plain pickle: a file of its own, for torch's own restricted loader."""
    try:
        import torch  # noqa: PLC0415 - only a file with tensors in it needs torch
    except ImportError as error:
        raise MissingDependencyError('PyTorch', 'train', 'A pickle of tensors') from error
    storage = torch.load(io.BytesIO(bytes(content)), weights_only=True)
    flat = torch.empty(0, dtype=storage.dtype).set_(storage)
    return _Storage(flat.numpy().copy())


def _tensor(storage: Any, offset: int, shape: Any, strides: Any, *_: Any) -> Any:
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError('a tensor without storage')
    last = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    if 0 in shape:
        return np.zeros(shape, storage.numbers.dtype)
    _size(shape, storage.numbers.itemsize)
    if offset < 0 or min(strides, default=0) < 0 or last >= len(storage.numbers):
        raise pickle.UnpicklingError('a tensor that reaches beyond its storage')
    steps = [s * storage.numbers.itemsize for s in strides]
    return np.lib.stride_tricks.as_strided(storage.numbers[offset:], shape, steps).copy()


def _plain(found: Any) -> Any:
    """What was read, with finished arrays and tables in their places."""
    if isinstance(found, _Array | _Foreign):
        return found.array()
    if isinstance(found, Table):
        return found.fill()
    if isinstance(found, dict):
        return {_plain(key): _plain(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return type(found)(_plain(item) for item in found)
    if isinstance(found, slice | str | bytes | int | float | np.ndarray | np.generic | None):
        return found
    raise pickle.UnpicklingError(f'a {type(found).__name__} is not content')


_ANY = {'Index', 'RangeIndex', 'Float64Index', 'Int64Index'}
_KNOWN: dict[tuple[str, str], Any] = {
    ('collections', 'OrderedDict'): OrderedDict,
    ('_codecs', 'encode'): _encode,
    ('chumpy.ch', 'Ch'): _Foreign,
    ('scipy.sparse.csc', 'csc_matrix'): _Foreign,
    ('scipy.sparse._csc', 'csc_matrix'): _Foreign,
    ('copy_reg', '_reconstructor'): _made,
    ('copyreg', '_reconstructor'): _made,
    ('builtins', 'object'): None,
    ('__builtin__', 'object'): None,
    ('builtins', 'slice'): slice,
    ('__builtin__', 'slice'): slice,
    ('numpy', 'dtype'): _Kind,
    ('numpy', 'ndarray'): _nothing,
    ('joblib.numpy_pickle', 'NumpyArrayWrapper'): _Wrapper,
    ('pandas.core.frame', 'DataFrame'): Table,
    ('pandas.core.internals.managers', 'BlockManager'): _manager,
    ('pandas._libs.internals', '_unpickle_block'): _block,
    ('pandas.core.indexes.base', '_new_Index'): _index,
    ('torch.storage', '_load_from_bytes'): _tensor_storage,
    ('torch._utils', '_rebuild_tensor_v2'): _tensor,
    ('torch', 'FloatStorage'): _Numbers('<f4'),
    ('torch', 'DoubleStorage'): _Numbers('<f8'),
    ('torch', 'LongStorage'): _Numbers('<i8'),
    **{
        (f'numpy.{core}.{module}', name): make
        for core in ('core', '_core')
        for module, name, make in (
            ('multiarray', '_reconstruct', _Array),
            ('multiarray', 'scalar', _scalar),
            ('numeric', '_frombuffer', _from_buffer),
        )
    },
    **{
        (f'pandas.core.indexes.{module}', name): _nothing
        for module in ('base', 'range', 'numeric')
        for name in _ANY
    },
}


_BUILT = {_Kind, _Array, Table, _Wrapper, _Foreign}


_PURE: Any = pickle._Unpickler  # the one written in Python, whose opcodes can be replaced


class _Reader(_PURE):  # type: ignore[misc]
    """The reader in Python, for joblib's arrays: they lie in the stream between the opcodes."""

    dispatch: ClassVar[dict[int, Any]] = dict(_PURE.dispatch)

    def __init__(self, stream: BinaryIO, stored: Callable[[Any], _Storage] | None = None) -> None:
        super().__init__(stream, encoding='latin1')  # as Python 2 wrote bytes
        self.stream, self.stored = stream, stored

    def persistent_load(self, mark: Any) -> Any:
        if self.stored is None:
            raise pickle.UnpicklingError('a reference to something outside the file')
        return self.stored(mark)

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f'it wants {module}.{name}, but only arrays, tables, numbers and text are read '
                'from foreign pickles'
            ) from None

    def load_build(self) -> None:
        if type(self.stack[-2]) not in _BUILT:  # else state could be planted anywhere
            raise pickle.UnpicklingError('state for something that has none')
        super().load_build()
        if isinstance(self.stack[-1], _Wrapper):
            self.stack.append(self.stack.pop().read(self.stream))

    dispatch[pickle.BUILD[0]] = load_build
