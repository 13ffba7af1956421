"""OpenSim's inverse dynamics on the walk that `replay` uses, timed beside one `push`.

Needs the `opensim` wheel (pip install opensim) and HUMANDYN_DATA; prints one JSON object. OpenSim
is given the measured ground reactions; it is a yardstick of speed, not a competitor in accuracy.
"""

from __future__ import annotations

import gzip
import json
import os
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Run OpenSim's InverseDynamicsTool once and print milliseconds per frame."""
    import opensim

    data = Path(os.environ['HUMANDYN_DATA']) / 'walk_treadmill_60s'
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        names = {
            'model': 'Rajagopal_scaled_Sub1_gasAvoid.osim',
            'motion': 'results_ik.sto',
        }
        for name in names.values():
            (here / name).write_bytes(gzip.decompress((data / f'{name}.gz').read_bytes()))
        opensim.Logger.setLevelString('Off')
        tool = opensim.InverseDynamicsTool()
        model = opensim.Model(str(here / names['model']))  # the tool keeps no reference
        tool.setModel(model)
        tool.setCoordinatesFileName(str(here / names['motion']))
        tool.setLowpassCutoffFrequency(6.0)
        tool.setStartTime(0.0)
        tool.setEndTime(10.0)
        tool.setResultsDir(str(here))
        tool.setOutputGenForceFileName('id.sto')
        start = time.perf_counter()
        tool.run()
        spent_ms = 1e3 * (time.perf_counter() - start)
        frames = sum(1 for _ in (here / 'id.sto').open()) - 7
    print(json.dumps({'frames': frames, 'ms_per_frame': spent_ms / frames}))


if __name__ == '__main__':
    main()
