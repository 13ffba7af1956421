"""Losses of HDyS (Liu et al. 2025, equations 2 and 3): reconstruction and alignment.

    L = .01 L_recon + .05 L_align

L_recon is the L1 distance of torques and accelerations, here of standardised ones. L_align pulls
all latents of one frame together and pushes other frames away (InfoNCE, van den Oord et al. 2018).
The paper sums over pairs and frames; we take means, so that the weights do not depend on the size
of the batch or the number of representations in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional

from humandyn_ros.config import Checked, setting
from humandyn_ros.learning.nets.hdys import DYNAMICS, KINEMATICS, Hdys

Latent = tuple[Tensor, Tensor]
"""A latent of every frame (F, d), and where it is known (F,)."""


@dataclass(frozen=True)
class HdysWeights(Checked):
    """Weights, and what the paper leaves open about alignment."""

    reconstruction: float = setting(0.01, '', 'α1', low=0.0, high=1e4)
    alignment: float = setting(0.05, '', 'α2', low=0.0, high=1e4)
    forward: bool = setting(True, '', 'with the forward-dynamics auto-encoder (Table 1: FDAE)')
    temperature: float = setting(
        1.0, '', 'inner products are divided by it; none is printed', low=1e-3, high=1e3
    )
    unit_latents: bool = setting(
        False, '', 'inner products of latents at length one; the paper prints plain ones'
    )
    align_frames: int = setting(
        1024, 'frames', 'frames of a batch that are aligned, at random (memory)', low=2
    )


def hdys_losses(
    model: Hdys,
    batch: dict[str, Tensor],
    weights: HdysWeights,
    generator: torch.Generator | None = None,
) -> dict[str, Tensor]:
    """Named, weighted terms of sequences with any of the representations.

    Args:
        model: The network.
        batch: For each representation that occurs: NAME (B, T, ...) and NAME_known (B, T), 1
            where it exists; for points also NAME_seen (B, T, N).
        weights: Weights.
        generator: Source of chance.
    """
    latents: dict[str, Latent] = {}
    terms: dict[str, Tensor] = {}
    for name in KINEMATICS:
        if name in batch:
            latents[name] = _latent(model, batch, name, bare=False)
            terms |= _inverse_terms(model, batch, name, latents[name])
    if weights.forward:
        composed = composed_latents(model, batch)
        terms |= _forward_terms(model, batch, composed)
        latents |= composed
    weighted = {name: weights.reconstruction * term for name, term in terms.items()}
    if weights.alignment:
        weighted['align'] = weights.alignment * alignment_loss(latents, weights, generator)
    return weighted


def _known(batch: dict[str, Tensor], name: str) -> Tensor:
    """Frames (F,) at which a representation is known, as a mask."""
    return batch[f'{name}_known'].flatten() > 0


def _latent(model: Hdys, batch: dict[str, Tensor], name: str, *, bare: bool) -> Latent:
    """Latents of one representation at all frames, 0 where it is not known; only those cost."""
    known = _known(batch, name)
    seen = batch.get(f'{name}_seen')
    encode = model.encode_bare if bare else model.encode
    some = encode(
        name,
        batch[name].flatten(0, 1)[known],
        None if seen is None else seen.flatten(0, 1)[known],
    )
    return some.new_zeros(len(known), some.shape[-1]).masked_scatter(known[:, None], some), known


def _inverse_terms(
    model: Hdys, batch: dict[str, Tensor], name: str, latent: Latent
) -> dict[str, Tensor]:
    """L1 of everything decoded from one representation."""
    values, known = latent
    shape = batch[f'{name}_known'].shape
    refined = model.refine(values.view(*shape, -1), known.view(shape).float()).flatten(0, 1)
    terms = {}
    for head in (*DYNAMICS, 'feet'):
        if head in batch:
            both = known & _known(batch, head)
            standard = model.standard(head)
            guess = model.inverse.heads[head](refined[both])
            truth = standard(batch[head].flatten(0, 1)[both])
            terms[f'{head}/{name}'] = mean_l1(guess, truth)
    return terms


def composed_latents(model: Hdys, batch: dict[str, Tensor]) -> dict[str, Latent]:
    """z_kin^dyn of every pair that occurs, by the name 'kin+dyn'."""
    found: dict[str, Latent] = {}
    forces = [name for name in DYNAMICS if name in batch]
    for kin in KINEMATICS if forces else ():
        if kin not in batch:
            continue
        bare, known = _latent(model, batch, kin, bare=True)
        for dyn in forces:
            both = known & _known(batch, dyn)
            some = model.compose(bare[both], dyn, batch[dyn].flatten(0, 1)[both])
            empty = torch.zeros_like(bare)
            found[f'{kin}+{dyn}'] = (empty.masked_scatter(both[:, None], some), both)
    return found


def _forward_terms(
    model: Hdys, batch: dict[str, Tensor], composed: dict[str, Latent]
) -> dict[str, Tensor]:
    """L1 of every acceleration that is known, decoded from every composed latent."""
    terms = {}
    for target in ('keypoints', 'angles', 'smpl'):
        if target not in batch:
            continue
        truth = model.standard_acceleration(target, batch[target].flatten(0, 1))
        errors = []
        for latent, known in composed.values():
            both = known & _known(batch, target)
            errors.append(mean_l1(model.accelerations(target, latent[both]), truth[both]))
        if errors:
            terms[f'acceleration/{target}'] = torch.stack(errors).mean()
    return terms


def mean_l1(guess: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute difference; 0 of nothing."""
    return (guess - truth).abs().sum() / max(guess.numel(), 1)


def alignment_loss(
    latents: dict[str, Latent], weights: HdysWeights, generator: torch.Generator | None = None
) -> Tensor:
    """InfoNCE over all pairs of latents (equation 3), both ways, the mean over pairs."""
    pairs = []
    for (first, a), (second, b) in combinations(latents.values(), 2):
        frames = (a & b).nonzero()[:, 0]
        if len(frames) < 2:
            continue
        order = torch.randperm(len(frames), generator=generator)[: weights.align_frames]
        chosen = frames[order.to(frames.device)]
        pairs.append(info_nce(first[chosen], second[chosen], weights))
    if not pairs:
        return next(iter(latents.values()))[0].sum() * 0.0
    return torch.stack(pairs).mean()


def info_nce(first: Tensor, second: Tensor, weights: HdysWeights) -> Tensor:
    """InfoNCE of latents (n, d) of the same n frames, mean of both directions."""
    if weights.unit_latents:
        first, second = functional.normalize(first, dim=-1), functional.normalize(second, dim=-1)
    scores = first @ second.T / weights.temperature
    target = torch.arange(len(scores), device=scores.device)
    there, back = (functional.cross_entropy(x, target) for x in (scores, scores.T))
    return 0.5 * (there + back)
