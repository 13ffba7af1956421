"""Force distribution over the places of contact, for all frames at once.

The same problem as `contact.distribution` solves one instant at a time, by the same semismooth
Newton method, on stacked 6 x 6 systems.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros.body import cross
from humandyn_ros.contact.config import ContactConfig
from humandyn_ros.learning.synthesis.loads import Loads
from humandyn_ros.learning.synthesis.touch import OTHERS, SEAT, SOLE, Places
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array

_ROLLING = (SOLE - 1, 2 * SOLE - 1)
_LEAST_SLACK = 1e-3
_EDGES = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
_CHUNK = 512  # frames solved at once
_ROUNDS = 25
_LIKELY = 0.02  # of other parts than feet, from which a frame considers them
_HIPS = CANONICAL.index['left_hip'], CANONICAL.index['right_hip']


@dataclass(frozen=True, eq=False)
class Forces:
    """What the environment does, per kilogram of body mass.

    Attributes:
        at: Forces at the places (T, P, 3) N/kg.
        unexplained: What is missing at the centre of mass (T, 6) N/kg, N·m/kg.
    """

    at: Array
    unexplained: Array


def share_out(
    places: Places,
    loads: Loads,
    leg_m: float,
    vigour: Array,
    config: ContactConfig,
    *,
    slack: float = 1.0,
) -> Forces:
    """Distribute the wrench that must act on the body over the places that touch.

    Args:
        places: Where, and how likely.
        loads: What must act.
        leg_m: Leg length.
        vigour: 0 at rest, 1 from walking on (T,).
        config: Friction, costs, slack.
        slack: Factor on what may stay unexplained.
    """
    result = np.zeros_like(places.at)
    fallen = (places.likely[:, SEAT + 1 :] > _LIKELY).any(1)
    for group, count in ((~fallen, SEAT + 1), (fallen, SEAT + 1 + len(OTHERS))):
        rows = np.flatnonzero(group)
        for start in range(0, len(rows), _CHUNK):
            chunk = rows[start : start + _CHUNK]
            result[chunk, :count] = _solve(
                (places.at[chunk, :count], places.likely[chunk, :count]),
                (loads.joints[chunk], loads.force[chunk, 0], loads.moment[chunk, 0]),
                loads.centre[chunk],
                (leg_m, np.maximum(vigour[chunk] ** 2, _LEAST_SLACK) * slack),
                config,
            )
    _steepen(result, 1.0 + (config.transfer - 1.0) * vigour)
    missing = loads.force[:, 0] - result.sum(1)
    turning = loads.moment[:, 0] - cross(places.at, result).sum(1)
    turning = turning - cross(loads.centre, missing)
    return Forces(result, np.concatenate([missing, turning], 1))


def _solve(
    places: tuple[Array, Array],
    body: tuple[Array, Array, Array],
    centre: Array,
    scale: tuple[float, Array],
    config: ContactConfig,
) -> Array:
    (at, likely), (joints, force, moment), (leg_m, slack) = places, body, scale
    turn = _turn(joints)
    arms = np.einsum('tij,tpj->tpi', turn, at - centre[:, None])
    directions, owner = _directions(arms, config.friction)
    levers = cross(arms[:, owner], directions) / leg_m
    seat = directions.shape[1] - 1  # the seat pushes up through itself
    levers[:, seat] = np.stack([arms[:, SEAT, 1], -arms[:, SEAT, 0], np.zeros(len(at))], 1) / leg_m
    levers[:, seat - 2 : seat] = 0.0  # pendular forces pass through the centre of mass
    columns = np.concatenate([directions, levers], 2)  # (T, N, 6)
    target = np.concatenate(
        [
            np.einsum('tij,tj->ti', turn, force),
            np.einsum('tij,tj->ti', turn, moment - cross(centre, force)) / leg_m,
        ],
        1,
    )
    ease = (likely**config.sharpness)[:, owner] / config.regulariser
    ease[:, -3:] /= config.pendular
    variance = np.array([config.side_slack] * 2 + [config.force_slack] + [config.moment_slack] * 3)
    weights = newton(columns, ease, target / GRAVITY, variance * slack[:, None])
    pushes = GRAVITY * weights[..., None] * directions
    sums = np.zeros_like(at)
    for k, place in enumerate(owner):
        sums[:, place] += pushes[:, k]
    result: Array = np.einsum('tji,tpj->tpi', turn, sums)
    return result


def _directions(arms: Array, friction: float) -> tuple[Array, list[int]]:
    """Directions of all generators (T, N, 3) and the place each one acts at."""
    frames, places = arms.shape[:2]
    cones = [p for p in range(places) if p not in _ROLLING]
    edges = np.concatenate([friction * _EDGES, np.ones((4, 1))], 1)
    aimed = -arms[:, [*_ROLLING, SEAT]]
    aimed[:, 2, :2] = 0.0
    aimed /= np.maximum(np.linalg.norm(aimed, axis=2, keepdims=True), 1e-9)
    fixed = np.broadcast_to(np.tile(edges, (len(cones), 1)), (frames, 4 * len(cones), 3))
    owner = [p for p in cones for _ in range(4)] + [*_ROLLING, SEAT]
    return np.concatenate([fixed, aimed], 1), owner


def newton(columns: Array, ease: Array, target: Array, slack: Array) -> Array:
    """Nonnegative generator forces (T, N) of `contact.distribution.distribute`, stacked.

    Args:
        columns: Wrenches of unit generator forces (T, N, 6).
        ease: 1/r (T, N).
        target: Wrench (T, 6).
        slack: Diagonal of S (T, 6).
    """
    weights = np.empty_like(ease)
    left = np.arange(len(columns))
    dual = np.zeros_like(target)
    active = np.zeros(ease.shape, bool)
    damping = 1.0
    for round_ in range(_ROUNDS):
        some, mild = columns[left], ease[left]
        curvature = np.swapaxes(some * (mild * active[left])[..., None], 1, 2) @ some
        curvature[:, range(6), range(6)] += slack[left]
        goal = np.linalg.solve(curvature, target[left][..., None])[..., 0]
        damping = 1.0 if round_ < _ROUNDS // 2 else 0.5  # those that circle
        dual[left] += damping * (goal - dual[left])
        pull = (some @ dual[left][..., None])[..., 0]
        weights[left] = mild * np.maximum(pull, 0.0)
        pushing = pull > 0.0
        done = (pushing == active[left]).all(1)
        active[left] = pushing
        left = left[~done] if damping == 1.0 else left
        if not len(left):
            break
    return weights


def _turn(joints: Array) -> Array:
    """Level rotations (T, 3, 3) to axes of which the second points to the left hip."""
    across = joints[:, _HIPS[0], :2] - joints[:, _HIPS[1], :2]
    level = np.linalg.norm(across, axis=1)
    sure = level > 1e-6
    s = np.where(sure, across[:, 0] / np.where(sure, level, 1.0), 0.0)
    c = np.where(sure, across[:, 1] / np.where(sure, level, 1.0), 1.0)
    turn = np.zeros((len(joints), 3, 3))
    turn[:, 0, 0], turn[:, 0, 1], turn[:, 1, 0], turn[:, 1, 1] = c, -s, s, c
    turn[:, 2, 2] = 1.0
    return turn


def _steepen(forces: Array, exponent: Array) -> None:
    """`contact.ground`: the transfer of load between the feet, steepened in place (T, P, 3)."""
    left = np.maximum(forces[:, :SOLE, 2].sum(1), 1e-12)
    right = np.maximum(forces[:, SOLE:SEAT, 2].sum(1), 1e-12)
    share = left / (left + right)
    powers = share**exponent, (1.0 - share) ** exponent
    steep = powers[0] / (powers[0] + powers[1])
    forces[:, :SOLE] *= (steep / share)[:, None, None]
    forces[:, SOLE:SEAT] *= ((1 - steep) / np.maximum(1 - share, 1e-12))[:, None, None]
