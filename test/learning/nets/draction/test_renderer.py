"""DrAction: the same picture as NumPy draws, true gradients, export."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip('torch')

from humandyn_ros.drawing import RELEASED, Style, beads, strokes  # noqa: E402
from humandyn_ros.drawing.camera import Camera  # noqa: E402
from humandyn_ros.learning.nets.draction import DrAction, Still  # noqa: E402
from humandyn_ros.quantities import CANONICAL, Skeleton  # noqa: E402
from humandyn_ros.recordings.amass import assumed_rest  # noqa: E402
from humandyn_ros.skeleton import load_format  # noqa: E402

SMALL = Style(height=32, width=32)
TOLERANCE = 2 / 255  # between the sparse and the exact picture
STICK = Skeleton('stick', ('pelvis', 'left_hip', 'right_hip', 'left_knee'), (-1, 0, 0, 1))


@pytest.fixture(autouse=True)
def one_thread_and_seed():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def person(frames=3, people=1, clips=1, dtype=torch.float32):
    rest = assumed_rest(1.75) @ np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    noise = np.random.default_rng(1).normal(0, 0.05, (clips, frames, people, 24, 3))
    apart = np.arange(people)[:, None, None] * np.array([0.6, 0.5, 0.0])
    return torch.tensor(rest + noise + apart, dtype=dtype)


def lively(net, scale=0.3):
    """Random learnt numbers, so that no term of the formulas is zero."""
    with torch.no_grad():
        for name, value in net.named_parameters():
            part = 0.3 if name.startswith('ink') else 1.0
            value.add_(scale * part * torch.randn_like(value))
    return net


def kinect(size=64, nfm=True):
    style = dataclasses.replace(RELEASED, height=size, width=size, nfm=nfm)
    return DrAction(beads(load_format('kinect_25').skeleton), style)


def kinect_people(frames=2):
    """Two people before a Kinect: x, y up, z into the picture."""
    steps = np.random.default_rng(2).normal(0, 0.25, (1, frames, 2, 25, 3))
    steps += np.array([[[-0.5, 0, 3.0]], [[0.5, 0, 3.5]]])
    return torch.tensor(steps, dtype=torch.float32)


def test_the_released_renderer_learns_2341_numbers():
    count = sum(value.numel() for value in kinect().parameters())
    assert count == 2341
    assert sum(v.numel() for v in kinect(nfm=False).parameters()) == 2341 - 1029


def test_the_same_numbers_draw_any_skeleton():
    state = lively(DrAction(strokes(CANONICAL), SMALL)).state_dict()
    for name in ('kinect_25', 'coco_17', 'openpose_25', 'mediapipe_33'):
        skeleton = load_format(name).skeleton
        net = DrAction(strokes(skeleton), SMALL)
        net.load_state_dict(state)
        points = torch.randn(1, 2, 1, len(skeleton.joints), 3)
        assert net(points).max() > 0.1


@pytest.mark.parametrize('size', [32, 96])
def test_the_numpy_picture_is_the_differentiable_picture(size):
    net = lively(DrAction(strokes(CANONICAL), Style(height=size, width=size)))
    points = person(people=2, clips=2)
    points[0, 1, 0, 5] = torch.nan
    with torch.no_grad():
        theirs = net(points).numpy()
    assert np.abs(net.to_drawing().draw(points.numpy()) - theirs).max() < 1e-4
    assert theirs.max() > 0.3


def test_the_numpy_picture_is_the_differentiable_picture_as_released():
    net = lively(kinect())
    points = kinect_people()
    with torch.no_grad():
        theirs = net(points).numpy()
    assert np.abs(net.to_drawing().draw(points.numpy()) - theirs).max() < 1e-4
    assert theirs.max() > 0.1


def test_leaving_out_faint_ink_changes_no_pixel_by_more_than_two_levels():
    for net, points in (
        (lively(DrAction(strokes(CANONICAL), Style(height=64, width=64))), person(people=2)),
        (kinect(), kinect_people()),
    ):
        with torch.no_grad():
            sparse = net(points)
            net.exact = True
            assert (net(points) - sparse).abs().max() < TOLERANCE


def test_the_released_picture_is_the_formula_written_out():
    net = lively(kinect(32))
    net.exact = True
    points = kinect_people(frames=1)
    with torch.no_grad():
        picture = net(points, velocity=0.1 * points)[0, 0]
        expected = _written_out(net, points[0, 0], 0.1 * points[0, 0], 32)
    assert (picture - expected).abs().max() < 2e-5


def _written_out(net, people, velocity, size):
    """seeds: 4.1 of the released renderer, one Gaussian after the other."""
    focal, layout = size / 2 / np.tan(np.pi / 6), net.layout
    gaussians = []
    for joints, speeds in zip(people, velocity, strict=True):
        share = torch.tensor(layout.start, dtype=torch.float32)[:, None]
        place = (1 - share) * joints[layout.first] + share * joints[layout.second]
        moving = (1 - share) * speeds[layout.first] + share * speeds[layout.second]
        base = net.appearance_head(net.canonical_features)
        delta = net.nfm(torch.cat([place, moving, base], -1))
        rgb = (base[:, :3].sigmoid() + delta[:, :3]).clamp(0, 1)
        ink = (base[:, 3].sigmoid() + delta[:, 3]).sigmoid() * delta[:, 4].sigmoid()
        z = place[:, 2]
        d = (z - z.min()) / (z.max() - z.min() + 1e-6)
        ramp = torch.stack([d, 1 - (2 * d - 1).abs(), 1 - d], -1)
        mix = net.depth_mix_logit.sigmoid()
        gaussians += zip(place, (1 - mix) * rgb + mix * ramp, ink, strict=True)
    grid = torch.arange(size, dtype=torch.float32)
    y, x = torch.meshgrid(grid, grid, indexing='ij')
    out, left = torch.zeros(size, size, 3), torch.ones(size, size)
    for (px, py, pz), rgb, ink in sorted(gaussians, key=lambda g: g[0][2].item()):
        jacobian = torch.tensor(
            [[focal / pz, 0, -focal * px / pz**2], [0, -focal / pz, focal * py / pz**2]]
        )
        metric = torch.linalg.inv(0.02**2 * jacobian @ jacobian.T + 1e-5 * torch.eye(2))
        off = torch.stack([x - focal * px / pz - size / 2, y + focal * py / pz - size / 2], -1)
        near = torch.exp(-0.5 * ((off @ metric) * off).sum(-1))
        alpha = 1 - torch.exp(-ink * near)
        out += (left * alpha)[..., None] * rgb
        left = left * (1 - alpha)
    return out.clamp(0, 1)


@pytest.mark.parametrize('pinhole', [True, False])
def test_moving_the_camera_is_moving_the_skeleton_the_other_way(pinhole):
    net = lively(DrAction(strokes(CANONICAL), SMALL)).double()
    points = person(dtype=torch.float64, people=2)
    velocity = 0.3 * torch.randn_like(points)
    turn = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64))[0]
    shift = torch.tensor([0.4, -0.2, 0.3], dtype=torch.float64)
    axes = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 1, 0]], dtype=torch.float64)
    eye = torch.tensor([0.3, -3.5, 0.1], dtype=torch.float64)
    eye = eye if pinhole else eye * 0

    def camera(rotation, place):
        return Camera(
            rotation[None, None, None], place[None, None, None],
            torch.full((1, 1, 1), 1.6 if pinhole else 0.8, dtype=torch.float64), pinhole,
        )  # fmt: skip

    moved = net(points, velocity=velocity, camera=camera(axes @ turn.T, turn @ eye + shift))
    back = (points - shift) @ turn  # the inverse motion
    still = net(back, velocity=velocity @ turn, camera=camera(axes, eye))
    assert (moved - still).abs().max() < 1e-9
    assert still.max() > 0.3


@pytest.mark.parametrize('look', ['adaptive', 'released'])
def test_gradients_are_those_of_finite_differences(look):
    style = Style(look=look, height=16, width=16, camera='fit', blur_px=0.6)
    layout = strokes(STICK) if look == 'adaptive' else beads(STICK, 3)
    net = lively(DrAction(layout, style, exact=True), 0.1).double()
    points = torch.tensor(
        [[0.0, 0, 0], [0.3, 0.1, -0.1], [-0.3, 0.2, 0.05], [0.35, -0.2, -0.6]],
        dtype=torch.float64,
    )[None, None, None].repeat(1, 2, 1, 1, 1)  # fmt: skip
    points = points + 0.02 * torch.randn_like(points)
    confidence = torch.full(points.shape[:-1], 0.8, dtype=torch.float64)
    target = torch.rand(1, 2, 16, 16, 3, dtype=torch.float64)
    leaves = [points, *net.parameters()]
    if look == 'adaptive':
        leaves.append(confidence)
    points.requires_grad_()
    confidence.requires_grad_()

    def loss():
        return ((net(points, confidence, rate_hz=10.0) - target) ** 2).sum()

    grads = torch.autograd.grad(loss(), leaves)
    with torch.no_grad():
        for leaf, grad in zip(leaves, grads, strict=True):
            direction = torch.randn_like(leaf)
            step = 1e-6
            leaf.add_(step * direction)
            ahead = loss()
            leaf.sub_(2 * step * direction)
            behind = loss()
            leaf.add_(step * direction)
            slope = (ahead - behind) / (2 * step)
            expected = (grad * direction).sum().item()
            assert slope.item() == pytest.approx(expected, rel=1e-4, abs=1e-6)
            assert grad.abs().max() > 0


def test_the_sparse_gradient_is_the_exact_gradient():
    net = lively(DrAction(strokes(CANONICAL), SMALL)).double()
    points = person(dtype=torch.float64).requires_grad_()
    target = torch.rand(1, 3, 32, 32, 3, dtype=torch.float64)
    found = []
    for exact in (False, True):
        net.exact = exact
        loss = ((net(points) - target) ** 2).sum()
        found.append(torch.autograd.grad(loss, [points, *net.parameters()]))
    for sparse, whole in zip(*found, strict=True):
        assert (sparse - whole).norm() <= 0.02 * whole.norm()


def test_gradients_stay_finite_with_joints_missing_and_nobody_there():
    net = DrAction(strokes(CANONICAL), SMALL)
    points = person(people=2)
    points[:, :, 0, 3] = torch.nan
    points[:, 1] = torch.nan
    points.requires_grad_()
    net(points).square().sum().backward()
    assert torch.isfinite(points.grad).all()
    assert all(torch.isfinite(p.grad).all() for p in net.parameters())
    assert points.grad.abs().max() > 0
    nobody = torch.full((1, 2, 1, 24, 3), torch.nan)
    assert net(nobody).max() == 0


def test_joints_are_found_again_from_a_picture_of_them():
    net = DrAction(strokes(CANONICAL), Style(height=24, width=24))
    with torch.no_grad():
        net.ink[..., 4] = np.log(0.08)  # broad strokes pull from afar
        net.mix.fill_(-20.0)  # no colours of depth
    true = person(frames=1)
    guess = (true + 0.05 * torch.randn_like(true)).requires_grad_()
    axes = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 1, 0]])
    camera = Camera(axes[None, None, None], true.mean((2, 3))[:, :, None],
                    torch.full((1, 1, 1), 0.9), False)  # fmt: skip
    still = torch.zeros_like(true)
    target = net(true, velocity=still, camera=camera).detach()
    optimizer = torch.optim.Adam([guess], lr=5e-3)
    losses, before = [], _off(guess, true)
    for _ in range(80):
        optimizer.zero_grad()
        loss = ((net(guess, velocity=still, camera=camera) - target) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.15 * losses[0]
    assert _off(guess, true) < 0.7 * before


def _off(guess, true):
    """Distance in the picture's plane, m."""
    return (guess - true)[..., [0, 2]].norm(dim=-1).mean().item()


