import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from humandyn_ros.cli import main
from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import ConfigError, ModelError, RecordingError
from humandyn_ros.evaluation import replay, write_json
from humandyn_ros.quantities import CANONICAL, GRAVITY
from humandyn_ros.reference import ReplayOptions
from humandyn_ros.resources import resource
from humandyn_ros.synthetic import person

MASS = 70.0
KEYS = {
    'schema', 'input', 'mode', 'lag_ms', 'grf_mpje_n_per_kg', 'grf_mpje_stance_n_per_kg',
    'vertical_grf_rmse_bw', 'centre_of_pressure_error_m', 'age_ms', 'compute_ms_p50',
    'compute_ms_p99', 'frames', 'frames_judged', 'frames_valid', 'seed',
}  # fmt: skip


def write_trc(path: Path, points: np.ndarray, rate_hz: float) -> Path:
    """Joint centres (T, 24, 3), world z up, as a .trc with y up, in metres."""
    turned = points[..., [0, 2, 1]] * [1, 1, -1]
    count = len(points)
    lines = [
        'PathFileType\t4\t(X/Y/Z)\tmade.trc',
        'DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\t'
        'OrigNumFrames',
        f'{rate_hz}\t{rate_hz}\t{count}\t24\tm\t{rate_hz}\t1\t{count}',
        'Frame#\tTime\t' + '\t\t\t'.join(CANONICAL.joints),
        '\t\t' + '\t'.join(f'{axis}{j + 1}' for j in range(24) for axis in 'XYZ'),
    ]
    for k, frame in enumerate(turned):
        numbers = '\t'.join(f'{value:.6f}' for value in frame.ravel())
        lines.append(f'{k + 1}\t{k / rate_hz:.6f}\t{numbers}')
    path.write_text('\n'.join(lines) + '\n')
    return path


def write_forces(path: Path, seconds: float, feet: np.ndarray) -> Path:
    """Half the body weight under each foot (2, 3), y up, at 200 Hz."""
    names = [f'ground_force_{s}_{k}{a}' for s in 'lr' for k in 'vp' for a in 'xyz']
    names += [f'ground_torque_{s}_{a}' for s in 'lr' for a in 'xyz']
    row = []
    for x, y, _ in feet:
        row += [0.0, MASS * GRAVITY / 2, 0.0, x, 0.0, -y]
    row += [0.0] * 6
    count = int(seconds * 200) + 1
    lines = ['forces', 'version=1', f'nRows={count}', f'nColumns={len(names) + 1}', 'endheader']
    lines.append('time\t' + '\t'.join(names))
    lines += [f'{k / 200:.4f}\t' + '\t'.join(f'{v:.6f}' for v in row) for k in range(count)]
    path.write_text('\n'.join(lines) + '\n')
    return path


@pytest.fixture(scope='module')
def standing(tmp_path_factory) -> ReplayOptions:
    folder = tmp_path_factory.mktemp('standing')
    motion = person('stand', rate_hz=50.0, duration_s=4.0, seed=0, height_m=1.75)
    soles = motion.points[0, [CANONICAL.index['left_foot'], CANONICAL.index['right_foot']]]
    return ReplayOptions(
        source=write_trc(folder / 'stand.trc', motion.points, 50.0),
        reference=write_forces(folder / 'stand.mot', 4.0, soles),
        person=PersonConfig(MASS, 1.75),
    )


def comparable(figures: dict) -> dict:
    return {key: value for key, value in figures.items() if not key.startswith('compute_ms')}


def test_a_standing_person_agrees_with_plates_that_carry_half_each(standing):
    figures = replay(standing).figures
    assert figures['grf_mpje_n_per_kg']['mean'] < 0.5
    assert figures['baselines_grf_mpje_n_per_kg']['half'] < 1e-6
    assert figures['baselines_grf_mpje_n_per_kg']['zero'] == pytest.approx(GRAVITY / 2, rel=1e-6)
    assert figures['frames'] == 200
    assert figures['frames_judged'] == figures['frames_valid'] > 150


def test_the_json_holds_every_key_of_the_format_and_no_nan(standing, tmp_path):
    path = tmp_path / 'out.json'
    write_json(replay(standing), path)
    content = json.loads(path.read_text())
    assert content.keys() >= KEYS
    assert 'NaN' not in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ['out.json']


def test_replaying_twice_gives_identical_figures(standing):
    noisy = dataclasses.replace(standing, noise_mm=10.0, seed=3)
    assert comparable(replay(noisy).figures) == comparable(replay(noisy).figures)


