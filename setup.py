"""ament_python package metadata; `pip install .` works without ROS 2."""

import re
from glob import glob
from pathlib import Path

from setuptools import find_packages, setup

NAME = 'humandyn_ros'
ROOT = Path(__file__).resolve().parent  # colcon --symlink-install runs a link to this file


def text(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding='utf-8')


VERSION = re.search(r"__version__ = '(.+)'", text(NAME, '__init__.py')).group(1)


def share(folder: str) -> list[tuple[str, list[str]]]:
    """Install every file below a folder into share/<package>, keeping its tree."""
    files: dict[str, list[str]] = {}
    for path in sorted(glob(f'{folder}/**/*', recursive=True)):
        if Path(path).is_file() and '__pycache__' not in path:
            files.setdefault(f'share/{NAME}/{Path(path).parent}', []).append(path)
    return list(files.items())


setup(
    name=NAME,
    version=VERSION,
    description='Live human dynamics: skeleton topics in, joint torques and ground reactions out',
    long_description=text('README.md'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    maintainer='humandyn_ros maintainers',
    maintainer_email='maintainers@humandyn.invalid',
    python_requires='>=3.10',
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    package_data={NAME: ['py.typed', 'ros/dds/definitions/*.txt']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
        *share('launch'),
        *share('config'),
        *share('models'),
    ],
    install_requires=[
        'numpy>=1.24,<3',
        'scipy>=1.10,<2',
        'PyYAML>=6.0,<7',
        'rosbags>=0.11.9,<0.12',
        'rich>=13,<16',
        # Wheels exist for x86_64 only; elsewhere build it from source (README, "Jetson").
        'cyclonedds>=11.0,<12; platform_machine == "x86_64"',
    ],
    extras_require={
        'report': ['matplotlib>=3.8,<4'],
        'sim': ['mujoco>=3.2,<5'],
        'onnx': ['onnxruntime>=1.18,<2'],  # runs the networks; no torch
        'fast': ['numba>=0.61,<1'],
        'train': [
            'torch>=2.6,<3',
            'onnx>=1.17,<2',
            'onnxscript>=0.3,<1',
            'safetensors>=0.4,<1',
            'tensorboard>=2.16,<3',
        ],
        'words': [
            'transformers>=5.20,<6',
            'peft>=0.17,<1',
            'Pillow>=10,<14',
            'num2words>=0.5.14,<0.6',  # the processor of SmolVLM counts frames in words
            'sacrebleu>=2.4,<3',
            'rouge-score>=0.1.2,<0.2',
        ],
        # Makes config/muscles anew and judges it; nothing needs it to run.
        'muscles': ['opensim>=4.5,<5'],
        # The body model's code and files are licensed for research: an extra of its own.
        'smpl': ['smplx>=0.1.28,<0.2'],
        'test': [
            'pytest>=8,<10',
            'pytest-timeout>=2.3,<3',
            'hypothesis>=6.100,<7',
            'ruff>=0.17,<0.18',
            'mypy>=2.4,<2.5',
            'types-PyYAML>=6.0,<7',
            'ezc3d>=1.5.19,<2',  # writes and judges .c3d files in tests
            'pin>=3.4,<5; platform_machine == "x86_64"',
        ],
    },
    zip_safe=False,
    entry_points={
        'console_scripts': [
            'humandyn = humandyn_ros.cli:main',
            'action_node = humandyn_ros.ros.nodes.action_node:main',
            'dynamics_node = humandyn_ros.ros.nodes.dynamics_node:main',
            'narration_node = humandyn_ros.ros.nodes.narration_node:main',
            'source_node = humandyn_ros.ros.nodes.source_node:main',
            'composed_node = humandyn_ros.ros.nodes.composed:main',
        ],
    },
)
