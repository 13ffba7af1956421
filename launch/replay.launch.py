"""The pipeline fed from a rosbag2 recording, a motion file or the synthetic person.

ros2 launch humandyn_ros replay.launch.py source:=walk.bag mass:=75.0
ros2 launch humandyn_ros replay.launch.py source:=walk.trc format:=rajagopal speed:=0.5
ros2 launch humandyn_ros replay.launch.py bag:=camera.bag skeletons:=/zed/skeletons

`source` is read by the source node; `bag` is played by `ros2 bag play`, with every topic that is
in it, as a camera's own messages need. Both publish /clock, and the nodes follow it.
"""

import json

from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    IncludeLaunchDescription,
    OpaqueFunction,
    Shutdown,
)
from launch.conditions import UnlessCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription

PACKAGE = FindPackageShare('humandyn_ros')

ARGUMENTS = {
    'source': ('synthetic:walk', 'motion file, rosbag2 folder of skeletons, or synthetic:KIND'),
    'bag': ('', 'rosbag2 folder for `ros2 bag play`; replaces `source`'),
    'speed': ('1.0', 'playback speed; 1 is real time'),
    'loop': ('false', 'start again at the end'),
    'noise_mm': ('0.0', 'Gaussian noise added to the points of `source`, mm per axis'),
    'seed': ('0', 'of the noise'),
    'model': ('', 'OpenSim model that an inverse kinematics file belongs to'),
    'skeletons': ('skeletons', 'skeleton topic'),
    'format': ('', 'skeleton format; empty: usual for the source'),
    'mass': ('', 'body mass, kg; empty: assumed from the height'),
    'height': ('', 'standing height, m; empty: measured from the skeleton'),
    'sex': ('', 'female, male or average; empty: as the parameter file says'),
    'namespace': ('', 'namespace of the nodes and their topics'),
    'engine': ('', 'physics, imdys, imdys_causal, hdys or hybrid; empty: physics'),
    'engine_model': ('', 'folder of the model that the engine runs; empty: the shipped one'),
    'actions': ('false', 'tell actions too'),
    'action_model': ('', 'folder of the model of actions; empty: the shipped one'),
    'words': ('false', 'tell in sentences what people do'),
    'words_engine': ('', 'narrator, skeletonllm or templates; empty: narrator'),
    'words_model': ('', 'folder of the model of words; empty: the shipped one'),
    'composed': ('false', 'all nodes in one process'),
}
PERSON = ('mass', 'height', 'sex')
MODELS = {
    'dynamics_node': 'engine_model', 'action_node': 'action_model', 'narration_node': 'words_model'
}  # fmt: skip
ENGINES = {'dynamics_node': 'engine', 'narration_node': 'words_engine'}
PASSED_ON = (
    'skeletons', 'format', 'namespace', *PERSON, 'actions', 'words', *MODELS.values(),
    *ENGINES.values(),
)  # fmt: skip
FLAG = {'true': True, '1': True, 'false': False, '0': False}


def player(context: LaunchContext, *_: object, **__: object) -> list[ExecuteProcess]:
    """Make what plays: `ros2 bag play` for a bag, else the source node."""
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    loop = FLAG[given['loop'].lower()]
    if given['bag']:
        command = ['ros2', 'bag', 'play', given['bag'], '--clock', '100', '--rate', given['speed']]
        return [
            ExecuteProcess(
                cmd=[*command, *(['--loop'] if loop else [])], output='screen', on_exit=Shutdown()
            )
        ]
    source = {
        'source': given['source'],
        'model': given['model'],
        'speed': float(given['speed']),
        'loop': loop,
        'noise_mm': float(given['noise_mm']),
        'seed': int(given['seed']),
        'publish_clock': True,
        'wait_for_subscribers': len(readers(given)),
    }
    return [composed(given, source) if FLAG[given['composed']] else source_node(given, source)]


def readers(given: dict[str, str]) -> list[str]:
    """Name the nodes that read skeletons."""
    wanted = {'action_node': 'actions', 'narration_node': 'words'}
    return ['dynamics_node', *(n for n, flag in wanted.items() if FLAG[given[flag].lower()])]


def source_node(given: dict[str, str], source: dict[str, object]) -> Node:
    """Make the source node in a process of its own."""
    return Node(
        package='humandyn_ros',
        executable='source_node',
        name='source_node',
        namespace=given['namespace'],
        parameters=[{**source, 'format': given['format']}],
        remappings=[('skeletons', given['skeletons'])],
        output='screen',
        on_exit=Shutdown(),
    )


def composed(given: dict[str, str], source: dict[str, object]) -> Node:
    """Make one process of all nodes; parameters are told apart by the node's name."""
    names = ['source_node', *readers(given)]
    own = {f'{node}:{name}': given[name] for node in names[1:] for name in PERSON if given[name]}
    own |= {f'{node}:model': given[MODELS[node]] for node in names[1:] if given[MODELS[node]]}
    own |= {
        f'{node}:engine': given[name]
        for node, name in ENGINES.items()
        if node in names and given[name]
    }
    parameters = {
        **{f'source_node:{name}': json.dumps(value) for name, value in source.items()},
        **own,
        **{f'{name}:use_sim_time': 'true' for name in names[1:]},
        'format': json.dumps(given['format']),
    }
    return Node(
        package='humandyn_ros',
        executable='composed_node',
        namespace=given['namespace'],
        arguments=[
            *names, '--ros-args',
            *(part for pair in parameters.items() for part in ('-p', ':='.join(pair))),
        ],
        remappings=[('skeletons', given['skeletons'])],
        output='screen',
        on_exit=Shutdown(),
    )  # fmt: skip


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, include the pipeline and start the player."""
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, (default, text) in ARGUMENTS.items()
    ]
    pipeline = IncludeLaunchDescription(
        PathJoinSubstitution([PACKAGE, 'launch', 'pipeline.launch.py']),
        launch_arguments={
            'use_sim_time': 'true',
            **{name: LaunchConfiguration(name) for name in PASSED_ON},
        }.items(),
        condition=UnlessCondition(LaunchConfiguration('composed')),
    )
    return LaunchDescription([*declared, pipeline, OpaqueFunction(function=player)])
