"""Several trials and people in one call."""

import json

import numpy as np
import pytest
from small_bags import START_NS, header, record, wrench

from humandyn_ros.bag_reference import JOINTS, WRENCH
from humandyn_ros.bags import write_skeletons
from humandyn_ros.cli import main
from humandyn_ros.quantities import CANONICAL, GRAVITY, SkeletonFrame
from humandyn_ros.sources.point_cloud import LAYOUT, TYPE, fields_of, pack
from humandyn_ros.synthetic import person

MASS = 70.0
SECONDS = 4.0


@pytest.fixture(scope='module')
def standing(tmp_path_factory):
    """A bag: two people stand, the first on two plates, whose knees are said to carry 1 N·m."""
    return lab(tmp_path_factory.mktemp('lab'))


def lab(folder):
    motion = person('stand', rate_hz=50.0, duration_s=SECONDS, seed=0, height_m=1.75)
    soles = motion.points[0, [CANONICAL.index['left_foot'], CANONICAL.index['right_foot']]]
    messages = []
    for k, points in enumerate(motion.points):
        stamp_ns = START_NS + k * 20_000_000
        messages.append(('/skeletons', TYPE, stamp_ns, cloud(stamp_ns, points)))
        for side, (x, y, _) in zip(('left', 'right'), soles, strict=True):
            weight = MASS * GRAVITY / 2
            load = wrench(stamp_ns, 'world', (0, 0, weight), (y * weight, -x * weight, 0))
            messages.append((f'/plate/{side}', WRENCH, stamp_ns, load))
        effort = {'header': header(stamp_ns, ''), 'name': ['knee_angle_r'], 'effort': [1.0]}
        messages.append(('/id/torques', JOINTS, stamp_ns, effort))
    return record(folder / 'lab', messages)


def cloud(stamp_ns, points):
    """Both people as one PointCloud2."""
    frames = [
        SkeletonFrame(stamp_ns, 'world', body, CANONICAL, points + [0, away, 0], np.ones(24))
        for body, away in ((1, 0.0), (2, 3.0))
    ]
    packed = pack(frames)
    fields = [
        {'name': name, 'offset': offset, 'datatype': code, 'count': 1}
        for name, offset, code in fields_of(LAYOUT)
    ]
    return {
        'header': header(stamp_ns, 'world'), 'height': 2, 'width': 24, 'fields': fields,
        'point_step': LAYOUT.itemsize, 'row_step': LAYOUT.itemsize * 24,
        'data': packed.view(np.uint8).reshape(-1), 'is_dense': True,
    }  # fmt: skip


def run(*words, capsys):
    status = main(['replay', *map(str, words)])
    return status, *capsys.readouterr()


def replayed(path, *words, capsys):
    status, _, err = run(*words, '--json', path, capsys=capsys)
    assert status == 0, err
    return json.loads(path.read_text())


def test_a_person_of_a_bag_is_judged_by_its_own_plates_and_torques(standing, tmp_path, capsys):
    words = (standing, '--mass', MASS, '--height', 1.75, '--body', 1)
    references = ('--plates', '/plate/left:left,/plate/right:auto', '--moments', standing)
    found = replayed(tmp_path / 'one.json', *words, *references, capsys=capsys)
    assert found['body'] == 1
    assert found['frames_judged'] > 150
    assert found['grf_mpje_n_per_kg']['mean'] < 0.5
    assert found['moment_rmse_nm_per_kg']['knee_angle_r'] < 0.3
    assert any('/plate/left: reaction' in note for note in found['notes'])


def test_everybody_in_a_bag_is_answered_for_in_one_call(standing, tmp_path, capsys):
    words = (standing, '--mass', MASS, '--reference', standing)
    found = replayed(tmp_path / 'all.json', *words, capsys=capsys)
    one, other = found['trials']
    assert (one['body'], other['body']) == (1, 2)
    assert one['frames_judged'] > 150
    assert other['frames_judged'] == 0  # nobody else's feet are near the plates
    assert found['mean']['grf_mpje_n_per_kg'] == pytest.approx(one['grf_mpje_n_per_kg']['mean'])
    assert found['left_out'] == []


def test_replaying_twice_gives_the_same_numbers(standing, tmp_path, capsys):
    def numbers(name):
        found = replayed(tmp_path / name, standing, '--mass', MASS, '--plates',
                         '/plate/left:auto,/plate/right:auto', capsys=capsys)  # fmt: skip
        return [
            {key: value for key, value in trial.items() if not key.startswith('compute_ms')}
            for trial in found['trials']
        ]

    assert numbers('first.json') == numbers('second.json')


def test_plates_that_nobody_asked_for_are_told(standing, capsys):
    status, out, _ = run(standing, '--body', 1, '--mass', MASS, capsys=capsys)
    assert status == 0
    assert 'not judged against /plate/left, /plate/right: give --reference lab' in out


def test_named_feet_of_several_people_are_refused(standing, capsys):
    status, _, err = run(standing, '--plates', '/plate/left:left', capsys=capsys)
    assert status == 2
    assert '--body' in err


def test_a_list_gives_every_trial_its_own_person(standing, tmp_path, capsys):
    walk = person('walk', rate_hz=50.0, duration_s=1.5)
    write_skeletons(standing.parent / 'walk', [walk])
    listed = standing.parent / 'session.yaml'
    listed.write_text(
        '- {source: lab, body: 1, mass: 62.5, reference: lab}\n- {source: walk, mass: 90}\n'
    )
    page = tmp_path / 'report.html'
    found = replayed(tmp_path / 'list.json', listed, '--report', page, capsys=capsys)
    assert [trial['mass_kg'] for trial in found['trials']] == [62.5, 90.0]
    text = page.read_text()
    assert '2 trials' in text
    assert 'lab b1' in text
    ids = [part.split('"')[0] for part in text.split(' id="')[1:]]
    assert len(ids) == len(set(ids)) > 0


def test_one_bad_trial_costs_no_others(standing, tmp_path, capsys):
    path = tmp_path / 'some.json'
    words = (tmp_path / 'absent.trc', standing, '--json', path)
    status, out, _ = run(*words, capsys=capsys)
    assert status == 1
    assert 'absent.trc: left out' in out
    assert [entry['source'] for entry in json.loads(path.read_text())['left_out']] == [
        'absent.trc'
    ]


@pytest.mark.parametrize(
    ('text', 'told'),
    [
        ('- {mass: 70}', 'trial 1'),
        ('source: a.trc', 'a list of trials'),
        ('- {source: a.trc, weight: 3}', 'weight is not one of'),
        ('- {source: a.trc, mass: heavy}', 'must be of type float'),
        ('- {source: a.trc, seed: true}', 'must be of type int'),
        ('- [', 'cannot be read'),
    ],
)
def test_a_list_that_breaks_a_rule_is_refused(tmp_path, capsys, text, told):
    path = tmp_path / 'trials.yaml'
    path.write_text(text)
    status, _, err = run(path, capsys=capsys)
    assert status == 2
    assert told in err
