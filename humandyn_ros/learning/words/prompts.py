"""Prompts as templates in a YAML file, checked when they are read."""

from __future__ import annotations

import dataclasses
import string
from dataclasses import dataclass
from pathlib import Path

import yaml

from humandyn_ros.errors import ConfigError
from humandyn_ros.resources import resource

_HOLES = {
    'choose': {'labels'},
    'name': set(),
    'judge': {'candidate'},
    'reason': set(),
    'describe': set(),
    'question': {'question'},
    'teacher': {'label', 'facts'},
    'agree': set(),
    'disagree': set(),
}
LONGEST_QUESTION = 200  # characters


@dataclass(frozen=True)
class Prompts:
    """Templates by what is asked for; see config/prompts/skeletonllm.yaml."""

    choose: str
    name: str
    judge: str
    reason: str
    describe: str
    question: str
    teacher: str
    agree: str
    disagree: str

    def choosing(self, labels: tuple[str, ...]) -> str:
        """Ask for one of some labels, in their spoken form.

        Raises:
            ConfigError: There are none.
        """
        if not labels:
            raise ConfigError('labels = (): name the actions to choose from')
        return self.choose.format(labels=', '.join(spoken(label) for label in labels))

    def judging(self, candidate: str) -> str:
        """Ask whether it is this label."""
        return self.judge.format(candidate=spoken(candidate))

    def asking(self, question: str) -> str:
        """Ask somebody's question, shortened to LONGEST_QUESTION, on one line.

        Raises:
            ConfigError: It is empty.
        """
        words = ' '.join(question.split())[:LONGEST_QUESTION]
        if not words:
            raise ConfigError(f'question = {question!r}: a question needs words')
        return self.question.format(question=words)

    def teaching(self, label: str, facts: str) -> str:
        """Ask a teacher for the reasons of a known label."""
        return self.teacher.format(label=spoken(label), facts=facts or 'nothing')


def spoken(label: str) -> str:
    """A label as it is said: 'side_step' -> 'side step'."""
    return label.replace('_', ' ')


def read_prompts(path: str | Path | None = None) -> Prompts:
    """Return the templates of a file; without one, those that come with the package.

    Raises:
        ConfigError: The file cannot be read, or a template is missing, empty or has an unknown
            placeholder.
    """
    file = Path(path) if path else resource('config', 'prompts', 'skeletonllm.yaml')
    try:
        found = yaml.safe_load(file.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f'prompts {file} cannot be read: {error}') from error
    names = {item.name for item in dataclasses.fields(Prompts)}
    if not isinstance(found, dict) or set(found) != names:
        raise ConfigError(f'prompts {file}: needs exactly the keys {", ".join(sorted(names))}')
    return Prompts(**{name: _checked(file, name, found[name]) for name in names})


def _checked(file: Path, name: str, text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise ConfigError(f'prompts {file}: {name} = {text!r}: write the words of the prompt')
    try:
        holes = {hole for _, hole, _, _ in string.Formatter().parse(text) if hole is not None}
    except ValueError as error:
        raise ConfigError(
            f'prompts {file}: {name}: {error}; double braces that are text'
        ) from error
    if holes != _HOLES[name]:
        wanted = ', '.join(f'{{{hole}}}' for hole in sorted(_HOLES[name])) or 'none'
        raise ConfigError(
            f'prompts {file}: {name} has the placeholders {sorted(holes)}; needed: {wanted}'
        )
    return text
