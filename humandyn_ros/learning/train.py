"""The training loop, one for all networks; what is particular to each is its `Task`.

An interrupted training goes on to the same result, bit for bit on the CPU: a checkpoint holds
weights, optimizer, every random generator and the place within the epoch, whose batches are
drawn again and passed over.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from humandyn_ros.errors import ConfigError, ModelError
from humandyn_ros.learning.checkpoint import (
    Checkpoint,
    load_checkpoint,
    optimizer_tensors,
    random_tensors,
    restore_optimizer,
    restore_random,
    save_checkpoint,
)
from humandyn_ros.learning.logs import Log
from humandyn_ros.learning.settings import TrainConfig, read_settings, split_settings
from humandyn_ros.learning.tasks import Batch, Progress, Stage, Task, task_class

LAST = 'last.safetensors'
BEST = 'best.safetensors'


@dataclass
class Place:
    """How far training has come; everything here is in the checkpoint."""

    stage: int = 0
    epoch: int = 0
    batch: int = 0
    step: int = 0
    stage_step: int = 0
    best: float | None = None
    best_step: int | None = None
    sums: dict[str, float] = field(default_factory=dict)  # of the loss terms of this epoch


class Training:
    """One training of one task.

    Args:
        name: Of the task, as `task_class` takes it.
        task: What is trained.
        config: Of the loop.
        settings: As read from the file; kept in every checkpoint.
        out: Folder of checkpoints and logs.
        quiet: No progress bar.
    """

    def __init__(
        self,
        name: str,
        task: Task,
        config: TrainConfig,
        settings: dict[str, Any],
        out: Path,
        *,
        quiet: bool = False,
    ) -> None:
        self._name, self._task, self._config = name, task, config
        self._settings, self._out, self._quiet = settings, out, quiet
        if config.threads:
            torch.set_num_threads(config.threads)
        _seed(config.seed)
        self.device = _device(config.device)
        self._autocast = _precision(config.precision, self.device)
        self._scaler = torch.amp.GradScaler(
            self.device.type, enabled=self._autocast is torch.float16
        )
        self.model = task.model().to(self.device)
        self._stages = list(task.stages())
        self._optimizer: torch.optim.Optimizer | None = None
        self.place = Place()
        self._stop = False

    def resume(self) -> None:
        """Go on from the last checkpoint.

        Raises:
            ModelError: There is none, or it is damaged.
            ConfigError: It was made with other settings.
        """
        found = load_checkpoint(self._out / LAST)
        if found.facts['task'] != self._name or found.facts['settings'] != self._settings:
            raise ConfigError(
                f'{self._out / LAST} was made by {found.facts["task"]} with other settings: '
                'resume with the same ones, or train into another folder'
            )
        found.load_model(self.model)
        self.place = Place(**found.facts['place'])
        if self.place.stage < len(self._stages):
            self._optimizer = self._make_optimizer(self._stages[self.place.stage])
            restore_optimizer(self._optimizer, found.part('optimizer'))
        self._scaler.load_state_dict(found.facts['scaler'])
        restore_random(found.part('random'))

    def run(self, stop_at_step: int | None = None) -> bool:
        """Train to the end, or until interrupted; return whether the end was reached.

        Args:
            stop_at_step: Stop there as if interrupted.
        """
        place = self.place
        total = sum(stage.epochs for stage in self._stages)
        done = sum(stage.epochs for stage in self._stages[: place.stage]) + place.epoch
        with Log(self._out, total, done, place.step, self._quiet) as log, self._interruptible():
            while place.stage < len(self._stages) and not self._stop:
                self._epoch(self._stages[place.stage], log, stop_at_step)
        self._save(LAST)
        return place.stage == len(self._stages)

    def _epoch(self, stage: Stage, log: Log, stop_at_step: int | None) -> None:
        place, config = self.place, self._config
        if self._optimizer is None:
            self._optimizer = self._make_optimizer(stage)
        self._learns(stage)
        for batch in self._batches(stage):
            try:
                self._step(stage, batch, log)
            except torch.OutOfMemoryError as error:
                raise ModelError(
                    f'step {place.step}: out of memory on {self.device}: lower batch or the '
                    'size of the network'
                ) from error
            if place.step == stop_at_step:
                self._stop = True
            if self._stop:
                return
            if place.step % config.save_every == 0:
                self._save(LAST)
        self._end_epoch(stage, log)

    def _batches(self, stage: Stage) -> Iterator[Batch]:
        """Batches of this epoch that have not been seen yet."""
        place = self.place
        seed = _epoch_seed(self._config.seed, place.stage, place.epoch)
        states = random_tensors() if place.batch else None
        epoch = iter(self._task.batches(stage.split, seed))
        for _ in range(place.batch):
            next(epoch)
        if states is not None:  # whatever passing over has drawn
            restore_random(states)
        yield from epoch

    def _step(self, stage: Stage, batch: Batch, log: Log) -> None:
        place, optimizer = self.place, self._optimizer
        assert optimizer is not None
        rate = _learning_rate(stage, self._config, place)
        for group in optimizer.param_groups:
            group['lr'] = rate
        self.model.zero_grad(set_to_none=True)  # of frozen parameters too
        moved = {k: v.to(self.device, non_blocking=True) for k, v in batch.items()}
        progress = Progress(stage.name, place.epoch, stage.epochs, place.step)
        with torch.autocast(
            self.device.type, self._autocast or torch.bfloat16, enabled=self._autocast is not None
        ):
            losses = self._task.losses(self.model, moved, progress)
        values = self._update(losses, optimizer)
        place.batch, place.step = place.batch + 1, place.step + 1
        place.stage_step += 1
        for name, value in values.items():
            place.sums[name] = place.sums.get(name, 0.0) + value
        log.step(stage.name, place.step, rate, values)

    def _update(
        self, losses: dict[str, Tensor], optimizer: torch.optim.Optimizer
    ) -> dict[str, float]:
        """Take one step; return the loss terms and the norm of the gradient."""
        total = torch.stack([term.float().reshape(()) for term in losses.values()]).sum()
        values = {name: float(term.detach()) for name, term in losses.items()}
        wrong = [name for name, value in values.items() if not math.isfinite(value)]
        if wrong:
            raise ModelError(
                f'step {self.place.step}: loss {", ".join(wrong)} is not finite; lower the '
                'learning rate or look at the input'
            )
        self._scaler.scale(total).backward()  # type: ignore[no-untyped-call]
        self._scaler.unscale_(optimizer)
        learning = [p for p in self.model.parameters() if p.grad is not None]
        norm = nn.utils.clip_grad_norm_(learning, self._config.clip_norm or math.inf)
        self._scaler.step(optimizer)
        self._scaler.update()
        return {**values, 'gradient_norm': float(norm)}

    def _end_epoch(self, stage: Stage, log: Log) -> None:
        place = self.place
        means = {name: value / place.batch for name, value in place.sums.items()}
        ends = place.epoch + 1 == stage.epochs
        if ends or (place.epoch + 1) % self._config.validate_every == 0:
            scores = self._score()
            log.scores(stage.name, place.epoch, place.step, means, scores)
            self._keep_best(scores)
        place.batch, place.sums = 0, {}
        place.epoch += 1
        if ends:
            place.stage, place.epoch, place.stage_step = place.stage + 1, 0, 0
            self._optimizer = None
        log.epoch()

    def _score(self) -> dict[str, float]:
        self.model.eval()
        with torch.no_grad():
            scores = self._task.score(self.model, 'validation')
        self.model.train()
        return scores

    def _keep_best(self, scores: dict[str, float]) -> None:
        """Keep the model that is best on the validation split; never on the test split."""
        if not scores:
            return
        name = self._config.best or next(iter(scores))
        if name not in scores:
            raise ConfigError(f'no metric {name!r}: choose training.best from {", ".join(scores)}')
        value, best = scores[name], self.place.best
        sign = 1.0 if self._config.best_is == 'lowest' else -1.0
        if math.isfinite(value) and (best is None or sign * value < sign * best):
            self.place.best, self.place.best_step = value, self.place.step
            self._save(BEST, scores)

    def _learns(self, stage: Stage) -> None:
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(stage.trains(name))
        self.model.train()

    def _make_optimizer(self, stage: Stage) -> torch.optim.Optimizer:
        named = self.model.named_parameters()
        chosen = [parameter for name, parameter in named if stage.trains(name)]
        if not chosen:
            raise ConfigError(f'stage {stage.name} trains no parameter')
        decay = self._config.weight_decay
        return torch.optim.AdamW(chosen, lr=stage.learning_rate, weight_decay=decay)

    def _save(self, file: str, scores: dict[str, float] | None = None) -> None:
        tensors = {f'model.{k}': v for k, v in self.model.state_dict().items()}
        facts: dict[str, Any] = {'task': self._name, 'settings': self._settings}
        facts['place'] = asdict(self.place)
        if scores is not None:
            facts['validation'] = scores
        else:
            parts = {'random': random_tensors()}
            if self._optimizer is not None:
                parts['optimizer'] = optimizer_tensors(self._optimizer)
            for part, found in parts.items():
                tensors |= {f'{part}.{k}': v for k, v in found.items()}
            facts['scaler'] = self._scaler.state_dict()
        save_checkpoint(self._out / file, Checkpoint(tensors, facts))

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Let the first interrupt end the current step and be saved; a second one kills."""

        def stop(number: int, _frame: object) -> None:
            self._stop = True
            signal.signal(number, before[number])

        self._stop = False
        before: dict[int, Any] = {}
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                before[number] = signal.signal(number, stop)
        except ValueError:  # not in the main thread: whoever is there handles signals
            pass
        try:
            yield
        finally:
            for caught, handler in before.items():
                signal.signal(caught, handler)


