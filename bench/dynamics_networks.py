"""How long ImDyS and HDyS take per window or frame, in ONNX Runtime on one core, and their sizes.

    python -m bench.dynamics_networks

Random weights at the published sizes: time does not depend on the weights. Wall time, and time of
the processor alone, which says on a busy machine what an idle core would take.
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

from humandyn_ros.config import PersonConfig
from humandyn_ros.engines.hdys import HdysEngine
from humandyn_ros.engines.imdys import ImdysEngine
from humandyn_ros.learning.nets.hdys import Hdys, HdysConfig
from humandyn_ros.learning.nets.imdys import ImdysConfig
from humandyn_ros.learning.tasks.hdys import HdysTask
from humandyn_ros.learning.tasks.hdys_sequences import HdysTaskConfig
from humandyn_ros.learning.tasks.imdys import ImdysTask
from humandyn_ros.learning.tasks.imdys_windows import ImdysTaskConfig
from humandyn_ros.learning.tasks.task import Exportable
from humandyn_ros.quantities import MotionWindow
from humandyn_ros.synthetic import person

RESULTS = Path(__file__).parent / 'results' / 'dynamics_networks.json'
RUNS, WARM_UP = 300, 30
JOINTS = ImdysConfig(input='joints', points=24)
IMDYS = ImdysTaskConfig(net=JOINTS, source='point_masses', clips=1, batch=8)
HDYS = HdysTaskConfig(
    sources=('point_masses',), clips=1, batch=2,
    export_heads=('torque', 'torque_smpl', 'muscles', 'emg', 'feet'),
)  # fmt: skip


class OneCore:
    """An ONNX Runtime session on one thread.

    Args:
        exportable: What is exported.
        folder: Where to.
    """

    def __init__(self, exportable: Exportable, folder: Path) -> None:
        import onnxruntime

        file = str(folder / 'model.onnx')
        batch = torch.export.Dim('batch', min=1, max=4096)
        torch.onnx.export(
            exportable.module.eval(), exportable.inputs, file, dynamo=True, verbose=False,
            input_names=list(exportable.input_names),
            output_names=list(exportable.output_names),
            dynamic_shapes=tuple({0: batch} for _ in exportable.inputs),
        )  # fmt: skip
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            file, options, providers=['CPUExecutionProvider']
        )
        self._names = list(exportable.output_names)
        self.spent_ms: list[float] = []
        self.processor_ms: list[float] = []

    def run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run one batch, and note the time."""
        start, processor = time.perf_counter_ns(), time.thread_time_ns()
        found = self._session.run(self._names, inputs)
        self.spent_ms.append((time.perf_counter_ns() - start) * 1e-6)
        self.processor_ms.append((time.thread_time_ns() - processor) * 1e-6)
        return dict(zip(self._names, found, strict=True))


def difference(session: OneCore, exportable: Exportable) -> float:
    """Largest difference to torch, relative to each output's largest value (or 1)."""
    given = {n: x.numpy() for n, x in zip(exportable.input_names, exportable.inputs, strict=True)}
    found = session.run(given)
    with torch.no_grad():
        expected = exportable.module.eval()(*exportable.inputs)
    return max(
        float(np.abs(found[name] - wanted.numpy()).max() / max(1.0, float(wanted.abs().max())))
        for name, wanted in zip(exportable.output_names, expected, strict=True)
    )


def figures(session: OneCore, whole: list[float]) -> dict[str, float]:
    """Percentiles of the model's time and of the engine's, features and decoding included."""
    model, engine = np.array(session.spent_ms[-RUNS:]), np.array(whole[-RUNS:])
    return {
        'model_p50_ms': float(np.percentile(model, 50)),
        'model_p99_ms': float(np.percentile(model, 99)),
        'model_processor_p50_ms': float(np.percentile(session.processor_ms[-RUNS:], 50)),
        'engine_p50_ms': float(np.percentile(engine, 50)),
        'engine_p99_ms': float(np.percentile(engine, 99)),
    }


