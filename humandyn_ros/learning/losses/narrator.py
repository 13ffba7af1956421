"""Losses of the narrator: which text a picture sequence is like, and which word follows."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

IGNORED = -100


def label_loss(
    seen: Tensor, texts: Tensor, labels: Tensor, scale: Tensor, smoothing: float = 0.05
) -> Tensor:
    """Cross-entropy of the labels' texts by likeness.

    Args:
        seen: Unit vectors of picture sequences (B, d).
        texts: Unit vectors of one text per label (C, d).
        labels: Index of the right one (B).
        scale: Steepness of likeness.
        smoothing: Probability spread over all labels.
    """
    scores = scale * seen @ texts.T
    return functional.cross_entropy(scores, labels, label_smoothing=smoothing)


def anchor_loss(
    seen: Tensor, texts: Tensor, labels: Tensor, anchors: Tensor, scale: Tensor
) -> Tensor:
    """Pictures and texts of a label each drawn to its anchor: they learn apart, and meet there.

    Descriptions are much alike at first, so that likeness alone teaches the pictures little.
    `anchors` (C, d) of any length; the others as of `label_loss`.
    """
    unit = functional.normalize(anchors, dim=-1)
    every = torch.arange(len(texts), device=texts.device)
    return label_loss(seen, unit, labels, scale) + label_loss(texts, unit, every, scale)


def hard_negative_loss(
    seen: Tensor, texts: Tensor, labels: Tensor, scale: Tensor, hardest: int = 5
) -> Tensor:
    """Cross-entropy of the right label against those most easily taken for it.

    SkeletonLLM's discriminative stage asks about one of the five hardest negatives; here all of
    them compete at once, mined in every batch. Arguments as of `label_loss`.
    """
    scores = scale * seen @ texts.T
    right = scores.gather(1, labels[:, None])
    wrong = scores.scatter(1, labels[:, None], -torch.inf)
    most = wrong.topk(min(hardest, scores.shape[1] - 1), dim=1).values
    return functional.cross_entropy(torch.cat([right, most], dim=1), torch.zeros_like(labels))


def caption_loss(seen: Tensor, texts: Tensor, labels: Tensor, scale: Tensor) -> Tensor:
    """Symmetric contrast of pictures and their own captions (Radford et al. 2021, figure 3).

    Captions of the same action do not count as wrong. `seen` and `texts` (B, d).
    """
    scores = scale * seen @ texts.T
    alike = (labels[:, None] == labels[None]) & ~torch.eye(
        len(labels), dtype=torch.bool, device=labels.device
    )
    scores = scores.masked_fill(alike, -torch.inf)
    own = torch.arange(len(labels), device=labels.device)
    one = functional.cross_entropy(scores, own)
    return 0.5 * (one + functional.cross_entropy(scores.T, own))


def word_loss(scores: Tensor, tokens: Tensor) -> Tensor:
    """Next-token cross-entropy; scores (B, L, V) after tokens (B, L), 0 = nothing."""
    following = tokens[:, 1:].masked_fill(tokens[:, 1:] == 0, IGNORED)
    return functional.cross_entropy(
        scores[:, :-1].flatten(0, 1), following.flatten(), ignore_index=IGNORED
    )
