"""The causal LaDy frame by frame: the same numbers as its whole-sequence form, at constant cost.

What the net must remember is explicit: `taps`, the inputs that the dilated convolutions had 2d
and d frames ago, which the caller keeps in rings (`engines.lady.rings.Rings`), and `State`, small
tensors that go in and come out. So it exports as a plain function. Consecutive linear layers are
folded into one, and everything that does not wait for this frame's features is done at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from humandyn_ros.engines.lady.rings import Rings
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.nets.lady.config import CUMULATIVE, REST
from humandyn_ros.learning.nets.lady.dynamics import gate_signals, joint_torque
from humandyn_ros.learning.nets.lady.folding import GateChain, LayerStep, ResidualStep, folded
from humandyn_ros.learning.nets.lady.heads import BoundaryLayer, BoundaryStage, ClassStage
from humandyn_ros.learning.nets.lady.memory import Frame, Memory, State
from humandyn_ros.learning.nets.lady.net import LaDy
from humandyn_ros.learning.nets.lady.spatial import RELATIONS
from humandyn_ros.learning.nets.lady.temporal import Fusion, TemporalLayer


class StreamingLaDy(nn.Module):
    """One frame of a causal LaDy; a snapshot of its weights in evaluation mode.

    Raises:
        ConfigError: The network is acausal.
    """

    def __init__(self, net: LaDy) -> None:
        super().__init__()
        if not net.config.causal:
            raise ConfigError('only a causal LaDy can go frame by frame: train with causal = true')
        self.net, self.config, self.shape = net.eval(), net.config, net.shape
        stages = [cast(ClassStage, stage) for stage in net.class_stages]
        encoder = [cast(TemporalLayer, layer) for layer in net.encoder.layers]
        decoder = [
            layer for stage in stages for layer in cast(Iterable[TemporalLayer], stage.layers)
        ]
        self.layers = nn.ModuleList(LayerStep(layer, own=True) for layer in encoder)
        self.refining = nn.ModuleList(LayerStep(layer, own=False) for layer in decoder)
        bounding = [
            cast(BoundaryLayer, layer)
            for stage in net.boundary_stages
            for layer in cast(BoundaryStage, stage).layers
        ]
        self.bounding = nn.ModuleList(ResidualStep(layer) for layer in bounding)
        self.chain = GateChain(net.encoder.gates) if net.encoder.gates else None
        convs = [layer.conv.conv for layer in encoder + decoder]
        convs += [layer.conv.conv for layer in bounding]
        self.register_buffer(
            'past_weight', torch.stack([c.weight.detach()[:, :, :2].permute(2, 1, 0).flatten(0, 1)
                                        for c in convs])
        )  # fmt: skip
        self.register_buffer(
            'past_bias', torch.cat([cast(Tensor, c.bias).detach() for c in convs])
        )
        self._fold_fusions([cast(Fusion, fusion) for fusion in net.encoder.fusions])

    def _fold_fusions(self, fusions: list[Fusion]) -> None:
        """Projection, fusion and first feed-forward layer are one linear map."""
        width = self.config.features
        temporal, spatial, bias = [], [], []
        for fusion in fusions:
            first = cast(nn.Linear, fusion.feed[0])
            whole, offset = folded(first, fusion.fuse)
            temporal.append(whole[:, :width].T)
            spatial.append((whole[:, width:] @ fusion.project.weight.detach()).T)
            bias.append(offset + whole[:, width:] @ fusion.project.bias.detach())
        self.register_buffer(
            'fuse_temporal', torch.stack(temporal) if temporal else torch.zeros(0)
        )
        self.register_buffer('fuse_spatial', torch.stack(spatial) if spatial else torch.zeros(0))
        self.register_buffer('fuse_bias', torch.cat(bias) if bias else torch.zeros(0))

    def initial(self, batch: int = 1) -> State:
        """State before the first frame."""
        c, s, like = self.config, self.shape, self.net.classes.weight
        layers = len(self.layers) + len(self.refining)
        d = c.features // c.heads
        sizes = (
            (1,),
            (2, s.joints, RELATIONS),
            (layers * c.heads, d, d + 1),
            (layers if c.normalisation == CUMULATIVE else 0, 2, c.features),
            (len(self.net.encoder.gates), 2, 3),
            (2, s.persons, s.coordinates),
            (s.persons, s.coordinates * (s.coordinates + 1) // 2),
            (s.persons * s.coordinates,),
        )
        return State(*(like.new_zeros(batch, *size) for size in sizes))

    def rings(self, batch: int = 1) -> Rings:
        """Rings of zeros for the taps."""
        size = Rings.size(self.config.dilations)
        like = self.net.classes.weight
        return Rings(self.config.dilations, like.new_zeros(batch, size, self.config.features))

    def forward(self, x: Tensor, q: Tensor, taps: Tensor, state: State) -> tuple[Frame, State]:
        """Answer for one frame.

        Args:
            x: Inputs (B, V, C).
            q: Generalized coordinates (B, P, D) rad.
            taps: From the rings (B, K, 2, C).
            state: From the last frame.
        """
        weight = state.weight * self.config.decay + 1.0
        features, relations = self._space(x, weight, state)
        signals = torch.zeros_like(weight).expand(-1, 3)
        coordinates, factor, torque = state.coordinates, state.factor, state.torque
        if self.net.synthesis is not None:
            coordinates, factor, torque, signals = self._forces(q, state)
            features = self.net.modulate(features[:, None], torque[:, None])[:, 0]
        past = taps.flatten(2).unsqueeze(2) @ self.get_buffer('past_weight')
        past = past.flatten(1) + self.get_buffer('past_bias')
        memory = Memory(self.config, state, weight, past)
        encoded, gates = self._encode(features, signals, state.gates, memory)
        classes, boundary = self._decode(encoded, memory)
        frame = Frame(classes, boundary, signals, memory.fresh)
        attention, moments = memory.stacked()
        after = State(weight, relations, attention, moments, gates, coordinates, factor, torque)
        return frame, after

    def _space(self, x: Tensor, weight: Tensor, state: State) -> tuple[Tensor, Tensor]:
        model = self.net.spatial
        y = model.multi_scale(x[:, None])
        now = model.adaptive.relations(y)
        sums = state.relations * self.config.decay + now[:, 0]
        means = sums / weight[:, :, None, None]
        return model.adaptive(y, now, means[:, None])[:, 0], sums

    def _forces(self, q: Tensor, state: State) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        assert self.net.synthesis is not None
        synthesis, rest = self.net.synthesis, self.config.start == REST
        old_q, old_velocity = state.coordinates.unbind(1)
        packed = synthesis.packed_factor(q)
        old_packed, begun = state.factor, state.weight > 0.0
        if rest:
            old_q = torch.where(begun[..., None], old_q, q)
            old_packed = torch.where(begun[..., None], old_packed, packed)
        velocity = q - old_q
        acceleration = velocity - old_velocity
        terms = synthesis.terms(packed, q, velocity)
        torque = joint_torque(terms, synthesis.factor(old_packed), velocity, acceleration)
        torque = torque.flatten(1)
        before = torch.where(begun, state.torque, torque) if rest else state.torque
        signals = gate_signals(torque, velocity.flatten(1), before)
        return torch.stack([q, velocity], dim=1), packed, torque, signals

    def _encode(
        self, features: Tensor, signals: Tensor, gates: Tensor, memory: Memory
    ) -> tuple[Tensor, Tensor]:
        encoder = self.net.encoder
        groups = encoder.groups(features)  # (B, layers, V·8)
        extra: Sequence[Tensor] = ()
        if len(self.layers) > 1:
            joined = groups[:, :-1].unsqueeze(2) @ self.get_buffer('fuse_spatial')
            joined = joined.flatten(1) + self.get_buffer('fuse_bias')
            extra = torch.split(joined, self.config.features, dim=1)
        opened: Sequence[Tensor] = ()
        if self.chain is not None:
            opened, gates = self.chain(signals, gates)
        y = encoder.start(groups[:, -1])
        for index, layer in enumerate(self.layers):
            if index:
                inner = torch.addmm(
                    extra[index - 1], y, self.get_buffer('fuse_temporal')[index - 1]
                )
                feed = cast(Fusion, encoder.fusions[index - 1]).feed
                y = y + feed[3](functional.gelu(inner))
            y = cast(LayerStep, layer)(y, memory, None)
            if opened:
                gated = (opened[index].unsqueeze(-1) * y.unsqueeze(1)).flatten(1)
                y = y + cast(nn.Linear, encoder.gates[index].fuse)(gated)
        return encoder.last(y), gates

    def _decode(self, features: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        classes, boundary = self.net.classes(features), self.net.boundary(features)
        steps = iter(self.refining)
        for module in self.net.class_stages:
            stage = cast(ClassStage, module)
            y = stage.first(torch.softmax(classes, dim=-1))
            for _ in stage.layers:
                y = cast(LayerStep, next(steps))(y, memory, features)
            classes, features = stage.last(y), y
        steps = iter(self.bounding)
        for module in self.net.boundary_stages:
            bounds = cast(BoundaryStage, module)
            y = bounds.first(torch.sigmoid(boundary))
            for _ in bounds.layers:
                y = cast(ResidualStep, next(steps))(y, memory)
            boundary = bounds.last(y)
        return classes, boundary
