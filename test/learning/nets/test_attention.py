import pytest
import torch
from torch import nn

from humandyn_ros.learning.nets.attention import (
    Attention,
    DecoderLayer,
    EncoderLayer,
    check_shape,
    score_bias,
)

torch.set_num_threads(1)


def test_attention_is_pytorchs_own():
    torch.manual_seed(0)
    ours, theirs = Attention(16, 4), nn.MultiheadAttention(16, 4, batch_first=True)
    with torch.no_grad():
        parts = (ours.query, ours.key, ours.value)
        theirs.in_proj_weight.copy_(torch.cat([p.weight for p in parts]))
        theirs.in_proj_bias.copy_(torch.cat([p.bias for p in parts]))
        theirs.out_proj.load_state_dict(ours.out.state_dict())
    x, memory = torch.randn(2, 3, 16), torch.randn(2, 5, 16)
    seen = torch.tensor([[1.0, 1, 1, 1, 1], [1, 0, 1, 0, 1]])
    expected, _ = theirs(x, memory, memory, key_padding_mask=seen == 0)
    torch.testing.assert_close(ours(x, memory, score_bias(seen)), expected)


@pytest.mark.parametrize(
    ('ours', 'theirs'),
    [
        (EncoderLayer(64, 4, 128, 0.1), nn.TransformerEncoderLayer(64, 4, 128)),
        (DecoderLayer(64, 4, 128, 0.1), nn.TransformerDecoderLayer(64, 4, 128)),
    ],
)
def test_layers_have_as_many_parameters_as_pytorchs(ours, theirs):
    assert count(ours) == count(theirs)


def test_points_that_are_not_seen_change_nothing():
    torch.manual_seed(0)
    layer = EncoderLayer(16, 2, 32, 0.0)
    x = torch.randn(1, 5, 16)
    other = x.clone()
    other[0, 3:] += 100.0
    bias = score_bias(torch.tensor([[1.0, 1, 1, 0, 0]]))
    torch.testing.assert_close(layer(x, bias)[:, :3], layer(other, bias)[:, :3])


def test_nothing_seen_at_all_is_no_nan():
    layer = EncoderLayer(16, 2, 32, 0.0)
    assert torch.isfinite(layer(torch.randn(1, 5, 16), score_bias(torch.zeros(1, 5)))).all()


def test_a_wrong_shape_names_tensor_shape_and_expectation():
    with pytest.raises(ValueError, match=r'states has shape \(2, 3\): expected \(batch, 4\)'):
        check_shape('states', torch.zeros(2, 3), ('batch', 4))


def count(module):
    return sum(p.numel() for p in module.parameters())
