"""What of the narrator is exported: pictures to memory, one word after another, texts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from humandyn_ros.learning.nets.attention import Attention, DecoderLayer, score_bias
from humandyn_ros.learning.nets.narrator.net import LENGTH, Narrator


class MemoryModule(nn.Module):
    """Pictures (B, F, H, W, 3), facts (B, S, 4), which there are (B, S) -> memory, embedding.

    The memory (B, 2 · layers, M, d) holds the keys and values that each layer of the decoder makes
    of it, so that they are made once and not at every word.
    """

    def __init__(self, model: Narrator) -> None:
        super().__init__()
        self.model = model

    def forward(self, pictures: Tensor, facts: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        """Encode."""
        tokens = self.model.pictures(pictures)
        memory, _ = self.model.memory(tokens, facts, there)
        made: list[Tensor] = []
        for layer in self.model.decoder.layers:
            assert isinstance(layer, DecoderLayer)
            made += [layer.across.key(memory), layer.across.value(memory)]
        return torch.stack(made, dim=1), self.model.embedding(tokens)


class WordModule(nn.Module):
    """One token of the decoder; what its layers remember goes in and comes out.

    token (B, 1), place (B, 1), memory (B, 2 · layers, M, d), there (B, M),
    past (B, 2 · layers, LENGTH, d) -> scores (B, V), past.
    """

    def __init__(self, model: Narrator) -> None:
        super().__init__()
        self.decoder = model.decoder

    def forward(
        self, token: Tensor, place: Tensor, memory: Tensor, there: Tensor, past: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Take a token and score the next."""
        decoder = self.decoder
        slots = torch.arange(LENGTH, device=token.device)[None]
        here = (slots == place).to(torch.float32)  # (B, LENGTH)
        own, across = score_bias((slots <= place).to(torch.float32)), score_bias(there)
        x = decoder.words(token) + (here @ decoder.place)[:, None]
        kept = []
        for number, layer in enumerate(decoder.layers):
            assert isinstance(layer, DecoderLayer)
            pair = past[:, 2 * number], past[:, 2 * number + 1]
            made = layer.own.key(x), layer.own.value(x)
            keys, values = (
                old * (1.0 - here[..., None]) + new * here[..., None]
                for old, new in zip(pair, made, strict=True)
            )
            kept += [keys, values]
            x = layer.norms[0](x + _attended(layer.own, x, keys, values, own))
            keys, values = memory[:, 2 * number], memory[:, 2 * number + 1]
            x = layer.norms[1](x + _attended(layer.across, x, keys, values, across))
            x = layer.norms[2](x + layer.feed_forward(x))
        return decoder.scores(x[:, 0]), torch.stack(kept, dim=1)


def _attended(
    attention: Attention, x: Tensor, keys: Tensor, values: Tensor, bias: Tensor
) -> Tensor:
    """Attention with keys and values (B, K, d) that were made before."""
    batch, _, width = keys.shape
    heads = attention.heads
    q, k, v = (
        part.reshape(batch, -1, heads, width // heads).transpose(1, 2)
        for part in (attention.query(x), keys, values)
    )
    mixed = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    result: Tensor = attention.out(mixed.transpose(1, 2).flatten(2))
    return result


class TextModule(nn.Module):
    """Token numbers (B, L) to unit vectors (B, d)."""

    def __init__(self, model: Narrator) -> None:
        super().__init__()
        self.text = model.text

    def forward(self, tokens: Tensor) -> Tensor:
        """Encode."""
        result: Tensor = self.text(tokens)
        return result
