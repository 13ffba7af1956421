"""The import diagram of the architecture, kept true."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / 'humandyn_ros'

# Layers, lowest first: a module may import its own layer and those below.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({'', 'errors', 'rotations', 'config', 'resources', 'quantities'}),
    frozenset(
        {
            'skeleton',
            'markers',
            'osim',
            'filters',
            'window',
            'tracking',
            'anthropometry',
            'body',
            'coordinates',
            'muscles',
            'upper_body',
            'activity',
            'contact',
            'stature',
            'uncertainty',
            'kernels',
            'limits',
            'safety',
            'exoskeleton',
            'command',
        }
    ),
    frozenset(
        {
            'metrics',
            'drawing',
            'dynamics_metrics',
            'segmentation',
            'words',
            'recordings',
            'sources',
            'mannequin',
            'choreography',
            'synthetic',
        }
    ),
    frozenset({'engines'}),
    frozenset({'estimator', 'joint_centres', 'people', 'actions', 'narration'}),
    frozenset({'bags', 'motion', 'ros', 'view'}),
    frozenset(
        {'bag_reference', 'reference', 'evaluation', 'trials', 'comparison', 'plots', 'report'}
    ),
)
ANYTHING = frozenset({'cli', 'demo', 'learning', 'convert'})

# Heavy or foreign libraries and the only places that may name them.
CONFINED = {
    'rclpy': {'ros/rclpy_'},
    'cyclonedds': {'ros/dds/'},
    'rosbags': {'bags.py', 'ros/dds/'},
    'torch': {'learning/', 'engines/torch_backend.py'},
    'smplx': {'learning/'},
    'onnx': {'learning/'},
    'onnxruntime': {'engines/backends'},
    'tensorrt': {'engines/backends'},
    'numba': {'kernels'},
    'opensim': {'learning/'},
    'transformers': {'learning/'},
    'peft': {'learning/'},
    'mujoco': {'learning/'},
    'matplotlib': {'plots.py'},
    'ezc3d': set(),
}

MODULES = sorted(PACKAGE.rglob('*.py'))


def imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
            names += [f'{node.module}.{alias.name}' for alias in node.names]
    return names


def layer(room: str) -> int | None:
    found = [i for i, rooms in enumerate(LAYERS) if room in rooms]
    return found[0] if found else None


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix('').parts
    return '' if parts[0] == '__init__' else parts[0]


@pytest.mark.parametrize('path', MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_its_own_layer_and_those_below(path: Path):
    room = room_of(path)
    if room in ANYTHING:
        return
    mine = layer(room)
    assert mine is not None, f'{room} has no place in the import diagram'
    for name in imports(path):
        if not name.startswith('humandyn_ros.'):
            continue
        other = name.split('.')[1]
        if not (PACKAGE / other).exists() and not (PACKAGE / f'{other}.py').exists():
            continue  # a name from the package's own __init__
        theirs = layer(other)
        assert theirs is not None, f'{path.name} imports {name}, which may import anything'
        assert theirs <= mine, f'{path.name} imports {name}, which lies above it'


@pytest.mark.parametrize('path', MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_stay_in_their_rooms(path: Path):
    place = str(path.relative_to(PACKAGE))
    for name in imports(path):
        allowed = CONFINED.get(name.split('.')[0])
        if allowed is not None:
            assert any(place.startswith(room) for room in allowed), f'{place} imports {name}'


def loaded_by(module: str) -> set[str]:
    import subprocess
    import sys

    code = f'import sys, {module}; print(" ".join(sys.modules))'
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_importing_the_package_pulls_in_no_heavy_library():
    loaded = {name.split('.')[0] for name in loaded_by('humandyn_ros.estimator')}
    assert not loaded & {
        'rosbags',
        'cyclonedds',
        'ezc3d',
        'matplotlib',
        'mujoco',
        'rclpy',
        'torch',
        'onnxruntime',
        'numba',
    }


def test_a_node_of_physics_alone_starts_without_what_only_networks_and_recordings_need():
    loaded = loaded_by('humandyn_ros.ros.nodes.dynamics_node')
    assert not loaded & {'scipy.interpolate', 'scipy.signal', 'scipy.optimize', 'scipy.sparse'}
    assert 'humandyn_ros.engines.hybrid' not in loaded
