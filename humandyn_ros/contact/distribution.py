"""Which contact carries what: a unique, friction-cone force distribution.

    minimise   Σ rᵢ wᵢ² / 2  +  |G w - f|²_S⁻¹ / 2     over  w ≥ 0

The columns of G are wrenches of unit force along edges of friction cones at points of the soles;
f is the wrench that Newton-Euler leaves unexplained at the root; rᵢ = ρ / contact probability.
Its dual has six unknowns, is strictly convex and piecewise quadratic:

    minimise   Σ max(0, gᵢ·λ)² / (2 rᵢ)  +  λᵀ S λ / 2 - f·λ        wᵢ = max(0, gᵢ·λ) / rᵢ

so the answer is unique and does not depend on where the search starts. A semismooth Newton
method finds it exactly in a few 6 x 6 solves (Qi and Sun 1993; the dual is that of a nonnegative
ridge regression).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros.kernels import kernel
from humandyn_ros.quantities import Array, Mask

QUICK, _ROUNDS = 8, 42  # full Newton steps, then searched ones, at most
_ENOUGH = 1e-10  # of the gradient, relative to the wrench


def distribute(
    columns: Array, ease: Array, wrench: Array, slack: Array, start: Array | None = None
) -> tuple[Array, Array]:
    """Distribute a wrench over generators.

    Args:
        columns: Wrenches of unit generator force G (6, N).
        ease: 1/r of every generator (N,), larger where contact is likelier; not negative.
        wrench: f (6,).
        slack: Diagonal of S (6,), positive: variance of what may stay unexplained.
        start: λ to start from (6,), for instance the last answer; it changes speed only.

    Returns:
        Generator forces w (N,) and λ (6,). What stays unexplained is S λ.
    """
    dual = np.zeros(6) if start is None else start
    weights, dual, found = full_steps(columns, ease, wrench, slack, dual)
    if found:
        return weights, dual
    problem = _Problem(columns, columns * ease, ease, wrench, slack)
    pull = dual @ columns
    for _ in range(_ROUNDS):
        active = pull > 0.0
        goal = problem.newton(active)
        pull = goal @ columns
        if ((pull > 0.0) == active).all():
            return ease * np.maximum(pull, 0.0), goal
        dual = problem.search(dual, goal - dual)
        pull = dual @ columns
        if problem.solved(dual, pull):
            break
    return ease * np.maximum(pull, 0.0), dual


@kernel
def full_steps(
    columns: Array, ease: Array, wrench: Array, slack: Array, start: Array
) -> tuple[Array, Array, bool]:
    """Full Newton steps; they nearly always end in a few rounds (arguments of `distribute`).

    Returns:
        Generator forces (N,), λ (6,), and whether these are the answer.
    """
    problem = _Problem(columns, columns * ease, ease, wrench, slack)
    dual, pull = start, start @ columns
    active = pull > 0.0
    for _ in range(QUICK):
        dual = problem.newton(active)
        pull = dual @ columns
        pushing = pull > 0.0
        if (pushing == active).all():
            return ease * np.maximum(pull, 0.0), dual, True
        active = pushing
    return ease * np.maximum(pull, 0.0), dual, False


@dataclass(frozen=True, eq=False)
class _Problem:
    """The dual of one distribution; `scaled` is G diag(1/r)."""

    columns: Array
    scaled: Array
    ease: Array
    wrench: Array
    slack: Array

    def newton(self, active: Mask) -> Array:
        """Minimiser of the quadratic piece in which these generators push."""
        curvature = (self.scaled * active) @ self.columns.T
        curvature.ravel()[::7] += self.slack
        result: Array = np.linalg.solve(curvature, self.wrench)
        return result

    def solved(self, dual: Array, pull: Array) -> bool:
        gradient = self.scaled @ np.maximum(pull, 0.0) + self.slack * dual - self.wrench
        return float(np.abs(gradient).max()) < _ENOUGH * (1.0 + float(np.abs(self.wrench).max()))

    def search(self, dual: Array, step: Array) -> Array:
        """Exact line search: along a line the dual's slope is piecewise linear and rising."""
        pull, rise = dual @ self.columns, step @ self.columns
        with np.errstate(divide='ignore', invalid='ignore', over='ignore'):
            breaks = -pull / rise
        breaks = np.sort(breaks[(breaks > 0.0) & np.isfinite(breaks)])
        breaks = np.concatenate([[0.0], breaks, [breaks[-1] + 1.0 if len(breaks) else 1.0]])
        ahead = np.maximum(pull + breaks[:, None] * rise, 0.0)
        slopes = ahead @ (self.ease * rise)
        slopes += step @ (self.slack * dual - self.wrench)
        slopes += breaks * (step @ (self.slack * step))
        k = min(max(int(np.searchsorted(slopes, 0.0)), 1), len(breaks) - 1)
        low, high = slopes[k - 1], slopes[k]
        t = breaks[k - 1] - low * (breaks[k] - breaks[k - 1]) / (high - low)
        result: Array = dual + t * step
        return result
