"""The `humandyn` command; heavy imports happen inside the functions that need them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from humandyn_ros import __version__
from humandyn_ros.errors import HumandynError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0 done, 1 failed, 2 unusable input."""
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except HumandynError as error:
        return _failed(error)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        sys.stderr.close()
        return 0
    except OSError as error:  # a path too long, a full disk
        return _failed(error)
    return status


def _failed(error: Exception) -> int:
    print('humandyn: error:', ' '.join(str(error).split()), file=sys.stderr)  # one line
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='humandyn',
        description='Live human dynamics: skeletons in, joint torques and ground reactions out.',
    )
    parser.add_argument('--version', action='version', version=f'humandyn_ros {__version__}')
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for add in (_add_demo, _add_run, _add_replay, _add_convert, _add_formats):
        add(commands)
    return parser


Commands = argparse._SubParsersAction  # the only name argparse gives this type


def _add_demo(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser('demo', help='see it work: a person moves, torques stream out')
    parser.add_argument('--recording', help='a real recording instead of the synthetic person')
    parser.add_argument('--seconds', type=float, help='stop after this much of the recording')
    parser.add_argument('--report', default='demo_report.html', help='where the report goes')
    _add_motion_options(parser)
    _add_reference_options(parser)
    _add_person_options(parser)
    parser.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace) -> int:
    from humandyn_ros.demo import run_demo

    return run_demo(arguments)


def _add_run(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser('run', help='start the configured nodes, each in its process')
    parser.add_argument('--config', help='ROS parameter file; default: config/pipeline.yaml')
    parser.add_argument('--ros-args', nargs=argparse.REMAINDER, default=[], help='as in ros2 run')
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from humandyn_ros.ros.run import run_nodes

    return run_nodes(arguments.config, arguments.ros_args)


def _add_replay(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser('replay', help='run over a recording or bag and judge the result')
    parser.add_argument('source', help='.trc .c3d .mot .sto .bvh .amc .npz or a rosbag2 folder')
    parser.add_argument('--topic', help='skeleton topic of a bag')
    _add_motion_options(parser)
    _add_reference_options(parser)
    _add_person_options(parser)
    parser.add_argument('--engine', default='physics', choices=('physics',))
    parser.add_argument('--noise-mm', type=float, default=0.0, help='noise per axis, mm')
    parser.add_argument('--rate-hz', type=float, help='take frames at this rate only')
    parser.add_argument('--lag-ms', type=float, help='declared lag of the filter')
    parser.add_argument('--offline', action='store_true', help='smooth with the whole recording')
    parser.add_argument('--shift-ms', type=float, default=0.0, help='reference lags by this much')
    parser.add_argument('--seed', type=int, default=0, help='seed of the noise')
    parser.add_argument('--json', help='write the figures here')
    parser.add_argument('--report', help='write an HTML report with plots here')
    parser.set_defaults(run=_replay)


def _replay(arguments: argparse.Namespace) -> int:
    from humandyn_ros.evaluation import options_from, replay, write_json

    result = replay(options_from(arguments))
    if arguments.json:
        write_json(result, arguments.json)
    print(result.summary())
    if arguments.report:
        from humandyn_ros.report import write_replay_report

        write_replay_report(result, arguments.report)
    return 0


def _add_convert(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser('convert', help='make a rosbag2 recording from a motion file')
    parser.add_argument('source', help='.trc .c3d .mot .sto .bvh .amc .npz')
    parser.add_argument('bag', help='folder to create')
    parser.add_argument('--topic', default='skeletons', help='topic of the skeleton messages')
    parser.add_argument('--storage', default='mcap', choices=('mcap', 'sqlite3'))
    parser.add_argument(
        '--joints', action='store_true', help="write joint centres, not the file's own points"
    )
    _add_motion_options(parser)
    parser.set_defaults(run=_convert)


def _convert(arguments: argparse.Namespace) -> int:
    from humandyn_ros.convert import convert

    print(convert(arguments))
    return 0


def _add_formats(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser('formats', help='list the skeleton formats')
    parser.set_defaults(run=_formats)


def _formats(arguments: argparse.Namespace) -> int:
    from humandyn_ros.skeleton import available_formats, load_format

    for name in available_formats():
        form = load_format(name)
        lacks = f', lacks {", ".join(form.lacks)}' if form.lacks else ''
        print(f'{name:24} {len(form.skeleton.joints):3} {form.kind}, {form.dims}-D{lacks}')
    return 0


def _add_motion_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('motion')
    group.add_argument('--format', help='skeleton format; default: recognised from the names')
    group.add_argument(
        '--up', choices=('X', 'Y', 'Z', '-X', '-Y', '-Z'), help='upward axis, if not the usual one'
    )
    group.add_argument('--static', help='static trial that calibrates the joint centres')
    group.add_argument('--model', help='OpenSim model that an IK file belongs to')


def _add_reference_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('reference')
    group.add_argument('--reference', help='force file; a .c3d may hold its own plates')
    group.add_argument('--plates', help='which foot stands on which plate: 1:left,2:right')
    group.add_argument('--moments', help='inverse dynamics of OpenSim, .sto')


def _add_person_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('person')
    group.add_argument('--mass', type=float, help='body mass, kg')
    group.add_argument('--height', type=float, help='standing height, m')
    group.add_argument('--sex', default='average', choices=('female', 'male', 'average'))


if __name__ == '__main__':
    sys.exit(main())
