import numpy as np

from humandyn_ros.markers.rigid import Templates
from humandyn_ros.rotations import exp

RNG = np.random.default_rng(2)
PLACES = RNG.normal(scale=0.1, size=(2, 5, 3))
USED = np.array([[True] * 5, [True] * 4 + [False]])


def moved(count: int = 6):
    turn = exp(RNG.normal(size=(count, 2, 3)))
    shift = RNG.normal(size=(count, 2, 3))
    points = np.einsum('tsij,smj->tsmi', turn, PLACES) + shift[:, :, None]
    points[:, 1, 4] = 99.0  # a column that is not of the second cluster
    return turn, shift, points


def test_rotation_and_translation_of_several_clusters_are_recovered_exactly():
    turn, shift, points = moved()
    matrix, origin, determined = Templates(PLACES, USED).fit(points)
    np.testing.assert_allclose(matrix, turn, atol=1e-12)
    np.testing.assert_allclose(origin, shift, atol=1e-12)
    assert determined.all()


def test_markers_not_seen_are_left_out_one_by_one():
    turn, shift, points = moved()
    points[2, 0, 1] = points[3, 0, [0, 4]] = points[4, 1, 2] = np.nan
    matrix, origin, determined = Templates(PLACES, USED).fit(points)
    np.testing.assert_allclose(matrix, turn, atol=1e-12)
    np.testing.assert_allclose(origin, shift, atol=1e-12)
    assert determined.all()


def test_two_markers_or_a_line_of_markers_determine_nothing():
    _, _, points = moved()
    points[0, 0, :3] = np.nan
    assert Templates(PLACES, USED).fit(points)[2][0].tolist() == [False, True]
    line = np.outer(np.arange(5.0), [0.1, 0.2, 0.3])[None]
    cluster = Templates(line, np.ones((1, 5), dtype=bool))
    assert not cluster.fit(line[None])[2].any()


def test_the_fit_is_a_rotation_even_where_a_mirror_image_would_be_nearer():
    flat = PLACES[:1] * [1.0, 1.0, 0.02]
    mirrored = flat * [1.0, 1.0, -1.0]
    matrix, _, _ = Templates(flat, np.ones((1, 5), dtype=bool)).fit(mirrored[None])
    np.testing.assert_allclose(np.linalg.det(matrix), 1.0)


def test_noise_is_averaged_not_amplified():
    turn, shift, points = moved(200)
    noisy = points + RNG.normal(scale=0.001, size=points.shape)
    matrix, origin, _ = Templates(PLACES, USED).fit(noisy)
    centre = PLACES[0].mean(axis=0)
    error = (matrix @ centre - turn @ centre)[:, 0] + (origin - shift)[:, 0]
    assert np.std(error) < 0.001 / np.sqrt(5) * 1.1
