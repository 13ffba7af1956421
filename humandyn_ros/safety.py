"""The last gate before anything is published: finite, clamped, slew-limited, valid or silent.

good input         torque clamped and slew-limited, valid once `settle_s` has passed
no good input      nothing for `stale_s`, then torque fades to zero in `ramp_s`,
                   stamp frozen and age growing; then valid = False until input is good again
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from humandyn_ros.config import Checked, setting
from humandyn_ros.limits import Limits, SlewLimiter, all_finite, clamp_ground, clamp_torques
from humandyn_ros.quantities import (
    CANONICAL,
    ContactForce,
    Dynamics,
    Estimate,
    GroundReaction,
    KinematicState,
)

_LEGS = [
    CANONICAL.index[f'{side}_{part}'] for side in ('left', 'right') for part in ('hip', 'knee')
]
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

    @property
    def last(self) -> Estimate | None:
        """The newest admitted estimate, as admitted."""
        return self._last

    def problem(self, state: KinematicState, dynamics: Dynamics | None = None) -> str:
        """Return why this state or the answer to it must not go on, or '' when it may."""
        seen = state.seen[_LEGS]
        if not seen.all():
            missing = [CANONICAL.joints[i] for i, ok in zip(_LEGS, seen, strict=True) if not ok]
            return f'not seen: {", ".join(missing)}'
        thighs = np.linalg.norm(state.positions[_LEGS[1::2]] - state.positions[_LEGS[::2]], axis=1)
        if not (_THIGH_M[0] < thighs.min() and thighs.max() < _THIGH_M[1]):
            lengths = ' and '.join(f'{length:.2f}' for length in thighs)
            return f'thighs of {lengths} m: not a person, or not in metres'
        fastest = float(np.nanmax(np.abs(state.accelerations)))
        if fastest > self.limits.acceleration_m_s2:
            return f'a joint centre accelerates at {fastest:.0f} m/s²: the tracker jumped'
        if dynamics is not None and not all_finite(
            dynamics.inverse_dynamics, dynamics.ground, dynamics.residual
        ):
            return 'the engine answered with a number that is not finite'
        return ''

    def admit(
        self,
        body_id: int,
        state: KinematicState,
        dynamics: Dynamics,
        age_ms: float,
        notes: tuple[str, ...],
    ) -> Estimate:
        """Clamp, slew-limit and judge an answer without a problem."""
        names = dynamics.inverse_dynamics.joint_names
        clamped = clamp_torques(
            dynamics.inverse_dynamics, self.limits.torque_bounds(names, self.mass_kg)
        )
        if not self._settled(state.stamp_ns):
            self._slew.start_from_zero(state.stamp_ns, len(names))
        rate = self.limits.slew_nm_per_kg_s * self.mass_kg
        torque = self._slew.step(state.stamp_ns, clamped.torque, rate)
        valid = self._settled(state.stamp_ns)
        self._last = Estimate(
            body_id=body_id,
            stamp_ns=state.stamp_ns,
            age_ms=age_ms,
            valid=valid,
            reason='' if valid else 'settling: input has not been good for long enough',
            state=state,
            dynamics=dataclasses.replace(clamped, torque=torque, power=torque * clamped.velocity),
            ground=clamp_ground(dynamics.ground, self.mass_kg, self.limits.vertical_force_bw),
            residual=dynamics.residual,
            notes=notes + dynamics.notes,
        )
        return self._last

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
        )

    def forget(self) -> None:
        """Start again: the next estimate settles anew and rises from zero torque."""
        self._last, self._good_since_ns = None, None


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
