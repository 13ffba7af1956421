"""SkeletonLLM with tiny models of four families, on the whole real path, offline."""

import dataclasses
import sys

import numpy as np
import pytest

torch = pytest.importorskip('torch')
pytest.importorskip('transformers', reason='the extra words is not installed')
pytest.importorskip('peft', reason='the extra words is not installed')

import tiny_vlm  # noqa: E402
import worded_clips  # noqa: E402

from humandyn_ros.drawing import RELEASED  # noqa: E402
from humandyn_ros.errors import (  # noqa: E402
    ConfigError,
    MissingDependencyError,
    ModelError,
)
from humandyn_ros.learning.nets.skeletonllm import SkeletonLLM, SkeletonLLMConfig  # noqa: E402
from humandyn_ros.learning.nets.skeletonllm.backbone import memory, open_processor  # noqa: E402
from humandyn_ros.learning.tasks.skeletonllm_lessons import shown, together  # noqa: E402
from humandyn_ros.skeleton import load_format  # noqa: E402

FAMILIES = ('llava', 'llava_onevision', 'smolvlm', 'internvl', 'qwen2_vl')
SIZES = {'llava': 32, 'llava_onevision': 32, 'smolvlm': 32, 'internvl': 32, 'qwen2_vl': 64}
FRAMES = 3


@pytest.fixture(scope='module', autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    made = {}

    def folder(family):
        if family not in made:
            made[family] = getattr(tiny_vlm, family)(tmp_path_factory.mktemp(family))
        return made[family]

    return folder


@pytest.fixture(scope='module')
def nets(folders):
    """One network of each family, for tests that leave its weights alone."""
    made = {}

    def net(family='llava'):
        if family not in made:
            made[family] = opened(folders, family)
        return made[family]

    return net


def config(folder, family='llava', **changes):
    picture_px = 64 if family == 'qwen2_vl' else 0
    return SkeletonLLMConfig(
        model=str(folder), frames=FRAMES, picture_px=picture_px, lora_rank=4, **changes
    )


def opened(folders, family='llava', **changes):
    torch.manual_seed(0)
    return SkeletonLLM(config(folders(family), family, **changes))


def drawn(net, *clips):
    batch = together([shown(clip, FRAMES, None) for clip in clips])
    return net.draw(batch['points'], batch['confidence'], batch['velocity'])


WAVE, SQUAT = worded_clips.clip('wave'), worded_clips.clip('squat')


@pytest.mark.parametrize('family', FAMILIES)
def test_pixels_are_those_of_the_processor(folders, nets, family):
    net = nets(family)
    size = net.chat.picture_px
    assert size == SIZES[family]
    rng = np.random.default_rng(7)
    pictures = rng.integers(0, 256, (2, FRAMES, size, size, 3), dtype=np.uint8)
    processor = open_processor(str(folders(family)))
    options = {'do_image_splitting': False, 'size': {'longest_edge': 32}}
    options = options if family == 'smolvlm' else {}
    image = {'qwen2_vl': '<img><image></img>'}.get(family, '<image>')
    text = ['what? ' + image * FRAMES] * 2
    told = processor(
        text=text, images=[list(clip) for clip in pictures], return_tensors='pt', **options
    )
    ours = net.pixels(torch.from_numpy(pictures).float() / 255)
    assert ours.shape == told['pixel_values'].shape
    assert torch.allclose(ours, torch.as_tensor(told['pixel_values']).float(), atol=1e-5)


@pytest.mark.parametrize('family', FAMILIES)
def test_gradients_reach_renderer_projector_and_adapters_and_nothing_else(nets, family):
    net = nets(family)
    net.zero_grad(set_to_none=True)
    numbers = net.lessons(['What is it?', 'And which action is this?'], ['wave', 'squat down'])
    net.loss(numbers, drawn(net, WAVE, SQUAT)).backward()
    reached = {  # of an adapter its second matrix at first, which starts from zero
        net.part_of(name)
        for name, parameter in net.named_parameters()
        if parameter.grad is not None and float(parameter.grad.abs().max()) > 0
    }
    assert reached == {'renderer', 'projector', 'adapter'}
    adapters = [n for n, _ in net.named_parameters() if net.part_of(n) == 'adapter']
    assert len(adapters) == 2 * 2 * 7  # A and B, two layers, seven of their maps
    assert not any('vision' in name or 'visual' in name for name in adapters)


@pytest.mark.parametrize('family', FAMILIES)
def test_the_loss_is_that_of_transformers(nets, family):
    net = nets(family).eval()
    numbers = net.lessons(['What is it?', 'And which action is this?'], ['wave', 'squat down'])
    pictures = drawn(net, WAVE, SQUAT)
    ours = net.loss(numbers, pictures)
    theirs = net.backbone(**numbers, pixel_values=net.pixels(pictures)).loss
    assert float(ours.detach()) == pytest.approx(float(theirs.detach()), rel=1e-5)


def test_gradients_are_those_of_finite_differences(nets):
    net = nets().eval()
    net.zero_grad(set_to_none=True)
    numbers = net.lessons(['What is it?'], ['wave'])
    colour = net.renderer.ink
    net.loss(numbers, drawn(net, WAVE)).backward()
    place = tuple(int(k) for k in np.unravel_index(int(colour.grad.abs().argmax()), colour.shape))
    slope, step = float(colour.grad[place]), 0.02
    found = []
    with torch.no_grad():
        for sign in (1, -1):
            colour[place] += sign * step
            found.append(float(net.loss(numbers, drawn(net, WAVE))))
            colour[place] -= sign * step
    assert (found[0] - found[1]) / (2 * step) == pytest.approx(slope, rel=0.05)


def test_answers_do_not_depend_on_who_else_is_asked(nets):
    for family in FAMILIES:
        net = nets(family)
        pictures = drawn(net, WAVE, SQUAT)
        prompts = ['What is it?', 'And which action may this be?']
        both = net.answer(prompts, pictures, 4)
        alone = [net.answer([p], pictures[k : k + 1], 4)[0] for k, p in enumerate(prompts)]
        assert both == alone


def test_a_likelihood_is_the_sum_over_its_tokens(nets):
    net = nets().eval()
    pictures = drawn(net, WAVE)
    numbers = net.lessons(['What is it?'], ['wave'])
    tokens = int((numbers['labels'] != -100).sum())
    with torch.no_grad():
        mean, total = net.loss(numbers, pictures), net.likelihood(numbers, pictures)
    assert float(total) == pytest.approx(-tokens * float(mean), rel=1e-5)


def test_the_state_holds_what_learns_and_comes_back(folders):
    net, other = opened(folders), opened(folders)
    state = net.state_dict()
    assert {net.part_of(name) for name in state} == {'renderer', 'projector', 'adapter'}
    with torch.no_grad():
        for _, parameter in net.named_parameters():
            parameter.add_(0.01) if parameter.requires_grad else None
    other.load_state_dict(net.state_dict())
    for name, value in net.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])
    with pytest.raises(RuntimeError, match='missing'):
        other.load_state_dict({})


