"""Figures of a report as SVG text whose colours follow the page, light or dark."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np

from humandyn_ros.comparison import Comparison
from humandyn_ros.errors import MissingDependencyError
from humandyn_ros.evaluation import GROUPS
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array

WINDOW_S = 20.0  # longer takes show their middle
_GAP_S = 0.15  # without an estimate, after which a line breaks
_FIGURES, _APART_M = 13, 0.85  # stick figures in the film strip
_REACH_M = 0.55  # length of an arrow of one body weight

# Stand-ins that the page's own colours replace.
_LEFT, _RIGHT, _INK, _FAINT, _TRUTH = '#010101', '#020202', '#030303', '#040404', '#050505'
_ROLES = {_LEFT: 'left', _RIGHT: 'right', _INK: 'ink', _FAINT: 'faint', _TRUTH: 'truth'}
_SIDES = ((0, 'left', 'l', _LEFT), (1, 'right', 'r', _RIGHT))


def _pyplot() -> Any:
    try:
        import matplotlib  # noqa: PLC0415 - only reports need it
    except ImportError as error:
        raise MissingDependencyError('matplotlib', 'report', 'an HTML report') from error
    matplotlib.use('svg')
    from matplotlib import pyplot  # noqa: PLC0415

    return pyplot


_STYLE = {
    'svg.fonttype': 'none',
    'svg.hashsalt': 'humandyn',
    'font.family': 'sans-serif',
    'font.size': 10.5,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.edgecolor': _FAINT,
    'axes.labelcolor': _INK,
    'axes.titlesize': 10.5,
    'axes.titlelocation': 'left',
    'axes.grid': True,
    'grid.color': _FAINT,
    'grid.linewidth': 0.5,
    'grid.alpha': 0.6,
    'xtick.color': _FAINT,
    'ytick.color': _FAINT,
    'xtick.labelcolor': _INK,
    'ytick.labelcolor': _INK,
    'text.color': _INK,
    'lines.linewidth': 1.5,
    'legend.frameon': False,
    'figure.constrained_layout.use': True,
}


def _svg(figure: Any, label: str) -> str:
    text = io.StringIO()
    figure.savefig(text, format='svg', transparent=True, metadata={'Date': None, 'Creator': None})
    _pyplot().close(figure)
    body = text.getvalue()[text.getvalue().index('<svg') :]
    for colour, role in _ROLES.items():
        body = body.replace(colour, f'var(--{role})')
    body = re.sub(r'font: [^;\"]*?([\d.]+)px[^;\"]*', r'font: \1px var(--sans)', body)
    # Ids of several figures share one page.
    prefix = re.sub(r'\W+', '-', label.lower())
    body = re.sub(r'id="([^"]+)"', rf'id="{prefix}-\1"', body)
    body = re.sub(r'url\(#([^)]+)\)', rf'url(#{prefix}-\1)', body)
    body = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', body)
    body = re.sub(r'(\d\.\d\d)\d+', r'\1', body)  # a hundredth of a point is enough
    return body.replace('<svg ', f'<svg role="img" aria-label="{label}" ', 1)


def shown(comparison: Comparison) -> slice:
    """The part of the take that is drawn: all of it, or its middle."""
    seconds = comparison.seconds
    if len(seconds) == 0 or seconds[-1] - seconds[0] <= WINDOW_S:
        return slice(0, len(seconds))
    middle = (seconds[0] + seconds[-1]) / 2
    edges = np.searchsorted(seconds, [middle - WINDOW_S / 2, middle + WINDOW_S / 2])
    return slice(int(edges[0]), int(edges[1]))


def forces(comparison: Comparison) -> str:
    """Ground reactions of both feet over time, with the reference where there is one."""
    pyplot = _pyplot()
    part = shown(comparison)
    weight = comparison.mass_kg * GRAVITY
    with pyplot.rc_context(_STYLE):
        figure, rows = pyplot.subplots(
            3, 1, sharex=True, figsize=(10.5, 6.4), height_ratios=[2.2, 1, 1]
        )
        names = ('vertical', 'horizontal, x', 'horizontal, y')
        for axes, k, name in zip(rows, (2, 0, 1), names, strict=True):
            for i, side, _, colour in _SIDES:
                _pair(
                    axes,
                    comparison.seconds[part],
                    _gaps(comparison, comparison.force)[part, i, k] / weight,
                    _of(comparison.reference_force, part, i, k, weight),
                    color=colour,
                    label=f'{side} foot',
                )
            axes.set_title(f'{name}, body weights')
        _finish(rows, comparison)
        return _svg(figure, 'Ground reactions')


def torques(comparison: Comparison) -> str:
    """Hip, knee and ankle torques of both sides over time."""
    pyplot = _pyplot()
    part = shown(comparison)
    words = {'hip': 'hip flexion', 'knee': 'knee flexion', 'ankle': 'ankle dorsiflexion'}
    with pyplot.rc_context(_STYLE):
        figure, rows = pyplot.subplots(3, 1, sharex=True, figsize=(10.5, 6.4))
        for axes, (group, base) in zip(rows, GROUPS.items(), strict=True):
            for _, side, letter, colour in _SIDES:
                if f'{base}_{letter}' not in comparison.joint_names:
                    continue
                column = comparison.joint_names.index(f'{base}_{letter}')
                _pair(
                    axes,
                    comparison.seconds[part],
                    _gaps(comparison, comparison.torque)[part, column] / comparison.mass_kg,
                    _of(comparison.reference_torque, part, column, None, comparison.mass_kg),
                    color=colour,
                    label=side,
                )
            axes.set_title(f'{words[group]}, N·m/kg')
        _finish(rows, comparison)
        return _svg(figure, 'Joint torques')


def ages(comparison: Comparison) -> str:
    """How old each estimate was when it arrived."""
    pyplot = _pyplot()
    with pyplot.rc_context(_STYLE):
        figure, (line, bars) = pyplot.subplots(
            1, 2, figsize=(10.5, 2.4), width_ratios=[2.5, 1], sharey=True
        )
        line.plot(comparison.seconds, comparison.age_ms, color=_LEFT, linewidth=1)
        line.set_title('age at arrival, ms')
        line.set_xlabel('time, s')
        top = float(np.nanpercentile(comparison.age_ms, 99.5)) * 1.4
        line.set_ylim(0, top)
        bars.hist(
            comparison.age_ms, np.linspace(0, top, 60), orientation='horizontal', color=_LEFT
        )
        bars.set_title('how often')
        bars.set_xlabel('estimates')
        return _svg(figure, 'Age')


def film(comparison: Comparison) -> str:
    """Stick figures side by side in time, seen from the right, with the forces they stand on."""
    pyplot = _pyplot()
    part = shown(comparison)
    instants = np.unique(np.linspace(part.start, part.stop - 1, _FIGURES + 2)[1:-1].astype(int))
    ahead = _direction(comparison.points)
    with pyplot.rc_context({**_STYLE, 'axes.grid': False}):
        figure, axes = pyplot.subplots(figsize=(10.5, 2.2))
        for place, k in enumerate(instants):
            _stick(axes, comparison, k, _APART_M * place, ahead)
        axes.axhline(0, color=_FAINT, linewidth=1)
        axes.set_xticks(_APART_M * np.arange(len(instants)))
        axes.set_xticklabels([f'{comparison.seconds[k]:.1f} s' for k in instants])
        axes.set_yticks([])
        axes.spines[['left', 'bottom']].set_visible(False)
        axes.tick_params(length=0)
        axes.set_aspect('equal')
        axes.set_xlim(-0.6, _APART_M * len(instants) - 0.25)
        return _svg(figure, 'Stick figures')


def _stick(axes: Any, comparison: Comparison, k: int, at: float, ahead: Array) -> None:
    """Draw frame k with its pelvis `at` metres along the strip, in the plane of `ahead` and z."""
    points = comparison.points[k]
    lowest = np.fmin.reduce(comparison.points[..., 2], axis=1)  # NaN only where all are
    floor = np.nanpercentile(lowest, 5)

    def flat(place: Array) -> Array:
        across: Array = np.stack([(place - points[0]) @ ahead + at, place[..., 2] - floor], -1)
        return across

    for joint, parent in enumerate(CANONICAL.parents):
        if parent >= 0:
            name = CANONICAL.joints[joint]
            colour = _LEFT if 'left' in name else _RIGHT if 'right' in name else _INK
            line = flat(points[[parent, joint]])
            axes.plot(*line.T, color=colour, linewidth=2, solid_capstyle='round')
    axes.plot(*flat(points[CANONICAL.index['head']]), 'o', color=_INK, markersize=7)
    scale = _REACH_M / (comparison.mass_kg * GRAVITY)
    for source, wide in ((comparison.reference_force, True), (comparison.force, False)):
        for i, side, _, colour in _SIDES:
            if source is None or not np.isfinite(source[k, i]).all():
                continue
            arrow = scale * np.array([source[k, i] @ ahead, source[k, i, 2]])
            if np.hypot(*arrow) > 0.03:
                base = flat(_under(comparison, k, i, side)) * [1.0, 0.0]
                line = np.stack([base, base + arrow])
                axes.plot(*line.T, color=_TRUTH if wide else colour, linewidth=4 if wide else 1.6)


def _under(comparison: Comparison, k: int, i: int, side: str) -> Array:
    """Where the force of a foot acts: the centre of pressure, or under the middle of the foot."""
    index = CANONICAL.index
    middle = comparison.points[k, [index[f'{side}_foot'], index[f'{side}_ankle']]].mean(0)
    where = comparison.centre_of_pressure[k, i]
    result: Array = np.where(np.isfinite(where), where, middle)
    return result


def _direction(points: Array) -> Array:
    """Horizontal direction the person faces, from ankles to balls of the feet."""
    index = CANONICAL.index
    feet = points[:, [index['left_foot'], index['right_foot']]]
    ankles = points[:, [index['left_ankle'], index['right_ankle']]]
    ahead = np.nanmean(feet - ankles, axis=(0, 1)) * [1.0, 1.0, 0.0]
    length = np.linalg.norm(ahead)
    result: Array = ahead / length if length > 1e-6 else np.array([1.0, 0.0, 0.0])
    return result


def _gaps(comparison: Comparison, values: Array) -> Array:
    """Values with NaN where they are not valid, so that lines break there."""
    mask = comparison.valid.reshape(-1, *([1] * (values.ndim - 1)))
    result: Array = np.where(mask, values, np.nan)
    return result


def _of(reference: Array | None, part: slice, i: int, k: int | None, scale: float) -> Array | None:
    if reference is None:
        return None
    values: Array = reference[part, i] if k is None else reference[part, i, k]
    return values / scale


def _pair(axes: Any, seconds: Array, values: Array, truth: Array | None, **style: Any) -> None:
    """An estimate over its reference, which is wide and pale; lines break where time does."""
    gaps = np.flatnonzero(np.diff(seconds) > _GAP_S) + 1
    time = np.insert(seconds, gaps, np.nan)
    if truth is not None:
        pale = np.insert(truth, gaps, np.nan)
        axes.plot(time, pale, color=_TRUTH, linewidth=4.5, solid_capstyle='round', zorder=1)
    axes.plot(time, np.insert(values, gaps, np.nan), zorder=2, **style)


def _finish(rows: Any, comparison: Comparison) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415

    handles, labels = rows[0].get_legend_handles_labels()
    if comparison.reference_force is not None or comparison.reference_torque is not None:
        handles.append(Line2D([], [], color=_TRUTH, linewidth=4.5))
        labels.append('reference')
    rows[0].legend(
        handles, labels, loc='lower right', bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0
    )
    rows[-1].set_xlabel('time, s')
    rows[-1].margins(x=0.01)
