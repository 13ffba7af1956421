"""The live table of a demonstration, for a terminal; plain lines where there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from humandyn_ros.comparison import FEET
from humandyn_ros.demo.listener import Answer
from humandyn_ros.evaluation import GROUPS
from humandyn_ros.quantities import GRAVITY, Array

_WIDTH = 18  # of a bar, characters
_FULL_FORCE_BW, _FULL_TORQUE = 1.5, 2.5  # that fill a bar: body weights, N·m/kg
_PLAIN_EVERY_S = 2.0
_EIGHTHS = ' ▏▎▍▌▋▊▉█'
_COLOURS = {'left': 'dodger_blue2', 'right': 'dark_orange'}


@dataclass(frozen=True, eq=False)
class Moment:
    """What is shown at one instant.

    Attributes:
        seconds: Into the take, of all `whole_s`.
        rate_hz: Estimates per second.
        answer: The newest estimate; None before the first.
        joint_names: Of its torques.
        true_force: Reference of both feet at its instant, left first (2, 3) N, or None.
    """

    seconds: float
    whole_s: float
    rate_hz: float
    answer: Answer | None
    joint_names: tuple[str, ...]
    true_force: Array | None

    def torque(self, joint: str, side: str) -> float | None:
        """Torque about a joint's flexion coordinate, N·m; None if there is none."""
        name = f'{GROUPS[joint]}_{side[0]}'
        if self.answer is None or name not in self.joint_names:
            return None
        return float(self.answer.torque[self.joint_names.index(name)])


class Display:
    """Shows moments as they come: a live table on a terminal, a line every two seconds elsewhere.

    Args:
        title: What is played.
        mass_kg: Body mass.
        console: Where to.
    """

    def __init__(self, title: str, mass_kg: float, console: Console) -> None:
        self._title, self._mass_kg = title, mass_kg
        self._console = console
        self._live: Live | None = None
        self._next_line_s = 0.0

    def __enter__(self) -> Display:
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=False)
            self._live.__enter__()
        else:
            self._console.print(self._title)
        return self

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.__exit__(None, None, None)

    def show(self, moment: Moment) -> None:
        """Show one moment."""
        if self._live is not None:
            self._live.update(self._table(moment), refresh=True)
        elif moment.answer is not None and moment.seconds >= self._next_line_s:
            self._next_line_s = moment.seconds + _PLAIN_EVERY_S
            self._console.print(self._line(moment), soft_wrap=True)

    def wait(self, text: str) -> None:
        """Show that nothing has come yet."""
        if self._live is not None:
            self._live.update(Text(f'\n {self._title}\n\n {text}\n', style='dim'), refresh=True)

    def _line(self, moment: Moment) -> str:
        answer = moment.answer
        assert answer is not None
        feet = [f'{side} {_vertical(answer, side):.0f} N' for side in FEET]
        joints = []
        for joint in GROUPS:
            values = [moment.torque(joint, side) for side in FEET]
            joints.append(
                f'{joint} ' + ' / '.join('-' if v is None else f'{v:.0f}' for v in values)
            )
        return (
            f'{moment.seconds:5.1f} of {moment.whole_s:.1f} s: {moment.rate_hz:.0f} Hz, '
            f'age {answer.age_ms:.0f} ms, {"valid" if answer.valid else "not valid"}; '
            f'{", ".join(feet)}; {", ".join(joints)} N·m'
        )

    def _table(self, moment: Moment) -> RenderableType:
        answer = moment.answer
        rows = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style='dim', expand=False)
        rows.add_column('', min_width=6)
        for side in FEET:
            rows.add_column(side, justify='left', style=_COLOURS[side], min_width=_WIDTH)
            rows.add_column('', justify='right', min_width=15)
        if answer is not None:
            self._add_feet(rows, moment, answer)
            for joint in GROUPS:
                self._add_joint(rows, moment, joint)
        progress = Table.grid(padding=(0, 1))
        done = min(moment.seconds, moment.whole_s)
        progress.add_row(
            ProgressBar(total=moment.whole_s, completed=done, width=58),
            f'{done:4.1f} of {moment.whole_s:.1f} s',
        )
        parts = (Text(self._title, style='bold'), progress, _status(moment), rows)
        return Padding(Group(*parts), (1, 1, 0, 1))

    def _add_feet(self, rows: Table, moment: Moment, answer: Answer) -> None:
        cells: list[RenderableType] = ['foot']
        for i, side in enumerate(FEET):
            force = _vertical(answer, side)
            words = f'{force:5.0f} N'
            if moment.true_force is not None:
                words += f' [dim](ref {moment.true_force[i, 2]:4.0f})[/dim]'
            cells += [_bar(force / (self._mass_kg * GRAVITY * _FULL_FORCE_BW), _WIDTH), words]
        rows.add_row(*cells)

    def _add_joint(self, rows: Table, moment: Moment, joint: str) -> None:
        cells: list[RenderableType] = [joint]
        for side in FEET:
            torque = moment.torque(joint, side)
            if torque is None:
                cells += ['', '']
                continue
            share = torque / (self._mass_kg * _FULL_TORQUE)
            cells += [
                _signed_bar(share, _WIDTH),
                f'{torque:4.0f} N·m [dim]{torque / self._mass_kg:5.2f}/kg[/dim]',
            ]
        rows.add_row(*cells)


def _vertical(answer: Answer, side: str) -> float:
    return float(answer.feet[side][2]) if side in answer.feet else 0.0


def _status(moment: Moment) -> Text:
    answer = moment.answer
    text = Text(f'{moment.rate_hz:5.0f} estimates/s', style='none')
    if answer is not None:
        text.append(f'    age {answer.age_ms:4.0f} ms    ')
        good = answer.valid
        text.append('● valid' if good else '○ not valid', style='green' if good else 'red')
    return text


def _bar(share: float, width: int) -> str:
    """A bar from the left, `share` of the width, in eighths of a character."""
    eighths = round(float(np.clip(share, 0.0, 1.0)) * width * 8)
    bar = '█' * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else '')
    return bar.ljust(width)


def _signed_bar(share: float, width: int) -> Text:
    """A bar from the middle to the left or the right."""
    half = width // 2
    bar = _bar(abs(share), half).rstrip()
    if share >= 0:
        return Text(' ' * half + '│' + bar.ljust(half))
    # Blocks grow from the left; to the left of the middle, whole characters must do.
    whole = round(min(-share, 1.0) * half)
    return Text(('█' * whole).rjust(half) + '│' + ' ' * half)