@pytest.mark.parametrize('look', ['adaptive', 'released'])
def test_an_appearance_is_learnt_from_pictures_of_it(look):
    make = (lambda: DrAction(strokes(CANONICAL), SMALL)) if look == 'adaptive' else kinect
    points = person() if look == 'adaptive' else kinect_people(1)
    with torch.no_grad():
        target = lively(make())(points)
    net = make()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = ((net(points) - target) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


def test_half_precision_around_it_does_not_reach_the_renderer():
    net, points = DrAction(strokes(CANONICAL), SMALL), person()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        picture = net(points)
    assert torch.equal(picture, net(points))


def test_the_whole_renderer_exports_to_onnx_and_draws_the_same_picture(tmp_path):
    pytest.importorskip('onnxscript')
    runtime = pytest.importorskip('onnxruntime')
    net = Still(lively(DrAction(strokes(CANONICAL), SMALL))).eval()
    points = person(frames=2)
    inputs = (points, torch.ones_like(points[..., 0]), 0.2 * torch.randn_like(points))
    path = tmp_path / 'draction.onnx'
    names = ['points', 'confidence', 'velocity']
    torch.onnx.export(
        net, inputs, str(path), input_names=names, output_names=['pictures'], opset_version=18,
        dynamo=True, external_data=False, verbose=False,
    )  # fmt: skip
    session = runtime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    fed = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
    with torch.no_grad():
        expected = net(*inputs).numpy()
    assert np.abs(session.run(None, fed)[0] - expected).max() < 1e-4
