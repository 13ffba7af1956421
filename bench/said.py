"""What physics says live of every kept clip, for the hybrid: fills FOLDER/said.

    python -m bench.said --data FOLDER

About 1.5 ms of one core per frame; clips that are done stay as they are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from humandyn_ros.learning.tasks.hybrid_said import write_said


def main() -> None:
    """Write what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, required=True, help='folder of the clips')
    print(f'{write_said(parser.parse_args().data)} clips heard')


if __name__ == '__main__':
    main()
