"""Muscle activation on its topic, with any engine and on request."""

WEARER = 'humans/wearer'


def test_muscles_are_published_on_request(rig):
    node = rig(muscles=True)
    node.play(1.0)
    told = node.sent(f'{WEARER}/muscle_activation')
    torques = node.sent(f'{WEARER}/joint_torques')
    assert len(told) == len(torques) > 20
    assert node.stamp_of(told[-1]) == node.stamp_of(torques[-1])
    assert list(told[-1].interface_groups) == ['muscles']
    group = told[-1].interface_values[0]
    assert len(group.interface_names) == len(group.values) == 80
    assert {'soleus_r', 'vaslat_l', 'glmed1_r'} <= set(group.interface_names)
    assert all(0.0 <= value <= 1.0 for value in group.values)


def test_without_the_request_there_is_no_such_topic(rig):
    node = rig()
    node.play(0.5)
    assert f'/{WEARER}/muscle_activation' not in node.handle.publishers
