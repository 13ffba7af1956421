"""`make bench`: speed, latency, memory and size; results to bench/results and the README."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import networks, push, wire
from bench.readme import table, write_section
from humandyn_ros import kernels

RESULTS = Path(__file__).parent / 'results' / 'speed.json'
ROOT = Path(__file__).parents[1]


def opensim() -> dict[str, Any] | None:
    """Time OpenSim's inverse dynamics in an interpreter that has it (OPENSIM_PYTHON)."""
    python = os.environ.get('OPENSIM_PYTHON', sys.executable)
    program = Path(__file__).with_name('opensim_id.py')
    run = subprocess.run([python, str(program)], capture_output=True, text=True, check=False)
    return json.loads(run.stdout.splitlines()[-1]) if run.returncode == 0 else None


def core_size_mb() -> float:
    """Megabytes that `pip install .` puts into an empty environment, pip itself left out."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            '-m',
            'pip',
            'install',
            '--quiet',
            '--target',
            folder,
            str(ROOT),
        ]
        subprocess.run(command, check=True)
        files = (path for path in Path(folder).rglob('*') if path.is_file())
        return sum(path.stat().st_size for path in files) / 1e6


def main() -> None:
    """Measure everything, print it, and write JSON and README."""
    if kernels.store.installed() and not kernels.store.ready():
        subprocess.run([sys.executable, '-m', 'humandyn_ros.kernels'], check=True)
    results = {
        'machine': f'{platform.machine()}, {os.cpu_count()} cores, Python '
        f'{platform.python_version()}',
        'kernels': kernels.choose(),
        'push': push.results(),
        'wire': wire.results(),
        'opensim_inverse_dynamics': opensim(),
        'core_install_mb': core_size_mb(),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + '\n')
    text = speed_table(results)
    print(text)
    write_section('speed', text)
    size = results['core_install_mb']
    networks.main()
    write_section('size', f'The core install is {size:.0f} MB, NumPy and SciPy included.')


def speed_table(results: dict[str, Any]) -> str:
    """Return the README's table of times and memory."""
    rows: list[tuple[object, ...]] = [
        (f'one `push`: {name}', f'{f["p50_ms"]:.2f}', f'{f["p99_ms"]:.2f}', '')
        for name, f in results['push'].items()
    ]
    for name, f in results['wire'].items():
        rest = (
            f'{f["received"]} of {f["expected"]} answers, {f["resident_mb"]:.0f} MB, '
            f'ready in {f["ready_s"]:.1f} s'
        )
        rows.append(
            (
                f'skeleton in to torques out: {name}',
                f'{f["p50_ms"]:.2f}',
                f'{f["p99_ms"]:.2f}',
                rest,
            )
        )
    slow = results['opensim_inverse_dynamics']
    if slow:
        rows.append(('OpenSim inverse dynamics, one frame', f'{slow["ms_per_frame"]:.2f}', '', ''))
    head = table((f'on {results["machine"]}', 'p50, ms', 'p99, ms', ''), rows)
    return head


if __name__ == '__main__':
    main()
