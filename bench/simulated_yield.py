"""How many windows of the simulated test set keep to their reference, kind by kind.

python -m bench.simulated_yield [--people 2] [--most 6] [--data FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.readme import table
from humandyn_ros.learning.synthesis.simulated_set import KINDS, simulated


def main() -> None:
    """Play some windows of every kind and print how many passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--people', type=int, default=2)
    parser.add_argument('--most', type=int, default=6, help='windows of a person')
    parser.add_argument('--data', type=Path, help='recordings; running needs them')
    parser.add_argument('--kinds', nargs='*', default=list(KINDS))
    given = parser.parse_args()
    rows = []
    for kind in given.kinds:
        if kind == 'run' and given.data is None:
            continue
        tallies = [
            simulated(kind, person, given.data, most=given.most)[1]
            for person in range(given.people)
        ]
        windows, passed = (
            sum(getattr(t, name) for t in tallies) for name in ('windows', 'passed')
        )
        rows.append((kind, windows, passed, f'{100 * passed / max(windows, 1):.0f} %'))
        print(*rows[-1], flush=True)
    print(table(('kind', 'windows', 'passed', 'share'), rows))


if __name__ == '__main__':
    main()
