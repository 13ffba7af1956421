"""Muscle labels: lengths of muscles from an OpenSim model as polynomials, and activations.

OpenSim (the `opensim` wheel) is asked once, for lengths and moment arms at random postures
(`sampled`); `fitted` makes the polynomials that `humandyn_ros.muscles` reads, and from then on
labelling needs no OpenSim:

    python -m humandyn_ros.learning.synthesis.muscles Rajagopal2016.osim rajagopal.json
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from humandyn_ros.errors import MissingDependencyError
from humandyn_ros.learning.synthesis.labelled import LabelledMotion
from humandyn_ros.muscles import LEG, load_muscles, of_legs, strength
from humandyn_ros.quantities import Array

RANGE_DEG = {
    'hip_flexion': (-30.0, 120.0),
    'hip_adduction': (-40.0, 30.0),
    'hip_rotation': (-30.0, 30.0),
    'knee_angle': (0.0, 130.0),
    'ankle_angle': (-40.0, 30.0),
}
_DEGREE = {1: 6, 2: 6, 3: 5, 4: 5}  # of the polynomial, by the number of angles
_CROSSES_M = 2e-3  # a longer moment arm means that the muscle crosses the joint
_FIRST = 12  # postures at which that is looked at
_CURVE = {'force_length': (0.3, 1.9, 81), 'force_velocity': (-1.1, 1.1, 89)}


@dataclass(frozen=True, eq=False)
class Sampled:
    """What OpenSim says of the muscles of the right leg; P postures, K muscles."""

    source: str
    names: tuple[str, ...]
    angle: Array  # (P, 5) rad, order LEG
    length: Array  # (P, K) m
    arms: Array  # (P, K, 5) m
    parameters: Array  # (K, 5) N, m, m, rad, 1/s
    curves: dict[str, tuple[Array, Array]]


def sampled(model: Path, postures: int = 1200, seed: int = 0) -> Sampled:
    """Ask OpenSim for lengths and moment arms at random postures; 0.1 s each.

    Raises:
        MissingDependencyError: The `opensim` wheel is not installed.
    """
    osim = opensim()
    osim.Logger.setLevelString('Off')
    body = osim.Model(str(model))
    state = body.initSystem()
    muscles = [muscle for muscle in body.getMuscles() if muscle.getName().endswith('_r')]
    joints = [body.getCoordinateSet().get(f'{name}_r') for name in LEG]
    low, high = np.radians([RANGE_DEG[name] for name in LEG]).T
    angle = np.random.default_rng(seed).uniform(low, high, (postures, len(LEG)))
    length, arms = np.zeros((postures, len(muscles))), np.zeros((postures, len(muscles), len(LEG)))
    for p, posture in enumerate(angle):
        for joint, value in zip(joints, posture, strict=True):
            joint.setValue(state, float(value), False)
        body.assemble(state)
        body.realizePosition(state)
        crossed = np.abs(arms[:_FIRST]).max(0) > _CROSSES_M
        for k, muscle in enumerate(muscles):
            path = muscle.getGeometryPath()
            length[p, k] = path.getLength(state)
            for j, joint in enumerate(joints):
                if p < _FIRST or crossed[k, j]:
                    arms[p, k, j] = path.computeMomentArm(state, joint)
    names = tuple(muscle.getName().removesuffix('_r') for muscle in muscles)
    return Sampled(
        model.name, names, angle, length, arms, _parameters(muscles), _curves(osim, muscles[0])
    )


def opensim() -> Any:
    """Import OpenSim.

    Raises:
        MissingDependencyError: It is not installed.
    """
    try:
        import opensim as osim  # noqa: PLC0415
    except ImportError as error:
        raise MissingDependencyError('opensim', 'muscles', 'lengths of muscles') from error
    return osim


def _parameters(muscles: list[Any]) -> Array:
    return np.array(
        [
            [
                muscle.getMaxIsometricForce(),
                muscle.getOptimalFiberLength(),
                muscle.getTendonSlackLength(),
                muscle.getPennationAngleAtOptimalFiberLength(),
                muscle.getMaxContractionVelocity(),
            ]
            for muscle in muscles
        ]
    )


def _curves(osim: Any, muscle: Any) -> dict[str, tuple[Array, Array]]:
    """Active force over length and speed; all muscles of the model have the same."""
    millard = osim.Millard2012EquilibriumMuscle.safeDownCast(muscle)
    found = {
        'force_length': millard.getActiveForceLengthCurve(),
        'force_velocity': millard.getForceVelocityCurve(),
    }
    told = {}
    for name, curve in found.items():
        at = np.linspace(*_CURVE[name])
        told[name] = (at, np.array([curve.calcValue(float(x)) for x in at]))
    return told


def fitted(found: Sampled) -> dict[str, Any]:
    """Fit a polynomial to each muscle's length and moment arms together: the file's content."""
    low, high = np.radians([RANGE_DEG[name] for name in LEG]).T
    half = 0.5 * (high - low)
    at = (found.angle - low) / half - 1.0
    muscles = {}
    for k, name in enumerate(found.names):
        joints = [j for j in range(len(LEG)) if np.abs(found.arms[:, k, j]).max() > _CROSSES_M]
        powers = _powers(joints)
        rows = [_monomials(at, powers)]
        rows += [-_slope(at, powers, j) / half[j] for j in joints]
        right = np.concatenate([found.length[:, k], *(found.arms[:, k, j] for j in joints)])
        value, *_ = np.linalg.lstsq(np.concatenate(rows), right, rcond=None)
        force, fibre, tendon, pennation, speed = found.parameters[k].tolist()
        muscles[name] = {
            'force_n': force, 'fibre_m': fibre, 'tendon_m': tendon, 'pennation_rad': pennation,
            'speed_per_s': speed, 'powers': powers.tolist(),
            'length_m': [float(f'{x:.6g}') for x in value],
        }  # fmt: skip
    curves = {
        name: {'at': x.round(6).tolist(), 'factor': y.round(6).tolist()}
        for name, (x, y) in found.curves.items()
    }
    limits = {name: [float(a), float(b)] for name, a, b in zip(LEG, low, high, strict=True)}
    return {'source': found.source, 'range_rad': limits, **curves, 'muscles': muscles}


def _powers(joints: list[int]) -> Array:
    """Exponents (M, 5) of all monomials of some joints' angles."""
    top = _DEGREE[len(joints)]
    found = np.zeros((0, len(LEG)), int)
    for powers in itertools.product(range(top + 1), repeat=len(joints)):
        if sum(powers) <= top:
            row = np.zeros((1, len(LEG)), int)
            row[0, joints] = powers
            found = np.concatenate([found, row])
    return found


def _monomials(at: Array, powers: Array) -> Array:
    found: Array = (at[:, None] ** powers).prod(-1)
    return found


def _slope(at: Array, powers: Array, joint: int) -> Array:
    lower = powers.copy()
    lower[:, joint] = np.maximum(powers[:, joint] - 1, 0)
    return powers[:, joint] * _monomials(at, lower)


def with_muscles(clip: LabelledMotion) -> LabelledMotion:
    """Label a clip with the activations of the muscles of both legs, right, then left."""
    muscles = load_muscles()
    scale = strength(clip.mass_kg, clip.height_m)
    activation, _ = muscles.activation(
        of_legs(clip.angle), of_legs(clip.rate), of_legs(clip.torque_rajagopal), scale
    )
    return dataclasses.replace(
        clip, activation=activation.reshape(len(clip), -1), muscle_names=muscles.both
    )


def main() -> None:
    """Write the file of a model's muscles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('model', type=Path, help='.osim of a Rajagopal-type model')
    parser.add_argument('out', type=Path, help='.json to write')
    parser.add_argument('--postures', type=int, default=1200)
    given = parser.parse_args()
    content = fitted(sampled(given.model, given.postures))
    given.out.write_text(json.dumps(content, separators=(',', ':')) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
