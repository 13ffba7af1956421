"""Who is trained on, who is looked at while training, and who is only measured: one table.

By person, never by clip. Everybody with force plates on whom no setting of the physics engine was
chosen is measured only, and so are the walks and runs that accuracy is promised on. CMU numbers
are recording series of mostly, not surely, different people; the couple of 60 and 61 stays
together, 13 and 14 (frame labels of actions) as well.
"""

from __future__ import annotations

from humandyn_ros.errors import ConfigError

SPLITS = ('train', 'validation', 'test')

PEOPLE: dict[str, tuple[str, ...]] = {
    'train': (
        *(f'cmu_{n:03d}' for n in (1, 3, 5, 6, 8, 11, 16, 17, 27, 29, 32, 35, 38, 49, 60, 61,
                                   85, 91, 94, 127, 135)),
        'cmu_unnumbered',
        'RBDS001', 'RBDS03', 'RBDS04', 'HC002D', 'HC030A', 'HC031A',
        *(f'uiprmd_{n:02d}' for n in (1, 2, 3, 4, 5, 6, 7)),
    ),
    'validation': (
        *(f'cmu_{n:03d}' for n in (7, 12, 26, 43, 55, 131)),
        'uiprmd_08',
    ),
    'test': (
        *(f'cmu_{n:03d}' for n in (2, 9, 10, 13, 14, 39, 118)),
        'rajagopal', 'treadmill', 'camargo', 'modsim',
        *(f'RBDS{n}' for n in ('002', '010', '013', '016', '017', '019')),
        'HC032A', 'HC033A', 'HC036A', 'HC038A', 'HC039A', 'HC040A',
        'uiprmd_09', 'uiprmd_10',
    ),
}  # fmt: skip


def split_of(person: str) -> str:
    """Split of a person; whoever the table does not know is only measured."""
    return next((split for split, names in PEOPLE.items() if person in names), 'test')


def checked_split(split: str) -> str:
    """Return the split.

    Raises:
        ConfigError: There is no such split.
    """
    if split not in SPLITS:
        raise ConfigError(f'split {split!r}: choose one of {", ".join(SPLITS)}')
    return split
