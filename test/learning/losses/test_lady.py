"""Losses of LaDy by hand-made cases, and on a set small enough to be learned by heart."""

import numpy as np
import pytest
import torch

from humandyn_ros.learning.losses.lady import (
    action_text_loss,
    boundary_loss,
    energy_consistency_loss,
    lagrangian_consistency,
    segmentation_loss,
    stretches,
)
from humandyn_ros.learning.nets.lady import LaDy, LadyConfig, Shape
from humandyn_ros.learning.readers.lady_features import load_preset
from humandyn_ros.segmentation import IGNORE, boundary_targets, segments

torch.set_num_threads(1)


def test_segmentation_loss_is_cross_entropy_plus_smoothing():
    logits = torch.tensor([[[2.0, 0.0], [0.0, 1.0], [0.0, 1.0]]])
    labels = torch.tensor([[0, 1, 1]])
    inputs = torch.tensor([0.0, 3.0, 3.0]).reshape(1, 3, 1, 1)
    log = logits.log_softmax(-1)[0].numpy()
    cross = -(log[0, 0] + log[1, 1] + log[2, 1]) / 3.0
    smooth = np.exp(-1.5) * np.square(log[1] - log[0]).mean() / 2.0
    found = segmentation_loss([logits], labels, inputs)
    assert float(found) == pytest.approx(cross + smooth, rel=1e-5)
    assert float(segmentation_loss([logits, logits], labels, inputs)) == pytest.approx(
        float(found), rel=1e-6
    )


def test_large_jumps_are_clamped_and_ignored_frames_do_not_count():
    logits = torch.tensor([[[50.0, -50.0], [-50.0, 50.0], [7.0, 7.0]]])
    labels = torch.tensor([[0, 1, IGNORE]])
    found = segmentation_loss([logits], labels, torch.zeros(1, 3, 1, 1))
    assert float(found) == pytest.approx(16.0, rel=1e-5)


def test_boundary_loss_weighs_the_rare_positives():
    logits, targets = torch.zeros(1, 4), torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    mask = torch.tensor([[True, True, True, False]])
    found = boundary_loss([logits], targets, mask, positive_weight=5.0)
    assert float(found) == pytest.approx(7.0 * np.log(2.0) / 3.0, rel=1e-5)


def test_stretches_are_the_segments_of_every_sequence():
    labels = torch.tensor([[3, 3, 1, 1, 1, IGNORE], [1, 1, 1, 1, 2, 2]])
    found = stretches(labels)
    wanted = [s for row in labels for s in segments(row.numpy()) if s.label != IGNORE]
    assert found.labels.tolist() == [s.label for s in wanted]
    torch.testing.assert_close(found.weights.sum(dim=(0, 1)), torch.ones(4))
    assert found.weights[1, 4, 3] == 0.5


def test_features_that_lie_along_their_texts_cost_least():
    texts = torch.eye(3)
    labels = torch.tensor([[0, 0, 1, 1, 2, 2]])
    right, wrong = texts[labels], texts[(labels + 1) % 3]
    scale = torch.tensor([10.0])
    low = action_text_loss(right, labels, texts, scale)
    high = action_text_loss(wrong, labels, texts, scale)
    assert float(low) < 1e-3
    assert float(high) > 1.0


def test_the_contrast_is_the_divergence_from_the_matrix_of_equal_classes():
    rng = torch.Generator().manual_seed(0)
    texts = torch.randn(2, 5, generator=rng)
    labels = torch.tensor([[0, 1, 0]])
    features = torch.randn(1, 3, 5, generator=rng)
    a = features[0] / features[0].norm(dim=1, keepdim=True)
    b = texts[labels[0]] / texts[labels[0]].norm(dim=1, keepdim=True)
    same = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    wanted = torch.softmax(10.0 * same, dim=1)
    total = 0.0
    for logits in (3.0 * a @ b.T, 3.0 * b @ a.T):
        entries = wanted * (wanted.log() - logits.log_softmax(dim=1))
        total += float(entries.mean() * 3) / 2.0
    found = action_text_loss(features, labels, texts, torch.tensor(3.0))
    assert float(found) == pytest.approx(total, rel=1e-5)


def test_every_loss_falls_on_a_small_set():
    """Two short sequences, all terms at once; each ends below its start."""
    torch.manual_seed(0)
    layout = load_preset('smpl_24').layout()
    config = LadyConfig(classes=3, features=16, layers=4, refine_layers=2, hidden=16,
                        text_width=8, modulation='both')  # fmt: skip
    net = LaDy(config, Shape.of(layout))
    rng = np.random.default_rng(0)
    labels = np.repeat([[0, 1, 2, 0], [2, 0, 1, 2]], 15, axis=1)
    speed = np.array([0.5, 2.0, 5.0])[labels]
    angle = np.cumsum(speed, axis=1)[..., None, None, None] * 0.1
    rest = rng.normal(size=(24, 3))
    values = rest + 0.3 * np.sin(angle + rng.uniform(0, 6, (24, 3)))
    x = np.stack([layout.inputs(v) for v in values])
    q = torch.tensor(np.stack([layout.coordinates(v) for v in x])).float()
    x, targets = torch.tensor(x).float(), torch.tensor(labels)
    boundary = torch.tensor(np.stack([boundary_targets(row) for row in labels])).float()
    mask = torch.ones(2, 60, dtype=torch.bool)
    texts = torch.randn(3, 8)
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)

    def terms() -> dict[str, torch.Tensor]:
        answer = net(x, q, mask)
        flat = q.flatten(0, 2)[::4], answer.motion.velocity.flatten(0, 2)[::4]
        return {
            'segmentation': segmentation_loss(answer.classes, targets, x),
            'boundary': boundary_loss(answer.boundaries, boundary, mask, 8.0),
            'text': action_text_loss(answer.texts[0], targets, texts, net.text_scale),
            'energy': energy_consistency_loss(answer.motion, mask, 10_000),
            'lagrange': lagrangian_consistency(net.synthesis, *flat),
        }

    net.eval()
    start = {name: float(value.detach()) for name, value in terms().items()}
    net.train()
    for _ in range(40):
        found = terms()
        optimizer.zero_grad()
        sum(found.values()).backward()
        optimizer.step()
    net.eval()
    end = {name: float(value.detach()) for name, value in terms().items()}
    assert all(end[name] < 0.8 * start[name] for name in start), (start, end)