def test_noise_has_the_stated_size_and_depends_on_the_seed(standing):
    clean = replay(standing).motion.points
    one = replay(dataclasses.replace(standing, noise_mm=10.0, seed=0)).motion.points
    two = replay(dataclasses.replace(standing, noise_mm=10.0, seed=1)).motion.points
    assert np.nanstd(one - clean) == pytest.approx(0.010, rel=0.02)
    assert np.nanmax(np.abs(one - two)) > 0.01


def test_an_engine_runs_the_network_that_is_named(standing, tmp_path):
    pytest.importorskip('onnxruntime')
    named = dataclasses.replace(standing, engine='hybrid', lag_ms=0.0)
    shutil.copytree(resource('models', 'hybrid'), tmp_path / 'mine')
    mine = replay(dataclasses.replace(named, network=tmp_path / 'mine')).figures
    assert mine['network'] == str(tmp_path / 'mine')
    assert comparable(mine) == comparable(replay(named).figures) | {'network': mine['network']}
    with pytest.raises(ModelError, match='absent'):
        replay(dataclasses.replace(named, network=tmp_path / 'absent'))


def test_physics_is_given_no_network(standing):
    with pytest.raises(ConfigError, match=r'network = mine: .* name an engine'):
        dataclasses.replace(standing, network=Path('mine'))


def test_the_lag_asked_for_is_the_age_measured(standing):
    figures = replay(dataclasses.replace(standing, lag_ms=60.0)).figures
    assert figures['lag_ms'] == pytest.approx(60.0)
    assert figures['age_ms'] == {'mean': pytest.approx(60.0), 'p99': pytest.approx(60.0)}


def test_offline_answers_every_frame_without_lag(standing):
    figures = replay(dataclasses.replace(standing, offline=True)).figures
    assert figures['mode'] == 'offline'
    assert figures['lag_ms'] == 0.0
    assert figures['frames_valid'] == figures['frames']


def test_a_lower_rate_takes_the_nearest_frames(standing):
    result = replay(dataclasses.replace(standing, rate_hz=25.0))
    assert result.figures['frames'] == 100
    assert set(np.diff(result.motion.stamps_ns)) == {40_000_000}


@pytest.mark.parametrize(
    'change', [{'noise_mm': -1.0}, {'noise_mm': float('nan')}, {'rate_hz': 0.0}]
)
def test_impossible_options_are_refused(standing, change):
    with pytest.raises(ConfigError):
        dataclasses.replace(standing, **change)


def test_a_recording_too_short_for_the_filter_says_so(standing, tmp_path):
    motion = person('stand', rate_hz=50.0, duration_s=0.06, seed=0)
    short = write_trc(tmp_path / 'short.trc', motion.points, 50.0)
    with pytest.raises(RecordingError, match='no estimate'):
        replay(dataclasses.replace(standing, source=short, reference=None))


def test_the_command_writes_json_and_reports_bad_input_in_one_line(standing, tmp_path, capsys):
    out = tmp_path / 'r.json'
    command = ['replay', str(standing.source), '--mass', '70', '--reference']
    assert main([*command, str(standing.reference), '--json', str(out)]) == 0
    assert json.loads(out.read_text())['mass_kg'] == 70
    capsys.readouterr()
    assert main(['replay', str(tmp_path / 'nothing.trc'), '--mass', '70', '--json', 'x.json']) == 2
    error = capsys.readouterr().err
    assert 'nothing.trc' in error
    assert error.count('\n') == 1
    assert not Path('x.json').exists()


@pytest.mark.parametrize('mass', ['0', '-70', '500', 'nan'])
def test_an_impossible_mass_on_the_command_line_is_refused(standing, mass, capsys):
    assert main(['replay', str(standing.source), f'--mass={mass}']) == 2
    assert 'mass_kg' in capsys.readouterr().err


def test_a_walk_agrees_with_force_plates_and_opensim(recordings):
    walk = recordings / 'walk_rajagopal2016'
    options = ReplayOptions(
        source=walk / 'coordinates.sto.gz',
        model=walk / 'subject_walk_scaled.osim.gz',
        reference=walk / 'grf_walk.mot.gz',
        moments=walk / 'id_walk.sto.gz',
        person=PersonConfig(85.27),
        rate_hz=100.0,
    )
    figures = replay(options).figures
    guesses = figures['baselines_grf_mpje_n_per_kg']
    assert figures['grf_mpje_n_per_kg']['mean'] < min(0.38, 0.5 * guesses['split'])
    assert max(figures['moment_rmse_nm_per_kg'][j] for j in ('hip', 'knee', 'ankle')) < 0.25
