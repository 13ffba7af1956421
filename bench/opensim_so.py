"""OpenSim's own static optimisation of two walks: what muscle activation is judged against.

Needs the `opensim` wheel and HUMANDYN_DATA; `bench.muscles` runs it. Each person's own scaled
model, measured motion (6 Hz) and ground reactions; reserves of 1 N·m at hip, knee and ankle; the
pelvis and the upper body are driven by actuators. Writes one JSON object to a file; about two
seconds of processor time a frame.
"""

from __future__ import annotations

import gzip
import json
import math
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CUTOFF_HZ = 6.0
LEG_NM, ELSEWHERE = 1.0, 1000.0  # optimal forces of reserves


@dataclass(frozen=True)
class Walk:
    """Files of one recording, the columns of its ground reactions, and what is solved."""

    model: str
    motion: str
    forces: str
    columns: tuple[str, str]  # of right and left foot, with {} for v, p and the torque
    torques: tuple[str, str]
    span_s: tuple[float, float]
    every: int


WALKS = {
    'walk_rajagopal2016': Walk(
        'subject_walk_scaled.osim',
        'coordinates.sto',
        'grf_walk.mot',
        ('ground_force_r_', 'ground_force_l_'),
        ('ground_torque_r_', 'ground_torque_l_'),
        (0.5, 1.7),
        20,
    ),
    'walk_treadmill_60s': Walk(
        'Rajagopal_scaled_Sub1_gasAvoid.osim',
        'results_ik.sto',
        'walking_baseline1_forces.mot',
        ('ground_force_', '1_ground_force_'),
        ('ground_torque_', '1_ground_torque_'),
        (10.0, 13.0),
        2,
    ),
}


def plain(path: Path) -> None:
    """Bring a motion to names without paths, and knee caps to the knee's angle.

    The files do not agree on the unit of the caps' angles, which OpenSim reads as radians whatever
    the header says; read wrongly, extensors of the knee seem to shorten many times too fast.
    """
    head, body = path.read_text().split('endheader\n', 1)
    unit = math.pi / 180.0 if 'inDegrees=yes' in head else 1.0
    first, rest = body.split('\n', 1)
    names = re.sub(r'/jointset/[^/\t]*/([^/\t]*)/value', r'\1', first).split('\t')
    rows = [line.split('\t') for line in rest.strip('\n').split('\n')]
    for side in 'rl':
        if f'knee_angle_{side}_beta' in names and len(rows[0]) == len(names):
            to, of = names.index(f'knee_angle_{side}_beta'), names.index(f'knee_angle_{side}')
            for row in rows:
                row[to] = str(unit * float(row[of]))
    lines = '\n'.join('\t'.join(row) for row in [names, *rows])
    path.write_text(f'{head}endheader\n{lines}\n')


def with_reserves(osim: Any, path: Path) -> str:
    """Write the model anew with muscles and reserves as its only forces."""
    model = osim.Model(str(path))
    forces = model.updForceSet()
    for i in reversed(range(forces.getSize())):
        if osim.Muscle.safeDownCast(forces.get(i)) is None:
            forces.remove(i)
    state = model.initSystem()
    joints = [joint for joint in model.getCoordinateSet() if not joint.isConstrained(state)]
    for name in [joint.getName() for joint in joints]:
        actuator = osim.CoordinateActuator(name)
        actuator.setName(f'reserve_{name}')
        leg = name.startswith(('hip', 'knee', 'ankle'))
        actuator.setOptimalForce(LEG_NM if leg else ELSEWHERE)
        actuator.setMinControl(-float('inf'))
        actuator.setMaxControl(float('inf'))
        model.addForce(actuator)
    model.finalizeConnections()
    ready = path.with_name('with_reserves.osim')
    model.printToXML(str(ready))
    return str(ready)


def loads(osim: Any, walk: Walk, here: Path) -> str:
    """Write which columns act on which foot."""
    found = osim.ExternalLoads()
    found.setDataFileName(str(here / walk.forces))
    for side, column, torque in zip('rl', walk.columns, walk.torques, strict=True):
        force = osim.ExternalForce()
        force.setName(side)
        force.set_applied_to_body(f'calcn_{side}')
        force.set_force_expressed_in_body('ground')
        force.set_point_expressed_in_body('ground')
        force.set_force_identifier(f'{column}v')
        force.set_point_identifier(f'{column}p')
        force.set_torque_identifier(torque)
        found.cloneAndAppend(force)
    path = here / 'loads.xml'
    found.printToXML(str(path))
    return str(path)


def solve(osim: Any, walk: Walk, here: Path) -> dict[str, Any]:
    """Run static optimisation; returns names, seconds and activations."""
    start, end = walk.span_s
    analysis = osim.StaticOptimization()
    analysis.setName('optimum')
    analysis.setStartTime(start)
    analysis.setEndTime(end)
    analysis.setStepInterval(walk.every)
    analysis.setUseMusclePhysiology(True)
    analysis.setActivationExponent(2.0)
    tool = osim.AnalyzeTool()
    tool.setName('walk')
    tool.setModelFilename(with_reserves(osim, here / walk.model))
    tool.setCoordinatesFileName(str(here / walk.motion))
    tool.setLowpassCutoffFrequency(CUTOFF_HZ)
    tool.setExternalLoadsFileName(loads(osim, walk, here))
    tool.setInitialTime(start)
    tool.setFinalTime(end)
    tool.setSolveForEquilibrium(False)
    tool.setResultsDir(str(here))
    tool.updAnalysisSet().cloneAndAppend(analysis)
    tool.printToXML(str(here / 'tool.xml'))
    osim.AnalyzeTool(str(here / 'tool.xml')).run()
    lines = (here / 'walk_optimum_activation.sto').read_text().split('endheader\n')[1]
    names, *rows = [line.split('\t') for line in lines.strip().split('\n')]
    values = [[round(float(value), 5) for value in row] for row in rows]
    return {
        'names': names[1:],
        'time_s': [r[0] for r in values],
        'values': [r[1:] for r in values],
    }


def main() -> None:
    """Solve both walks and write the file named on the command line."""
    import opensim as osim

    osim.Logger.setLevelString('Off')
    results = {}
    for name, walk in WALKS.items():
        data = Path(os.environ['HUMANDYN_DATA']) / name
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder)
            for file in (walk.model, walk.motion, walk.forces):
                (here / file).write_bytes(gzip.decompress((data / f'{file}.gz').read_bytes()))
            plain(here / walk.motion)
            results[name] = solve(osim, walk, here)
    Path(sys.argv[1]).write_text(json.dumps(results))


if __name__ == '__main__':
    main()
