"""The compiled twins: scalar loops for numba, with the signatures and the numbers of `@kernel`.

Importing this module compiles them, or loads what `store.folder` keeps of them. Functions that
are written in plain numbers anyway (SCALAR of `coordinates` and `contact.soles`) are compiled as
they stand there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any, TypeVar

import numba
import numpy as np

from humandyn_ros import activity, body, coordinates, safety, uncertainty
from humandyn_ros.contact import distribution, forces, ground, seat, soles
from humandyn_ros.filters import gate, noise
from humandyn_ros.kernels import store
from humandyn_ros.quantities import GRAVITY, Array, Mask

F = TypeVar('F', bound=Callable[..., Any])

TWINS: dict[str, Callable[..., Any]] = {}
"""Compiled functions by the names of the kernels that they may replace."""

_inline: Callable[[F], F] = numba.njit(error_model='numpy')  # divisions give inf, as in NumPy
_V, _M, _T = 'f8[:]', 'f8[:,:]', 'f8[:,:,:]'  # of any memory layout


def _twin(kernel: Any, *arguments: str) -> Callable[[F], F]:
    """Compile the twin of a kernel for these types, and keep it in our folder."""

    def compiled(function: F) -> F:
        # The folder is a setting of all of numba, so it is put back.
        before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(store.folder())
        try:
            signature = f'({",".join(arguments)})'
            made: F = numba.njit(signature, cache=True, error_model='numpy')(function)
        finally:
            numba.config.CACHE_DIR = before
        TWINS[kernel.name] = made
        return made

    return compiled


def _scalar(module: ModuleType) -> dict[str, Any]:
    """Compiled copies of the functions in a module's SCALAR, which call one another."""
    space = dict(vars(module))
    for function in module.SCALAR:
        copy = FunctionType(function.__code__, space, function.__name__)
        space[function.__name__] = _inline(copy)
    return space


def _tuple(*types: str) -> str:
    return f'Tuple(({",".join(types)}))'


@_inline
def _cross(a: Array, b: Array, out: Array) -> None:
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]


@_inline
def _distance(a: Array, b: Array) -> float:
    return math.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)


@_inline
def _weigh(weights: Array, rows: Array, out: Array) -> None:
    """Sum rows (N, 3) with their weights."""
    out[:] = 0.0
    for i in range(len(weights)):
        if weights[i] != 0.0:  # most are
            for axis in range(3):
                out[axis] += weights[i] * rows[i, axis]


@_inline
def _rotate(matrix: Array, vector: Array, out: Array) -> None:
    for i in range(3):
        out[i] = matrix[i, 0] * vector[0] + matrix[i, 1] * vector[1] + matrix[i, 2] * vector[2]


# Motion


@_twin(gate.strays, _M, f'UniTuple({_M},2)', _V, 'f8', 'UniTuple(f8,2)')
def _strays(
    points: Array,
    line: tuple[Array, Array],
    noise_m: Array,
    ahead: float,
    limit: tuple[float, float],
) -> bool:
    last, foot = line
    for i in range(len(points)):
        square = 0.0
        for axis in range(3):
            expected = last[i, axis] + ahead * (last[i, axis] - foot[i, axis])
            square += (points[i, axis] - expected) ** 2
        if square > limit[0] * (noise_m[i] * noise_m[i]) + limit[1]:
            return True
    return False


_JOINTS = len(body.JOINTS)


_SQUARE = body.SQUARE
_THIN_M = body.THIN_M


@_twin(gate.intact, _M, _V, 'f8', 'f8')
def _intact(points: Array, weights: Array, farthest_m: float, least: float) -> bool:
    found = True
    for i in range(len(points)):
        for axis in range(3):
            found = found and abs(points[i, axis]) < farthest_m
    for i in range(len(weights)):
        found = found and least <= weights[i] <= 1.0
    return found


