"""The whole runtime for one person, without ROS: frames in, estimates out.

frame -> canonical joint centres -> fixed-lag filter -> engine -> safety gate -> estimate
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from humandyn_ros import kernels
from humandyn_ros.config import PersonConfig
from humandyn_ros.engines.factory import EngineConfig, Engines
from humandyn_ros.errors import ConfigError
from humandyn_ros.filters import Filter, FilterConfig, make_filter, smooth
from humandyn_ros.joint_centres import JointCentres
from humandyn_ros.limits import Limits
from humandyn_ros.quantities import Array, Estimate, KinematicState, SkeletonFrame
from humandyn_ros.safety import Gate, SafetyConfig
from humandyn_ros.skeleton import Adapter, SkeletonFormat, load_format

MIN_FRAMES = 10  # a recording shorter than this has no acceleration worth the name
_RESET_NS = 1_000_000_000  # stamps that fall back further than this: the clock was set back


@dataclass(frozen=True)
class EstimatorConfig(EngineConfig):
    """Settings of every stage of one estimator."""

    filter: FilterConfig = field(default_factory=FilterConfig)
    safety: SafetyConfig = field(default_factory=SafetyConfig)


class Estimator:
    """Joint torques and ground reactions of one body, live.

    Args:
        skeleton: Format of the frames that will be pushed, or its name.
        person: Body mass, height and sex; what is absent is measured or assumed, and noted.
        config: Settings of the stages.
        adapter: Ready-made conversion to canonical joint centres (for instance calibrated from
            a static trial); default: made from the format.
        engines: What makes the engine, open already; default: opened for this estimator.

    Raises:
        ModelError: The engine's model cannot be used.
    """

    def __init__(
        self,
        skeleton: SkeletonFormat | str = 'smpl_24',
        person: PersonConfig | None = None,
        config: EstimatorConfig | None = None,
        *,
        adapter: Adapter | None = None,
        engines: Engines | None = None,
    ) -> None:
        kernels.choose()
        self.person = person or PersonConfig()
        self.config = config or EstimatorConfig()
        form = load_format(skeleton) if isinstance(skeleton, str) else skeleton
        self._centres = JointCentres(form, self.person, adapter)
        engines = engines or Engines(self.config)
        self._ahead_ns = round(engines.whole_ahead_s * 1e9)
        self._filter = _filter(self.config.filter, engines.look_ahead_s)
        self._engine = engines.make(self.person)
        self._gate = Gate(self.config.safety, Limits.load(), self._engine.mass_kg)
        self.dropped = 0
        self._newest_ns: int | None = None
        self._fresh_ns = 0  # stamp of the newest frame that did not repeat the one before
        self._reason = 'no frame yet'
        self._good_since_tick = False
        self._quiet_since_ns: int | None = None

    @property
    def lag_ns(self) -> int:
        """How far behind the newest frame the estimates are, by declaration."""
        return self._filter.lag_ns

    @property
    def reason(self) -> str:
        """Why the newest frame gave no estimate; '' when it did."""
        return self._reason

    @property
    def mass_kg(self) -> float:
        """Body mass in force, given or assumed."""
        return self._engine.mass_kg

    def set_person(self, person: PersonConfig) -> None:
        """Change body mass, height or sex; torques move to the new values at the slew limit."""
        self.person = self._centres.person = person
        self._engine.set_person(person)

    def push(self, frame: SkeletonFrame) -> tuple[Estimate, ...]:
        """Take one frame and return the estimates that became ready.

        Frames that repeat or come too late are counted in `dropped` and ignored, and so are those
        that repeat the points of the one before. A clock that was set back restarts the filter.

        Raises:
            StreamError: The frame has another number of joints than its format.
        """
        points, confidence = self._centres.checked(frame)
        before_ns = self._newest_ns
        if not self._in_order(frame.stamp_ns):
            if self._reason:  # else the last good answer stands
                self._reason = f'{self.dropped} frames had a stamp not later than the one before'
            return ()
        if self._centres.see(points):
            self._filter.reset()  # joint centres by another method are another motion
        points, confidence = self._centres.convert(frame.stamp_ns, points, confidence)
        if self._centres.hung:
            self.dropped += 1
            if frame.stamp_ns - self._fresh_ns > self.config.filter.gap_s * 1e9:  # else sent twice
                self._reason = 'the source repeats its last points: it hangs'
            return ()
        self._fresh_ns = frame.stamp_ns
        state = self._filter.step(frame.stamp_ns, points, confidence)
        newest = frame.stamp_ns == self._newest_ns
        believed = self._filter.weights if newest else confidence
        self._engine.see(frame.stamp_ns, points, believed)
        if state is None:
            self._reason = self._warming(frame.stamp_ns, before_ns)
            return ()
        return self._answer(frame, state)

    def _warming(self, stamp_ns: int, before_ns: int | None) -> str:
        gap_s = 0.0 if before_ns is None else (stamp_ns - before_ns) * 1e-9
        if gap_s <= self.config.filter.gap_s:
            return 'the filter is warming up'
        return (
            f'frames come {gap_s:.3g} s apart, more than the {self.config.filter.gap_s:g} s that '
            'are bridged: send at least 15 a second'
        )

    def _in_order(self, stamp_ns: int) -> bool:
        newest = self._newest_ns
        if newest is not None and stamp_ns < newest - _RESET_NS:
            self.reset(f'stamps fell back by {(newest - stamp_ns) * 1e-9:.1f} s')
        elif newest is not None and (stamp_ns == newest or stamp_ns < newest - self.lag_ns):
            self.dropped += 1
            return False
        self._newest_ns = max(stamp_ns, self._newest_ns or stamp_ns)
        return True

    def _answer(self, frame: SkeletonFrame, state: KinematicState) -> tuple[Estimate, ...]:
        self._reason = self._gate.problem(state)
        if self._reason:
            return ()  # an engine need not make sense of what no body can do
        dynamics = self._engine.step(state)
        self._filter.cutoff_hz = self._engine.cutoff_hz
        if isinstance(dynamics, str):
            self._reason = dynamics
            return ()
        self._reason = self._gate.flaw(dynamics)
        if self._reason:
            return ()
        self._good_since_tick = True
        self._gate.mass_kg = self._engine.mass_kg  # a mass that is assumed follows the height
        age_ms = (frame.stamp_ns - state.stamp_ns) * 1e-6
        notes = self._centres.notes
        return (self._gate.admit(frame.body_id, state, dynamics, age_ms, notes),)

    def whole(self, frames: Sequence[SkeletonFrame]) -> tuple[Estimate, ...]:
        """Answer for a whole recording, smoothed with the frames after each instant too.

        A first, streaming pass finds the cut-off that the engine asks for at every frame; then
        the recording is smoothed at these cut-offs. Age and lag are zero.

        Raises:
            StreamError: A frame has another number of joints than its format.
        """
        kept, cutoffs = self._listened(frames)
        if len(kept) < MIN_FRAMES:
            self._reason = f'{len(kept)} frames are too few to smooth'
            return ()
        self._centres.reset()
        converted = [self._centres.convert(f.stamp_ns, *self._centres.checked(f)) for f in kept]
        stamps = np.array([frame.stamp_ns for frame in kept], np.int64)
        points = np.stack([p for p, _ in converted])
        confidence = np.stack([c for _, c in converted])
        states = smoothed_states(stamps, points, confidence, cutoffs, self.config.filter)
        self.reset('read as a whole')
        estimates: list[Estimate] = []
        shown = 0
        for frame, state in zip(kept, states, strict=True):
            until_ns = state.stamp_ns + self._ahead_ns
            while shown < len(kept) and stamps[max(shown - 1, 0)] < until_ns:
                self._engine.see(int(stamps[shown]), points[shown], confidence[shown])
                shown += 1
            estimates += self._answer(frame, state)
        return tuple(estimates)

    def _listened(self, frames: Sequence[SkeletonFrame]) -> tuple[list[SkeletonFrame], Array]:
        """Frames in the order of their stamps, none twice, and the cut-off wanted at each."""
        kept: list[SkeletonFrame] = []
        cutoffs: list[float] = []
        for frame in sorted(frames, key=lambda frame: frame.stamp_ns):
            if kept and frame.stamp_ns == kept[-1].stamp_ns:
                continue
            self.push(frame)
            kept.append(frame)
            cutoffs.append(self._filter.cutoff_hz)
        return kept, np.array(cutoffs)

    def tick(self, now_ns: int) -> tuple[Estimate, ...]:
        """Tell the time; returns a fading, then invalid, estimate while good input is absent.

        Args:
            now_ns: A steady clock; never one that a simulation can pause.
        """
        if self._good_since_tick or self._quiet_since_ns is None:
            self._good_since_tick, self._quiet_since_ns = False, now_ns
            return ()
        silence_s = (now_ns - self._quiet_since_ns) * 1e-9
        faded = self._gate.fade(silence_s, self._reason or 'no frame arrived')
        return () if faded is None else (faded,)

    def reset(self, reason: str) -> None:
        """Forget the motion so far (another person, another clock); settings stay."""
        self._centres.reset()
        self._filter.reset()
        self._engine.reset()
        self._gate.forget()
        self._newest_ns = None
        self._reason = reason


def _filter(config: FilterConfig, look_ahead_s: float | None) -> Filter:
    """The filter of an engine: a network's estimates are as old as its look-ahead."""
    if look_ahead_s is None:
        return make_filter(config)
    made = make_filter(dataclasses.replace(config, lag_s=look_ahead_s))
    if made.lag_ns < round(look_ahead_s * 1e9):
        raise ConfigError(
            f'filter.kind = {config.kind} lags {made.lag_ns * 1e-9:.3f} s, but the network '
            f'looks {look_ahead_s:.3f} s ahead: use kalman or savitzky_golay'
        )
    return made


def with_lag(config: EstimatorConfig, lag_s: float) -> EstimatorConfig:
    """The same settings with another declared filter lag, s."""
    return dataclasses.replace(config, filter=dataclasses.replace(config.filter, lag_s=lag_s))


def smoothed_states(
    stamps_ns: NDArray[np.int64],
    points: Array,
    confidence: Array,
    cutoffs_hz: Array,
    config: FilterConfig,
) -> Iterator[KinematicState]:
    """Yield the offline state at every stamp, each at its own cut-off frequency (T,)."""
    smoothed = {
        float(cutoff): smooth(stamps_ns, points, confidence, cutoff_hz=cutoff, config=config)
        for cutoff in np.unique(cutoffs_hz)
    }
    for k, (stamp, cutoff) in enumerate(zip(stamps_ns.tolist(), cutoffs_hz.tolist(), strict=True)):
        at = smoothed[cutoff]
        yield KinematicState(
            stamp, at.positions[k], at.velocities[k], at.accelerations[k], at.seen[k], at.stddev[k]
        )
