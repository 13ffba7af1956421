"""One HTML file that shows a run: figures, plots and assumptions; nothing is fetched by it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from humandyn_ros import __version__, plots
from humandyn_ros.comparison import Comparison, comparison_of
from humandyn_ros.errors import RecordingError
from humandyn_ros.evaluation import Result
from humandyn_ros.recordings.files import write_whole

_STYLE = """
:root { color-scheme: light dark; --sans: system-ui, 'Segoe UI', Roboto, sans-serif;
  --page: #f6f7f9; --card: #fff; --ink: #1c2330; --soft: #5b6577; --faint: #c9cfd9;
  --left: #1769d2; --right: #d9480f; --truth: #c3cad6; --good: #14804a; }
@media (prefers-color-scheme: dark) { :root {
  --page: #10141b; --card: #191f29; --ink: #e6eaf0; --soft: #98a3b5; --faint: #3a4352;
  --left: #6db0ff; --right: #ff9a62; --truth: #4a5568; --good: #4cc38a; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 var(--sans) }
main { max-width: 1080px; margin: 0 auto; padding: 2.5rem 1.25rem 4rem }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.01em }
h2 { font-size: 1.05rem; margin: 0 0 .15rem }
p { margin: 0; color: var(--soft) } .lead { max-width: 46rem }
.figures { display: grid; gap: .8rem; margin: 1.6rem 0;
  grid-template-columns: repeat(auto-fit, minmax(9.2rem, 1fr)) }
.figures div, section { background: var(--card); border-radius: 12px;
  box-shadow: 0 1px 2px #0002, 0 0 0 1px #8881 }
.figures div { padding: .8rem 1rem } .figures b { display: block; font-size: 1.55rem;
  line-height: 1.2; font-weight: 650; font-variant-numeric: tabular-nums }
.figures small { color: var(--soft); font-size: .8rem; display: block; line-height: 1.35 }
.figures b span { font-size: .8rem; font-weight: 500; color: var(--soft) }
section { padding: 1.1rem 1.3rem 1.2rem; margin: 0 0 1rem }
section p { font-size: .92rem; margin-bottom: .6rem }
section { overflow-x: auto } svg { width: 100%; min-width: 38rem; height: auto; display: block }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
td, th { text-align: left; padding: .35rem .6rem .35rem 0; border-top: 1px solid var(--faint);
  font-weight: 400 } th { color: var(--soft) } td:last-child, th:last-child { text-align: right }
tr.ours td { font-weight: 650; color: var(--good) }
ul { margin: .2rem 0 0; padding-left: 1.1rem; color: var(--soft); font-size: .92rem }
details { margin: 0 0 1rem } summary { cursor: pointer; font-weight: 650; padding: .3rem 0 }
footer { color: var(--soft); font-size: .85rem; margin-top: 1.5rem }
"""


def write_replay_report(results: Sequence[Result], path: str | Path) -> None:
    """Write the report of one replay, see `write_report`; of several, one page with all of them.

    Raises:
        MissingDependencyError: matplotlib is absent.
        RecordingError: There are no estimates to show, or the file cannot be written.
    """
    if len(results) == 1:
        compute = results[0].figures['compute_ms_p50']
        lead = f'Replayed through the estimator, {compute:.2f} ms of computing per frame.'
        write_report(comparison_of(results[0]), path, lead)
        return
    shown = [comparison_of(result) for result in results]
    shown = [one for one in shown if one.valid.any()]
    if not shown:
        raise RecordingError('no valid estimate in any trial, so there is nothing to show')
    trials = [
        f'<details><summary>{html.escape(one.title)}</summary>{_apart(_trial(one), k)}</details>'
        for k, one in enumerate(shown, 1)
    ]
    title = f'{len(shown)} trials'
    body = f'<h1>{title}</h1>\n{_overview(shown)}\n{"".join(trials)}'
    write_whole(path, _whole(title, body))


def _overview(shown: Sequence[Comparison]) -> str:
    """Every trial's errors, one line each, then their means."""
    keys = ('force', 'hip', 'knee', 'ankle')
    rows = [(one.title, one.mass_kg, one.errors()) for one in shown]
    lines = [
        f'<tr><td>{html.escape(title)}</td><td>{mass:.1f}</td>{_cells(errors, keys)}</tr>'
        for title, mass, errors in rows
    ]
    known = {key: [errors[key] for _, _, errors in rows if key in errors] for key in keys}
    mean = {key: float(np.mean(values)) for key, values in known.items() if values}
    lines.append(f'<tr class="ours"><td>mean</td><td></td>{_cells(mean, keys)}</tr>')
    head = ('trial', 'kg', 'force, N/kg per foot', 'hip', 'knee', 'ankle, N·m/kg')
    table = ''.join(f'<th>{cell}</th>' for cell in head)
    words = 'Errors against the references; a dash where there is none.'
    return _section('All trials', words, f'<table><tr>{table}</tr>{"".join(lines)}</table>')


def _cells(errors: Mapping[str, float], keys: Sequence[str]) -> str:
    return ''.join(f'<td>{errors[k]:.2f}</td>' if k in errors else '<td>-</td>' for k in keys)


def _apart(body: str, number: int) -> str:
    """Give the ids of one trial's figures a name of their own: all share one page."""
    body = re.sub(r'id="', f'id="t{number}-', body)
    return body.replace('url(#', f'url(#t{number}-').replace('href="#', f'href="#t{number}-')


def write_report(comparison: Comparison, path: str | Path, lead: str) -> None:
    """Write a self-contained HTML file, under a temporary name until it is whole.

    Args:
        comparison: What to show.
        path: Where the report goes.
        lead: A sentence on how the estimates came about.

    Raises:
        MissingDependencyError: matplotlib is absent.
        RecordingError: There are no estimates to show, or the file cannot be written.
    """
    if not comparison.valid.any():
        raise RecordingError(f'{comparison.title}: no valid estimate, so there is nothing to show')
    page = _page(comparison, lead)
    write_whole(path, page)


def _page(comparison: Comparison, lead: str) -> str:
    title = html.escape(comparison.title)
    body = f'<h1>{title}</h1>\n<p class="lead">{html.escape(lead)}</p>\n{_trial(comparison)}'
    return _whole(title, body)


def _trial(comparison: Comparison) -> str:
    """Figures and plots of one run."""
    against = '; wide and pale: the reference' if comparison.reference_force is not None else ''
    sections = [
        _section(
            'What happened',
            'Left side blue, right side orange; arrows are the ground reactions' + against + '.',
            plots.film(comparison),
        ),
        _section('Ground reactions', _drawn(comparison), plots.forces(comparison)),
        _section(
            'Joint torques',
            'Internal torques per body mass; positive raises the coordinate.',
            plots.torques(comparison),
        ),
        _section(
            'Age',
            'From the instant an estimate is about to its arrival: the declared lag of the '
            'filter, then computing and transport.',
            plots.ages(comparison),
        ),
        _guesses(comparison),
        _notes(comparison),
    ]
    return f'{_figures(comparison)}\n{"".join(sections)}\n'


def _whole(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{title}: joint torques and ground reactions</title>\n<style>{_STYLE}</style>\n'
        f'<main>{body}<footer>humandyn_ros {__version__}</footer></main></html>\n'
    )


def _section(title: str, words: str, content: str) -> str:
    return f'<section><h2>{title}</h2><p>{html.escape(words)}</p>{content}</section>\n'


def _drawn(comparison: Comparison) -> str:
    part = plots.shown(comparison)
    words = 'Force of the ground on the person.'
    if part.stop - part.start < len(comparison.seconds):
        words += f' Drawn: the middle {plots.WINDOW_S:.0f} s.'
    return words


def _figures(comparison: Comparison) -> str:
    cells = [
        (value, unit, words)
        for value, unit, words in _error_figures(comparison)
        if np.isfinite(value)
    ]
    shown = [f'<div><b>{v:.2f} <span>{u}</span></b><small>{w}</small></div>' for v, u, w in cells]
    median, late = np.nanpercentile(comparison.age_ms, [50, 99])
    valid = 100 * comparison.valid.mean()
    shown += [
        f'<div><b>{median:.0f} <span>ms</span></b><small>age, median; 99 % below '
        f'{late:.0f} ms</small></div>',
        f'<div><b>{comparison.rate_hz:.0f} <span>Hz</span></b><small>{len(comparison.seconds)} '
        f'estimates, {valid:.1f} % valid</small></div>',
    ]
    return f'<div class="figures">{"".join(shown)}</div>'


def _error_figures(comparison: Comparison) -> list[tuple[float, str, str]]:
    errors = comparison.errors()
    names = {
        'force': ('N/kg', 'error of the force under each foot, mean'),
        'hip': ('N·m/kg', 'error of the hip torque, RMS'),
        'knee': ('N·m/kg', 'error of the knee torque, RMS'),
        'ankle': ('N·m/kg', 'error of the ankle torque, RMS'),
    }
    return [(errors[key], *names[key]) for key in names if key in errors]


def _guesses(comparison: Comparison) -> str:
    guesses = comparison.guesses()
    if not guesses:
        return ''
    words = {
        'zero': 'no force at all',
        'half': 'half the body weight under each foot, always',
        'split': 'body weight shared by the feet that really touch the ground',
    }
    rows = [f'<tr><td>{words[k]}</td><td>{guesses[k]:.2f}</td></tr>' for k in words]
    ours = f'<tr class="ours"><td>this package</td><td>{comparison.force_error():.2f}</td></tr>'
    table = f'<table><tr><th>guess</th><th>N/kg per foot</th></tr>{"".join(rows)}{ours}</table>'
    return _section('Beside guesses without dynamics', 'Mean error of the force per foot.', table)


def _notes(comparison: Comparison) -> str:
    if not comparison.notes:
        return ''
    items = ''.join(f'<li>{html.escape(note)}</li>' for note in comparison.notes)
    return f'<section><h2>Assumptions and notes</h2><ul>{items}</ul></section>\n'
