from pathlib import Path

import numpy as np
import pytest
import yaml

from humandyn_ros.errors import SkeletonError
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.skeleton import Adapter, available_formats, load_format, recognise

PROMISED = {
    'smpl_24', 'k4a_32', 'kinect_25', 'zed_18', 'zed_34', 'zed_38', 'openpose_18', 'openpose_25',
    'hri_18', 'coco_17', 'mediapipe_33', 'h36m_17', 'rep155', 'lara_19', 'plug_in_gait_39',
    'rajagopal', 'rbds', 'camargo', 'opensim', 'opencap_20', 'cmu_asf', 'bvh', 'cmu_bvh',
    'bvh_poser', 'opencap_markers', 'uiprmd_22', 'modsim',
}  # fmt: skip
COUNTS = {
    'smpl_24': 24, 'k4a_32': 32, 'kinect_25': 25, 'zed_18': 18, 'zed_34': 34, 'zed_38': 38,
    'openpose_18': 18, 'openpose_25': 25, 'hri_18': 18, 'coco_17': 17, 'mediapipe_33': 33,
    'h36m_17': 17, 'lara_19': 19, 'opencap_20': 20, 'cmu_asf': 31, 'uiprmd_22': 22,
}  # fmt: skip


def test_every_promised_format_is_there_and_loads():
    assert set(available_formats()) >= PROMISED
    for name in available_formats():
        form = load_format(name)
        assert form.name == form.skeleton.name == name
        Adapter(form)


@pytest.mark.parametrize(('name', 'count'), COUNTS.items())
def test_each_format_has_as_many_points_as_its_source_sends(name: str, count: int):
    assert load_format(name).width == count


def test_the_canonical_format_is_the_canonical_skeleton():
    form = load_format('smpl_24')
    assert form.skeleton.joints == CANONICAL.joints
    assert form.skeleton.parents == CANONICAL.parents


def test_hri_swaps_the_eyes_and_ears_of_openpose():
    left_first, right_first = (load_format(n).skeleton.joints for n in ('hri_18', 'openpose_18'))
    assert left_first[:14] == right_first[:14]
    assert right_first[14:] == ('right_eye', 'left_eye', 'right_ear', 'left_ear')
    assert left_first[14:] == ('left_eye', 'right_eye', 'left_ear', 'right_ear')


@pytest.mark.parametrize(
    ('name', 'places'),
    [
        ('k4a_32', {'shoulder_left': 5, 'shoulder_right': 12, 'hip_left': 18, 'head': 26}),
        ('zed_34', {'knee_right': 23, 'heel_left': 32, 'heel_right': 33}),
        ('zed_38', {'left_shoulder': 12, 'right_knee': 21, 'left_big_toe': 24, 'left_heel': 28}),
        ('kinect_25', {'ShoulderLeft': 4, 'HipLeft': 12, 'HipRight': 16, 'SpineShoulder': 20}),
        ('openpose_25', {'mid_hip': 8, 'right_ankle': 11, 'left_big_toe': 19, 'right_heel': 24}),
        ('coco_17', {'left_shoulder': 5, 'right_wrist': 10, 'left_ankle': 15}),
        ('mediapipe_33', {'left_shoulder': 11, 'right_index': 20, 'left_heel': 29}),
        ('lara_19', {'right_hip': 1, 'left_hip': 5, 'spine_mid': 9, 'left_wrist': 18}),
        ('h36m_17', {'RHip': 1, 'LHip': 4, 'LShoulder': 11, 'RWrist': 16}),
    ],
)
def test_points_are_in_the_order_of_the_source(name: str, places: dict[str, int]):
    index = load_format(name).skeleton.index
    assert {point: index[point] for point in places} == places


def test_left_stays_left_in_every_map():
    """Points named left stand apart from those named right, so a swapped map would show."""
    for name in available_formats():
        form = load_format(name)
        if form.kind == 'markers':
            continue
        points = np.zeros((form.width, form.dims))
        points[:, 0] = np.arange(form.width) * 1e-6
        for i, joint in enumerate(form.skeleton.joints):
            points[i, 0] += _side(joint)
        joints, _ = Adapter(form, up='Z').convert(points)
        for i, joint in enumerate(CANONICAL.joints):
            if joint.startswith(('left', 'right')) and np.isfinite(joints[i, 0]):
                assert np.sign(joints[i, 0]) == (1 if joint.startswith('left') else -1), name


