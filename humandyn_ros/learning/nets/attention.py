"""Transformer layers after Vaswani et al. 2017, post-normalised, as PyTorch's own are by default.

Written out because both dynamics networks need masks that a point set of any size can carry, and
because these few lines export to ONNX without a decomposed fast path.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

HIDDEN = -1e4  # added to the score of a key that is not there; finite, so that no row is NaN


def score_bias(seen: Tensor) -> Tensor:
    """Bias (B, 1, 1, K) of the scores of keys that are seen (B, K): 0, or HIDDEN where not."""
    return (HIDDEN * (1.0 - seen.to(torch.float32)))[:, None, None, :]


class Attention(nn.Module):
    """Multi-head scaled dot-product attention.

    Args:
        width: Feature dimension d.
        heads: Number of heads; divides d.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, queries: Tensor, keys: Tensor, bias: Tensor | None) -> Tensor:
        """Attend from queries (B, Q, d) to keys (B, K, d); bias broadcasts to (B, heads, Q, K)."""
        q, k, v = (
            self._split(part) for part in (self.query(queries), self.key(keys), self.value(keys))
        )
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        result: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return result

    def _split(self, x: Tensor) -> Tensor:
        batch, tokens, _ = x.shape
        return x.reshape(batch, tokens, self.heads, -1).transpose(1, 2)


class FeedForward(nn.Sequential):
    """Two linear layers with a ReLU between."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__(
            nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, width)
        )


class EncoderLayer(nn.Module):
    """Self-attention, then feed-forward; each added and normalised."""

    def __init__(self, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.feed_forward = FeedForward(width, hidden, dropout)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """Tokens (B, N, d) to tokens (B, N, d)."""
        x = self.norms[0](x + self.dropout(self.attention(x, x, bias)))
        result: Tensor = self.norms[1](x + self.dropout(self.feed_forward(x)))
        return result


class DecoderLayer(nn.Module):
    """Self-attention of the queries, attention to the memory, feed-forward."""

    def __init__(self, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.own = Attention(width, heads)
        self.across = Attention(width, heads)
        self.feed_forward = FeedForward(width, hidden, dropout)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, memory: Tensor, own_bias: Tensor | None, memory_bias: Tensor | None
    ) -> Tensor:
        """Queries (B, Q, d) and memory (B, K, d) to queries (B, Q, d)."""
        x = self.norms[0](x + self.dropout(self.own(x, x, own_bias)))
        x = self.norms[1](x + self.dropout(self.across(x, memory, memory_bias)))
        result: Tensor = self.norms[2](x + self.dropout(self.feed_forward(x)))
        return result


def check_shape(name: str, tensor: Tensor, shape: tuple[int | str, ...]) -> None:
    """Refuse a tensor of another shape; letters stand for any size.

    Raises:
        ValueError: Names the tensor, its shape and the one that was expected.
    """
    fits = tensor.ndim == len(shape) and all(
        isinstance(want, str) or got == want for got, want in zip(tensor.shape, shape, strict=True)
    )
    if not fits:
        wanted = ', '.join(map(str, shape))
        raise ValueError(f'{name} has shape {tuple(tensor.shape)}: expected ({wanted})')
