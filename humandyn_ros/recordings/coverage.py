"""In which frames do the plates carry the whole person? Decided from the reference alone.

Rule.
1. Plates that carry, on average over the recording, at least 0.9 of the body weight miss nothing
   (instrumented treadmills; standing on plates): every frame with known feet counts.
2. Otherwise contacts are chained. A contact continues the one before if it is the other foot's and
   begins before that one ends (double support, both measured), or, in running, at most 0.3 s after
   it (flight). Running contacts last at most 0.45 s and peak above 1.5 body weights.
3. A chain of running contacts counts from its first touch-down to its last take-off: nobody else
   carries at either end. In walking the unseen foot before the chain leaves the ground at the
   first maximum of the first contact, and the unseen foot after it lands at the last maximum of
   the last contact (Perry & Burnfield 2010, "Gait Analysis", chapter 20): it counts between these.
4. Where the total inside a walking chain, averaged over 0.4 s, is below 0.7 of the body weight,
   something else carries (a foot beside its plate, a rail): left out, from the last maximum of the
   total before to the first maximum after.

Swing counts as measured: a foot in the air has no force.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from humandyn_ros.quantities import Array, Mask

_COMPLETE = 0.9  # body weights, mean of the whole recording
_RUNNING_PEAK = 1.5  # body weights
_RUNNING_S = 0.45
_FLIGHT_S = 0.3
_CARRYING = 0.7  # body weights
_AVERAGE_S = 0.4
_SHORTEST_S = 0.05
_PEAK = 0.8  # body weights; a contact that never carries as much is not a step


@dataclass(frozen=True)
class _Contact:
    start: int
    end: int  # first frame after it
    foot: int
    first_peak: int
    last_peak: int
    running: bool


def contacts(vertical: Array, rate_hz: float) -> list[tuple[int, int]]:
    """Frames [start, end) in which a vertical force (T,) acts, at least 50 ms each."""
    return [(a, b) for a, b in _runs(vertical > 0) if b - a >= _SHORTEST_S * rate_hz]


def _runs(mask: Mask) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask, [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def measured_frames(vertical: Array, known: Mask, rate_hz: float, weight_n: float) -> Mask:
    """Frames (T,) in which every contact of the person is measured.

    Args:
        vertical: Vertical force of the left and the right foot (T, 2) N.
        known: Frames inside the force recording whose contacts have a foot (T,).
        rate_hz: Rate of the frames.
        weight_n: Body weight.
    """
    total: Array = vertical.sum(1)
    if known.any() and total[known].mean() >= _COMPLETE * weight_n:
        return known
    smooth = _smooth(vertical, rate_hz)
    measured: Mask = np.zeros(len(total), bool)
    for chain in _chains(_steps(vertical, smooth, rate_hz, weight_n), rate_hz):
        first, last = chain[0], chain[-1]
        if first.running:
            measured[first.start : last.end] = True
        else:
            part = slice(first.first_peak, last.last_peak + 1)
            measured[part] = ~_something_else_carries(smooth[part].sum(1), rate_hz, weight_n)
    result: Mask = measured & known
    return result


def _smooth(vertical: Array, rate_hz: float) -> Array:
    """Low-pass at 10 Hz, enough for the maxima of a step."""
    if rate_hz <= 25 or len(vertical) <= 15:
        return vertical
    from scipy.signal import butter, sosfiltfilt  # noqa: PLC0415 - slow to import

    smooth: Array = sosfiltfilt(butter(2, 10.0, fs=rate_hz, output='sos'), vertical, axis=0)
    return smooth


def _peaks(force: Array, floor: float) -> NDArray[np.int64]:
    """Frames of the inner maxima of a force (T,) that reach a floor."""
    slope = np.diff(force)
    inner = np.flatnonzero((slope[:-1] > 0) & (slope[1:] <= 0)) + 1
    return inner[force[inner] >= floor]


def _something_else_carries(total: Array, rate_hz: float, weight_n: float) -> Mask:
    """Rule 4 on the total (T,) between the outer maxima of a chain, smoothed."""
    width = max(int(_AVERAGE_S * rate_hz), 1)
    low = uniform_filter1d(total, width, mode='nearest') < _CARRYING * weight_n
    peaks = _peaks(total, _PEAK * weight_n)
    result: Mask = low.copy()
    for start, end in _runs(low):
        before, after = peaks[peaks < start], peaks[peaks >= end]
        first = int(before[-1]) if len(before) else 0
        result[first : int(after[0]) if len(after) else len(total)] = True
    return result


def _steps(vertical: Array, smooth: Array, rate_hz: float, weight_n: float) -> list[_Contact]:
    """Contacts of both feet that carry the person, in time order."""
    steps = []
    for foot in (0, 1):
        peaks = _peaks(smooth[:, foot], _PEAK * weight_n)
        for start, end in contacts(vertical[:, foot], rate_hz):
            own = peaks[(peaks >= start) & (peaks < end)]
            if len(own):
                top = vertical[start:end, foot].max() / weight_n
                running = top >= _RUNNING_PEAK and end - start <= _RUNNING_S * rate_hz
                steps.append(_Contact(start, end, foot, int(own[0]), int(own[-1]), bool(running)))
    return sorted(steps, key=lambda step: step.start)


def _chains(steps: list[_Contact], rate_hz: float) -> list[list[_Contact]]:
    chains: list[list[_Contact]] = []
    for step in steps:
        if chains and _continues(chains[-1][-1], step, rate_hz):
            chains[-1].append(step)
        else:
            chains.append([step])
    return chains


def _continues(before: _Contact, step: _Contact, rate_hz: float) -> bool:
    if before.foot == step.foot:
        return False
    if step.start <= before.end:
        return True
    flight = (step.start - before.end) / rate_hz
    return before.running and step.running and flight <= _FLIGHT_S
