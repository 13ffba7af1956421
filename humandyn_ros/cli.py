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
    groups = (_add_demo, _add_run, _add_replay, _add_convert, _add_formats)
    for add in (
        *groups, _add_train, _add_rationales, _add_export, _add_build_engine, _add_synthesize
    ):  # fmt: skip
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
    parser = commands.add_parser('replay', help='run over recordings or bags and judge the result')
    kinds = '.trc .c3d .mot .sto .bvh .amc .npz, a rosbag2 folder, or a .yaml that lists trials'
    parser.add_argument('source', nargs='+', help=kinds)
    parser.add_argument('--topic', help='skeleton topic of a bag, or what a set of them is below')
    parser.add_argument('--input-type', help='its message type, or a field map (name or path)')
    parser.add_argument('--body', type=int, help='one body of a bag; default: everybody')
    _add_motion_options(parser)
    _add_reference_options(parser)
    parser.add_argument('--moments-topic', help='topic of joint torques in a bag')
    _add_person_options(parser)
    engines = ('physics', 'imdys', 'imdys_causal', 'hdys', 'hybrid')
    parser.add_argument('--engine', default='physics', choices=engines)
    parser.add_argument('--network', help='folder of the model that it runs; default: the shipped')
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
    from humandyn_ros import evaluation, trials

    session = trials.replay_all(trials.trials_of(arguments))
    alone = len(session.results) == 1 and not session.left_out
    if arguments.json and alone:
        evaluation.write_json(session.results[0], arguments.json)
    elif arguments.json:
        trials.write_json(session, arguments.json)
    print(session.results[0].summary() if alone else session.summary())
    if arguments.report:
        from humandyn_ros.report import write_replay_report

        write_replay_report(session.results, arguments.report)
    return 1 if session.failed else 0


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


def _add_synthesize(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser('synthesize', help='make labelled motion to train networks on')
    parser.add_argument('--minutes', type=float, default=1.0, help='how much')
    parser.add_argument('--seed', type=int, default=0, help='fixes everything')
    parser.add_argument('--split', default='train', choices=('train', 'validation', 'test'))
    parser.add_argument('--rate-hz', type=float, default=60.0, help='frame rate')
    parser.add_argument('--data', help='folder of recordings; default: procedural motion only')
    parser.add_argument('--kinds', nargs='*', default=[], help='procedural activities')
    parser.add_argument('--themes', nargs='*', default=[], help='recorded activities')
    parser.add_argument(
        '--noise', default='mixed', choices=('clean', 'white', 'estimator', 'planar', 'mixed')
    )
    parser.add_argument('--markers', action='store_true', help='virtual markers on the skin')
    parser.add_argument('--text', action='store_true', help='a sentence and its reasons')
    parser.add_argument('--muscles', action='store_true', help='activation of leg muscles')
    parser.add_argument('--exercises', action='store_true', help='recordings of UI-PRMD, too')
    parser.add_argument(
        '--uncorrected', action='store_true',
        help='leave motion as it was recorded: forces of steps are timed as plates time them',
    )  # fmt: skip
    parser.add_argument('--out', help='keep the clips in this folder')
    parser.set_defaults(run=_synthesize)


def _synthesize(arguments: argparse.Namespace) -> int:
    from humandyn_ros.learning.synthesis.store import synthesize

    return synthesize(arguments)


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


def _add_train(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser('train', help='train a network')
    parser.add_argument(
        'name',
        help='lady, imdys, hdys, hybrid, narrator, skeletonllm, or module:Class of your own',
    )
    parser.add_argument('--config', help='YAML file; default: config/training/NAME.yaml')
    parser.add_argument('--data', help='folder of the original data')
    parser.add_argument('--out', required=True, help='folder of checkpoints and logs')
    parser.add_argument('--set', action='append', metavar='KEY=VALUE', help='override a setting')
    parser.add_argument('--resume', action='store_true', help='go on where it was interrupted')
    parser.add_argument('--quiet', action='store_true', help='no progress bar')
    parser.set_defaults(run=_train)


def _train(arguments: argparse.Namespace) -> int:
    _needs('torch', 'training')
    from humandyn_ros.learning.train import train

    return train(arguments)


def _add_rationales(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        'rationales', help='ask a teacher for reasons, once, for training skeletonllm'
    )
    parser.add_argument('teacher', help='URL of an endpoint (https://.../v1), or a local model')
    parser.add_argument('--model', default='', help="endpoint's name of its model")
    parser.add_argument(
        '--key', default='OPENAI_API_KEY', help='environment variable that holds its key'
    )
    parser.add_argument('--config', help='as of train; default: config/training/skeletonllm.yaml')
    parser.add_argument('--data', help='as of train')
    parser.add_argument('--set', action='append', metavar='KEY=VALUE', help='override a setting')
    parser.add_argument('--clips', type=int, default=1000, help='most clips to ask about')
    parser.add_argument('--out', required=True, help='file (.jsonl); what is in it stays')
    parser.set_defaults(run=_rationales)


def _rationales(arguments: argparse.Namespace) -> int:
    _needs('torch', 'drawing for a teacher')
    from humandyn_ros.learning.words.teacher import keep_rationales

    return keep_rationales(arguments)


def _add_export(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser('export', help='make model.onnx and manifest.json of a network')
    parser.add_argument('name', help='of the network')
    parser.add_argument(
        'checkpoints', nargs='+', metavar='checkpoint',
        help='best.safetensors of a training; of several, the mean is made',
    )  # fmt: skip
    parser.add_argument('--out', help='folder to make; default: models/NAME')
    parser.add_argument('--half', action='store_true', help='also model.fp16.onnx (TensorRT 11)')
    parser.add_argument('--small', action='store_true', help='weights stored in half precision')
    parser.set_defaults(run=_export)


def _export(arguments: argparse.Namespace) -> int:
    _needs('torch', 'export')
    _needs('onnxscript', 'export')
    from humandyn_ros.learning.export import export

    given = arguments
    print(export(given.name, given.checkpoints, given.out, half=given.half, small=given.small))
    return 0


def _add_build_engine(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser('build-engine', help='build the TensorRT engine of a model')
    parser.add_argument('model', help='folder with model.onnx and manifest.json')
    parser.add_argument('--precision', default='fp32', choices=('fp32', 'tf32', 'fp16'))
    parser.add_argument('--max-batch', type=int, default=1, help='largest batch it will run')
    parser.add_argument('--cache', help="folder of engines; default: the user's cache folder")
    parser.set_defaults(run=_build_engine)


def _build_engine(arguments: argparse.Namespace) -> int:
    from humandyn_ros.engines.backends.build import build_engine_command

    print(build_engine_command(arguments))
    return 0


def _needs(library: str, purpose: str) -> None:
    """Raise MissingDependencyError where a library of the extra `train` is not installed."""
    from importlib.util import find_spec

    from humandyn_ros.errors import MissingDependencyError

    if find_spec(library) is None:
        raise MissingDependencyError(library, 'train', purpose)


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
    group.add_argument('--reference', help='force file, or a bag; a .c3d may hold its own plates')
    words = 'whose foot is on which plate: 1:left,2:right; of a bag its topics: /plate_1:auto'
    group.add_argument('--plates', help=words)
    group.add_argument('--moments', help='inverse dynamics of OpenSim (.sto), or a bag')


def _add_person_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('person')
    group.add_argument('--mass', type=float, help='body mass, kg')
    group.add_argument('--height', type=float, help='standing height, m')
    group.add_argument('--sex', default='average', choices=('female', 'male', 'average'))


if __name__ == '__main__':
    sys.exit(main())
