"""The last gate before anything is published: finite, clamped, slew-limited, valid or silent.

good input         torque clamped and slew-limited, valid once `settle_s` has passed
no good input      nothing for `stale_s`, then torque fades to zero in `ramp_s`,
                   stamp frozen and age growing; then valid = False until input is good again
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from humandyn_ros.config import Checked, setting
from humandyn_ros.kernels import kernel
from humandyn_ros.limits import Limits, SlewLimiter, all_finite, clamp_ground, clamp_torques
from humandyn_ros.quantities import (
    CANONICAL,
    Array,
    ContactForce,
    Dynamics,
    Estimate,
    GroundReaction,
    InverseDynamics,
    KinematicState,
)

LEGS = tuple(
    CANONICAL.index[f'{side}_{part}'] for side in ('left', 'right') for part in ('hip', 'knee')
)
_THIGH_M = (0.05, 1.0)  # far outside what anybody has, infants to giants


@dataclass(frozen=True)
class SafetyConfig(Checked):
    """When an estimate counts as valid, and how it fades when it no longer does."""

    stale_s: float = setting(
        0.2, 's', 'time without good input after which torques fade', low=0.02, high=5.0
    )
    settle_s: float = setting(
        0.1, 's', 'good input needed before torques are valid again', low=0.0, high=5.0
    )
    ramp_s: float = setting(0.2, 's', 'time in which torques fade to zero', low=0.02, high=5.0)


class Gate:
    """Validity, clamps and fading for one body.

    Args:
        config: Times of the state machine.
        limits: Physical limits per kilogram.
        mass_kg: Body mass the limits scale with.
    """

    def __init__(self, config: SafetyConfig, limits: Limits, mass_kg: float) -> None:
        self.config = config
        self.limits = limits
        self.mass_kg = mass_kg
        self._slew = SlewLimiter()
        self._last: Estimate | None = None
        self._good_since_ns: int | None = None
        self._good_until_ns = 0
        self._bounded: tuple[tuple[str, ...], float] = ((), 0.0)
        self._bound: Array = np.zeros(0)

    @property
    def last(self) -> Estimate | None:
        """The newest admitted estimate, as admitted."""
        return self._last

    def problem(self, state: KinematicState) -> str:
        """Return why no engine should answer for this state, or '' when one may."""
        if not state.seen.take(LEGS).all():
            missing = [CANONICAL.joints[i] for i in LEGS if not state.seen[i]]
            return f'not seen: {", ".join(missing)}'
        left, right, fastest = extremes(state.positions, state.accelerations)
        if not (_THIGH_M[0] < left < _THIGH_M[1] and _THIGH_M[0] < right < _THIGH_M[1]):
            return f'thighs of {left:.2f} and {right:.2f} m: not a person, or not in metres'
        if fastest > self.limits.acceleration_m_s2:
            return f'a joint centre accelerates at {fastest:.0f} m/s²: the tracker jumped'
        return ''

    def flaw(self, dynamics: Dynamics) -> str:
        """Return why this answer must not leave, or '' when it may."""
        extras = dynamics.extras
        if all_finite(dynamics.inverse_dynamics, dynamics.ground, dynamics.residual) and (
            extras is None or extras.finite
        ):
            return ''
        return 'the engine answered with a number that is not finite'

    def admit(
        self,
        body_id: int,
        state: KinematicState,
        dynamics: Dynamics,
        age_ms: float,
        notes: tuple[str, ...],
    ) -> Estimate:
        """Clamp, slew-limit and judge an answer without a problem."""
        joints = dynamics.inverse_dynamics
        torque = clamp_torques(joints.torque, self._bounds(joints.joint_names))
        valid = self._settled(state.stamp_ns)
        if not valid:
            self._slew.start_from_zero(state.stamp_ns, len(torque))
        rate = self.limits.slew_nm_per_kg_s * self.mass_kg
        torque = self._slew.step(state.stamp_ns, torque, rate)
        self._last = Estimate(
            body_id=body_id,
            stamp_ns=state.stamp_ns,
            age_ms=age_ms,
            valid=valid,
            reason='' if valid else 'settling: input has not been good for long enough',
            state=state,
            dynamics=InverseDynamics(
                joints.joint_names,
                joints.position,
                joints.velocity,
                torque,
                joints.stddev,
                torque * joints.velocity,
            ),
            ground=clamp_ground(dynamics.ground, self.mass_kg, self.limits.vertical_force_bw),
            residual=dynamics.residual,
            notes=notes + dynamics.notes,
            extras=dynamics.extras,
        )
        return self._last

    def _bounds(self, joint_names: tuple[str, ...]) -> Array:
        if self._bounded != (joint_names, self.mass_kg):
            self._bounded = (joint_names, self.mass_kg)
            self._bound = self.limits.torque_bounds(joint_names, self.mass_kg)
        return self._bound

    def _settled(self, stamp_ns: int) -> bool:
        gap_ns = stamp_ns - self._good_until_ns
        if self._good_since_ns is None or gap_ns > self.config.stale_s * 1e9 or gap_ns < 0:
            self._good_since_ns = stamp_ns
        self._good_until_ns = stamp_ns
        return stamp_ns - self._good_since_ns >= self.config.settle_s * 1e9

    def fade(self, silence_s: float, reason: str) -> Estimate | None:
        """Return the last estimate faded by a silence, or None while the silence is short.

        The stamp stays frozen and the age grows, so that nothing stale looks fresh.
        """
        last, config = self._last, self.config
        if last is None or silence_s < config.stale_s:
            return None
        share = max(0.0, 1.0 - (silence_s - config.stale_s) / config.ramp_s)
        self._good_since_ns = None
        return dataclasses.replace(
            last,
            age_ms=last.age_ms + 1e3 * silence_s,
            valid=last.valid and share > 0.0,
            reason=f'no usable input for {silence_s:.2f} s: {reason}',
            dynamics=dataclasses.replace(
                last.dynamics,
                torque=share * last.dynamics.torque,
                power=share * last.dynamics.power,
            ),
            ground=_faded(last.ground, share),
            extras=None,
        )

    def forget(self) -> None:
        """Start again: the next estimate settles anew and rises from zero torque."""
        self._last, self._good_since_ns = None, None


@kernel
def extremes(positions: Array, accelerations: Array) -> tuple[float, float, float]:
    """Lengths of the left and right thigh, m, and the largest |acceleration| on an axis, m/s².

    Args:
        positions: Canonical joint centres (24, 3) m.
        accelerations: Theirs (24, 3) m/s²; NaN where not seen.
    """
    left_hip, left_knee, right_hip, right_knee = positions.take(LEGS, 0).tolist()
    # fmax passes over NaN.
    fastest = float(np.fmax.reduce(np.abs(accelerations), axis=None))
    return math.dist(left_hip, left_knee), math.dist(right_hip, right_knee), fastest


def _faded(ground: GroundReaction, share: float) -> GroundReaction:
    def fade(contact: ContactForce) -> ContactForce:
        return dataclasses.replace(
            contact,
            force=share * contact.force,
            moment=share * contact.moment,
            contact=share * contact.contact,
        )

    return GroundReaction(
        fade(ground.left), fade(ground.right), tuple(fade(other) for other in ground.others)
    )
