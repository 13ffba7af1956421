"""What a training tells while it runs: a progress bar, TensorBoard, and lines of JSON."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SCORES = 'scores.jsonl'


class Log:
    """Where figures go.

    Args:
        out: Folder; TensorBoard reads its `tensorboard`, scores go to `scores.jsonl`.
        epochs: Of the whole training.
        done: Epochs already behind.
        step: Optimizer steps already taken; later entries of an earlier run are dropped.
        quiet: No progress bar.
    """

    def __init__(self, out: Path, epochs: int, done: int, step: int, quiet: bool) -> None:
        self._out, self._quiet = out, quiet
        out.mkdir(parents=True, exist_ok=True)
        self._writer = _writer(out / 'tensorboard', step)
        self._drop_after(step)
        self._bar = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            disable=quiet,
        )
        self._row = self._bar.add_task('training', total=epochs, completed=done)

    def __enter__(self) -> Log:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
        if self._writer is not None:
            self._writer.close()

    def step(self, stage: str, step: int, rate: float, values: dict[str, float]) -> None:
        """Log one optimizer step: every loss term by its name."""
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(f'{stage}/{name}', value, step)
            self._writer.add_scalar(f'{stage}/learning_rate', rate, step)
        total = sum(value for name, value in values.items() if name != 'gradient_norm')
        self._bar.update(self._row, description=f'{stage}, step {step}, loss {total:.4g}')

    def scores(
        self, stage: str, epoch: int, step: int, means: dict[str, float], scores: dict[str, float]
    ) -> None:
        """Log a validation, with the epoch's mean of every loss term."""
        line = {'stage': stage, 'epoch': epoch, 'step': step, 'losses': means, 'scores': scores}
        with (self._out / SCORES).open('a', encoding='utf-8') as file:
            file.write(json.dumps(line) + '\n')
        if self._writer is not None:
            for name, value in scores.items():
                self._writer.add_scalar(f'validation/{name}', value, step)

    def epoch(self) -> None:
        """Advance the progress bar."""
        self._bar.advance(self._row)

    def _drop_after(self, step: int) -> None:
        file = self._out / SCORES
        if file.exists():
            lines = file.read_text(encoding='utf-8').splitlines(keepends=True)
            kept = [line for line in lines if json.loads(line)['step'] <= step]
            file.write_text(''.join(kept), encoding='utf-8')


def _writer(folder: Path, step: int) -> Any:
    """TensorBoard's writer; None where TensorBoard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=step + 1 if step else None)
