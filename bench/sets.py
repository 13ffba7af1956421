"""The real recordings that accuracy is measured on, as options of `humandyn replay`."""

from __future__ import annotations

import csv
import dataclasses
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from humandyn_ros.config import PersonConfig
from humandyn_ros.recordings import read_motion
from humandyn_ros.reference import ReplayOptions

TUNED = frozenset(
    {'RBDS001', 'RBDS03', 'RBDS04', 'HC002D', 'HC030A', 'HC031A', 'rajagopal', 'treadmill'}
)
"""People and walks that settings were chosen on; every other is reported apart."""


@dataclass(frozen=True)
class Case:
    """One recording of one person."""

    group: str
    person: str
    options: ReplayOptions

    @property
    def tuned(self) -> bool:
        """Whether settings were chosen on this person."""
        return self.person in TUNED


def data_directory() -> Path:
    """Return HUMANDYN_DATA; the recordings are not part of the project."""
    path = os.environ.get('HUMANDYN_DATA')
    if not path or not Path(path).is_dir():
        raise SystemExit('set HUMANDYN_DATA to the folder of the recordings')
    return Path(path)


def all_cases() -> list[Case]:
    """Every recording with a force reference, clean, streaming with the default lag."""
    root = data_directory()
    return [*_walks(root), *_children(root), *_runners(root), *_other(root)]


def _walks(root: Path) -> Iterator[Case]:
    walk, tread = root / 'walk_rajagopal2016', root / 'walk_treadmill_60s'
    ik = ReplayOptions(
        source=walk / 'coordinates.sto.gz',
        model=walk / 'subject_walk_scaled.osim.gz',
        reference=walk / 'grf_walk.mot.gz',
        moments=walk / 'id_walk.sto.gz',
        person=PersonConfig(85.27),
        rate_hz=100.0,  # the file is interpolated to 1 kHz
    )
    yield Case('walk_rajagopal2016, model and IK', 'rajagopal', ik)
    markers = dataclasses.replace(
        ik, source=walk / 'markers_walk.trc.gz', model=None, rate_hz=None
    )
    yield Case('walk_rajagopal2016, markers', 'rajagopal', markers)
    yield Case(
        'walk_treadmill_60s, model and IK',
        'treadmill',
        ReplayOptions(
            source=tread / 'results_ik.sto.gz',
            model=tread / 'Rajagopal_scaled_Sub1_gasAvoid.osim.gz',
            reference=tread / 'walking_baseline1_forces.mot.gz',
            moments=tread / 'results_id.sto.gz',
            person=PersonConfig(86.04),
        ),
    )


def _children(root: Path) -> Iterator[Case]:
    for walk in sorted((root / 'gait_children').glob('*/Straight/*.c3d.gz')):
        static = next(walk.parents[1].glob('Static/*.c3d.gz'))
        size = read_motion(walk).parameters
        person = PersonConfig(size['Bodymass'], size['Height'] / 1000)
        child = walk.parents[1].name
        group = 'gait_children, straight'
        if child == 'HC040A':  # standing still, the plates carry 1.09 of the mass in its file
            group += ', body mass in the file 9 % low'
        yield Case(
            group, child, ReplayOptions(source=walk, static=static, moments=walk, person=person)
        )


def _runners(root: Path) -> Iterator[Case]:
    folder = unpacked(root / 'rbds_running' / 'rbds_running.tar.xz')
    with (root / 'rbds_running' / 'participants.csv').open() as table:
        people = {int(row['Subject']): row for row in csv.DictReader(table)}
    for run in sorted(folder.glob('RBDS*/*runT*.c3d')):
        name, row = run.parent.name, people[int(run.parent.name[4:])]
        sex = {'M': 'male', 'F': 'female'}[row['Gender']]
        person = PersonConfig(float(row['Mass']), float(row['Height']) / 100, sex)
        speed = f'{run.stem[-2]}.{run.stem[-1]}'
        yield Case(
            f'rbds_running, {speed} m/s',
            name,
            ReplayOptions(source=run, static=next(run.parent.glob('*static.c3d')), person=person),
        )


def _other(root: Path) -> Iterator[Case]:
    walk, run = root / 'walk_camargo2021', root / 'run_modsim2018'
    yield Case(
        'walk_camargo2021',
        'camargo',
        ReplayOptions(
            source=walk / 'MarkerData' / 'levelground_ccw_fast_01_01.trc.gz',
            reference=walk / 'ID' / 'levelground_ccw_fast_01_01_grf.mot.gz',
            person=PersonConfig(74.8),
        ),
    )
    yield Case(
        'run_modsim2018',
        'modsim',
        ReplayOptions(
            source=run / 'ExpData' / 'motion_capture_run.trc.gz',
            reference=run / 'ExpData' / 'grf_run.mot',
            moments=run / 'ID' / 'results' / 'inverse_dynamics.sto',
            person=PersonConfig(70.0),
        ),
    )


def unpacked(archive: Path) -> Path:
    """Unpack an archive once into the user's cache folder and return that folder."""
    cache = Path(os.environ.get('XDG_CACHE_HOME', Path.home() / '.cache'))
    folder = cache / 'humandyn' / archive.name.removesuffix('.tar.xz')
    if not folder.is_dir():
        partial = folder.with_name(f'{folder.name}.partial')
        with tarfile.open(archive) as content:
            content.extractall(partial, filter='data')
        partial.rename(folder)
    return folder
