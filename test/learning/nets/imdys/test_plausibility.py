import torch

from humandyn_ros.learning.nets.imdys import implausible


def spoilt_and_true(windows=400):
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(windows, 3, 6, 6, generator=generator)
    return implausible(states, 0.1, generator), states


def test_every_window_is_spoilt():
    spoilt, states = spoilt_and_true()
    assert (spoilt != states).flatten(1).any(dim=1).all()


def test_about_half_are_shuffled_in_time_and_the_others_noisy():
    spoilt, states = spoilt_and_true()
    shuffled = torch.tensor(
        [torch.equal(a.flatten(1).sort(1).values, b.flatten(1).sort(1).values)
         for a, b in zip(spoilt, states, strict=True)]
    )  # fmt: skip
    assert 0.4 < shuffled.float().mean() < 0.6
    noise = (spoilt - states)[~shuffled]
    assert abs(float(noise.std()) - 0.1) < 0.005


def test_a_shuffled_window_keeps_points_and_channels_together():
    spoilt, states = spoilt_and_true()
    for window, true in zip(spoilt[:20], states[:20], strict=True):
        frames = true.transpose(0, 1).flatten(1)
        found = window.transpose(0, 1).flatten(1)
        if torch.isclose(found.sum(), frames.sum(), atol=1e-4):
            assert all(any(torch.equal(f, g) for g in frames) for f in found)