def _side(joint: str) -> int:
    low = joint.lower()
    if joint[0] in 'lr' and joint[1:2].isupper():  # lThigh
        return 1 if joint[0] == 'l' else -1
    if 'left' in low or 'right' in low:
        return 1 if 'left' in low else -1
    if low.startswith(('l_', 'r_')) or low.endswith(('_l', '_r')):
        return 1 if low.startswith('l_') or low.endswith('_l') else -1
    one_letter = joint[0] in 'LR' and joint[1:2].isupper()  # LHip
    bone = joint in load_format('cmu_asf').skeleton.index and joint not in ('root', 'lowerback')
    if one_letter or (bone and joint[0] in 'lr' and joint != 'lowerneck'):
        return 1 if joint[0] in 'lL' else -1
    return 0


def test_a_frame_may_name_its_points_in_any_order_case_and_with_a_subject():
    form = load_format('rajagopal')
    names = [f'anna:{n.replace(".", "_").upper()}' for n in reversed(form.skeleton.joints)]
    bound = form.bind([*names, 'some_prop'])
    assert bound.width == len(names) + 1
    assert bound.columns == tuple(reversed(range(len(names))))


def test_a_frame_without_needed_points_is_an_error_that_names_them_all():
    form = load_format('camargo')
    names = [n for n in form.skeleton.joints if n not in ('L_Heel', 'R_Toe_Tip')]
    with pytest.raises(SkeletonError, match=r'camargo.*missing: L_Heel, R_Toe_Tip'):
        form.bind(names)


def test_an_alias_serves_where_the_name_itself_is_absent():
    form = load_format('opensim')
    names = [n.replace('knee_', 'walker_knee_') for n in form.skeleton.joints]
    assert form.bind(names).columns == tuple(range(len(names)))
    both = form.bind(['walker_knee_l', *form.skeleton.joints])
    assert both.columns[form.skeleton.index['knee_l']] == form.skeleton.index['knee_l'] + 1


@pytest.mark.parametrize(
    'name', ['rajagopal', 'rbds', 'camargo', 'plug_in_gait_39', 'modsim', 'opencap_markers',
             'k4a_32', 'zed_38', 'kinect_25', 'smpl_24', 'mediapipe_33', 'cmu_asf', 'opencap_20',
             'opensim', 'bvh', 'cmu_bvh', 'bvh_poser'],
)  # fmt: skip
def test_a_format_is_recognised_by_its_shuffled_names_alone(name: str):
    joints = list(load_format(name).skeleton.joints)
    np.random.default_rng(0).shuffle(joints)
    found = recognise([*joints, 'Unlabelled'])
    assert found.name == name
    assert found.columns == tuple(joints.index(j) for j in found.skeleton.joints)


def test_names_that_fit_nothing_are_an_error_with_the_nearest_formats():
    with pytest.raises(SkeletonError, match=r'Nearest: camargo misses L_Heel, R_Heel'):
        recognise([n for n in load_format('camargo').skeleton.joints if 'Heel' not in n])


def test_names_that_fit_several_formats_alike_are_an_error_that_lists_them():
    with pytest.raises(SkeletonError, match='hri_18 and openpose_18 and zed_18'):
        recognise(load_format('zed_18').skeleton.joints)


def test_an_unknown_format_is_an_error_that_lists_the_known_ones():
    with pytest.raises(SkeletonError, match=r"'smpl_25' is not known.*smpl_24.*YAML"):
        load_format('smpl_25')


OWN = {
    'name': 'mine',
    'kind': 'joints',
    'up': 'Y',
    'joints': {'hips': None, 'l_hip': 'hips', 'r_hip': 'hips'},
    'map': {'left_hip': 'l_hip', 'pelvis': {'l_hip': 0.5, 'r_hip': 0.5}},
}


