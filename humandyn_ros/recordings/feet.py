"""Force plates into one reference per foot, on the clock of the motion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import GRAVITY, Array, Mask
from humandyn_ros.recordings.coverage import contacts, measured_frames
from humandyn_ros.recordings.loads import UNLOADED_N
from humandyn_ros.recordings.recording import Forces, Plate

SIDES = ('left', 'right')

# A touch that moves the person by less than this many seconds of body weight is crosstalk.
_SLIGHT_S = 0.02
# Nobody can tell whose contact it is if, weighted by load, more than this share of it is nearer to
# the other foot, or the nearer foot is not clearly nearer (both feet on one plate).
_AMBIGUOUS = 0.25
_CLEARLY = 0.5


@dataclass(frozen=True, eq=False)
class FootReference:
    """What the plates say about each foot; index 0 left, 1 right; world z up."""

    stamps_ns: NDArray[np.int64]  # (T,)
    force: Array  # (T, 2, 3) N, of the ground on the person
    centre_of_pressure: Array  # (T, 2, 3) m; NaN while unloaded
    moment: Array  # (T, 2, 3) N·m, free moment
    measured: Mask  # (T,) every contact of the person is on a plate, and its foot is known
    notes: tuple[str, ...] = ()


def parse_plates(text: str) -> dict[str, str]:
    """Parse '1:left,2:right'; 'off' is not the person's, 'auto' is whose foot is nearest.

    Raises:
        RecordingError: An entry is not plate:left, plate:right, plate:auto or plate:off.
    """
    result = {}
    for entry in filter(None, (part.strip() for part in text.split(','))):
        plate, _, foot = entry.rpartition(':')
        side = {'l': 'left', 'r': 'right'}.get(foot.strip().lower(), foot.strip().lower())
        if not plate or side not in (*SIDES, 'off', 'auto'):
            raise RecordingError(
                f'plate assignment {entry!r}: write 1:left, 2:right, 3:off or 4:auto'
            )
        result[plate.strip().lower()] = side
    return result


def assign_feet(
    forces: Forces,
    stamps_ns: NDArray[np.int64],
    ankles: Array,
    toes: Array,
    *,
    mass_kg: float,
    plates: Mapping[str, str] | None = None,
) -> FootReference:
    """Give every contact on a plate to a foot, and mark the frames in which nothing is missing.

    A plate's foot is the one given in `plates`, else the one its file names, else, contact by
    contact, the foot whose line from ankle to toe is nearest to the centre of pressure, weighted
    by load. A contact that looks like both feet is left out and its frames are not measured.

    Args:
        forces: Force plates, world z up.
        stamps_ns: Instants of the motion (T,), on the same clock.
        ankles: Left and right ankle (T, 2, 3) m, world z up, same laboratory.
        toes: Left and right toes (T, 2, 3) m.
        mass_kg: Body mass.
        plates: Plate name or number (from 1) to 'left', 'right' or 'off'.

    Returns:
        The reference at `stamps_ns`, low-passed against aliasing where the plates are faster.

    Raises:
        RecordingError: `plates` names a plate that is not there.
    """
    given = _given(forces, plates or {})
    inside = (stamps_ns >= forces.stamps_ns[0]) & (stamps_ns <= forces.stamps_ns[-1])
    total = np.zeros((len(stamps_ns), 2, 9))
    known, notes = inside.copy(), []
    rate = _rate(stamps_ns)
    for plate, foot in zip(forces.plates, given, strict=True):
        if foot == 'off':
            continue
        loads = _resampled(forces, plate, stamps_ns, rate)
        for start, end in contacts(loads[:, 2], rate):
            part = slice(start, end)
            if loads[part, 2].sum() / rate < _SLIGHT_S * mass_kg * GRAVITY:
                continue
            side = foot or _nearest(loads[part], ankles[part], toes[part])
            if side is None:
                known[part] = False
                notes.append(f'{plate.name}: a contact at {start / rate:.2f} s fits both feet')
            else:
                total[part, SIDES.index(side)] += loads[part]
    force, point, moment = _combined(total)
    measured = measured_frames(force[..., 2], known, rate, mass_kg * GRAVITY)
    return FootReference(stamps_ns, force, point, moment, measured, tuple(notes))


def _given(forces: Forces, plates: Mapping[str, str]) -> list[str | None]:
    """Foot of each plate where caller or file name it."""
    feet = [plate.foot for plate in forces.plates]
    names = [plate.name.lower() for plate in forces.plates]
    for key, foot in plates.items():
        label, side = key.lower(), None if foot == 'auto' else foot
        if label.isdigit() and 1 <= int(label) <= len(names) and f'plate {label}' not in names:
            feet[int(label) - 1] = side
        elif label in names or f'plate {label}' in names:
            feet[names.index(label if label in names else f'plate {label}')] = side
        else:
            raise RecordingError(f'there is no plate {key!r}; there are: {", ".join(names)}')
    return feet


def _rate(stamps_ns: NDArray[np.int64]) -> float:
    return 1e9 / float(np.median(np.diff(stamps_ns))) if len(stamps_ns) > 1 else 1.0


def _resampled(
    forces: Forces, plate: Plate, stamps_ns: NDArray[np.int64], rate_hz: float
) -> Array:
    """Force, centre of pressure times vertical force, and moment at the stamps (T, 9)."""
    point, unknown = _held(plate)
    carried = point * plate.force[:, 2:]
    loads = np.concatenate([plate.force, carried, plate.moment], axis=1)
    cutoff = 0.4 * rate_hz  # below the Nyquist frequency of the motion by a fifth
    if cutoff < 0.45 * forces.rate_hz and len(loads) > 15:
        from scipy.signal import butter, sosfiltfilt  # noqa: PLC0415 - slow to import

        low_pass = butter(2, cutoff, fs=forces.rate_hz, output='sos')
        loads = sosfiltfilt(low_pass, loads, axis=0)
    start = forces.stamps_ns[0]
    at, seconds = (stamps_ns - start) * 1e-9, (forces.stamps_ns - start) * 1e-9
    result = np.stack([np.interp(at, seconds, column) for column in loads.T], axis=1)
    result[np.interp(at, seconds, unknown) > 0.0, 3:6] = np.nan
    result[result[:, 2] < UNLOADED_N] = 0.0
    return result


def _held(plate: Plate) -> tuple[Array, NDArray[np.bool_]]:
    """Centre of pressure, the nearest known one where it is missing; where that is a loss."""
    point = plate.centre_of_pressure
    known = np.flatnonzero(np.isfinite(point).all(axis=1))
    missing: NDArray[np.bool_] = np.logical_not(np.isfinite(point).all(axis=1))
    if not len(known):
        return np.zeros_like(point), missing
    middles = (known[1:] + known[:-1]) / 2
    held = point[known[np.searchsorted(middles, np.arange(len(point)))]]
    return held, np.logical_and(missing, plate.force[:, 2] >= UNLOADED_N)


def _nearest(loads: Array, ankles: Array, toes: Array) -> str | None:
    """Name the foot under which a contact's centre of pressure lies; None where it fits both."""
    weight = loads[:, 2]
    point = loads[:, None, 3:6] / weight[:, None, None]
    line = toes - ankles
    along = np.sum((point - ankles) * line, -1) / np.maximum(np.sum(line**2, -1), 1e-6)
    foot = ankles + np.clip(along, 0.0, 1.0)[..., None] * line
    distance = np.linalg.norm(point - foot, axis=-1)
    seen = np.isfinite(distance).all(-1)
    if not seen.any():
        return None
    nearer_right = distance[seen, 1] < distance[seen, 0]
    share = float(np.average(nearer_right, weights=weight[seen]))
    left, right = np.average(distance[seen], axis=0, weights=weight[seen]).tolist()
    if _AMBIGUOUS < share < 1 - _AMBIGUOUS or min(left, right) > _CLEARLY * max(left, right):
        return None
    return SIDES[share > 0.5]


def _combined(total: Array) -> tuple[Array, Array, Array]:
    """Force, centre of pressure and free moment per foot from summed loads (T, 2, 9)."""
    force, carried, moment = total[..., :3], total[..., 3:6], total[..., 6:]
    loaded = force[..., 2:] >= UNLOADED_N
    vertical = np.where(loaded, force[..., 2:], 1.0)
    point = np.where(loaded, carried / vertical, np.nan)
    return np.where(loaded, force, 0.0), point, np.where(loaded, moment, 0.0)
