"""ImDyS as a task of the training loop: windows of clips, two-stage schedule, score, export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from humandyn_ros.dynamics_metrics import foot_mpje, mpje
from humandyn_ros.engines.imdys import default_stddev
from humandyn_ros.learning.losses.imdys import Teaching, imdys_losses
from humandyn_ros.learning.nets.imdys import Imdys
from humandyn_ros.learning.tasks.clips import Arrays, clip_source, shuffled
from humandyn_ros.learning.tasks.imdys_windows import TARGETS, ImdysTaskConfig, imdys_windows
from humandyn_ros.learning.tasks.task import Batch, Exportable, Progress, Stage
from humandyn_ros.quantities import Array


class ImdysTask:
    """ImDyS with its material, losses and judgement.

    Args:
        config: Settings.
        data: Folder of recordings or original data, or None.
    """

    name = 'imdys'
    Config = ImdysTaskConfig

    def __init__(self, config: ImdysTaskConfig, data: Path | None = None) -> None:
        self.config = config
        make = (data, config.rate_hz, config.clips)
        self._sources = {'train': clip_source(config.source, *make)}
        self._sources['real'] = clip_source(config.real_source or config.source, *make)
        self._generator = torch.Generator().manual_seed(0)

    def model(self) -> Imdys:
        """Return the network; the first batch of training sets the usual sizes of its targets."""
        return Imdys(self.config.net)

    def stages(self) -> Sequence[Stage]:
        """Return both legs of the sim-to-real schedule that have epochs."""
        config = self.config
        both = (
            Stage('simulated', config.epochs, config.learning_rate, lambda name: True),
            Stage('real', config.real_epochs, config.learning_rate, learns_on_real, 'real'),
        )
        return [stage for stage in both if stage.epochs]

    def batches(self, split: str, seed: int) -> Iterator[Batch]:
        """Yield one epoch of windows; the split 'real' is the second stage's training split."""
        rng = np.random.default_rng([seed, 11])
        train = split in ('train', 'real')
        pieces = self._windows(split, seed, rng if train else None)
        yield from shuffled(pieces, self.config.batch, rng)

    def _windows(self, split: str, seed: int, rng: np.random.Generator | None) -> Iterator[Arrays]:
        source = self._sources.get(split, self._sources['train'])
        for clip in source('train' if split == 'real' else split, seed):
            windows = imdys_windows(clip, self.config, rng)
            if len(windows['states']):
                yield windows

    def losses(self, model: nn.Module, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the terms; in the second stage only those of the paper's L_s2."""
        assert isinstance(model, Imdys)
        config = self.config
        if progress.epoch == 0:
            model.fit(batch)
        started = progress.epoch >= config.teacher_share * progress.epochs
        teaching = Teaching(config.predicted_share if started else 0.0, config.noise_m)
        self._generator.manual_seed(progress.step)
        terms = imdys_losses(model, batch, config.weights, teaching, self._generator)
        if progress.stage == 'real':
            kept = ('forward', 'plausible', 'joint_torque', 'feet')
            return {name: term for name, term in terms.items() if name.startswith(kept)}
        return terms

    def score(self, model: nn.Module, split: str) -> dict[str, float]:
        """Return mPJE of torques and forces; unlike the original, every mass is the person's."""
        assert isinstance(model, Imdys)
        return imdys_score(model, self.judged(split), self.config)

    def judged(self, split: str) -> Iterator[Batch]:
        """Yield what a score is taken over, one clip at a time, nothing hidden."""
        source = self._sources.get(split, self._sources['train'])
        for number, clip in enumerate(source('train' if split == 'real' else split, 0)):
            if number >= self.config.score_clips:
                return
            windows = imdys_windows(clip, self.config, None)
            if len(windows['states']):
                yield {name: torch.from_numpy(array) for name, array in windows.items()}

    def exportable(self, model: nn.Module) -> Exportable:
        """Return the live form: outputs in their units, only what was trained."""
        assert isinstance(model, Imdys)
        config, net = self.config, self.config.net
        points = config.export_points or net.points
        points = points or (config.marker_room if net.input == 'markers' else 24)
        module = ImdysLive(model, config.targets, config.weights.plausible > 0)
        module.train(model.training)
        states = 0.3 * torch.randn(
            2, points, net.frames, 2 * net.channels, generator=torch.Generator().manual_seed(1)
        )
        seen = torch.ones(2, points)
        seen[1, points // 2 :] = 0.0
        return Exportable(
            module, (states, seen), ('states', 'seen'), module.names,
            self._manifest(model, points, module.names),
        )  # fmt: skip

    def _manifest(self, model: Imdys, points: int, names: tuple[str, ...]) -> dict[str, object]:
        config, net = self.config, self.config.net
        known = config.coordinates if 'joint_torque' in config.targets else ()
        spread = model.inverse.heads.joint_torque_scale.numpy() if known else np.zeros(0)
        return {
            'kind': 'imdys',
            'skeleton': 'smpl_24',
            'input': net.input,
            'points': points,
            'rate_hz': config.rate_hz,
            'window': {'before': net.before, 'after': net.after},
            'derivatives': 'per frame, central, one-sided at the ends of the window',
            'heading': config.heading,
            'frame': 'origin under the pelvis at t, z up'
            + (', x where the person faces' if config.heading else ''),
            'units': {name: _UNITS[name] for name in names},
            'coordinates': list(known),
            'outputs': list(names),
            'torque_stddev_nm_per_kg': default_stddev(spread.astype(float), tuple(known)),
            'contact_threshold': 0.5,
        }


_UNITS = {
    'torque': 'N·m/kg, mean over the step t to t+1; times the step: imposed angular momentum',
    'ground': 'N/kg at t and t+1',
    'contact': 'probability at t and t+1',
    'joint_torque': 'N·m/kg at t',
    'feet': 'N/kg at t and t+1, left and right',
    'feet_contact': 'probability at t and t+1',
    'plausibility': 'probability',
}


def learns_on_real(name: str) -> bool:
    """Whether a parameter learns in the second stage: the encoder and simulated heads do not."""
    heads = ('joint_torque', 'feet', 'feet_contact')
    return name.startswith(('forward_dynamics.', 'discriminator.')) or name.startswith(
        tuple(f'inverse.heads.{head}.' for head in heads)
    )


class ImdysLive(nn.Module):
    """What runs live: vectors, not directions and sizes; probabilities, not logits.

    Args:
        model: Trained network.
        targets: What it was trained for.
        judges: Whether its discriminator was trained.
    """

    def __init__(self, model: Imdys, targets: tuple[str, ...], judges: bool) -> None:
        super().__init__()
        self.inverse, self.discriminator = model.inverse, model.discriminator
        names: list[str] = []
        for target in (target for target in TARGETS if target in targets):
            extra = {'ground': ['contact'], 'feet': ['feet_contact']}.get(target, [])
            names += [target, *extra]
        self.names = (*names, *(['plausibility'] if judges else []))

    def forward(self, states: Tensor, seen: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs in the order of `names`."""
        answer = self.inverse(states, seen)
        found = {
            'torque': answer.torque,
            'ground': answer.ground,
            'contact': answer.contact.sigmoid(),
            'joint_torque': answer.joint_torque,
            'feet': answer.feet,
            'feet_contact': answer.feet_contact.sigmoid(),
            'plausibility': self.discriminator(answer.feature).sigmoid(),
        }
        return tuple(found[name] for name in self.names)


@torch.no_grad()
def imdys_score(
    model: Imdys, batches: Iterable[Batch], config: ImdysTaskConfig
) -> dict[str, float]:
    """Mean per-joint errors over all windows of some batches.

    Args:
        model: The network.
        batches: Fields of `imdys_windows`.
        config: Settings.
    """
    training = model.training
    model.eval()
    pairs: dict[str, list[tuple[Array, Array]]] = {}
    for batch in batches:
        device = next(model.parameters()).device
        answer = model(batch['states'].to(device), batch['seen'].to(device))
        guesses = {
            'torque': answer.torque, 'ground': answer.ground,
            'joint_torque': answer.joint_torque, 'feet': answer.feet,
        }  # fmt: skip
        for name in TARGETS:
            if name in batch:
                both = guesses[name].cpu().numpy(), batch[name].numpy()
                pairs.setdefault(name, []).append(both)
    model.train(training)
    return _figures(
        {
            name: (np.concatenate([g for g, _ in some]), np.concatenate([t for _, t in some]))
            for name, some in pairs.items()
        },
        1.0 / config.rate_hz,
    )


def _figures(found: dict[str, tuple[Array, Array]], step_s: float) -> dict[str, float]:
    figures: dict[str, float] = {}
    if 'torque' in found:
        error = mpje(*found['torque'])
        figures |= {'torque_mpje_nm_per_kg': error, 'torque_mpje_nms_per_kg': error * step_s}
    if 'joint_torque' in found:
        guess, truth = found['joint_torque']
        figures['joint_torque_mae_nm_per_kg'] = float(np.abs(guess - truth).mean())
    if 'ground' in found:
        figures['grf_mpje_n_per_kg'] = mpje(*found['ground'])
        left, right = foot_mpje(*found['ground'])
        figures |= {'left_foot_mpje_n_per_kg': left, 'right_foot_mpje_n_per_kg': right}
    if 'feet' in found:
        figures['feet_mpje_n_per_kg'] = mpje(*found['feet'])
    return figures