def write(folder: Path, content: object) -> Path:
    path = folder / 'mine.yaml'
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def test_a_user_adds_a_format_by_writing_a_file(tmp_path: Path):
    adapter = Adapter(load_format(write(tmp_path, OWN)))
    joints, confidence = adapter.convert(np.array([[0.0, 1, 0], [0.1, 1, 0], [-0.1, 1, 0.2]]))
    np.testing.assert_allclose(joints[CANONICAL.index['left_hip']], [0.1, 0.0, 1.0])
    np.testing.assert_allclose(joints[CANONICAL.index['pelvis']], [0.0, -0.1, 1.0])
    assert confidence.sum() == 2
    assert 'not seen: ' in adapter.notes[0]


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'name': 'other'}, "name = 'other': must be the name of the file, 'mine'"),
        ({'kind': 'points'}, "kind = 'points': choose one of joints, markers"),
        ({'up': 'W'}, "up = 'W': choose one of X, Y, Z"),
        ({'unit': 'ft'}, "unit = 'ft': choose one of m, cm, mm"),
        ({'dims': 4}, 'dims = 4: choose one of 2, 3'),
        ({'lacks': ['nose']}, "lacks = 'nose': choose one of upper_body"),
        ({'jointz': {}}, 'jointz = .*is not one of name'),
        ({'joints': {}}, 'joints = None: list the points'),
        ({'joints': ['a']}, 'joints = .*must be a mapping'),
        ({'joints': {'l_hip': 'waist'}}, "joints.l_hip = 'waist': the parent is not a joint"),
        ({'joints': {'a': 'b', 'b': 'a'}}, 'the parents form a circle'),
        ({'joints': {'Hip': None, 'hip': None}}, 'two points have this name'),
        ({'map': {}}, 'map = None: say how'),
        ({'map': {'left_elbo': 'l_hip'}}, "map = 'left_elbo': choose one of pelvis"),
        ({'map': {'left_hip': 'hip'}}, "map.left_hip = 'hip': is not a point"),
        ({'map': {'left_hip': {'l_hip': 0.4, 'r_hip': 0.5}}}, 'weights sum to 0.9, not to 1'),
        ({'map': {'left_hip': {'=spine1': 1}}}, "'=spine1': is not a canonical joint"),
        ({'map': {'left_hip': {'method': 'knee'}}}, 'joints are made of weights'),
        ({'map': {'left_hip': 3}}, 'map.left_hip = 3: give a point'),
        ({'optional': ['toe']}, "optional = 'toe': is not a point"),
        ({'aliases': {'toe': ['t']}}, "aliases = 'toe': is not a point"),
        ({'landmarks': {'nose': 'hips'}}, "landmarks = 'nose': choose one of asis"),
        ({'landmarks': {'asis': ['l_hip']}}, 'needs 2 marker'),
        ({'segments': {'thigh': {'gives': ['left_hip']}}}, 'segments.thigh = .*needs markers'),
        ({'notes': [{'a': 'b'}]}, 'notes = .*must be a sentence'),
    ],
)
def test_a_faulty_file_is_an_error_with_file_key_value_and_remedy(tmp_path, change, message):
    with pytest.raises(SkeletonError, match=f'mine.yaml: .*{message}'):
        load_format(write(tmp_path, OWN | change))


def test_a_file_that_is_no_yaml_or_repeats_a_key_is_an_error(tmp_path: Path):
    path = tmp_path / 'mine.yaml'
    for text, message in (
        ('joints: [', 'cannot be read'),
        ('just words', 'must hold keys'),
        ('name: mine\nname: mine\n', "key 'name' appears twice"),
    ):
        path.write_text(text)
        with pytest.raises(SkeletonError, match=message):
            load_format(path)
    with pytest.raises(SkeletonError, match='cannot be read'):
        load_format(tmp_path / 'absent.yaml')


def test_the_first_way_whose_points_are_there_is_taken(tmp_path: Path):
    content = OWN | {'optional': ['l_hip'], 'map': {'left_hip': ['l_hip', 'hips']}}
    form = load_format(write(tmp_path, content))
    frame = np.array([[5.0, 0.0, 0.0], [7.0, 0.0, 0.0]])
    place = CANONICAL.index['left_hip']
    assert (
        Adapter(form.bind(['l_hip', 'hips', 'r_hip'])).convert(frame[[0, 1, 1]])[0][place, 0] == 5
    )
    assert Adapter(form.bind(['r_hip', 'hips'])).convert(frame)[0][place, 0] == 7
