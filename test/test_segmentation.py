"""Segments, refinement and scores, by hand-made cases and a plain second implementation."""

import itertools

import numpy as np
import pytest

from humandyn_ros.errors import ConfigError
from humandyn_ros.segmentation import (
    IGNORE,
    SegmentationScores,
    boundary_peaks,
    boundary_targets,
    edit_score,
    overlap_counts,
    refine,
    segments,
)


def test_labels_split_into_stretches():
    found = segments(np.array([3, 3, 1, 1, 1, 3]))
    assert found == ((3, 0, 2), (1, 2, 5), (3, 5, 6))
    assert segments(np.array([], dtype=int)) == ()


def test_boundaries_mark_the_first_frame_and_two_frames_of_each_later_segment():
    labels = np.array([0, 0, 0, 1, 1, 1, 2])
    assert boundary_targets(labels).tolist() == [1, 0, 0, 1, 1, 0, 1]


def test_peaks_are_strict_maxima_above_the_threshold_and_frame_zero():
    probability = np.array([0.1, 0.7, 0.2, 0.4, 0.3, 0.8, 0.8, 0.1, 0.6, 0.9])
    assert boundary_peaks(probability).tolist() == [0, 1]
    assert boundary_peaks(np.array([0.9])).tolist() == [0]


def test_refinement_gives_each_span_its_majority_and_breaks_ties_by_score():
    shares = [[0.6, 0.4], [0.4, 0.6], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]]
    probability = np.array([0.0, 0.0, 0.2, 0.9, 0.1])
    # Frames 0-2: two votes to one. Frames 3-4: a tie, and class 1 has the larger sum.
    assert refine(np.log(shares), probability).tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ('predicted', 'truth', 'wanted'),
    [
        ([1, 1, 2, 2], [1, 2, 2, 2], 100.0),
        ([1, 2, 1, 2], [1, 1, 2, 2], 50.0),
        ([3, 3], [1, 2], 0.0),
    ],
)
def test_edit_scores_compare_the_order_of_segments(predicted, truth, wanted):
    assert edit_score(np.array(predicted), np.array(truth)) == wanted


def test_overlap_takes_each_true_segment_once():
    truth = np.array([1] * 10 + [2] * 10)
    predicted = np.array([1] * 4 + [2] * 1 + [1] * 5 + [2] * 10)
    assert overlap_counts(predicted, truth, 0.5) == (2, 2, 0)
    assert overlap_counts(predicted, truth, 0.1) == (2, 2, 0)
    assert overlap_counts(truth, truth, 0.99) == (2, 0, 0)


def test_the_published_code_ends_the_last_segment_a_frame_early():
    predicted, truth = np.array([1, 1, 2, 2]), np.array([1, 1, 1, 2])
    assert overlap_counts(predicted, truth, 0.5) == (2, 0, 0)
    assert overlap_counts(predicted, truth, 0.5, published_end=True) == (1, 1, 1)


def brute_force_f1(predicted, truth, k):
    """Frame sets instead of intervals."""

    def pieces(labels):
        cuts = [0, *[i for i in range(1, len(labels)) if labels[i] != labels[i - 1]], len(labels)]
        return [(labels[a], set(range(a, b))) for a, b in itertools.pairwise(cuts)]

    found, real, used, right = pieces(predicted), pieces(truth), set(), 0
    for label, frames in found:
        shares = [
            len(frames & other) / len(frames | other) if label == name else 0.0
            for name, other in real
        ]
        best = int(np.argmax(shares))
        if shares[best] >= k and best not in used:
            used.add(best)
            right += 1
    return 200.0 * right / (len(found) + len(real))


def test_f1_agrees_with_a_count_over_sets_of_frames():
    rng = np.random.default_rng(0)
    for _ in range(50):
        truth = np.repeat(rng.integers(0, 3, 8), rng.integers(1, 9, 8))
        predicted = np.where(rng.uniform(size=len(truth)) < 0.2, 1, truth)
        scores = SegmentationScores()
        scores.add(predicted, truth)
        wanted = brute_force_f1(predicted.tolist(), truth.tolist(), 0.25)
        assert scores.result()['f1_at_25_percent'] == pytest.approx(wanted)


def test_scores_pool_frames_over_sequences_and_skip_ignored_ones():
    scores = SegmentationScores()
    scores.add(np.array([1, 1, 2]), np.array([1, 2, IGNORE]))
    scores.add(np.array([1]), np.array([1]))
    result = scores.result()
    assert result['accuracy_percent'] == pytest.approx(200.0 / 3.0)
    assert result['edit_percent'] == pytest.approx(75.0)


def test_sequences_of_unequal_length_are_refused():
    with pytest.raises(ConfigError, match='cannot be scored'):
        SegmentationScores().add(np.zeros(3), np.zeros(4))