def imdys(net: ImdysConfig) -> dict[str, Any]:
    """One variant of ImDyS."""
    task = ImdysTask(dataclasses.replace(IMDYS, net=net))
    model = task.model().eval()
    exportable = task.exportable(model)
    motion = person('walk', rate_hz=30.0, duration_s=4.0, seed=0)
    markers = np.random.default_rng(0).normal(size=(len(motion.points), 60, 3)) * 0.3
    with tempfile.TemporaryDirectory() as folder:
        session = OneCore(exportable, Path(folder))
        worst = difference(session, exportable)
        engine = ImdysEngine(exportable.manifest, session, PersonConfig(70.0, 1.75))
        whole = []
        for run in range(RUNS + WARM_UP):
            start = run % 60
            rows = slice(start, start + net.frames)
            window = MotionWindow(
                motion.stamps_ns[rows], 30.0, motion.points[rows], np.ones((net.frames, 24), bool)
            )
            began = time.perf_counter_ns()
            engine.answer(window, markers=markers[rows] if net.input == 'markers' else None)
            whole.append((time.perf_counter_ns() - began) * 1e-6)
    return {
        'parameters': count(model.inverse),
        'forward_model_parameters': count(model.forward_dynamics),
        'onnx_difference': worst,
        **figures(session, whole),
    }


def hdys(name: str) -> dict[str, Any]:
    """HDyS with one representation as input."""
    task = HdysTask(dataclasses.replace(HDYS, export_input=name))
    model = task.model().eval()
    exportable = task.exportable(model)
    motion = person('walk', rate_hz=30.0, duration_s=4.0, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        session = OneCore(exportable, Path(folder))
        worst = difference(session, exportable)
        engine = HdysEngine(exportable.manifest, session, PersonConfig(70.0, 1.75))
        whole = []
        for run in range(RUNS + WARM_UP):
            rows = slice(run % 60, run % 60 + 3)
            window = MotionWindow(
                motion.stamps_ns[rows], 30.0, motion.points[rows], np.ones((3, 24), bool)
            )
            began = time.perf_counter_ns()
            engine.answer(window)
            whole.append((time.perf_counter_ns() - began) * 1e-6)
    return {'parameters': count(model), 'onnx_difference': worst, **figures(session, whole)}


def count(module: torch.nn.Module) -> int:
    """Parameters of a module."""
    return sum(p.numel() for p in module.parameters())


def results() -> dict[str, Any]:
    """All variants."""
    causal = dataclasses.replace(JOINTS, causal=True)
    found: dict[str, Any] = {
        'ImDyS, 24 joints': imdys(JOINTS),
        'ImDyS, 24 joints, causal': imdys(causal),
        'ImDyS, 96 markers': imdys(ImdysConfig()),
        'ImDyS, SMPL': imdys(ImdysConfig(input='smpl', points=24)),
    }
    for name in ('keypoints', 'markers', 'smpl', 'angles'):
        found[f'HDyS, {name}'] = hdys(name)
    sizes = {d: count(Hdys(HdysConfig(latent=d))) for d in (128, 64, 32)}
    return {'networks': found, 'hdys_parameters_by_latent': sizes}


def main() -> None:
    """Measure, print and write."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = results()
    found['machine'] = f'{platform.machine()}, one core, Python {platform.python_version()}'
    RESULTS.write_text(json.dumps(found, indent=1) + '\n')
    for name, row in found['networks'].items():
        print(
            f'{name:28} {row["parameters"] / 1e6:.3f} M  model p50 {row["model_p50_ms"]:.2f} ms '
            f'p99 {row["model_p99_ms"]:.2f} processor {row["model_processor_p50_ms"]:.2f}  '
            f'engine p50 {row["engine_p50_ms"]:.2f} ms  '
            f'difference {row["onnx_difference"]:.1e}'
        )
    print('HDyS by latent dimension:', found['hdys_parameters_by_latent'])


if __name__ == '__main__':
    main()