@_twin(noise.followed, _V, _M, _V, 'f8')
def _followed(weights: Array, points: Array, stddev: Array, factor: float) -> Array:
    moved = np.empty(len(stddev))
    for joint in range(len(stddev)):
        length = 0.0
        for axis in range(3):
            difference = 0.0
            for i in range(len(weights)):
                difference += weights[i] * points[i, 3 * joint + axis]
            length += difference * difference
        above = math.sqrt(length) > noise.MEDIAN_OF_LENGTH * stddev[joint]
        level = stddev[joint] * factor if above else stddev[joint] / factor
        moved[joint] = min(max(level, noise.LEAST_M), noise.MOST_M)
    return moved


@_twin(safety.extremes, _M, _M)
def _extremes(positions: Array, accelerations: Array) -> tuple[float, float, float]:
    fastest = np.nan
    for i in range(len(accelerations)):
        for axis in range(3):
            size = abs(accelerations[i, axis])
            if not size <= fastest and not math.isnan(size):
                fastest = size
    legs = safety.LEGS
    return (
        _distance(positions[legs[0]], positions[legs[1]]),
        _distance(positions[legs[2]], positions[legs[3]]),
        fastest,
    )


@_twin(body.backwards, _M, _M, _M)
def _backwards(positions: Array, velocities: Array, accelerations: Array) -> tuple[Array, Array]:
    bars = np.empty((6, 3))
    for i in range(2):
        _weigh(_SQUARE[i], positions, bars[i])
        _weigh(_SQUARE[i], velocities, bars[2 + i])
        _weigh(_SQUARE[i], accelerations, bars[4 + i])
    across, trunk = bars[0], bars[1]
    back, second, part = np.empty(3), np.empty(3), np.empty(3)
    _cross(across, trunk, back)
    _cross(bars[4], trunk, second)
    _cross(bars[2], bars[3], part)
    second += 2.0 * part
    _cross(across, bars[5], part)
    second += part
    scale = 1.0 / max(math.sqrt(across[0] ** 2 + across[1] ** 2 + across[2] ** 2), _THIN_M)
    return scale * back, scale * second


@_twin(body.newton_euler, _M, _M, f'UniTuple({_M},5)', f'UniTuple({_V},2)')
def _newton_euler(
    positions: Array,
    accelerations: Array,
    matrices: tuple[Array, Array, Array, Array, Array],
    shares: tuple[Array, Array],
) -> tuple[Array, Array, Array, Array]:
    points_of, inertia, force_sums, moment_sums, weight = matrices
    share, mass = shares
    relative = positions - positions[0]
    joints, centre = np.empty((_JOINTS, 3)), np.zeros(3)
    for i in range(_JOINTS):
        _weigh(points_of[i], relative, joints[i])
    sums, turns = np.zeros((_JOINTS, 3)), np.zeros((_JOINTS, 3))
    arm, force, moment = np.empty(3), np.empty(3), np.empty(3)
    for p in range(len(share)):
        _weigh(points_of[_JOINTS + p], relative, arm)
        _weigh(inertia[p], accelerations, force)
        for axis in range(3):
            force[axis] = share[p] * force[axis] + weight[p, axis]
            if p < len(mass):
                centre[axis] += mass[p] * arm[axis]
        _cross(arm, force, moment)
        for i in range(_JOINTS):
            if moment_sums[i, p] != 0.0:
                for axis in range(3):
                    sums[i, axis] += force_sums[i, p] * force[axis]
                    turns[i, axis] += moment_sums[i, p] * moment[axis]
    return joints, sums, turns, centre


_STARTS, _STOPS = map(np.ascontiguousarray, (coordinates.STARTS, coordinates.STOPS))
_RATE_STEP_S = coordinates.RATE_STEP_S
_COUNT = len(coordinates.COORDINATES)
_evaluate = _scalar(coordinates)['evaluate']


