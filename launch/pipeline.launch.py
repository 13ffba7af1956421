"""A pose estimator's skeleton topic in; joint torques, ground reactions, actions and words out.

ros2 launch humandyn_ros pipeline.launch.py skeletons:=/zed/skeletons mass:=75.0 height:=1.80
ros2 launch humandyn_ros pipeline.launch.py engine:=imdys_causal actions:=true words:=true
"""

import json

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription

PACKAGE = FindPackageShare('humandyn_ros')

ARGUMENTS = {
    'skeletons': ('skeletons', 'skeleton topic to read'),
    'input_type': ('', 'its message type; empty: taken from its publisher'),
    'format': ('', 'skeleton format, see `humandyn formats`; empty: usual for the type'),
    'up': ('', 'upward axis of the points (X, Y, Z, -X, -Y, -Z); empty: as the source says'),
    'world_frame': ('', 'frame with z up that tf brings the points into; empty: their own'),
    'engine': (
        '',
        'physics, imdys, imdys_causal, hdys or hybrid; empty: as the parameter file says',
    ),
    'engine_model': ('', 'folder of the model that the engine runs; empty: the shipped one'),
    'actions': ('false', 'tell actions too, in a node of their own'),
    'action_model': ('', 'folder of the model of actions; empty: the shipped one'),
    'words': ('false', 'tell in sentences what people do, in a node of its own'),
    'words_engine': ('', 'narrator, skeletonllm or templates; empty: as the parameter file says'),
    'words_model': ('', 'folder of the model of words; empty: the shipped one'),
    'mass': ('', 'body mass, kg; empty: assumed from the height'),
    'height': ('', 'standing height, m; empty: measured from the skeleton'),
    'sex': ('', 'female, male or average; empty: as the parameter file says'),
    'namespace': ('', 'namespace of the nodes and their topics'),
    'composed': ('false', 'all nodes in one process'),
    'use_sim_time': ('false', 'follow /clock'),
    'log_level': ('info', 'debug, info, warn or error'),
    'rviz': ('false', 'open RViz'),
}
NUMBERS = ('mass', 'height')
YES = ('true', '1')
INPUT = ('input_type', 'format', 'up', 'world_frame', 'mass', 'height', 'sex')
OVERRIDES = {
    'dynamics_node': (*INPUT, 'engine'), 'action_node': INPUT, 'narration_node': INPUT
}  # fmt: skip
MODELS = {
    'dynamics_node': 'engine_model', 'action_node': 'action_model', 'narration_node': 'words_model'
}  # fmt: skip


def nodes(context: LaunchContext, *_: object, **__: object) -> list[Node]:
    """Make the nodes; arguments left empty leave the parameter file alone."""
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    names = ['dynamics_node']
    if given['actions'].lower() in YES:
        names.append('action_node')
    if given['words'].lower() in YES:
        names.append('narration_node')
    if given['composed'].lower() in YES:
        return [together(names, given)]
    return [node(name, given) for name in names]


def parameters(name: str, given: dict[str, str]) -> dict[str, object]:
    """Return what the arguments say of one node."""
    said: dict[str, object] = {
        key: float(given[key]) if key in NUMBERS else given[key]
        for key in OVERRIDES[name]
        if given[key]
    }
    if given[MODELS[name]]:
        said['model'] = given[MODELS[name]]
    if name == 'action_node':
        said['optional'] = False
    if name == 'narration_node' and given['words_engine']:
        said['engine'] = given['words_engine']
    return {**said, 'use_sim_time': given['use_sim_time'].lower() in YES}


def node(name: str, given: dict[str, str]) -> Node:
    """Make one node in a process of its own."""
    return Node(
        package='humandyn_ros',
        executable=name,
        name=name,
        namespace=given['namespace'],
        parameters=[LaunchConfiguration('config'), parameters(name, given)],
        remappings=[('skeletons', given['skeletons'])],
        arguments=['--ros-args', '--log-level', given['log_level']],
        output='screen',
        respawn=True,
        respawn_delay=1.0,
    )


def together(names: list[str], given: dict[str, str]) -> Node:
    """Make one process of all nodes; parameters are told apart by the node's name."""
    said = [
        f'{name}:{key}:={json.dumps(value)}'
        for name in names
        for key, value in parameters(name, given).items()
    ]
    return Node(
        package='humandyn_ros',
        executable='composed_node',
        namespace=given['namespace'],
        parameters=[LaunchConfiguration('config')],
        remappings=[('skeletons', given['skeletons'])],
        arguments=[
            *names, '--ros-args', '--log-level', given['log_level'],
            *(word for one in said for word in ('-p', one)),
        ],
        output='screen',
        respawn=True,
        respawn_delay=1.0,
    )  # fmt: skip


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the nodes."""
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, (default, text) in ARGUMENTS.items()
    ]
    config = DeclareLaunchArgument(
        'config',
        default_value=PathJoinSubstitution([PACKAGE, 'config', 'pipeline.yaml']),
        description='ROS parameter file of the nodes',
    )
    rviz = Node(
        package='rviz2',
        executable='rviz2',
        arguments=['-d', PathJoinSubstitution([PACKAGE, 'config', 'humandyn.rviz'])],
        condition=IfCondition(LaunchConfiguration('rviz')),
    )
    return LaunchDescription([*declared, config, OpaqueFunction(function=nodes), rviz])
