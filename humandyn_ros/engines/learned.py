"""A network as an engine: it sees what was measured and answers at the filter's instant.

The filtered state gives angles and speeds; the network sees a window of its own, of raw joint
centres, that ends as much later as it looks ahead.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from humandyn_ros.activity import CutoffPolicy
from humandyn_ros.config import PersonConfig
from humandyn_ros.engines.network import NetworkAnswer, NetworkBody
from humandyn_ros.errors import ModelError
from humandyn_ros.quantities import Array, Dynamics, Extras, KinematicState, MotionWindow
from humandyn_ros.window import Window, WindowConfig

_LONGEST_STEP_S = 0.2


class Network(Protocol):
    """An exported network looking at one person."""

    name: str
    body: NetworkBody

    @property
    def look_ahead_s(self) -> float:
        """How much later than the instant of the answer its window ends."""

    @property
    def span(self) -> tuple[int, float]:
        """Frames of its window, and their rate, Hz."""

    def answer(
        self, window: MotionWindow, *, state: KinematicState | None = None
    ) -> NetworkAnswer | None:
        """Answer for the instant of a state; None while too little is known."""

    def reset(self) -> None:
        """Forget the past."""


class LearnedEngine:
    """One person's network between their filter and their safety gate.

    Args:
        network: Reset, and for this person.
        cutoff_hz: Of the filter; None: by activity and noise.
    """

    def __init__(self, network: Network, cutoff_hz: float | None = None) -> None:
        self.name = network.name
        self._network = network
        self._cutoff_hz = cutoff_hz
        self._policy = CutoffPolicy()
        frames, rate_hz = network.span
        longest_s = min(max(frames / rate_hz + network.look_ahead_s + 0.5, 1.0), 60.0)
        self._window = Window(config=WindowConfig(longest_s=longest_s))
        self._duration_s, self._rate_hz = frames / rate_hz, rate_hz
        self._ahead_ns = round(network.look_ahead_s * 1e9)
        self._stamp_ns: int | None = None

    @property
    def mass_kg(self) -> float:
        """Body mass in force, given or assumed."""
        return self._network.body.mass_kg

    @property
    def cutoff_hz(self) -> float:
        """Cut-off frequency the filter should have for the next state."""
        return self._cutoff_hz or self._policy.cutoff_hz

    def set_person(self, person: PersonConfig) -> None:
        """Change body mass, height or sex."""
        self._network.body.set_person(person)

    def reset(self) -> None:
        """Forget the past."""
        self._network.reset()
        self._window.reset()
        self._policy.reset()
        self._stamp_ns = None

    def see(self, stamp_ns: int, points: Array, confidence: Array) -> None:
        """Take what was measured into the window."""
        self._window.push(stamp_ns, points, confidence)

    def step(self, state: KinematicState) -> Dynamics | str:
        """Answer for one state, or say why there is no answer."""
        self._follow(state)
        until_ns = state.stamp_ns + self._ahead_ns
        window = self._window.latest(self._duration_s, self._rate_hz, until_ns)
        if window is None:
            return f'{self.name}: its window of {self._duration_s:.2f} s is not full yet'
        try:
            answer = self._network.answer(window, state=state)
        except ModelError as error:
            return f'{self.name}: {error}'
        if answer is None:
            return f'{self.name}: too few frames were seen yet'
        return _dynamics(answer)

    def _follow(self, state: KinematicState) -> None:
        """Let the cut-off of the filter follow the motion."""
        last, self._stamp_ns = self._stamp_ns, state.stamp_ns
        dt = 0.0 if last is None else 1e-9 * (state.stamp_ns - last)
        known = state.stddev[np.isfinite(state.stddev)]
        noise_m = float(known.mean()) if len(known) else 0.0
        leg_m = self._network.body.leg_m
        velocities = np.nan_to_num(state.velocities)
        self._policy.step(velocities, noise_m, leg_m, min(max(dt, 0.0), _LONGEST_STEP_S))


def _dynamics(answer: NetworkAnswer) -> Dynamics:
    found = answer.dynamics
    return Dynamics(
        found.inverse_dynamics,
        found.ground,
        found.residual,
        found.notes,
        Extras(answer.plausibility, answer.latent, answer.muscles, answer.emg),
    )
