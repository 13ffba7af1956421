"""HDyS as a task of the training loop: balanced sampling over data sets, score, live export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from humandyn_ros.dynamics_metrics import average_and_best, mpje, pcc, vector_rmse
from humandyn_ros.engines.imdys import default_stddev
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.losses.hdys import hdys_losses
from humandyn_ros.learning.nets.hdys import DYNAMICS, KINEMATICS, Hdys, LiveStep
from humandyn_ros.learning.nets.hdys.config import POINTS
from humandyn_ros.learning.tasks.clips import Arrays, Source, clip_source, shuffled
from humandyn_ros.learning.tasks.hdys_sequences import NAMES, HdysTaskConfig, hdys_sequences
from humandyn_ros.learning.tasks.task import Batch, Exportable, Progress, Stage
from humandyn_ros.quantities import Array

_HEADS = (*DYNAMICS, 'feet')


class HdysTask:
    """HDyS with its material, losses and judgement.

    Args:
        config: Settings.
        data: Folder of recordings or original data, or None.
    """

    name = 'hdys'
    Config = HdysTaskConfig

    def __init__(self, config: HdysTaskConfig, data: Path | None = None) -> None:
        self.config = config
        self._sources = [(self._source(text, data), self._wanted(text)) for text in config.sources]
        self._generator = torch.Generator().manual_seed(0)

    def _source(self, text: str, data: Path | None) -> Source:
        name = text.partition('/')[0]
        return clip_source(name, data, self.config.rate_hz, self.config.clips)

    @staticmethod
    def _wanted(text: str) -> tuple[str, ...]:
        kept = text.partition('/')[2]
        names = tuple(kept.split('+')) if kept else NAMES
        unknown = sorted(set(names) - set(NAMES))
        if unknown:
            raise ConfigError(f'source {text!r}: {unknown} are none of {", ".join(NAMES)}')
        return names

    def model(self) -> Hdys:
        """Return the network; the first batches of training set its standardisation."""
        return Hdys(self.config.net)

    def stages(self) -> Sequence[Stage]:
        """Return the training, and the fine-tuning for ground reactions where it has epochs."""
        config = self.config
        both = (
            Stage('space', config.epochs, config.learning_rate, self._learns_in_space),
            Stage('ground', config.ground_epochs, config.learning_rate, lambda name: True),
        )
        return [stage for stage in both if stage.epochs]

    def _learns_in_space(self, name: str) -> bool:
        return self.config.ground_in_space or not name.startswith('inverse.heads.feet.')

    def batches(self, split: str, seed: int) -> Iterator[Batch]:
        """Yield one epoch: as many clips from every data set, mixed within each batch."""
        rng = np.random.default_rng([seed, 13])
        yield from shuffled(self._sequences(split, seed), self.config.batch, rng, 4000)

    def _sequences(self, split: str, seed: int) -> Iterator[Arrays]:
        streams = [self._stream(*source, split, seed) for source in self._sources]
        while streams:
            for stream in list(streams):
                sequences = next(stream, None)
                if sequences is None:
                    streams.remove(stream)
                elif len(sequences['keypoints']):
                    yield sequences

    def _stream(
        self, source: Source, wanted: tuple[str, ...], split: str, seed: int
    ) -> Iterator[Arrays]:
        for clip in source(split, seed):
            yield hdys_sequences(clip, self.config, wanted)

    def losses(self, model: nn.Module, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the terms; see `ground_in_space` for the ground-reaction head."""
        assert isinstance(model, Hdys)
        self._generator.manual_seed(progress.step)
        if progress.epoch == 0:
            model.fit(batch)
        known = {name: tensor for name, tensor in batch.items() if _occurs(batch, name)}
        if progress.stage == 'space' and not self.config.ground_in_space:
            known = {n: x for n, x in known.items() if not n.startswith('feet')}
        return hdys_losses(model, known, self.config.weights, self._generator)

    def score(self, model: nn.Module, split: str) -> dict[str, float]:
        """Return mPJE, RMSE and PCC: of the mean over representations, and of the best one."""
        assert isinstance(model, Hdys)
        return hdys_score(model, self.judged(split))

    def judged(self, split: str) -> Iterator[Batch]:
        """Yield what a score is taken over, one clip at a time."""
        for source, wanted in self._sources:
            for clip in islice(source(split, 0), self.config.score_clips):
                sequences = hdys_sequences(clip, self.config, wanted)
                if len(sequences['keypoints']):
                    yield {name: torch.from_numpy(array) for name, array in sequences.items()}

    def exportable(self, model: nn.Module) -> Exportable:
        """Return the live form: one frame and the latents before it in, answers out."""
        assert isinstance(model, Hdys)
        config, net = self.config, self.config.net
        name, generator = config.export_input, torch.Generator().manual_seed(1)
        points = {'markers': config.marker_room, 'keypoints': net.keypoints}.get(name, 0)
        past = torch.randn(2, net.frames - 1, net.latent, generator=generator)
        known = torch.ones(2, net.frames - 1)
        known[1, : net.frames // 2] = 0.0
        inputs: tuple[Tensor, ...]
        input_names: tuple[str, ...]
        if points:
            values = torch.randn(2, points, 9, generator=generator)
            inputs = (values, torch.ones(2, points), past, known)
            input_names = (name, 'seen', 'past', 'known')
        else:
            values = torch.randn(2, 3 * net.width(name), generator=generator)
            inputs, input_names = (values, past, known), (name, 'past', 'known')
        outputs = ('latent', 'refined', *config.export_heads)
        live = LiveStep(model, name, config.export_heads)
        live.train(model.training)
        manifest = self._manifest(model, points, live, outputs)
        return Exportable(
            live, inputs, input_names, outputs, manifest,
            private=('past', 'latent', 'refined'), private_width='latent',
        )  # fmt: skip

    def _manifest(
        self, model: Hdys, points: int, live: LiveStep, outputs: tuple[str, ...]
    ) -> dict[str, object]:
        config, net = self.config, self.config.net
        known = config.coordinates if 'torque' in config.export_heads else ()
        spread = model.standard('torque').scale.cpu().numpy() if known else np.zeros(0)
        muscles = config.muscle_names or tuple(f'muscle_{i}' for i in range(net.muscles))
        emg = config.emg_names or tuple(f'emg_{i}' for i in range(net.emg))
        ahead = net.frames - 1 - live.index
        return {
            'kind': 'hdys',
            'skeleton': 'smpl_24',
            'input': config.export_input,
            'points': points,
            'latent': net.latent,
            'frames': net.frames,
            'look_ahead': ahead,
            'window': {'before': live.index, 'after': ahead + (0 if config.backward else 1)},
            'backward': config.backward,
            'rate_hz': config.rate_hz,
            'derivatives': 'per second, ' + ('backward' if config.backward else 'central'),
            'frame': 'each frame its own: origin under the pelvis, x where the person faces, z up',
            'units': {name: _UNITS[name] for name in outputs},
            'labels': {'muscles': list(muscles), 'emg': list(emg)},
            'coordinates': list(known),
            'outputs': list(outputs),
            'torque_stddev_nm_per_kg': default_stddev(spread.astype(float), tuple(known)),
        }


_UNITS = {
    'latent': 'latent of the newest frame, to be kept',
    'refined': 'latent of the answered frame with its context',
    'torque': 'N·m/kg',
    'torque_smpl': 'N·m/kg, 23 joints times 3',
    'muscles': 'activation, 0-1',
    'emg': 'as in the training material',
    'feet': 'N/kg, left and right times 3',
}


def _occurs(batch: Batch, name: str) -> bool:
    """Whether the representation that a field belongs to is known anywhere in the batch."""
    root = name.removesuffix('_known').removesuffix('_seen')
    return bool((batch[f'{root}_known'] > 0).any())


@torch.no_grad()
def hdys_score(model: Hdys, batches: Iterable[Batch]) -> dict[str, float]:
    """Metrics over all frames of some batches, for each dynamics that is known there."""
    training = model.training
    model.eval()
    truths: dict[str, list[Array]] = {}
    guesses: dict[str, dict[str, list[Array]]] = {}
    for batch in batches:
        occurring = [name for name in KINEMATICS if _occurs(batch, name)]
        answers = {name: _answers(model, batch, name) for name in occurring}
        for head in (head for head in _HEADS if _occurs(batch, head)):
            frames = batch[f'{head}_known'] > 0
            for name in occurring:
                frames &= batch[f'{name}_known'] > 0
            truths.setdefault(head, []).append(batch[head][frames].numpy())
            for name in occurring:
                some = guesses.setdefault(head, {}).setdefault(name, [])
                some.append(answers[name][head].cpu()[frames].numpy())
    model.train(training)
    figures: dict[str, float] = {}
    for head, truth in truths.items():
        total = sum(map(len, truth))
        given = {n: np.concatenate(g) for n, g in guesses[head].items()}
        whole = {name: guess for name, guess in given.items() if len(guess) == total}
        figures |= _figures(head, whole or given, np.concatenate(truth))
    return figures


def _answers(model: Hdys, batch: Batch, name: str) -> dict[str, Tensor]:
    device = next(model.parameters()).device
    seen = batch[f'{name}_seen'].to(device) if name in POINTS else None
    result: dict[str, Tensor] = model(name, batch[name].to(device), seen)
    return result


def _figures(head: str, given: dict[str, Array], truth: Array) -> dict[str, float]:
    """Avg and best of one kind of dynamics, and the best one's name in no figure."""
    average, best, _ = average_and_best(given, truth)
    found: dict[str, float] = {}
    for kind, guess in (('avg', average), ('best', given[best])):
        if head in ('torque_smpl', 'feet'):
            unit = 'nm_per_kg' if head == 'torque_smpl' else 'n_per_kg'
            three = guess.reshape(len(guess), -1, 3), truth.reshape(len(truth), -1, 3)
            found[f'{head}_mpje_{unit}_{kind}'] = mpje(*three)
        elif head == 'torque':
            found[f'torque_mae_nm_per_kg_{kind}'] = float(np.abs(guess - truth).mean())
        else:
            found[f'{head}_rmse_{kind}'] = vector_rmse(guess, truth)
            found[f'{head}_pcc_{kind}'] = pcc(guess, truth)
    return found