@_twin(coordinates.measure, _M, _M)
def _measure(positions: Array, velocities: Array) -> tuple[Array, Array, Array]:
    bars, later = np.empty((len(_STOPS), 3)), np.empty((len(_STOPS), 3))
    for i in range(len(_STOPS)):
        start, stop = _STARTS[i], _STOPS[i]
        for axis in range(3):
            bars[i, axis] = positions[stop, axis] - positions[start, axis]
            turning = velocities[stop, axis] - velocities[start, axis]
            later[i, axis] = bars[i, axis] + _RATE_STEP_S * turning
    first, second = _evaluate(bars), _evaluate(later)
    angle, axes = np.array(first[0]), np.array(first[1])
    rate = np.array(second[0]) - angle
    for i in range(_COUNT):
        rate[i] -= 2 * math.pi * np.rint(rate[i] / (2 * math.pi))
        rate[i] /= _RATE_STEP_S
    return angle, rate, axes


_CARRIES = np.ascontiguousarray(coordinates.CARRIES)
_JOINT_ROWS = coordinates.JOINT_ROWS


@_twin(coordinates.joint_torques, f'UniTuple({_M},3)', f'UniTuple({_M},2)', _M, 'f8')
def _joint_torques(
    loads: tuple[Array, Array, Array],
    ground: tuple[Array, Array],
    axes: Array,
    mass_kg: float,
) -> Array:
    points, force, moment = loads
    torque, left, turned = np.zeros(_COUNT), np.empty(3), np.empty(3)
    for c in range(_COUNT):
        i = _JOINT_ROWS[c]
        for axis in range(3):
            left[axis] = force[i, axis]
            for foot in range(2):
                left[axis] -= _CARRIES[i, foot] * ground[0][foot, axis]
        _cross(points[i], left, turned)
        for axis in range(3):
            about = moment[i, axis] - turned[axis]
            for foot in range(2):
                about -= _CARRIES[i, foot] * ground[1][foot, axis]
            torque[c] += axes[c, axis] * about
        torque[c] *= mass_kg
    return torque


_LEGS = activity.LEGS


@_twin(activity.briskness, _M, 'f8')
def _briskness(velocities: Array, unit: float) -> tuple[float, float]:
    total = steps = 0.0
    for axis in range(3):
        for i in range(len(_LEGS)):
            total += (velocities[_LEGS[i], axis] - velocities[0, axis]) ** 2
        steps += (velocities[_LEGS[1], axis] - velocities[_LEGS[3], axis]) ** 2
    mean = math.sqrt(total / len(_LEGS))
    return max(mean, abs(velocities[0, 2])) / unit, math.sqrt(steps) / unit


_SQUARES, _MODEL = np.ascontiguousarray(uncertainty.SQUARES), uncertainty.MODEL


@_twin(uncertainty.spread, _V, 'UniTuple(f8,6)', 'f8')
def _spread(torque: Array, products: tuple[float, ...], mass_kg: float) -> Array:
    result = np.empty(_COUNT)
    for i in range(_COUNT):
        total = 0.0
        for k, product in enumerate(products):
            total += _SQUARES[i, k] * product
        own = _MODEL * torque[i]
        result[i] = math.sqrt(mass_kg * mass_kg * total + own * own)
    return result


# Contact

_POINTS = soles.POINTS
_foot = _scalar(soles)['foot']


@_twin(soles.touch, _M, _M, _V, _M, 'UniTuple(f8,3)')
def _touch(
    places: Array,
    speeds: Array,
    levels: Array,
    local: Array,
    sizes: tuple[float, float, float],
) -> tuple[Array, Array, Array, Array]:
    lift, ankle_height, ball_height = sizes
    points, moving = np.empty((2, _POINTS + 1, 3)), np.empty((2, _POINTS, 3))
    clearance, above = np.empty((2, _POINTS)), np.empty(2)
    for side in range(2):
        p, v = places[3 * side : 3 * side + 3], speeds[3 * side : 3 * side + 3]
        axes, rates, rolling = _foot((p[0], p[1], p[2]), (v[1], v[2]), lift)
        frame, turning = np.array(axes), np.array(rates)
        floor = levels[side] - ball_height
        for i in range(_POINTS):
            _weigh(local[i], frame, points[side, i])
            _weigh(local[i], turning, moving[side, i])
            raised = (lift - ankle_height + ball_height) * local[i, 0]
            clearance[side, i] = points[side, i, 2] - floor - raised
        points[side, _POINTS, 0], points[side, _POINTS, 1] = rolling[0], rolling[1]
        points[side, :, 2] = floor
        above[side] = frame[1, 2] - levels[side]
    return points, clearance, moving, above


