"""The narrator: pictures of a moving skeleton and measured facts in, words out.

A small vision-language model after SkeletonLLM (Wang et al. 2026, arXiv 2603.18003): DrAction
draws the motion, convolutions make patches that reach through all pictures (Arnab et al. 2021;
Xiao et al. 2021, "Early convolutions help transformers see better"), a transformer relates them,
and a causal decoder writes label, sentence and reasons. Labels are told by likeness of a picture
sequence and a text (Radford et al. 2021, section 2.3), so that an action may be described that
was never trained.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from humandyn_ros.config import Checked, setting
from humandyn_ros.drawing import strokes
from humandyn_ros.engines.narrator.language import FACTS, FEATURES
from humandyn_ros.engines.narrator.pictures import FRAMES, style
from humandyn_ros.learning.nets.attention import DecoderLayer, EncoderLayer, score_bias
from humandyn_ros.learning.nets.draction import DrAction
from humandyn_ros.quantities import CANONICAL

PATCHES = 36
"""Six by six; each is a tube through all pictures of the sequence."""
LENGTH = 72
"""Most tokens of a label with its sentence and reasons."""
_TUBE_PX, _TUBE_FEATURES, _LOOK = 4, 96, 16
_LARGEST_SCALE = 50.0


@dataclass(frozen=True)
class NarratorNet(Checked):
    """Size of the network."""

    width: int = setting(128, '', 'feature dimension', low=16, high=1024)
    heads: int = setting(4, '', 'of attention', low=1, high=32)
    layers: int = setting(2, '', 'of the picture encoder', low=1, high=24)
    words: int = setting(2, '', 'layers of the decoder', low=1, high=24)
    dropout: float = setting(0.1, '', 'while training', low=0.0, high=0.9)
    size: int = setting(48, 'px', 'width and height of a picture', low=16, high=448)


class PictureEncoder(nn.Module):
    """Pictures (B, FRAMES, H, W, 3) to tokens (B, PATCHES, d).

    Tubes of 4 x 4 pixels through all frames (the tubelets of Arnab et al. 2021, section 3.2, of
    full length), a convolution over neighbours, then a transformer.
    """

    def __init__(self, net: NarratorNet) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3 * FRAMES, _TUBE_FEATURES, _TUBE_PX, _TUBE_PX),
            nn.GroupNorm(8, _TUBE_FEATURES),
            nn.GELU(),
            nn.Conv2d(_TUBE_FEATURES, net.width, 3, 2, 1),
            nn.GroupNorm(8, net.width),
            nn.GELU(),
        )
        self.place = nn.Parameter(0.5 * torch.randn(PATCHES, net.width))
        self.layers = nn.ModuleList(
            EncoderLayer(net.width, net.heads, 2 * net.width, net.dropout)
            for _ in range(net.layers)
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Encode."""
        stacked = pictures.permute(0, 1, 4, 2, 3).flatten(1, 2)  # (B, 3 F, H, W)
        seen = self.stem(stacked)
        side = round(PATCHES**0.5)
        if seen.shape[-1] != side:
            seen = functional.adaptive_avg_pool2d(seen, side)
        tokens = seen.flatten(2).transpose(1, 2) + self.place
        for layer in self.layers:
            tokens = layer(tokens, None)
        result: Tensor = tokens
        return result


class FactEncoder(nn.Module):
    """Measured facts (B, S, FEATURES) to tokens (B, S, d)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.kind = nn.Parameter(0.5 * torch.randn(len(FACTS), width))
        self.value = nn.Sequential(nn.Linear(FEATURES, width), nn.ReLU(), nn.Linear(width, width))
        self.norm = nn.LayerNorm(width)

    def forward(self, facts: Tensor) -> Tensor:
        """Encode."""
        result: Tensor = self.norm(self.kind + self.value(facts))
        return result


class TextEncoder(nn.Module):
    """Token numbers (B, L), 0 = nothing, to unit vectors (B, d)."""

    def __init__(self, net: NarratorNet, words: nn.Embedding) -> None:
        super().__init__()
        self.words = words
        self.layer = EncoderLayer(net.width, net.heads, 2 * net.width, net.dropout)
        self.out = nn.Linear(net.width, net.width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Encode; the order of words plays no part."""
        there = (tokens > 0).to(torch.float32)
        x = self.layer(self.words(tokens), score_bias(there))
        mean = (x * there[..., None]).sum(1) / there.sum(1, keepdim=True).clamp(min=1.0)
        return functional.normalize(self.out(mean), dim=-1)


class Decoder(nn.Module):
    """Token numbers (B, L) and memory to scores of the token that follows each (B, L, V)."""

    def __init__(self, net: NarratorNet, words: nn.Embedding) -> None:
        super().__init__()
        self.words = words
        self.place = nn.Parameter(0.05 * torch.randn(LENGTH, net.width))
        self.layers = nn.ModuleList(
            DecoderLayer(net.width, net.heads, 2 * net.width, net.dropout)
            for _ in range(net.words)
        )
        self.bias = nn.Parameter(torch.zeros(words.num_embeddings))

    def forward(self, tokens: Tensor, memory: Tensor, there: Tensor) -> Tensor:
        """Score; `there` (B, M) says which of the memory exists."""
        length = tokens.shape[1]
        later = torch.triu(torch.full((length, length), -1e4, device=tokens.device), 1)
        x = self.words(tokens) + self.place[:length]
        for layer in self.layers:
            x = layer(x, memory, later, score_bias(there))
        return self.scores(x)

    def scores(self, x: Tensor) -> Tensor:
        """Scores (..., V) of features (..., d)."""
        return functional.linear(x, self.words.weight, self.bias)


class Narrator(nn.Module):
    """The whole model.

    Args:
        net: Its size.
        vocabulary: Number of tokens.
        labels: Number of trained labels; pictures and texts of each meet at an anchor.
    """

    def __init__(self, net: NarratorNet, vocabulary: int, labels: int) -> None:
        super().__init__()
        self.net = net
        self.renderer = DrAction(strokes(CANONICAL), style(net.size))
        self.pictures = PictureEncoder(net)
        self.facts = FactEncoder(net.width)
        words = nn.Embedding(vocabulary, net.width)
        nn.init.normal_(words.weight, std=net.width**-0.5)
        self.text = TextEncoder(net, words)
        self.decoder = Decoder(net, words)
        self.look = nn.Sequential(  # where something is matters: no mean over patches
            nn.Linear(net.width, _LOOK),
            nn.Flatten(1),
            nn.LayerNorm(PATCHES * _LOOK),
            nn.Linear(PATCHES * _LOOK, net.width),
            nn.GELU(),
        )
        self.likeness = nn.Linear(net.width, net.width)
        self.anchors = nn.Parameter(torch.randn(labels, net.width))
        self.log_scale = nn.Parameter(torch.tensor(2.3))

    def embedding(self, tokens: Tensor) -> Tensor:
        """Unit vectors (B, d) of encoded pictures, comparable with those of texts."""
        return functional.normalize(self.likeness(self.look(tokens)), dim=-1)

    @property
    def scale(self) -> Tensor:
        """Steepness of likeness."""
        return self.log_scale.exp().clamp(max=_LARGEST_SCALE)

    def memory(self, tokens: Tensor, facts: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        """What the decoder looks at (B, M, d), and what of it exists (B, M)."""
        memory = torch.cat([tokens, self.facts(facts)], dim=1)
        return memory, torch.cat([torch.ones_like(tokens[..., 0]), there], dim=1)
