"""Sizes, masks and switches of LaDy."""

import dataclasses

import pytest
import torch
from torch import nn

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.nets.lady import LaDy, LadyConfig, Shape
from humandyn_ros.learning.nets.lady.spatial import hop_graphs, text_graph
from humandyn_ros.learning.readers.lady_features import load_preset

torch.set_num_threads(1)


def network(name: str, **settings) -> LaDy:
    preset = load_preset(name)
    given = {'classes': preset.classes, 'friction': preset.friction} | settings
    return LaDy(LadyConfig(**given), Shape.of(preset.layout()))


def small(name: str = 'lara', **settings) -> LaDy:
    torch.manual_seed(0)
    sizes = {'features': 16, 'layers': 3, 'refine_layers': 2, 'hidden': 16}
    return network(name, **(sizes | settings))


def inputs(net: LaDy, frames: int = 20, batch: int = 2):
    shape, rng = net.shape, torch.Generator().manual_seed(1)
    x = torch.randn(batch, frames, shape.joints, shape.channels, generator=rng)
    q = torch.randn(batch, frames, shape.persons, shape.coordinates, generator=rng)
    return 0.3 * x, 0.3 * q


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(
    ('name', 'millions'),
    [('pku_sub', 2.25), ('lara', 1.882), ('mcfs_22', 1.68), ('mcfs_130', 1.70), ('tcg_15', 1.83)],
)
def test_parameters_are_those_of_the_release(name, millions):
    net = network(name, text_width=768, text_layers=2)
    assert parameters(net) / 1e6 == pytest.approx(millions, abs=0.006)


def test_the_papers_count_leaves_out_the_text_layer_that_never_learns():
    net = network('lara', text_width=768)
    assert parameters(net) == 1_832_367
    run_time = parameters(network('lara'))
    assert run_time == 1_832_367 - (64 * 768 + 768) - 1


def test_multiply_accumulates_on_lara_are_those_of_the_paper():
    net = network('lara', text_width=768).eval()
    counted = 0

    def count(layer, _, output):
        nonlocal counted
        if isinstance(layer, nn.Linear):
            counted += output.numel() * layer.in_features
        else:
            counted += output.numel() * layer.weight[0].numel()

    for layer in net.modules():
        if isinstance(layer, nn.Linear | nn.Conv1d):
            layer.register_forward_hook(count)
    with torch.no_grad():
        net(*inputs(net, frames=60, batch=1))
    giga = counted * 100 / 1e9  # at 6000 frames; every layer's cost is per frame
    assert giga == pytest.approx(13.59, abs=0.01)
    assert giga == pytest.approx(13.67, rel=0.01)


def test_hops_are_normalised_and_disjoint_but_for_the_joint_itself():
    hops = hop_graphs((-1, 0, 1, 2), 6)
    assert torch.equal(hops[0], torch.eye(4))
    reached = ((hops - torch.diag_embed(hops.diagonal(dim1=1, dim2=2))) > 0).sum(dim=0)
    assert torch.equal(reached, 1 - torch.eye(4, dtype=torch.int64))
    assert torch.equal(hops, hops.mT)
    assert torch.linalg.eigvalsh(hops).max() <= 1.0 + 1e-6
    assert torch.equal(hops[5], torch.eye(4))  # nothing is so far away


