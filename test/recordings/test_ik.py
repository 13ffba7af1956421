import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings import read_motion, to_z_up

TRIALS = (
    ('walk_rajagopal2016/coordinates.sto.gz', 'walk_rajagopal2016/subject_walk_scaled.osim.gz'),
    (
        'walk_treadmill_60s/results_ik.sto.gz',
        'walk_treadmill_60s/Rajagopal_scaled_Sub1_gasAvoid.osim.gz',
    ),
    (
        'walk_camargo2021/IK/levelground_ccw_fast_01_01_ik.mot.gz',
        'walk_camargo2021/Models/optimized_scale_and_markers.osim.gz',
    ),
    (
        'run_modsim2018/IK/results/ik_output_run.mot',
        'run_modsim2018/Scale/Rajagopal2015_scaled2.osim.gz',
    ),
)


@pytest.mark.parametrize(('coordinates', 'model'), TRIALS)
def test_joint_centres_stand_one_above_the_other(data, coordinates, model):
    recording = read_motion(data / coordinates, model=data / model)
    assert (recording.kind, recording.format, recording.up) == ('ik', 'opensim', 'Y')
    height = to_z_up(recording.points, recording.up)[..., 2].mean(0)
    at = dict(zip(recording.names, height, strict=True))
    knee = at.get('walker_knee_r', at.get('knee_r'))
    assert at['heel_r'] < at['ankle_r'] < knee < at['hip_r']
    assert 0.75 < at['hip_r'] < 1.05


def test_markers_and_inverse_kinematics_of_one_walk_agree(data):
    folder = data / 'walk_rajagopal2016'
    centres = read_motion(
        folder / 'coordinates.sto.gz', model=folder / 'subject_walk_scaled.osim.gz'
    )
    markers = read_motion(folder / 'markers_walk.trc.gz')
    ankle = centres.points[:, centres.names.index('ankle_r')]
    malleolus = markers.points[:, markers.names.index('R.Ankle')]
    at = np.searchsorted(markers.stamps_ns, centres.stamps_ns).clip(max=len(malleolus) - 1)
    distance = np.linalg.norm(ankle - malleolus[at], axis=1)
    assert 0.02 < np.median(distance) < 0.1


def test_a_model_of_somebody_else_is_refused(data, tmp_path):
    path = tmp_path / 'x.mot'
    path.write_text('endheader\ntime\twing_flap\n0\t1\n0.1\t2\n')
    with pytest.raises(RecordingError, match='no column names a coordinate'):
        read_motion(path, model=data / TRIALS[0][1])
