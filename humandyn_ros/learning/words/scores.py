"""How good words are: labels by exact or synonymous wording, captions, reasons against facts.

A label counts if the answer *is* the label or one of its synonyms, case, punctuation, articles
and underscores aside. That a label occurs within an answer never counts: 'not walking' is no walk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from humandyn_ros.errors import ConfigError, MissingDependencyError
from humandyn_ros.resources import resource

_ARTICLES = {'a', 'an', 'the'}


def normal(text: str) -> str:
    """Small letters and digits, one blank between words, no articles."""
    words = re.findall(r'[^\W_]+', text.casefold())
    return ' '.join(word for word in words if word not in _ARTICLES)


class LabelMatcher:
    """Which label an answer is.

    Args:
        labels: Those that count.
        synonyms: Other wordings by label; of labels that do not count they are ignored.

    Raises:
        ConfigError: One wording stands for two labels.
    """

    def __init__(
        self, labels: Sequence[str], synonyms: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._labels: dict[str, str] = {}
        for label in labels:
            for wording in (label, *(synonyms or {}).get(label, ())):
                other = self._labels.setdefault(normal(wording), label)
                if other != label:
                    raise ConfigError(
                        f'{wording!r} stands for {other} and for {label}: take it from one of them'
                    )

    def match(self, answer: str) -> str | None:
        """Return the label that an answer is, or None."""
        return self._labels.get(normal(answer))


def read_synonyms(path: str | Path | None = None) -> dict[str, tuple[str, ...]]:
    """Return other wordings by label; without a file, those that come with the package.

    Raises:
        ConfigError: It cannot be read, or is no mapping from labels to lists of words.
    """
    file = Path(path) if path else resource('config', 'prompts', 'synonyms.yaml')
    try:
        found = yaml.safe_load(file.read_text(encoding='utf-8')) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f'synonyms {file} cannot be read: {error}') from error
    lists = found.values() if isinstance(found, dict) else [None]
    if not all(isinstance(words, list) and all(isinstance(w, str) for w in words)
               for words in lists):  # fmt: skip
        raise ConfigError(f'synonyms {file}: write each label with a list of words')
    return {str(label): tuple(words) for label, words in found.items()}


def label_accuracy(
    answers: Sequence[str], truth: Sequence[str], matcher: LabelMatcher
) -> dict[str, float]:
    """Share of right answers, and of answers that are no label at all, percent."""
    _fit(answers, truth)
    found = [matcher.match(answer) for answer in answers]
    right = sum(one == label for one, label in zip(found, truth, strict=True))
    count = len(truth)
    return {
        'accuracy_percent': 100.0 * right / count,
        'no_label_percent': 100.0 * found.count(None) / count,
    }


def caption_scores(captions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """BLEU-4 and chrF of the whole set (Post 2018), mean ROUGE-L F1 (Lin 2004), all 0-100.

    Raises:
        ConfigError: Nothing to score, or not one reference for each caption.
        MissingDependencyError: The extra is not installed.
    """
    _fit(captions, references)
    try:
        import sacrebleu  # noqa: PLC0415
        from rouge_score.rouge_scorer import RougeScorer  # noqa: PLC0415
    except ImportError as error:
        raise MissingDependencyError('sacrebleu, rouge-score', 'words', 'scoring') from error
    told, wanted = list(captions), [list(references)]
    rouge = RougeScorer(['rougeL'], use_stemmer=True)
    pairs = zip(references, captions, strict=True)
    long = [rouge.score(wish, said)['rougeL'].fmeasure for wish, said in pairs]
    return {
        'bleu': float(sacrebleu.corpus_bleu(told, wanted).score),
        'chrf': float(sacrebleu.corpus_chrf(told, wanted).score),
        'rouge_l': 100.0 * sum(long) / len(long),
    }


def _fit(answers: Sequence[str], truth: Sequence[str]) -> None:
    if not truth or len(answers) != len(truth):
        raise ConfigError(
            f'{len(answers)} answers to {len(truth)}: score one for each, at least 1'
        )
