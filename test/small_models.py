"""Small networks with random weights, exported as shipped ones are: what they say is nonsense."""

import dataclasses
import json
import shutil

import torch

from humandyn_ros.engines.manifest import MANIFEST
from humandyn_ros.learning.export import write_model
from humandyn_ros.learning.nets.hdys import HdysConfig
from humandyn_ros.learning.nets.imdys import ImdysConfig
from humandyn_ros.learning.nets.lady import LadyConfig
from humandyn_ros.learning.tasks.hdys import HdysTask
from humandyn_ros.learning.tasks.hdys_sequences import HdysTaskConfig
from humandyn_ros.learning.tasks.imdys import ImdysTask
from humandyn_ros.learning.tasks.imdys_windows import ImdysTaskConfig
from humandyn_ros.learning.tasks.lady import LadyTask
from humandyn_ros.learning.tasks.lady_sequences import LadyTaskConfig


def causal(imdys, out):
    """Turn the model of windows into one without look-ahead: as many frames, all of the past."""
    shutil.copytree(imdys, out)
    fields = json.loads((out / MANIFEST).read_text())
    (out / MANIFEST).write_text(json.dumps(fields | {'window': {'before': 5, 'after': 0}}))
    return out


def write(name, folder):
    """Write a model to folder/name and return where."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    task = MAKERS[name]()
    with torch.no_grad():
        write_model(task.name, task.exportable(task.model().eval()), folder / name)
    return folder / name


def imdys():
    net = ImdysConfig(input='joints', points=24, width=8, layers=1, heads=2, hidden=8)
    targets = ('torque', 'ground', 'joint_torque', 'feet')
    config = ImdysTaskConfig(net=net, targets=targets, source='point_masses')
    weights = dataclasses.replace(config.weights, plausible=0.1)
    return ImdysTask(dataclasses.replace(config, weights=weights))


def hdys():
    net = HdysConfig(
        latent=8, point_layers=1, temporal_layers=1, temporal_heads=2, frames=6, look_ahead=1,
        angles=17,
    )  # fmt: skip
    config = HdysTaskConfig(
        net=net, sources=('point_masses',), export_input='keypoints',
        export_heads=('torque', 'muscles', 'emg', 'feet'),
    )  # fmt: skip
    return HdysTask(config)


def lady():
    net = LadyConfig(
        features=8, heads=2, layers=2, refine_layers=1, boundary_stages=2, hidden=8, causal=True,
        start='rest', lookahead=2,
    )  # fmt: skip
    return LadyTask(LadyTaskConfig(preset='smpl_24', source='published', net=net))


MAKERS = {'imdys': imdys, 'hdys': hdys, 'lady': lady}