_LEAST = ground.LEAST


@_twin(ground.likelihood, _M, _T, _V, 'f8', 'UniTuple(UniTuple(f8,2),2)')
def _likelihood(
    clearance: Array, velocities: Array, belt: Array, leg: float, thresholds: ground.Thresholds
) -> Array:
    (clear, clear_width), (fast, fast_width) = thresholds
    likely = np.empty((2, _POINTS))
    unit = math.sqrt(GRAVITY * leg)
    for side in range(2):
        for i in range(_POINTS):
            square = 0.0
            for axis in range(3):
                square += (velocities[side, i, axis] - belt[axis]) ** 2
            low = (clear - clearance[side, i] / leg) / clear_width
            slow = (fast - math.sqrt(square) / unit) / fast_width
            odds = (1.0 + math.exp(min(-low, 40.0))) * (1.0 + math.exp(min(-slow, 40.0)))
            likely[side, i] = max(1.0 / odds, _LEAST)
    return likely


_sigmoid = _scalar(seat)['sigmoid']
_LOW, _LOW_WIDTH = seat.LOW, seat.LOW_WIDTH
_BEHIND, _BEHIND_WIDTH = seat.BEHIND, seat.BEHIND_WIDTH
_STILL, _STILL_WIDTH = seat.STILL, seat.STILL_WIDTH
_SURE, _FAINT, _AIR = seat.SURE, seat.FAINT, seat.AIR


@_twin(seat.chance, f'UniTuple({_V},2)', _T, _V, 'f8', 'f8')
def _chance(
    loads: tuple[Array, Array], soles: Array, touching: Array, speed: float, leg: float
) -> float:
    force, moment = loads
    x, y, up, mx, my = force[0], force[1], force[2], moment[0], moment[1]
    sure = min(_SURE, touching.max())
    left, right = min(touching[0] / sure, 1.0), min(touching[1] / sure, 1.0)
    share = (_FAINT + left) / (2.0 * _FAINT + left + right)
    floor = share * soles[0, 0, 2] + (1.0 - share) * soles[1, 0, 2]
    low = _sigmoid((_LOW + floor / leg) / _LOW_WIDTH)
    if low < 1e-3 or up < 1.0:
        return 0.0
    ax = ay = 0.0
    for i in range(soles.shape[1]):
        ax -= (share * soles[0, i, 0] + (1.0 - share) * soles[1, i, 0]) / soles.shape[1]
        ay -= (share * soles[0, i, 1] + (1.0 - share) * soles[1, i, 1]) / soles.shape[1]
    length = max(math.sqrt(ax * ax + ay * ay), 1e-3)
    ax, ay = ax / length, ay / length
    farthest = -math.inf
    for side, counts in enumerate((left, right)):
        for i in range(soles.shape[1]):
            reach = soles[side, i, 0] * ax + soles[side, i, 1] * ay
            farthest = max(farthest, reach - _AIR * leg * (1.0 - counts))
    needed = (ax * (floor * x - my) + ay * (floor * y + mx)) / up
    behind = _sigmoid(((needed - farthest) / leg - _BEHIND) / _BEHIND_WIDTH)
    still = _sigmoid((_STILL - speed / math.sqrt(GRAVITY * leg)) / _STILL_WIDTH)
    result: float = low * behind * still
    return result


_NO_SEAT = ground.NO_SEAT


