"""What drawing a clip costs on one core, with NumPy (inference) and torch (training).

    python -m bench.draction

A clip is 12 frames of one moving person with SMPL's 24 joints. The least processor time of several
runs counts, all in one thread. Results go to bench/results/draction.json.
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.readme import table
from humandyn_ros.drawing import RELEASED, Drawing, Style, beads, strokes
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.recordings.amass import assumed_rest

RESULTS = Path(__file__).parent / 'results' / 'draction.json'
FRAMES, SIZES, RUNS = 12, (64, 96, 224, 448), 7


def clip() -> Any:
    """A person (1, 12, 1, 24, 3) m who steps forwards, z up."""
    rest = assumed_rest(1.75) @ np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    sway = np.random.default_rng(0).normal(0, 0.02, (FRAMES, 1, 24, 3)).cumsum(axis=0)
    return (rest + sway)[None].astype(np.float32)


def milliseconds(call: Callable[[], object], runs: int = RUNS) -> float:
    """Least processor time of one call in ms; the first, which warms up, does not count."""
    call()
    times = []
    for _ in range(runs):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return 1e3 * min(times)


def looks(size: int) -> dict[str, tuple[Any, Style, Any]]:
    """Layout, style and points of both looks."""
    points = clip()
    before = points[..., [0, 2, 1]] + np.array([0, 0, 3.0], np.float32)
    released = dataclasses.replace(RELEASED, height=size, width=size)
    return {
        'adaptive': (strokes(CANONICAL), Style(height=size, width=size), points),
        'released': (beads(CANONICAL), released, before.astype(np.float32)),
    }


def results() -> dict[str, dict[str, float]]:
    """Milliseconds per clip, by look and size."""
    import torch

    from humandyn_ros.learning.nets.draction import DrAction

    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = {}
    for size in SIZES:
        for name, (layout, style, points) in looks(size).items():
            net = DrAction(layout, style)
            drawing: Drawing = net.to_drawing()
            tensor = torch.from_numpy(points)

            def step(net: Any = net, tensor: Any = tensor) -> None:
                net(tensor.requires_grad_()).square().sum().backward()

            found[f'{name} {size}'] = {
                'numpy_ms': milliseconds(lambda d=drawing, p=points: d.draw(p)),  # type: ignore[misc]
                'torch_with_gradients_ms': milliseconds(step, 3),
            }
    return found


def main() -> None:
    """Measure, print and write."""
    found = results()
    machine = f'{platform.machine()}, one core of {os.cpu_count()}'
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({'machine': machine, 'clips': found}, indent=1) + '\n')
    rows = [
        (name, f'{f["numpy_ms"]:.0f}', f'{f["torch_with_gradients_ms"]:.0f}')
        for name, f in found.items()
    ]
    print(table(('12 frames, look and pixels', 'NumPy, ms', 'torch with gradients, ms'), rows))


if __name__ == '__main__':
    main()
