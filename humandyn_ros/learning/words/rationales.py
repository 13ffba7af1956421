"""A teacher's reasons, kept in a file, so that training never needs the teacher.

One JSON object a line: {"id", "label", "caption", "reasons"}.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.words.prompts import spoken

_LABEL = re.compile(r'^\W*label\s*:\s*(.+?)\W*$', re.IGNORECASE)
_BULLET = re.compile(r'^\s*(?:[-*•]|\d+[.)])\s+')


@dataclass(frozen=True)
class Rationale:
    """Why one clip shows what it shows.

    Attributes:
        id: Of the clip.
        label: Of its action.
        caption: One sentence.
        reasons: From what moves to what follows, one sentence each.
    """

    id: str
    label: str
    caption: str
    reasons: tuple[str, ...]

    @property
    def text(self) -> str:
        """What a student learns to say: reasons line by line, the caption, the label."""
        lines = [f'- {reason}' for reason in self.reasons]
        caption = [self.caption] if self.caption else []
        return '\n'.join([*lines, *caption, f'Label: {spoken(self.label)}'])


def parsed(text: str) -> tuple[str, tuple[str, ...], str]:
    """Caption, reasons and label of a teacher's or student's answer; '' for what it lacks."""
    caption, label, reasons = '', '', []
    for line in (line.strip() for line in text.splitlines()):
        found = _LABEL.match(line)
        if found:
            label = found[1].strip()
        elif _BULLET.match(line):
            reasons.append(_BULLET.sub('', line).strip())
        elif line and not caption:
            caption = line
    return caption, tuple(reasons), label


def read_rationales(path: Path) -> dict[str, Rationale]:
    """Return the rationales of a file by clip; of several for one, the last.

    Raises:
        RecordingError: It cannot be read, or a line is none.
    """
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f'rationales {path} cannot be read: {error}') from error
    found = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            rationale = _read(path, number, line)
            found[rationale.id] = rationale
    return found


def _read(path: Path, number: int, line: str) -> Rationale:
    try:
        values = json.loads(line)
        name, label, caption = (values[key] for key in ('id', 'label', 'caption'))
        reasons = values['reasons']
        if not all(isinstance(text, str) for text in (name, label, caption, *reasons)):
            raise TypeError('id, label, caption and every reason must be text')
        if isinstance(reasons, str) or not label:
            raise TypeError('reasons must be a list, and label not empty')
    except (ValueError, KeyError, TypeError) as error:
        raise RecordingError(f'{path}, line {number}: no rationale ({error}); mend it') from error
    return Rationale(name, label, caption, tuple(reasons))


def append_rationales(path: Path, rationales: Iterable[Rationale]) -> int:
    """Add rationales to a file, each written as soon as it is there; return how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open('a', encoding='utf-8') as file:
        for rationale in rationales:
            file.write(json.dumps(asdict(rationale), ensure_ascii=False) + '\n')
            file.flush()
            count += 1
    return count