@_twin(ground.arrange, _T, _V, _M, _V)
def _arrange(
    positions: Array, origin: Array, likely: Array, seat_at: Array
) -> tuple[Array, Array]:
    places, chances = np.empty((2 * _POINTS + 3, 3)), np.empty(2 * _POINTS + 3)
    for side in range(2):
        most = 0.0
        for i in range(_POINTS + 1):
            row = side * (_POINTS + 1) + i
            for axis in range(3):
                places[row, axis] = positions[side, i, axis] - origin[axis]
            if i < _POINTS:
                most = max(most, likely[side, i])
                chances[row] = likely[side, i]
            else:
                chances[row] = most
    places[-1] = seat_at
    chances[-1] = _NO_SEAT
    return places, chances


@_twin(ground.steepen, _T, 'f8')
def _steepen(forces: Array, exponent: float) -> None:
    left, right = 0.0, 0.0
    for i in range(forces.shape[1]):
        left += forces[0, i, 2]
        right += forces[1, i, 2]
    if exponent <= 1.0 or min(left, right) <= 0.0:
        return
    share = left / (left + right)
    powers = share**exponent, (1.0 - share) ** exponent
    steep = powers[0] / (powers[0] + powers[1])
    forces[0] *= steep / share
    forces[1] *= (1.0 - steep) / (1.0 - share)


_OWNER, _AIMED = forces.OWNER, forces.AIMED
_CONES, _PLACES = len(_OWNER) - len(_AIMED), int(_OWNER.max()) + 1


@_twin(
    forces.aim,
    _tuple(_M, _V),
    f'UniTuple({_V},3)',
    _tuple(_M, 'f8', 'f8'),
    _M,
    _tuple(_M, _V),
)
def _aim(
    contacts: tuple[Array, Array],
    loads: tuple[Array, Array, Array],
    scales: tuple[Array, float, float],
    columns: Array,
    fixed: tuple[Array, Array],
) -> tuple[Array, Array]:
    places, likely = contacts
    (centre, force, moment), (turn, leg, sharpness) = loads, scales
    arms, arm = np.empty((len(places), 3)), np.empty(3)
    for i in range(len(places)):
        for axis in range(3):
            arm[axis] = places[i, axis] - centre[axis]
        _rotate(turn, arm, arms[i])
    for k in range(_CONES):
        at = arms[_OWNER[k]]
        x, y, z = columns[0, k], columns[1, k], columns[2, k]
        columns[3, k] = (at[1] * z - at[2] * y) / leg
        columns[4, k] = (at[2] * x - at[0] * z) / leg
        columns[5, k] = (at[0] * y - at[1] * x) / leg
    for k in range(_CONES, len(_OWNER)):
        x, y, z = -arms[_OWNER[k], 0], -arms[_OWNER[k], 1], -arms[_OWNER[k], 2]
        if k == len(_OWNER) - 1:
            columns[3, k], columns[4, k], columns[5, k] = -y / leg, x / leg, 0.0
            x = y = 0.0
        else:
            columns[3:, k] = 0.0
        length = math.sqrt(x * x + y * y + z * z)
        columns[0, k], columns[1, k], columns[2, k] = x / length, y / length, z / length
    target, left = np.empty(6), np.empty(3)
    _cross(centre, force, arm)
    for axis in range(3):
        left[axis] = moment[axis] - arm[axis]
    _rotate(turn, force, target[:3])
    _rotate(turn, left, target[3:])
    for axis in range(3):
        target[axis] /= GRAVITY
        target[3 + axis] /= leg * GRAVITY
    ease, factor = np.empty(len(_OWNER)), np.empty(len(likely))
    for i in range(len(likely)):
        factor[i] = likely[i] ** sharpness
    for k in range(len(_OWNER)):
        ease[k] = factor[_OWNER[k]] * fixed[1][k]
    return target, ease


@_twin(forces.gather, _M, _V, _M)
def _gather(columns: Array, weights: Array, turn: Array) -> Array:
    sums, parts = np.zeros((_PLACES, 3)), np.empty((_PLACES, 3))
    for k in range(len(_OWNER)):
        for axis in range(3):
            sums[_OWNER[k], axis] += GRAVITY * weights[k] * columns[axis, k]
    for i in range(len(sums)):
        _rotate(turn.T, sums[i], parts[i])
    return parts