def test_pictures_may_be_drawn_smaller_than_they_are_shown(folders):
    net = opened(folders, draw_px=16)
    pictures = drawn(net, WAVE)
    assert pictures.shape == (1, FRAMES, 16, 16, 3)
    assert net.pixels(pictures).shape == (FRAMES, 3, 32, 32)
    net.loss(net.lessons(['What?'], ['wave']), pictures).backward()
    assert float(net.renderer.ink.grad.abs().max()) > 0


def test_activations_may_be_computed_again_instead_of_kept(folders):
    numbers, slopes = None, []
    for checkpointing in (False, True):
        net = opened(folders, lora_dropout=0.0, checkpointing=checkpointing).train()
        numbers = numbers or net.lessons(['What?'], ['wave'])
        net.loss(numbers, drawn(net, WAVE)).backward()
        slopes.append(net.renderer.ink.grad)
    assert any(getattr(part, 'gradient_checkpointing', False) for part in net.modules())
    assert torch.allclose(*slopes, atol=1e-7)


def test_the_same_weights_draw_any_skeleton_and_image_points(nets):
    net = nets()
    net.zero_grad(set_to_none=True)
    kinect = load_format('kinect_25').skeleton
    image = load_format('coco_17').skeleton
    rng = np.random.default_rng(0)
    for skeleton, dims in ((kinect, 3), (image, 2)):
        points = torch.from_numpy(rng.normal(0, 0.5, (1, FRAMES, 1, len(skeleton.joints), dims)))
        pictures = net.draw(points, torch.ones(points.shape[:-1]), 0 * points, skeleton)
        net.loss(net.lessons(['What?'], ['wave']), pictures).backward()
    assert float(net.renderer.ink.grad.abs().max()) > 0


