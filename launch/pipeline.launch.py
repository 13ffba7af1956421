"""A pose estimator's skeleton topic in; joint torques and ground reactions out.

ros2 launch humandyn_ros pipeline.launch.py skeletons:=/zed/skeletons mass:=75.0 height:=1.80
"""

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
    'engine': ('', 'dynamics engine: physics; empty: as the parameter file says'),
    'mass': ('', 'body mass, kg; empty: assumed from the height'),
    'height': ('', 'standing height, m; empty: measured from the skeleton'),
    'sex': ('', 'female, male or average; empty: as the parameter file says'),
    'namespace': ('', 'namespace of the nodes and their topics'),
    'use_sim_time': ('false', 'follow /clock'),
    'log_level': ('info', 'debug, info, warn or error'),
    'rviz': ('false', 'open RViz'),
}
NUMBERS = ('mass', 'height')
OVERRIDES = ('input_type', 'format', 'up', 'world_frame', 'engine', 'mass', 'height', 'sex')


def dynamics_node(context: LaunchContext, *_: object, **__: object) -> list[Node]:
    """Make the dynamics node; arguments left empty leave the parameter file alone."""
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    parameters = {
        name: float(given[name]) if name in NUMBERS else given[name]
        for name in OVERRIDES
        if given[name]
    }
    parameters['use_sim_time'] = given['use_sim_time'].lower() in ('true', '1')
    node = Node(
        package='humandyn_ros',
        executable='dynamics_node',
        name='dynamics_node',
        namespace=given['namespace'],
        parameters=[LaunchConfiguration('config'), parameters],
        remappings=[('skeletons', given['skeletons'])],
        arguments=['--ros-args', '--log-level', given['log_level']],
        output='screen',
        respawn=True,
        respawn_delay=1.0,
    )
    return [node]


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
    return LaunchDescription([*declared, config, OpaqueFunction(function=dynamics_node), rviz])
