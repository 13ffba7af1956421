"""Both nodes with networks, on a handle in memory."""

import dataclasses

import pytest

from humandyn_ros.errors import ModelError
from humandyn_ros.ros.nodes.action_node import LABELS, ActionNode
from humandyn_ros.ros.nodes.dynamics_node import DynamicsNode
from humandyn_ros.ros.run import known_parameters

pytest.importorskip('onnxruntime')
WEARER = 'humans/wearer'


@pytest.fixture
def network(rig, models):
    return lambda name, **overrides: rig(engine=name, model=str(models(name)), **overrides)


def test_imdys_answers_at_its_look_ahead_with_plausibility_and_contacts_of_the_body(network):
    node = network('imdys')
    node.play(2.0)
    torques = node.sent(f'{WEARER}/joint_torques')
    assert len(torques) > 60
    assert node.handle.ros_ns - node.stamp_of(torques[-1]) == pytest.approx(100_000_000, abs=1)
    plausible = node.sent(f'{WEARER}/plausibility')[-1]
    assert [d.label for d in plausible.layout.dim] == ['plausibility']
    assert 0.0 <= plausible.data[0] <= 1.0
    assert len(node.sent(f'{WEARER}/plausibility')) == len(torques)
    assert node.sent(f'{WEARER}/body_contacts')
    assert f'/{WEARER}/latent' not in node.handle.publishers
    facts = node.health()[2]
    assert (facts['engine'], facts['backend']) == ('imdys', 'ort-cpu')
    assert (facts['profile'], facts['lag_ms'], len(facts['model_sha256'])) == (
        'accurate', '100.0', 12
    )  # fmt: skip


def test_the_causal_network_answers_about_now(network):
    node = network('imdys_causal')
    node.play(1.0)
    assert node.stamp_of(node.sent(f'{WEARER}/joint_torques')[-1]) == node.handle.ros_ns
    node.wait(1.0)
    facts = node.health()[2]
    assert (facts['profile'], facts['lag_ms']) == ('responsive', '0.0')


def test_hdys_tells_muscles_and_the_latent(network):
    node = network('hdys')
    node.play(1.5)
    latent = node.sent(f'{WEARER}/latent')[-1]
    assert (latent.layout.dim[0].label, latent.layout.dim[0].size) == ('latent', 8)
    assert len(latent.data) == 8
    muscles = node.sent(f'{WEARER}/muscle_activation')[-1]
    assert list(muscles.interface_groups) == ['muscles', 'semg']
    names = muscles.interface_values[0].interface_names
    assert len(names) == len(muscles.interface_values[0].values) == 402
    assert node.stamp_of(muscles) == node.stamp_of(node.sent(f'{WEARER}/joint_torques')[-1])


def test_nothing_is_built_of_extras_nobody_reads_and_they_stop_in_silence(network, monkeypatch):
    node = network('hdys')
    node.play(1.0)
    told = len(node.sent(f'{WEARER}/latent'))
    node.wait(1.0)
    assert len(node.sent(f'{WEARER}/latent')) == told
    for publisher in node.handle.publishers.values():
        publisher.subscribers = 0
    built = []
    monkeypatch.setattr(node.handle, 'message', lambda *a, **k: built.append(a))
    for frame in node.frames[200:250]:
        stamped = dataclasses.replace(frame, stamp_ns=node.handle.ros_ns + frame.stamp_ns)
        node.node._frames((stamped,))
    assert built == []


def test_deactivated_and_cleaned_up_the_model_is_closed_and_can_be_opened_again(network):
    node = network('imdys')
    node.play(0.5)
    for step in ('deactivate', 'cleanup', 'configure', 'activate'):
        assert node.node._handle.transition(step)
    node.play(1.5)
    assert node.sent(f'{WEARER}/joint_torques')


def test_a_model_that_is_missing_ends_the_node_with_its_name(fake, tmp_path):
    with pytest.raises(ModelError, match=r'manifest\.json is missing'):
        DynamicsNode(fake(overrides={'engine': 'hdys', 'model': str(tmp_path)}))
    with pytest.raises(ModelError, match=r'manifest\.json is missing'):
        ActionNode(fake(overrides={'model': str(tmp_path)}))


@pytest.fixture
def acting(rig, models):
    return lambda **overrides: rig(kind=ActionNode, model=str(models('lady')), **overrides)


def test_actions_are_classified_with_the_segments_class_first(acting):
    node = acting()
    node.play(3.0)
    labels = node.sent(LABELS)
    assert len(labels) == 1
    assert node.handle.publishers[f'/{LABELS}'].qos.latched
    names = {entry.class_id: entry.class_name for entry in labels[0].class_map}
    actions = node.sent(f'{WEARER}/action')
    assert len(actions) == pytest.approx(90, abs=3)
    assert actions == node.sent('humans/bodies/b1/action')
    for message in actions:
        assert sorted(int(result.class_id) for result in message.results) == sorted(names)
        scores = [result.score for result in message.results]
        assert sum(scores) == pytest.approx(1.0)
        assert scores[1:] == sorted(scores[1:], reverse=True)
    boundaries = node.sent(f'{WEARER}/action_boundary')
    assert all(message.frame_id == 'world' for message in boundaries)


def test_somebody_who_leaves_takes_their_topics_along(acting):
    node = acting(left_s=0.5)
    node.play(1.0, bodies=(1, 2))
    assert not node.handle.publishers['/humans/bodies/b2/action'].closed
    node.play(1.5, bodies=(1,))
    assert node.handle.publishers['/humans/bodies/b2/action'].closed
    facts = node.health()[2]
    assert (facts['engine'], facts['backend']) == ('lady', 'ort-cpu')
    assert 'lag_ms' in facts and 'boundary_lag_ms' in facts


def test_an_optional_node_without_a_model_ends_well(fake, tmp_path):
    handle = fake(overrides={'model': str(tmp_path), 'optional': True})
    ActionNode(handle).run()
    assert [level for level, _ in handle.logged] == ['warn']
    assert handle.subscriptions == []


def test_parameters_are_known_to_the_runner():
    assert {'model', 'optional', 'backend.ladder'} <= known_parameters('action_node')
    assert {'engine', 'model', 'backend.ladder'} <= known_parameters('dynamics_node')