def test_the_text_graph_is_one_for_a_joint_and_itself():
    graph = text_graph(torch.randn(6, 10, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(graph.diagonal(), torch.ones(6))
    assert graph.min() == 0.0


@pytest.mark.parametrize('modulation', ['both', 'spatial', 'temporal', 'off'])
def test_every_ablation_runs_and_every_parameter_learns(modulation):
    net = small(modulation=modulation, text_width=12, class_stages=3)
    x, q = inputs(net)
    answer = net(x, q)
    assert (answer.motion is None) == (modulation == 'off')
    loss = sum(y.square().mean() for y in (*answer.classes, *answer.boundaries, *answer.texts))
    loss.backward()
    idle = [name for name, p in net.named_parameters() if p.grad is None]
    assert all(name == 'text_scale' for name in idle)


def test_forces_reach_the_answer_in_space_and_in_time():
    counts = {m: parameters(small(modulation=m)) for m in ('both', 'spatial', 'temporal', 'off')}
    assert counts['both'] > counts['spatial'] > counts['off']
    assert counts['both'] > counts['temporal'] > counts['off']
    for modulation in ('spatial', 'temporal'):
        net = small(modulation=modulation).eval()
        x, q = inputs(net)
        with torch.no_grad():
            change = net(x, q).classes[-1] - net(x, 2.0 * q).classes[-1]
        assert change.abs().max() > 1e-5
    net = small(modulation='off').eval()
    assert torch.equal(net(x, q).classes[-1], net(x, 2.0 * q).classes[-1])


def test_two_people_share_the_dynamics_and_stand_side_by_side():
    net = small('pku_sub').eval()
    x, q = inputs(net)
    motion = net(x, q).motion
    swapped = net(x, q.flip(2)).motion
    assert motion.torque.shape == (2, 20, 2, 66)
    torch.testing.assert_close(swapped.torque, motion.torque.flip(2))
    assert net.force_features.in_features == 132


@pytest.mark.parametrize('settings', [{}, {'causal': True}, {'causal': True,
                                      'normalisation': 'cumulative'}])  # fmt: skip
def test_padding_changes_nothing(settings):
    net = small(**settings).eval()
    x, q = inputs(net)
    mask = torch.ones(2, 20, dtype=torch.bool)
    mask[1, 12:] = False
    with torch.no_grad():
        padded = net(x * mask[..., None, None], q * mask[..., None, None], mask)
        alone = net(x[1:, :12], q[1:, :12])
    for a, b in zip(padded.classes + padded.boundaries, alone.classes + alone.boundaries,
                    strict=True):  # fmt: skip
        torch.testing.assert_close(a[1:, :12], b, atol=1e-5, rtol=1e-4)


def future(net: LaDy, frame: int) -> float:
    """How much answers up to a frame depend on what comes after it."""
    x, q = inputs(net)
    later_x, later_q = x.clone(), q.clone()
    later_x[:, frame + 1 :] += 1.0
    later_q[:, frame + 1 :] += 1.0
    with torch.no_grad():
        first, second = net(x, q), net(later_x, later_q)
    pairs = zip(first.classes + first.boundaries, second.classes + second.boundaries, strict=True)
    return max(float((a - b)[:, : frame + 1].abs().max()) for a, b in pairs)


def adapted(net: LaDy) -> LaDy:
    with torch.no_grad():
        net.spatial.adaptive.alpha.fill_(0.5)
        net.spatial.adaptive.beta.fill_(0.5)
    return net.eval()


@pytest.mark.parametrize('normalisation', ['frozen', 'cumulative'])
def test_the_causal_form_does_not_see_the_future(normalisation):
    net = adapted(small(causal=True, normalisation=normalisation))
    assert future(net, 9) == 0.0 or future(net, 9) < 1e-7
    assert future(adapted(small()), 9) > 1e-4  # the published one does


def test_in_training_chance_comes_from_the_seed_only():
    net = small().train()
    x, q = inputs(net)
    torch.manual_seed(3)
    first = net(x, q).classes[-1]
    torch.manual_seed(3)
    assert torch.equal(first, net(x, q).classes[-1])


def test_frozen_statistics_follow_training_and_stay_afterwards():
    net = small(causal=True).train()
    x, q = inputs(net)
    norm = net.encoder.layers[0].norm
    net(x, q)
    moved = norm.running_mean.clone()
    assert moved.abs().max() > 0
    net.eval()(x, q)
    assert torch.equal(norm.running_mean, moved)


def test_settings_that_do_not_fit_are_named():
    with pytest.raises(ConfigError, match='heads'):
        LadyConfig(features=30)
    with pytest.raises(ConfigError, match='modulation'):
        dataclasses.replace(LadyConfig(), modulation='sideways')
