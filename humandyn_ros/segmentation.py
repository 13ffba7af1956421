"""Action segmentation: segments, boundary refinement and scores; run time and evaluation share it.

Scores after Lea et al. 2017 (edit, F1@k) as computed by the published LaDy code; labels are class
numbers, and IGNORE marks frames that do not count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import ConfigError
from humandyn_ros.quantities import Array, Mask

Labels = NDArray[np.int64]

IGNORE = 255
OVERLAPS = (0.10, 0.25, 0.50)


class Segment(NamedTuple):
    """Frames start to end, end excluded, of one label."""

    label: int
    start: int
    end: int


def segments(labels: Labels) -> tuple[Segment, ...]:
    """Split labels (T,) into stretches of one label each."""
    labels = np.asarray(labels)
    if len(labels) == 0:
        return ()
    starts = np.concatenate([[0], np.flatnonzero(np.diff(labels)) + 1])
    ends = np.concatenate([starts[1:], [len(labels)]])
    return tuple(
        Segment(int(labels[s]), int(s), int(e)) for s, e in zip(starts, ends, strict=True)
    )


def boundary_targets(labels: Labels) -> Array:
    """What a boundary head learns (T,): 1 in frame 0 and in the first two frames of a segment.

    Source: `utils/generate_boundary_array.py` of the LaDy release.
    """
    target = np.zeros(len(labels))
    for segment in segments(labels):
        target[segment.start : segment.start + (2 if segment.start else 1)] = 1.0
    return target


def boundary_peaks(probability: Array, threshold: float = 0.5) -> NDArray[np.intp]:
    """Frames where a segment begins: frame 0 and every strict local maximum.

    Args:
        probability: Of a boundary (T,), 0-1.
        threshold: Values below it count as zero.
    """
    value = np.where(probability < threshold, 0.0, probability)
    peak = np.zeros(len(value), dtype=np.bool_)
    peak[1:-1] = (value[:-2] < value[1:-1]) & (value[2:] < value[1:-1])
    peak[:1] = True
    return np.flatnonzero(peak)


def refine(scores: Array, probability: Array, threshold: float = 0.5) -> Labels:
    """Label every span between boundaries by majority vote of its frames.

    Args:
        scores: Of the classes (T, C), logits or log-probabilities; ties go to the largest sum.
        probability: Of a boundary (T,).
        threshold: Least probability of a boundary.

    Returns:
        Labels (T,).
    """
    labels: Labels = np.argmax(scores, axis=1).astype(np.int64)
    peaks = boundary_peaks(probability, threshold)
    for start, end in zip(peaks, [*peaks[1:], len(labels)], strict=True):
        labels[start:end] = majority(
            np.bincount(labels[start:end], minlength=scores.shape[1]),
            scores[start:end].sum(axis=0),
        )
    return labels


def majority(votes: NDArray[np.int64], sums: Array) -> int:
    """Return the class with most votes; among equals the one with the largest score sum."""
    best = np.flatnonzero(votes == votes.max())
    return int(best[np.argmax(sums[best])])


def edit_score(predicted: Labels, truth: Labels) -> float:
    """100·(1 - Levenshtein distance of the segment labels / the longer count), percent."""
    a = [s.label for s in segments(predicted)]
    b = [s.label for s in segments(truth)]
    if not a and not b:
        return 100.0
    row = np.arange(len(b) + 1)
    for i, label in enumerate(a, start=1):
        above, row = row, np.empty_like(row)
        row[0] = i
        for j, other in enumerate(b, start=1):
            row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (label != other))
    return float(100.0 * (1.0 - row[-1] / max(len(a), len(b))))


def overlap_counts(
    predicted: Labels, truth: Labels, overlap: float, *, published_end: bool = False
) -> tuple[int, int, int]:
    """True positives, false positives and false negatives of segments.

    Predictions in order of time take the segment of their label that they overlap most; the first
    to take one with intersection over union of at least `overlap` is right.

    Args:
        predicted: Labels (T,).
        truth: Labels (T,).
        overlap: Least intersection over union.
        published_end: End the last segment one frame early, as the published code does.
    """
    found, real = segments(predicted), segments(truth)
    if published_end:
        found, real = _shortened(found), _shortened(real)
    taken = np.zeros(len(real), dtype=np.bool_)
    right = 0
    for segment in found:
        share = np.array([_share(segment, other) for other in real])
        best = int(np.argmax(share)) if len(share) else -1
        if best >= 0 and share[best] >= overlap and not taken[best]:
            taken[best] = True
            right += 1
    return right, len(found) - right, len(real) - int(taken.sum())


def _share(a: Segment, b: Segment) -> float:
    if a.label != b.label:
        return 0.0
    union = max(a.end, b.end) - min(a.start, b.start)
    return max(0.0, min(a.end, b.end) - max(a.start, b.start)) / max(union, 1)


def _shortened(found: tuple[Segment, ...]) -> tuple[Segment, ...]:
    return (*found[:-1], found[-1]._replace(end=found[-1].end - 1)) if found else found


@dataclass
class SegmentationScores:
    """Scores over many sequences: frames and segments are pooled, edit scores averaged.

    Attributes:
        overlaps: Thresholds of F1@k.
        published_end: See `overlap_counts`.
    """

    overlaps: tuple[float, ...] = OVERLAPS
    published_end: bool = False
    _right_frames: int = 0
    _frames: int = 0
    _edits: list[float] = field(default_factory=list)
    _counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 3), dtype=np.int64))

    def add(self, predicted: Labels, truth: Labels) -> None:
        """Take one sequence; frames whose truth is IGNORE do not count.

        Raises:
            ConfigError: The lengths differ.
        """
        predicted, truth = np.asarray(predicted), np.asarray(truth)
        if predicted.shape != truth.shape or truth.ndim != 1:
            raise ConfigError(f'labels {predicted.shape} cannot be scored by {truth.shape}')
        judged: Mask = truth != IGNORE
        predicted, truth = predicted[judged], truth[judged]
        self._right_frames += int((predicted == truth).sum())
        self._frames += len(truth)
        self._edits.append(edit_score(predicted, truth))
        counts = [
            overlap_counts(predicted, truth, k, published_end=self.published_end)
            for k in self.overlaps
        ]
        new = np.asarray(counts, dtype=np.int64)
        self._counts = self._counts + new if len(self._counts) else new

    def result(self) -> dict[str, float]:
        """Percentages by name: 'accuracy_percent', 'edit_percent', 'f1_at_50_percent', ..."""
        if not self._frames:
            return {}
        scores = {
            'accuracy_percent': 100.0 * self._right_frames / self._frames,
            'edit_percent': float(np.mean(self._edits)),
        }
        for k, (right, wrong, missed) in zip(self.overlaps, self._counts, strict=True):
            f1 = 200.0 * right / max(2 * right + wrong + missed, 1)
            scores[f'f1_at_{round(100 * k)}_percent'] = float(f1)
        return scores
