"""Running sums over a whole sequence at once: what a stream keeps up frame by frame.

y(t) = Σ_{i≤t} γ^(t-i) x(i). Within chunks the sum is a product with a triangular matrix, between
chunks with another; no loop over frames or chunks.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

CHUNK = 64  # frames; cost per frame grows with it, the number of chunks falls


def _weights(count: int, decay: float, lag: int, like: Tensor) -> Tensor:
    """γ^(row - column - lag) for column ≤ row - lag, else zero (count, count)."""
    index = torch.arange(count, device=like.device)
    ago = index[:, None] - index[None, :] - lag
    power = torch.tensor(decay, dtype=torch.float64, device=like.device) ** ago.clamp(min=0)
    return torch.where(ago >= 0, power, 0.0).to(like.dtype)


def _chunked(x: Tensor) -> Tensor:
    """(B, T, ...) to (B, N, CHUNK, ...), padded with zeros at the end."""
    missing = -x.shape[1] % CHUNK
    x = functional.pad(x, (0, 0) * (x.dim() - 2) + (0, missing))
    return x.reshape(x.shape[0], -1, CHUNK, *x.shape[2:])


def running_sum(x: Tensor, decay: float) -> Tensor:
    """Fading sums (B, T, C) of x (B, T, C)."""
    parts = _chunked(x)
    within = torch.einsum('ij,bnjc->bnic', _weights(CHUNK, decay, 0, x), parts)
    chunks = _weights(parts.shape[1], decay**CHUNK, 1, x)
    carried = torch.einsum('mn,bnc->bmc', chunks, within[:, :, -1])
    reach = decay ** torch.arange(1, CHUNK + 1, device=x.device, dtype=x.dtype)
    total = within + reach[:, None] * carried[:, :, None]
    return total.flatten(1, 2)[:, : x.shape[1]]


def running_mean(x: Tensor, decay: float) -> Tensor:
    """Fading means (B, T, C) of x (B, T, C)."""
    return running_sum(x, decay) / running_sum(torch.ones_like(x[:1, :, :1]), decay)


def running_attention(queries: Tensor, keys: Tensor, values: Tensor, decay: float) -> Tensor:
    """Linear attention over the past: Σγ^(t-i)(qₜ·kᵢ)vᵢ / Σγ^(t-i)(qₜ·kᵢ).

    Args:
        queries: Positive features (B, T, H, d).
        keys: Positive features (B, T, H, d).
        values: (B, T, H, d).
        decay: γ.

    Returns:
        (B, T, H, d).
    """
    frames = queries.shape[1]
    values = torch.cat([values, torch.ones_like(values[..., :1])], dim=-1)
    q, k, v = (_chunked(x).transpose(2, 3) for x in (queries, keys, values))  # (B, N, H, c, ·)
    inside = (q @ k.transpose(-1, -2)) * _weights(CHUNK, decay, 0, queries)
    fade = decay ** torch.arange(CHUNK - 1, -1, -1, device=q.device, dtype=q.dtype)
    sums = (k * fade[:, None]).transpose(-1, -2) @ v  # (B, N, H, d, d+1), at each chunk's end
    chunks = _weights(q.shape[1], decay**CHUNK, 1, queries)
    carried = torch.einsum('mn,bnhde->bmhde', chunks, sums)
    reach = decay ** torch.arange(1, CHUNK + 1, device=q.device, dtype=q.dtype)
    both = inside @ v + (q * reach[:, None]) @ carried
    out = both[..., :-1] / both[..., -1:].clamp(min=1e-20)  # padded frames have no keys
    return out.transpose(2, 3).flatten(1, 2)[:, :frames]
