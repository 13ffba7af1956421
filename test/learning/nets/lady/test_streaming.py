"""The causal net frame by frame equals its whole-sequence form."""

import warnings

import numpy as np
import pytest
import torch

from humandyn_ros.engines.lady import Layout
from humandyn_ros.engines.lady.features import BACKWARD
from humandyn_ros.engines.lady.forms import Streaming
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.nets.lady import LaDy, LadyConfig, Shape, StreamingLaDy
from humandyn_ros.learning.nets.lady.causal import running_attention, running_mean, running_sum
from humandyn_ros.learning.nets.lady.exporting import FrameModule
from humandyn_ros.learning.readers.lady_features import load_preset

torch.set_num_threads(1)


def network(layout: Layout, **settings) -> LaDy:
    """A causal net with weights and statistics as after training, not at their start."""
    torch.manual_seed(0)
    net = LaDy(LadyConfig(causal=True, **settings), Shape.of(layout)).eval()
    with torch.no_grad():
        net.spatial.adaptive.alpha.fill_(0.5)
        net.spatial.adaptive.beta.fill_(0.5)
        for name, value in net.named_buffers():
            if name.endswith('running_mean'):
                value.normal_(0.0, 0.1)
            elif name.endswith('running_var'):
                value.uniform_(0.5, 1.5)
    return net


class TorchSession:
    """Runs the function that is exported, without an ONNX file; traced, it is faster."""

    def __init__(self, module: FrameModule, traced: bool) -> None:
        self._module = module
        self._run = module.eval()
        if not traced:
            return
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter('ignore')
            trace = torch.jit.trace(self._run, module.example(1), check_trace=False)
            self._run = torch.jit.freeze(trace)

    def run(self, inputs):
        given = (torch.from_numpy(inputs[name]) for name in self._module.input_names)
        with torch.inference_mode():
            found = self._run(*given)
        return {n: y.numpy() for n, y in zip(self._module.output_names, found, strict=True)}


def wandering(frames: int, layout: Layout, seed: int = 0) -> np.ndarray:
    """Smooth joint centres (T, P, V, 3), with a joint lost now and then."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None, None, None] / 30.0
    shape = (layout.persons, layout.joints, 3)
    rest = rng.normal(0.0, 0.5, shape)
    values = rest + 0.1 * np.sin(rng.uniform(0.5, 5.0, shape) * t + rng.uniform(0, 6, shape))
    values[rng.uniform(size=values.shape[:3]) < 0.01] = np.nan
    return values


def differences(layout: Layout, frames: int, **settings) -> tuple[float, float]:
    """Largest difference of class and boundary logits, relative to their largest size."""
    net = network(layout, **settings)
    module = FrameModule(net)
    fields = {
        'labels': list(range(net.config.classes)), 'dilations': net.config.dilations,
        'width': net.config.features, 'lookahead': 0, 'state': module.state_shapes(),
        'inputs': module.input_names,
    }  # fmt: skip
    form = Streaming(fields, layout, TorchSession(module, traced=frames > 1000))
    values = wandering(frames, layout)
    told = [form.push(v)[0] for v in values]
    x = layout.inputs(values)
    q = layout.coordinates(x)
    with torch.inference_mode():
        answer = net(torch.from_numpy(x[None]).float(), torch.from_numpy(q[None]).float())
    classes, boundary = answer.classes[-1][0].numpy(), answer.boundaries[-1][0].numpy()
    return (
        float(np.abs(np.array([t.classes for t in told]) - classes).max() / np.abs(classes).max()),
        float(np.abs([t.boundary for t in told] - boundary).max() / np.abs(boundary).max()),
    )


def canonical() -> Layout:
    return load_preset('smpl_24').layout(BACKWARD)


def test_five_thousand_frames_one_by_one_equal_the_whole_sequence():
    # Every dilation of the encoder; fewer refining layers, which are of the same kinds.
    stages = {'refine_layers': 5, 'boundary_stages': 2}
    worst = differences(canonical(), 5000, horizon=900, start='rest', **stages)
    assert max(worst) < 1e-4


SMALL = {'features': 16, 'layers': 4, 'refine_layers': 3, 'hidden': 16, 'heads': 2}


@pytest.mark.parametrize(
    'settings',
    [
        {'normalisation': 'cumulative', 'horizon': 50},
        {'normalisation': 'cumulative', 'horizon': 0, 'start': 'rest'},
        {'horizon': 0, 'friction': False},
        {'modulation': 'spatial'},
        {'modulation': 'temporal'},
        {'modulation': 'off', 'class_stages': 3, 'boundary_stages': 1},
        {'layers': 1, 'class_stages': 1},
    ],
    ids=str,
)
def test_every_variant_streams(settings):
    assert max(differences(canonical(), 80, **(SMALL | settings))) < 1e-4


def test_two_people_stream():
    layout = load_preset('pku_sub').layout(BACKWARD)
    assert max(differences(layout, 80, **SMALL)) < 1e-4


def test_what_is_remembered_does_not_grow():
    module = FrameModule(network(canonical()))
    config = module.stream.config
    floats = sum(int(np.prod(shape)) for shape in module.state_shapes().values())
    rings = 2 * sum(config.dilations) * config.features
    assert floats < 30_000
    assert rings == 4 * 2 * 1023 * 64


def test_an_acausal_net_cannot_stream():
    net = LaDy(LadyConfig(features=8, layers=2, refine_layers=1), Shape.of(canonical()))
    with pytest.raises(ConfigError, match='causal = true'):
        StreamingLaDy(net)


@pytest.mark.parametrize('decay', [1.0, 0.97])
def test_running_sums_at_once_equal_running_sums_in_turn(decay):
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(2, 200, 3, generator=rng, dtype=torch.float64)
    total, weight = torch.zeros(2, 3, dtype=torch.float64), 0.0
    sums, means = running_sum(x, decay), running_mean(x, decay)
    for t in range(200):
        total, weight = decay * total + x[:, t], decay * weight + 1.0
        torch.testing.assert_close(sums[:, t], total)
        torch.testing.assert_close(means[:, t], total / weight)


@pytest.mark.parametrize('decay', [1.0, 0.97])
def test_running_attention_equals_its_definition(decay):
    rng = torch.Generator().manual_seed(1)
    q, k, v = torch.rand(3, 2, 150, 3, 4, generator=rng, dtype=torch.float64)
    out = running_attention(q, k, v, decay)
    for t in (0, 63, 64, 149):
        fade = decay ** torch.arange(t, -1, -1, dtype=torch.float64)
        weight = torch.einsum('bhd,bihd->bih', q[:, t], k[:, : t + 1]) * fade[:, None]
        wanted = torch.einsum('bih,bihd->bhd', weight, v[:, : t + 1])
        torch.testing.assert_close(out[:, t], wanted / weight.sum(dim=1)[..., None])
