"""What an exoskeleton's controller is told: nothing until armed, never a step, zero on loss.

disarmed   silent
armed      follows the wearer's torques while they are valid: within the device's limits, along
           its slew limit, rising from zero
lost       input invalid or old: down to zero along the slew limit and within `ramp_s`; back only
           after input has been good for `rearm_s`; after `disarm_s`, and when the wearer is
           another, it disarms itself
disarming  down to zero, some zeros for good measure, then silent
Times are of a steady clock. A controller holds the last command for ever, so the last is zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros.config import Checked, setting
from humandyn_ros.exoskeleton import Exoskeleton
from humandyn_ros.quantities import Array, Estimate

_ZEROS = 10  # commands of zero before silence
_BASELINE = 50  # estimates that a tare averages over


@dataclass(frozen=True)
class CommandConfig(Checked):
    """When commands are given and taken back."""

    rate_hz: float = setting(100.0, 'Hz', 'rate of commands while armed', low=1.0, high=1000.0)
    stale_s: float = setting(
        0.1, 's', 'time without a valid estimate after which torque is taken back',
        low=0.02, high=1.0,
    )  # fmt: skip
    max_age_ms: float = setting(
        300.0, 'ms', 'an estimate about an older instant counts as lost', low=20.0, high=2000.0
    )
    ramp_s: float = setting(
        0.2, 's', 'time in which torque goes to zero on loss', low=0.02, high=2.0
    )
    rearm_s: float = setting(
        0.5, 's', 'good input needed before torque is given (again)', low=0.0, high=10.0
    )
    disarm_s: float = setting(2.0, 's', 'input lost for this long disarms', low=0.1, high=60.0)


class Command:
    """Commands for one device and one wearer.

    Args:
        device: Its joints and limits.
        config: Times.
    """

    def __init__(self, device: Exoskeleton, config: CommandConfig | None = None) -> None:
        self.device = device
        self.config = config or CommandConfig()
        size = len(device.motors)
        self._torque = np.zeros(size)
        self._offset = np.zeros(size)
        self._wanted = np.zeros(size)
        self._ramp = np.zeros(size)  # N·m/s on loss
        self._recent: list[Array] = []
        self._body: int | None = None
        self._good_since_ns: int | None = None
        self._good_ns: int | None = None
        self._last_ns: int | None = None
        self._armed = self._lost = False
        self._zeros = _ZEROS
        self.reason = 'not armed'

    @property
    def armed(self) -> bool:
        """Whether commands are given."""
        return self._armed

    def see(self, estimate: Estimate, age_ms: float, now_ns: int) -> None:
        """Take the wearer's newest estimate.

        Args:
            estimate: The wearer's.
            age_ms: Age of the instant it is about.
            now_ns: Steady clock.
        """
        if estimate.body_id != self._body:
            if self._body is not None:
                self.disarm(f'the wearer is b{estimate.body_id} now')
            self._body, self._good_since_ns = estimate.body_id, None
            self._offset[:] = 0.0
            self._recent.clear()
        torque = self.device.torque(estimate.dynamics)
        if not (estimate.valid and np.isfinite(torque).all() and age_ms <= self.config.max_age_ms):
            return
        if self._good_ns is None or now_ns - self._good_ns > self.config.stale_s * 1e9:
            self._good_since_ns = None
        self._good_ns = now_ns
        self._good_since_ns = self._good_since_ns or now_ns
        self._wanted = self.device.limited(torque - self._offset)
        self._recent = [*self._recent[-_BASELINE + 1 :], torque]

    def arm(self, now_ns: int) -> str:
        """Begin to give commands; returns '' or why not."""
        if not self._is_good(now_ns):
            return f'not armed: no valid estimate of the wearer for {self.config.rearm_s:g} s'
        self._armed, self._lost, self._zeros = True, False, 0
        self.reason = ''
        return ''

    def disarm(self, reason: str = 'told to') -> None:
        """Go down to zero and fall silent."""
        if self._armed:
            self._lose()
        self._armed = False
        self.reason = f'disarmed: {reason}'

    def tare(self) -> str:
        """Take the mean of the last half second or so for zero; returns '' or why not."""
        if len(self._recent) < _BASELINE:
            return 'not tared: too few valid estimates of the wearer so far'
        self._offset = np.asarray(np.mean(self._recent, axis=0))
        return ''

    def step(self, now_ns: int) -> Array | None:
        """Return the torques (M,) N·m to command now; None for silence.

        Args:
            now_ns: Steady clock.
        """
        seconds = 0.0 if self._last_ns is None else max(now_ns - self._last_ns, 0) * 1e-9
        self._last_ns = now_ns
        self._watch(now_ns)
        follow = self._armed and not self._lost
        rate = np.full(len(self._torque), self.device.slew_nm_per_s)
        if not follow:
            rate = np.maximum(rate, self._ramp)
        wanted = self._wanted if follow else np.zeros(len(self._torque))
        # A stall of this very loop must not turn into a step either.
        bound = rate * min(seconds, 2.0 / self.config.rate_hz)
        self._torque = self._torque + np.clip(wanted - self._torque, -bound, bound)
        if not self._armed and not self._torque.any():
            self._zeros += 1
            if self._zeros > _ZEROS:
                return None
        return np.array(self._torque)

    def _watch(self, now_ns: int) -> None:
        silence_ns = now_ns - (self._good_ns if self._good_ns is not None else now_ns)
        if not self._armed:
            return
        if silence_ns > self.config.disarm_s * 1e9:
            self.disarm(f'no valid estimate for {self.config.disarm_s:g} s')
        elif self._good_since_ns is None or silence_ns > self.config.stale_s * 1e9:
            self._lose()
        elif self._lost and self._is_good(now_ns):
            self._lost, self.reason = False, ''

    def _lose(self) -> None:
        if not self._lost:
            self._lost, self.reason = True, 'input lost: torque taken back'
            self._ramp = np.abs(self._torque) / self.config.ramp_s

    def _is_good(self, now_ns: int) -> bool:
        if self._good_ns is None or self._good_since_ns is None:
            return False
        fresh = now_ns - self._good_ns <= self.config.stale_s * 1e9
        return fresh and now_ns - self._good_since_ns >= self.config.rearm_s * 1e9