def train(arguments: argparse.Namespace) -> int:
    """Train as the command line says; return its exit status."""
    chosen = task_class(arguments.name)
    settings = read_settings(arguments.name, arguments.config, arguments.set or ())
    config, own = split_settings(settings, chosen.Config)
    out, data = Path(arguments.out), Path(arguments.data) if arguments.data else None
    if out.exists() and not out.is_dir():
        raise ConfigError(f'--out {out} is a file: name a folder')
    if data is not None and not data.is_dir():
        raise ConfigError(f'--data {data} is no folder: correct the path')
    if (out / LAST).exists() and not arguments.resume:
        raise ConfigError(f'{out} holds a training: add --resume, or choose another folder')
    task = chosen(own, data)
    training = Training(arguments.name, task, config, settings, out, quiet=arguments.quiet)
    if arguments.resume:
        training.resume()
    if not training.run():
        print(f'interrupted at step {training.place.step}; go on with --resume')
        return 130
    print(f'trained: {json.dumps(asdict(replace(training.place, sums={})))}')
    return 0


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _epoch_seed(seed: int, stage: int, epoch: int) -> int:
    return int(np.random.SeedSequence([seed, stage, epoch]).generate_state(1)[0])


def _device(name: str) -> torch.device:
    if name == 'auto':
        return torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(f'training.device = {name!r}: {error}') from error
    if device.type == 'cuda' and not torch.cuda.is_available():
        raise ConfigError(f'training.device = {name!r}, but torch finds no GPU: use cpu or auto')
    return device


def _precision(name: str, device: torch.device) -> torch.dtype | None:
    """Type that autocast computes in; None: none."""
    if name == 'auto' and device.type == 'cuda':
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return {'bfloat16': torch.bfloat16, 'float16': torch.float16}.get(name)


def _learning_rate(stage: Stage, config: TrainConfig, place: Place) -> float:
    rate = stage.learning_rate
    if config.decay == 'cosine':
        rate *= 0.5 * (1.0 + math.cos(math.pi * place.epoch / stage.epochs))
    if place.stage_step < config.warm_up_steps:
        rate *= (place.stage_step + 1) / config.warm_up_steps
    return rate
