"""Settings of the fixed-lag estimators."""

from __future__ import annotations

from dataclasses import dataclass

from humandyn_ros.config import Checked, setting

MIN_CUTOFF_HZ, MAX_CUTOFF_HZ = 0.5, 30.0


@dataclass(frozen=True)
class FilterConfig(Checked):
    """How positions become velocities and accelerations, and at which age."""

    kind: str = setting(
        'kalman', '', 'estimator', choices=('kalman', 'savitzky_golay', 'butterworth')
    )
    cutoff_hz: float = setting(
        4.0,
        'Hz',
        'frequency at which the steady response has half its power; walking 3-5, running 6-8',
        low=MIN_CUTOFF_HZ,
        high=MAX_CUTOFF_HZ,
    )
    lag_s: float = setting(
        0.1,
        's',
        'age of the evaluated instant at the newest frame; butterworth: its own delay instead',
        low=0.0,
        high=1.0,
    )
    gap_s: float = setting(
        0.2,
        's',
        'longest gap that is bridged; a longer one restarts the joint, or everything',
        low=0.02,
        high=2.0,
    )
    min_confidence: float = setting(
        0.05, '', 'a joint below this confidence counts as not seen', low=0.0, high=1.0
    )
    outlier_gate: float = setting(
        5.0,
        '',
        'a point this many standard deviations from where it must be is not believed',
        low=2.0,
        high=1000.0,
    )
    outlier_acceleration: float = setting(
        200.0, 'm/s²', 'accelerations up to this are motion, not outliers', low=10.0, high=1e5
    )
    noise_m: float = setting(
        0.005, 'm', 'standard deviation per axis assumed until measured', low=1e-5, high=1.0
    )
    max_rate_hz: float = setting(
        250.0, 'Hz', 'faster input is averaged down to this rate', low=15.0, high=1000.0
    )
