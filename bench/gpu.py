"""Networks on a GPU: p50 and p99 of every backend beside eager torch, and a log of the run.

`python -m bench.gpu` on a machine with a CUDA device writes bench/results/gpu-*.json, one file per
GPU and TensorRT version. `python -m bench.gpu --table` writes the README's table of TensorRT
versions from these logs; a version without a log reads "not run".
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import tempfile
from collections.abc import Iterator
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.networks import available, exportable, percentiles
from bench.readme import table, write_section

RESULTS = Path(__file__).parent / 'results'
VERSIONS = ('8.6', '10', '11')
RUNGS = (
    ('tensorrt', 'fp32'),
    ('tensorrt', 'tf32'),
    ('tensorrt', 'fp16'),
    ('ort-tensorrt', 'fp32'),
    ('ort-cuda', 'fp32'),
    ('ort-cpu', 'fp32'),
)


def sessions(folder: Path, module: Any, cache: str) -> Iterator[tuple[str, Any]]:
    """Open the model in every backend; where one does not open, its reason comes instead."""
    from humandyn_ros.engines.backends import BackendConfig, open_session
    from humandyn_ros.engines.manifest import read_manifest
    from humandyn_ros.engines.torch_backend import TorchSession
    from humandyn_ros.errors import HumandynError

    for graph in (False, True):
        name = 'torch, recorded graph' if graph else 'torch, eager'
        try:
            yield name, TorchSession(module, read_manifest(folder), 'cuda', graph)
        except HumandynError as error:
            yield name, str(error)
    for rung, precision in RUNGS:
        config = BackendConfig((rung,), precision, cache=cache, background=False)
        try:
            yield f'{rung}, {precision}', open_session(folder, config)
        except HumandynError as error:
            yield f'{rung}, {precision}', str(error)


def measure(name: str, cache: str) -> dict[str, Any]:
    """Time one network in every backend, its largest difference from torch on the CPU beside."""
    from humandyn_ros.engines.backends import open_session
    from humandyn_ros.learning.export import difference, write_model

    given, _ = exportable(name)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        model = write_model(name, given, Path(folder) / name, half=True).folder
        window = {n: x[:1].numpy() for n, x in zip(given.input_names, given.inputs, strict=True)}
        with open_session(model) as reference:
            expected = reference.run(window)
        for backend, session in sessions(model, given.module, cache):
            if isinstance(session, str):
                found[backend] = {'failed': session}
                continue
            try:
                answer = session.run(window)
                worst = max(difference(answer[n], values) for n, values in expected.items())
                figures = percentiles(lambda s=session: s.run(window))
                found[backend] = {**figures, 'difference': worst}
            except Exception as error:  # the log shall hold what else was measured
                found[backend] = {'failed': f'{type(error).__name__}: {error}'}
            finally:
                session.close()
            print(name, backend, found[backend], flush=True)
    return found


def versions() -> dict[str, str]:
    """Versions of what was run; '' for what is absent."""
    return {name: version_of(name) for name in ('tensorrt', 'onnxruntime', 'torch')}


def version_of(name: str) -> str:
    """Version of a module; '' if it cannot be imported."""
    try:
        return str(import_module(name).__version__)
    except (ImportError, OSError):
        return ''


def tensorrt_table(folder: Path = RESULTS) -> str:
    """Return the table of TensorRT versions from the logs in a folder."""
    logs = [json.loads(path.read_text()) for path in sorted(folder.glob('gpu-*.json'))]
    rows = []
    for version in VERSIONS:
        ran = [shown(log) for log in logs if ran_on(log, version)]
        rows.append((version, '; '.join(ran) or 'not run'))
    return table(('TensorRT', 'run'), rows)


def ran_on(log: dict[str, Any], version: str) -> bool:
    """Whether a log shows native TensorRT of a version running at least one network."""
    found = log['versions']['tensorrt']
    timed = any(
        'p50_ms' in figures
        for network in log['networks'].values()
        for backend, figures in network.items()
        if backend.startswith('tensorrt')
    )
    return timed and (found == version or found.startswith(f'{version}.'))


def shown(log: dict[str, Any]) -> str:
    """Return one run in words."""
    return f'{log["versions"]["tensorrt"]} on {log["gpu"]}, {log["date"]}'


def main() -> None:
    """Measure on the GPU, write the log, and the table from all logs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--table', action='store_true', help='only write the table')
    if not parser.parse_args().table:
        run()
    write_section('tensorrt', tensorrt_table())


def run() -> None:
    """Measure every network and write the log."""
    import torch

    if not torch.cuda.is_available():
        raise SystemExit('no CUDA device: nothing to measure (--table writes the table)')
    gpu = torch.cuda.get_device_name()
    with tempfile.TemporaryDirectory() as cache:
        networks = {name: measure(name, cache) for name in available()}
    log = {
        'gpu': gpu,
        'date': datetime.now(timezone.utc).strftime('%Y-%m-%d'),
        'machine': f'{platform.machine()}, Python {platform.python_version()}',
        'versions': versions(),
        'networks': networks,
    }
    label = re.sub(r'[^a-z0-9.]+', '-', f'{gpu}-tensorrt-{log["versions"]["tensorrt"]}'.lower())
    path = RESULTS / f'gpu-{label}.json'
    path.write_text(json.dumps(log, indent=1) + '\n')
    print(path)


if __name__ == '__main__':
    main()