def test_the_released_look_is_bound_to_one_skeleton(folders):
    net = opened(folders, style=dataclasses.replace(RELEASED, up='Z', camera='fit'))
    assert drawn(net, WAVE).max() > 0.1
    kinect = load_format('kinect_25').skeleton
    points = torch.zeros(1, FRAMES, 1, 25, 3)
    with pytest.raises(ConfigError, match='bound to one skeleton'):
        net.draw(points, points[..., 0], points, kinect)


def test_without_transformers_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'transformers', None)
    with pytest.raises(MissingDependencyError, match=r'humandyn_ros\[words\]'):
        SkeletonLLM(SkeletonLLMConfig(model='owner/name'))


def test_half_precision_learns_too(folders):
    net = opened(folders, dtype='bfloat16')
    assert net.backbone.get_input_embeddings().weight.dtype is torch.bfloat16
    loss = net.loss(net.lessons(['What?'], ['wave']), drawn(net, WAVE))
    loss.backward()
    assert net.renderer.ink.dtype is torch.float32
    assert float(net.renderer.ink.grad.abs().max()) > 0
    assert isinstance(net.answer(['What?'], drawn(net, WAVE), 3)[0], str)


@pytest.mark.parametrize(
    ('name', 'told', 'kind'),
    [
        ('', 'name a folder', ConfigError),
        ('/nowhere/at/all', 'no model at', ModelError),
        ('./nothing', 'no model at', ModelError),
        ('owner/of-nothing', 'fetch the model first', ModelError),
    ],
)
def test_a_model_that_is_not_there_is_named(name, told, kind):
    with pytest.raises(kind, match=told):
        SkeletonLLM(SkeletonLLMConfig(model=name))


def test_a_folder_without_a_model_and_damaged_ones_are_named(tmp_path, folders):
    with pytest.raises(ModelError, match=r'config\.json is missing'):
        SkeletonLLM(SkeletonLLMConfig(model=str(tmp_path)))
    for file in folders('llava').iterdir():
        content = file.read_bytes()
        (tmp_path / file.name).write_bytes(content[:500] if 'model' in file.name else content)
    with pytest.raises(ModelError, match='cannot be loaded'):
        SkeletonLLM(config(tmp_path))


def test_a_language_model_without_eyes_is_refused(tmp_path):
    import transformers

    transformers.LlamaConfig(**tiny_vlm.TEXT).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match='of type llama, which does not answer pictures'):
        SkeletonLLM(SkeletonLLMConfig(model=str(tmp_path)))


def test_a_model_that_brings_code_is_not_run(tmp_path):
    (tmp_path / 'config.json').write_text(
        '{"model_type": "internvl_chat", "auto_map": {"AutoConfig": "evil.EvilConfig"}}'
    )
    (tmp_path / 'evil.py').write_text('raise SystemExit("run")')
    with pytest.raises(ModelError, match='code of its own, which is not run'):
        SkeletonLLM(SkeletonLLMConfig(model=str(tmp_path)))


def test_settings_that_do_not_fit_the_model_are_named(folders):
    with pytest.raises(ConfigError, match=r'lora_targets.*has only'):
        opened(folders, lora_targets=('nothing',))
    with pytest.raises(ConfigError, match=r'net\.projector.*choose from'):
        opened(folders, projector='nothing')
    with pytest.raises(ModelError, match=r'choose a net\.picture_px'):
        SkeletonLLM(SkeletonLLMConfig(model=str(folders('llava')), frames=2, picture_px=48))


def test_an_empty_question_is_refused(nets):
    net = nets()
    with pytest.raises(ConfigError, match='a question needs words'):
        net.answer(['  '], drawn(net, WAVE))


def test_running_out_of_memory_says_what_helps():
    with (
        pytest.raises(ModelError, match=r'out of memory while .*: choose a smaller batch'),
        memory('answering', 'a smaller batch'),
    ):
        torch.empty(2**60, dtype=torch.uint8)
    with pytest.raises(ValueError, match='other'), memory('answering', 'a smaller batch'):
        raise ValueError('other')
