"""How long one whole `push` takes (filter, physics, safety), on one core."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from humandyn_ros import kernels
from humandyn_ros.config import PersonConfig
from humandyn_ros.estimator import Estimator
from humandyn_ros.quantities import CANONICAL, SkeletonFrame
from humandyn_ros.synthetic import person

SECONDS = 20.0
WARM_UP = 100


def measure(rate_hz: float, *, noise_m: float = 0.0, hidden: tuple[str, ...] = ()) -> dict:
    """Push a walking, squatting, jumping person; returns milliseconds of wall time.

    Args:
        rate_hz: Rate of the frames.
        noise_m: Noise of the joint centres.
        hidden: Joints that are never seen.
    """
    motion = person('demo', rate_hz=rate_hz, duration_s=SECONDS, seed=0, noise_m=noise_m)
    points, confidence = motion.points.copy(), motion.confidence.copy()
    for joint in hidden:
        points[:, CANONICAL.index[joint]] = np.nan
        confidence[:, CANONICAL.index[joint]] = 0.0
    estimator = Estimator(CANONICAL.name, PersonConfig(75.0, 1.75))
    spent = []
    for stamp, p, c in zip(motion.stamps_ns.tolist(), points, confidence, strict=True):
        frame = SkeletonFrame(stamp, 'world', 1, CANONICAL, p, c)
        start = time.perf_counter_ns()
        estimator.push(frame)
        spent.append((time.perf_counter_ns() - start) * 1e-6)
    p50, p99, top = np.percentile(spent[WARM_UP:], [50, 99, 100])
    return {'rate_hz': rate_hz, 'p50_ms': p50, 'p99_ms': p99, 'max_ms': top}


UPPER_BODY = tuple(
    name
    for name in CANONICAL.joints
    if not any(part in name for part in ('pelvis', 'hip', 'knee', 'ankle', 'foot'))
)


def results() -> dict[str, Any]:
    """Push times of the usual streams."""
    return {
        'all joints, 30 Hz': measure(30.0),
        'all joints, 100 Hz': measure(100.0),
        'all joints, 250 Hz': measure(250.0),
        'lower body only, 100 Hz': measure(100.0, hidden=UPPER_BODY),
        'all joints, 10 mm noise, 100 Hz': measure(100.0, noise_m=0.01),
    }


if __name__ == '__main__':
    print(f'kernels: {kernels.choose()}')
    for name, figures in results().items():
        print(f'{name:34} p50 {figures["p50_ms"]:.3f} ms  p99 {figures["p99_ms"]:.3f} ms')
