"""Files: plain or .gz, text tables, time columns, whole or not at all; errors name the file."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import HumandynError, RecordingError
from humandyn_ros.quantities import Array, Mask

# Ten minutes of 200 markers at 250 Hz are 0.7 GB of text; more is a mistake or an attack.
MAX_BYTES = 1 << 30


def stem_and_ending(path: Path) -> tuple[str, str]:
    """Return (name, ending) without '.gz': 'walk.trc.gz' -> ('walk', '.trc')."""
    plain = Path(path.name[: -len('.gz')] if path.name.lower().endswith('.gz') else path.name)
    return plain.stem, plain.suffix.lower()


def read_bytes(path: Path) -> bytes:
    """Read a whole file, unpacking '.gz'.

    Raises:
        RecordingError: The file is missing, empty, too large or its compression is damaged.
    """
    try:
        if path.name.lower().endswith('.gz'):
            with gzip.open(path) as packed:
                content = packed.read(MAX_BYTES + 1)
        else:
            with path.open('rb') as plain:
                content = plain.read(MAX_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise RecordingError(f'{path}: damaged .gz ({error}); copy the file again') from error
    except OSError as error:
        raise RecordingError(f'{path}: cannot be read ({error.strerror or error})') from error
    if not content:
        raise RecordingError(f'{path} is empty: nothing was recorded, or the copy failed')
    if len(content) > MAX_BYTES:
        raise RecordingError(f'{path} is larger than {MAX_BYTES >> 20} MiB; cut it into parts')
    return content


def read_lines(path: Path) -> list[str]:
    """Read a text file as lines without their ends.

    Raises:
        RecordingError: As `read_bytes`, or the content is not text.
    """
    content = read_bytes(path)
    if b'\0' in content:
        raise RecordingError(f'{path}: not a text file (it holds zero bytes); is the name right?')
    return content.decode('utf-8', errors='replace').splitlines()


def write_whole(path: str | Path, text: str) -> None:
    """Write a text file under a temporary name, then rename: never half a file.

    What is no plain file, such as /dev/stdout, is written to as it is.

    Raises:
        RecordingError: The file cannot be written.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding='utf-8')
        else:
            _renamed(path.resolve(), text)  # a link stays a link
    except OSError as error:
        raise RecordingError(f'{path} cannot be written: {error.strerror or error}') from error


def _renamed(path: Path, text: str) -> None:
    partial = path.with_name(f'{path.name}.partial')
    try:
        partial.write_text(text, encoding='utf-8')
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever goes wrong inside a parser into one RecordingError that names the file."""
    try:
        yield
    except HumandynError:
        raise
    except MemoryError as error:
        raise RecordingError(f'{path}: sizes in this {kind} file are absurd: corrupt') from error
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise RecordingError(
            f'{path}: not a readable {kind} file ({reason}); it is corrupt or of another kind'
        ) from error


def number_table(path: Path, rows: Sequence[Sequence[str]], columns: int, first: int) -> Array:
    """Convert text cells to numbers (T, columns); blank cells become NaN.

    Args:
        path: Named in errors.
        rows: Cells per row, at most `columns` each.
        columns: How many the header promises; missing cells at a row's end are blank.
        first: Line number of the first row, for errors.

    Raises:
        RecordingError: A cell is not a number, or a row is too long.
    """
    table = np.full((len(rows), columns), np.nan)
    for i, row in enumerate(rows):
        if len(row) > columns:
            raise RecordingError(
                f'{path}: line {first + i} has {len(row)} columns, the header names {columns}'
            )
        try:
            table[i, : len(row)] = [float(cell) if cell.strip() else np.nan for cell in row]
        except ValueError as error:
            raise RecordingError(
                f'{path}: line {first + i} is damaged ({error}); copy the file again'
            ) from error
    return table


def lost(points: Array) -> Mask:
    """Tell which points (..., 3) m were not seen: (...).

    A marker at the very origin was not seen, nor one with a coordinate missing, nor one farther
    away than any laboratory is wide (10 km: millimetres taken for metres stay inside).
    """
    result: Mask = ~(np.abs(points) < 1e4).all(-1) | (points == 0).all(-1)
    return result


def stamps_from_times(
    path: Path, seconds: Array, rate_hz: float | None = None
) -> tuple[NDArray[np.int64], float]:
    """Turn a time column into stamps and a rate.

    Files print times with few digits (0.007, 0.013, 0.020 s at 150 Hz). Where they agree with a
    uniform rate to within 1 ms and an eighth of a sample, the uniform times are the true ones.

    Args:
        path: Named in errors.
        seconds: Time column (T,).
        rate_hz: Rate from the header, if any; else the mean rate.

    Returns:
        Stamps (T,) ns and the rate in Hz.

    Raises:
        RecordingError: Times are missing or do not increase.
    """
    if not np.isfinite(seconds).all():
        raise RecordingError(f'{path}: the time column has gaps; copy the file again')
    if np.abs(seconds).max(initial=0.0) > 4e9:  # beyond this nanoseconds overflow 64 bits
        raise RecordingError(f'{path}: times up to {np.abs(seconds).max():.3g} s are absurd')
    steps = np.diff(seconds)
    if (steps <= 0).any():
        where = int(np.argmax(steps <= 0))
        raise RecordingError(
            f'{path}: time does not increase after row {where + 1} ({seconds[where]} s)'
        )
    if not len(steps):
        return np.rint(seconds * 1e9).astype(np.int64), float(rate_hz or 1.0)
    mean_hz = len(steps) / float(seconds[-1] - seconds[0])
    for rate in (rate_hz, float(round(mean_hz)), mean_hz):
        if rate:
            uniform = seconds[0] + np.arange(len(seconds)) / rate
            if np.abs(seconds - uniform).max() <= min(1e-3, 0.125 / rate):
                return np.rint(uniform * 1e9).astype(np.int64), float(rate)
    return np.rint(seconds * 1e9).astype(np.int64), mean_hz
