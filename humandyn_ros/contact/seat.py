"""A seat that nobody sees: who sits low, behind the feet and at rest is carried by one."""

from __future__ import annotations

import math

import numpy as np

from humandyn_ros.body import JointLoads
from humandyn_ros.kernels import kernel
from humandyn_ros.quantities import GRAVITY, Array

LOW = 0.78  # pelvis above the floor in leg lengths: sitting about .5, standing above 1
LOW_WIDTH = 0.04
BEHIND, BEHIND_WIDTH = 0.05, 0.02  # of the needed centre of pressure, leg lengths
STILL, STILL_WIDTH = 0.25, 0.05  # of the pelvis, √(g·leg)
SURE = 0.2  # contact probability from which a foot counts in full
FAINT = 0.05  # how much one in the air counts
AIR = 0.5  # leg lengths by which a foot in the air recedes
_BELOW = 0.1  # seat under the hip centres, leg lengths


def sigmoid(x: float) -> float:
    """From 0 to 1 as x rises through 0."""
    return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, x))))


def seat_probability(
    loads: JointLoads, soles: Array, touching: Array, speed: float, leg: float
) -> float:
    """How likely a seat carries part of the weight.

    The feet alone can only give a wrench whose centre of pressure lies between them. Where the
    motion needs one outside, and the pelvis is low and slow, something else carries. A foot in
    the air, on the other knee for instance, is neither floor nor reach.

    Args:
        loads: What must act on the body.
        soles: Contact points of both soles (2, 7, 3) m about the loads' origin, on the floor.
        touching: How likely each foot touches (2,); one in the air carries nothing.
        speed: Of the pelvis against the floor, m/s.
        leg: Leg length, m.
    """
    return chance((loads.force[0], loads.moment[0]), soles, touching, speed, leg)


@kernel
def chance(
    loads: tuple[Array, Array], soles: Array, touching: Array, speed: float, leg: float
) -> float:
    """`seat_probability` for the force and the moment about the pelvis that must act (3,)."""
    (x, y, up), (mx, my, _) = loads[0].tolist(), loads[1].tolist()
    sure = min(SURE, float(touching.max()))
    left, right = (min(chance / sure, 1.0) for chance in touching.tolist())
    share = (FAINT + left) / (2.0 * FAINT + left + right)
    floor = share * float(soles[0, 0, 2]) + (1.0 - share) * float(soles[1, 0, 2])
    low = sigmoid((LOW + floor / leg) / LOW_WIDTH)  # the pelvis is the origin
    if low < 1e-3 or up < 1.0:
        return 0.0
    needed = np.array([floor * x - my, floor * y + mx]) / up  # where the wrench meets the floor
    points = soles[:, :, :2]
    middle = points.mean(1)
    away = -share * middle[0] - (1.0 - share) * middle[1]
    away = away / max(math.sqrt(float(away @ away)), 1e-3)
    reach = (points @ away).max(1).tolist()
    farthest = max(reach[0] - AIR * leg * (1.0 - left), reach[1] - AIR * leg * (1.0 - right))
    outside = (float(away @ needed) - farthest) / leg
    behind = sigmoid((outside - BEHIND) / BEHIND_WIDTH)
    still = sigmoid((STILL - speed / math.sqrt(GRAVITY * leg)) / STILL_WIDTH)
    return low * behind * still


def seat_point(pelvis: Array, leg: float) -> Array:
    """Where a seat touches (3,) m: below the hip centres."""
    result: Array = pelvis - np.array([0.0, 0.0, _BELOW * leg])
    return result


SCALAR = (sigmoid,)
"""What `kernels.compiled` compiles as it stands."""
