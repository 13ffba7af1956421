"""The dynamics node with the networks that are shipped, on a handle in memory."""

import numpy as np
import pytest

pytest.importorskip('onnxruntime')
WEARER = 'humans/wearer'


@pytest.mark.parametrize(('name', 'lag_ms'), [('imdys_causal', 0.0), ('hybrid', 100.0)])
def test_a_shipped_network_streams_torques_and_forces(rig, name, lag_ms):
    node = rig(engine=name)
    node.play(2.0)
    torques = node.sent(f'{WEARER}/joint_torques')
    assert len(torques) > 30
    assert np.isfinite([message.effort for message in torques]).all()
    late_ns = node.handle.ros_ns - node.stamp_of(torques[-1])
    assert late_ns == pytest.approx(1e6 * lag_ms, abs=20e6)
    assert node.sent(f'{WEARER}/ground_reaction/left')
