"""Networks: latency of one window on one core in ONNX Runtime, for every network there is.

`python -m bench.networks` (part of `make bench`) exports each network with the settings of
config/training and random weights, which cost what trained ones cost, and times it.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bench.readme import table, write_section

RESULTS = Path(__file__).parent / 'results' / 'networks.json'
RUNS_S = 2.0
WARM_UP = 20


def available() -> list[str]:
    """Names of the networks that are there and have settings."""
    from humandyn_ros.learning.tasks import TASKS
    from humandyn_ros.resources import resource

    folder = resource('config', 'training')
    return [
        name
        for name, path in TASKS.items()
        if find_spec(path.partition(':')[0])
        and (folder / f'{name}.yaml').is_file()
        and name != 'skeletonllm'  # as large as the model that a user brings
    ]


def exportable(name: str) -> tuple[Any, int]:
    """What a network exports, its weights random, and its number of parameters."""
    import torch

    from humandyn_ros.learning.settings import read_settings, split_settings
    from humandyn_ros.learning.tasks import task_class

    torch.set_num_threads(1)
    torch.manual_seed(0)
    chosen = task_class(name)
    task = chosen(split_settings(read_settings(name, None), chosen.Config)[1], None)
    model = task.model().eval()
    with torch.no_grad():
        found = task.exportable(model)
    return found, sum(p.numel() for p in found.module.parameters())


def percentiles(run: Callable[[], object], seconds: float = RUNS_S) -> dict[str, float]:
    """Median and 99th percentile of a call, in ms, and its median of processor time.

    Processor time says on a busy machine what an idle core would take.
    """
    for _ in range(WARM_UP):
        run()
    times, busy, end = [], [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 100:
        start, processor = time.perf_counter(), time.process_time()
        run()
        times.append(time.perf_counter() - start)
        busy.append(time.process_time() - processor)
    p50, p99 = np.percentile(times, [50, 99]) * 1e3
    cpu = float(np.median(busy)) * 1e3
    return {'p50_ms': float(p50), 'p99_ms': float(p99), 'cpu_ms': cpu, 'runs': len(times)}


def results() -> dict[str, Any]:
    """Time every network."""
    from humandyn_ros.engines.backends import open_session
    from humandyn_ros.learning.export import write_model

    found: dict[str, Any] = {}
    for name in available():
        given, parameters = exportable(name)
        with tempfile.TemporaryDirectory() as folder:
            exported = write_model(name, given, Path(folder) / name)
            names = given.input_names
            window = {n: x[:1].numpy() for n, x in zip(names, given.inputs, strict=True)}
            with open_session(exported.folder) as session:
                figures = percentiles(lambda s=session, w=window: s.run(w))
            size = (exported.folder / 'model.onnx').stat().st_size / 1e6
        worst = max(exported.differences.values())
        found[name] = {**figures, 'parameters': parameters, 'mb': size, 'difference': worst}
        print(name, found[name], flush=True)
    return found


def main() -> None:
    """Measure, print, and write JSON and README."""
    measured = {
        'machine': f'{platform.machine()}, one core of {os.cpu_count()}, Python '
        f'{platform.python_version()}',
        'networks': results(),
    }
    RESULTS.write_text(json.dumps(measured, indent=1) + '\n')
    write_section('networks', networks_table(measured))


def networks_table(measured: dict[str, Any]) -> str:
    """Return the README's table."""
    rows = [
        (
            name,
            f'{f["parameters"] / 1e6:.2f} M',
            f'{f["mb"]:.1f}',
            f'{f["p50_ms"]:.2f}',
            f'{f["p99_ms"]:.2f}',
            f'{f["cpu_ms"]:.2f}',
            f'{f["difference"]:.0e}',
        )
        for name, f in measured['networks'].items()
    ]
    figures = ('parameters', 'MB', 'p50, ms', 'p99, ms', 'processor, ms', 'off torch by')
    return table((f'on {measured["machine"]}', *figures), rows)


if __name__ == '__main__':
    main()
