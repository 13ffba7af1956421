"""How long one frame of the live LaDy takes, in ONNX Runtime on one core, and how exact it is.

    python -m bench.lady

Random weights at the published size: time does not depend on the weights. The streaming form is
also run over 5,000 frames and compared with the whole-sequence form in torch.
"""

from __future__ import annotations

import dataclasses
import json
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from humandyn_ros.engines.backends.config import BackendConfig
from humandyn_ros.engines.backends.ort import OrtSession
from humandyn_ros.engines.lady import LadyEngine
from humandyn_ros.engines.manifest import read_manifest
from humandyn_ros.learning.export import write_model
from humandyn_ros.learning.nets.lady import LaDy, LadyConfig
from humandyn_ros.learning.tasks.lady import LadyTask
from humandyn_ros.learning.tasks.lady_sequences import LadyTaskConfig

RESULTS = Path(__file__).parent / 'results' / 'lady.json'
FRAMES, WARM_UP = 5000, 200
CONFIG = LadyTaskConfig(
    net=LadyConfig(causal=True, start='rest', horizon=900, lookahead=6),
    window_frames=300,
    delay_frames=30,
    hop_frames=10,
)


class Timed:
    """A session that notes how long each run takes, and how much of the processor."""

    def __init__(self, session: OrtSession) -> None:
        self._session = session
        self.spent_ms: list[float] = []
        self.busy_ms: list[float] = []

    def run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run one batch."""
        start, busy = time.perf_counter_ns(), time.process_time_ns()
        found = self._session.run(inputs)
        self.busy_ms.append((time.process_time_ns() - busy) * 1e-6)
        self.spent_ms.append((time.perf_counter_ns() - start) * 1e-6)
        return found


def motion(frames: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Smooth joint centres (T, 24, 3) m."""
    rng = np.random.default_rng(0)
    t = np.arange(frames)[:, None, None] / 30.0
    sway = np.sin(rng.uniform(0.5, 6.0, (24, 3)) * t + rng.uniform(0, 6, (24, 3)))
    return rng.normal(0.0, 0.5, (24, 3)) + 0.1 * sway


def percentiles(spent_ms: list[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile."""
    return {f'p{p}_ms': float(np.percentile(spent_ms, p)) for p in (5, 50, 95, 99)}


def live(config: LadyTaskConfig, frames: int, warm_up: int) -> dict[str, Any]:
    """Export one form, run it on a stream, and time it."""
    torch.manual_seed(0)
    task = LadyTask(config)
    net = task.model().eval()
    points = motion(frames)
    with tempfile.TemporaryDirectory() as folder:
        exported = write_model('lady', task.exportable(net), Path(folder) / 'lady')
        manifest = read_manifest(exported.folder)
        with OrtSession('ort-cpu', manifest, BackendConfig()) as session:
            timed = Timed(session)
            engine = LadyEngine(manifest.fields, timed)
            whole, told = [], []
            for i, frame in enumerate(points):
                start = time.perf_counter_ns()
                told += engine.push(round(i * 1e9 / 30.0), frame)
                whole.append((time.perf_counter_ns() - start) * 1e-6)
    result = {
        'parameters': sum(p.numel() for p in net.parameters()),
        'onnx_difference': max(exported.differences.values()),
        'model': percentiles(timed.spent_ms[warm_up:]),
        'model, processor time': percentiles(timed.busy_ms[warm_up:]),
        'engine': percentiles(whole[warm_up:]),
        'delay_s': engine.delay_s,
        'boundary_delay_s': engine.boundary_delay_s,
    }
    if config.net.causal:
        scores = np.array([action.scores for action in told])
        result['streaming_difference'] = against_whole(task, net, points, scores)
    return result


def against_whole(task: LadyTask, net: LaDy, points: Any, scores: Any) -> float:
    """Largest difference of class probabilities from the whole-sequence form in torch."""
    x = task.layout.inputs(points[:, None])
    q = task.layout.coordinates(x)
    with torch.inference_mode():
        answer = net(torch.from_numpy(x[None]).float(), torch.from_numpy(q[None]).float())
    wanted = torch.softmax(answer.classes[-1][0], dim=-1).numpy()
    return float(np.abs(scores - wanted).max())


def main() -> None:
    """Measure, print and write."""
    torch.set_num_threads(1)
    acausal = dataclasses.replace(CONFIG.net, causal=False, start='published')
    results = {
        'machine': f'{platform.machine()}, one core, Python {platform.python_version()}',
        'streaming, per frame': live(CONFIG, FRAMES, WARM_UP),
        'sliding window of 300, per run': live(dataclasses.replace(CONFIG, net=acausal), 700, 10),
    }
    print(json.dumps(results, indent=1))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + '\n')


if __name__ == '__main__':
    main()
