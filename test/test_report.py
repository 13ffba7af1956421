import dataclasses
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from humandyn_ros.comparison import Comparison
from humandyn_ros.errors import MissingDependencyError, RecordingError
from humandyn_ros.quantities import GRAVITY
from humandyn_ros.report import write_report
from humandyn_ros.synthetic import person

NAMES = tuple(f'{name}_{side}' for name in ('hip_flexion', 'knee_angle', 'ankle_angle')
              for side in 'rl')  # fmt: skip


@pytest.fixture(scope='module')
def comparison():
    points = person('squat', duration_s=3.0).points
    count = len(points)
    wave = np.sin(np.linspace(0, 12, count))
    force = np.zeros((count, 2, 3))
    force[..., 2] = 35 * GRAVITY + 50 * wave[:, None]
    torque = np.outer(wave, np.arange(1.0, 7.0))
    return Comparison(
        title='a <person> & friends',
        seconds=np.arange(count) / 100,
        mass_kg=70.0,
        points=points,
        force=force,
        centre_of_pressure=np.full((count, 2, 3), np.nan),
        joint_names=NAMES,
        torque=torque,
        age_ms=80 + 5 * wave,
        valid=np.ones(count, bool),
        reference_force=force + [0.0, 0.0, 7.0],
        reference_torque=torque + 14.0,
        judged=np.ones(count, bool),
        notes=('height assumed',),
    )


@pytest.fixture(scope='module')
def page(comparison, tmp_path_factory):
    path = tmp_path_factory.mktemp('report') / 'report.html'
    write_report(comparison, path, 'How it came about.')
    return path


def test_the_figures_are_the_errors(page):
    text = re.sub(r'<[^>]+>', ' ', page.read_text())
    assert '0.10 N/kg' in re.sub(r'\s+', ' ', text)
    assert text.count('0.20') >= 3  # hip, knee, ankle
    assert 'height assumed' in text


def test_nothing_is_fetched_and_the_title_is_text(page):
    text = page.read_text()
    assert 'a &lt;person&gt; &amp; friends' in text
    assert not re.search(r'(src|href)="(?!#)', text.replace('xlink:href="#', '#"'))
    assert '@import' not in text and 'url(http' not in text


def test_every_plot_is_well_formed_and_its_ids_are_its_own(page):
    plots = re.findall(r'<svg .*?</svg>', page.read_text(), re.S)
    assert len(plots) == 4
    ids = []
    for plot in plots:
        tree = ET.fromstring(plot)
        own = [node.get('id') for node in tree.iter() if node.get('id')]
        references = re.findall(r'(?:url\(#|href="#)([^")]+)', plot)
        assert set(references) <= set(own)
        ids += own
    assert len(ids) == len(set(ids))


def test_without_a_reference_nothing_is_judged(comparison, tmp_path):
    alone = dataclasses.replace(comparison, reference_force=None, reference_torque=None)
    write_report(alone, tmp_path / 'alone.html', '')
    text = (tmp_path / 'alone.html').read_text()
    assert 'error' not in text and 'reference' not in text
    assert text.count('<svg ') == 4


def test_a_report_that_cannot_be_made_leaves_nothing_behind(comparison, tmp_path):
    never = dataclasses.replace(comparison, valid=np.zeros_like(comparison.valid))
    with pytest.raises(RecordingError, match='no valid estimate'):
        write_report(never, tmp_path / 'never.html', '')
    with pytest.raises(RecordingError, match='cannot be written'):
        write_report(comparison, tmp_path / 'missing' / 'r.html', '')
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_error_names_the_extra(comparison, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'matplotlib', None)
    with pytest.raises(MissingDependencyError, match=r'humandyn_ros\[report\]'):
        write_report(comparison, tmp_path / 'r.html', '')
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope='module')
def chromium():
    path = shutil.which('chromium') or shutil.which('chromium-browser')
    if path is None:
        pytest.skip('Chromium is not installed')
    return path


@pytest.mark.parametrize(('scheme', 'dark'), [(1, False), (0, True)])
def test_a_browser_shows_it_in_light_and_dark(chromium, page, tmp_path, scheme, dark):
    from matplotlib.image import imread

    shot = tmp_path / 'shot.png'
    subprocess.run(
        [
            chromium, '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run',
            '--disable-background-networking', '--disable-component-update', '--disable-sync',
            f'--user-data-dir={tmp_path / "profile"}', '--hide-scrollbars',
            f'--blink-settings=preferredColorScheme={scheme}', '--window-size=1100,2200',
            f'--screenshot={shot}', page.as_uri(),
        ],
        check=True, timeout=120, capture_output=True,
    )  # fmt: skip
    image = imread(shot)[..., :3]
    corner = image[5, 5].mean()
    assert corner < 0.2 if dark else corner > 0.9
    background = image[5, 5]
    drawn = np.abs(image - background).max(-1) > 0.3
    thirds = [drawn[at : at + 550].mean() for at in (300, 850, 1400)]
    assert min(thirds) > 0.005  # ink everywhere a plot should be


def test_joints_that_were_never_seen_are_left_out(comparison, tmp_path, recwarn):
    points = comparison.points.copy()
    points[:, 12:] = np.nan  # the upper body
    write_report(dataclasses.replace(comparison, points=points), tmp_path / 'legs.html', '')
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]