_QUICK = distribution.QUICK


@_inline
def _pull(columns: Array, dual: Array, pull: Array, pushing: Mask) -> bool:
    """Write how hard each generator is pulled and whether it pushes; True where one changes."""
    changed = False
    for k in range(len(pull)):
        total = 0.0
        for i in range(6):
            total += dual[i] * columns[i, k]
        pull[k] = total
        if pushing[k] != (total > 0.0):
            pushing[k] = total > 0.0
            changed = True
    return changed


@_inline
def _solve(matrix: Array, right: Array) -> None:
    """Solve in place by Cholesky's method; the lower half of a positive definite matrix."""
    size = len(right)
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = math.sqrt(total) if i == j else total / matrix[j, j]
        for k in range(i):
            right[i] -= matrix[i, k] * right[k]
        right[i] /= matrix[i, i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            right[i] -= matrix[k, i] * right[k]
        right[i] /= matrix[i, i]


@_twin(distribution.full_steps, _M, _V, _V, _V, _V)
def _full_steps(
    columns: Array, ease: Array, wrench: Array, slack: Array, start: Array
) -> tuple[Array, Array, bool]:
    count = len(ease)
    dual, weights, curvature = start.copy(), np.empty(count), np.empty((6, 6))
    pushing = np.empty(count, np.bool_)
    _pull(columns, dual, weights, pushing)
    for _ in range(_QUICK):
        curvature[:] = 0.0
        for k in range(count):
            if pushing[k]:
                for i in range(6):
                    scaled = ease[k] * columns[i, k]
                    for j in range(i + 1):
                        curvature[i, j] += scaled * columns[j, k]
        for i in range(6):
            curvature[i, i] += slack[i]
            dual[i] = wrench[i]
        _solve(curvature, dual)
        if not _pull(columns, dual, weights, pushing):
            for k in range(count):
                weights[k] = ease[k] * max(weights[k], 0.0)
            return weights, dual, True
    for k in range(count):
        weights[k] = ease[k] * max(weights[k], 0.0)
    return weights, dual, False


@_twin(ground.totals, _T, _T, _M, f'UniTuple({_V},2)', f'UniTuple({_V},3)')
def _totals(
    points: Array,
    forces: Array,
    likely: Array,
    seat: tuple[Array, Array],
    wanted: tuple[Array, Array, Array],
) -> tuple[Array, Array, Array, Array, Array, Array]:
    force, moment, centre, free = np.zeros((4, 2, 3))
    contact, unexplained, turned = np.empty(2), np.empty(6), np.empty(3)
    for axis in range(3):
        unexplained[axis] = wanted[0][axis] - seat[0][axis]
    _cross(seat[1], seat[0], turned)
    for axis in range(3):
        unexplained[3 + axis] = wanted[1][axis] - turned[axis]
    for side in range(2):
        weight = 0.0
        for i in range(points.shape[1]):
            _cross(points[side, i], forces[side, i], turned)
            load = forces[side, i, 2] + 1e-9
            weight += load
            for axis in range(3):
                force[side, axis] += forces[side, i, axis]
                moment[side, axis] += turned[axis]
                centre[side, axis] += load * points[side, i, axis]
        absent = 1.0
        for i in range(likely.shape[1]):
            absent *= 1.0 - likely[side, i]
        contact[side] = 1.0 - absent
        for axis in range(3):
            centre[side, axis] /= weight
            unexplained[axis] -= force[side, axis]
            unexplained[3 + axis] -= moment[side, axis]
        _cross(centre[side], force[side], turned)
        for axis in range(3):
            free[side, axis] = moment[side, axis] - turned[axis]
    _cross(wanted[2], unexplained[:3], turned)
    for axis in range(3):
        unexplained[3 + axis] -= turned[axis]
    return force, moment, centre, free, contact, unexplained
