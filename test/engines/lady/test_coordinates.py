"""Generalized coordinates: sizes, invariances, and known cases."""

import numpy as np
import pytest

from humandyn_ros.engines.lady import Tree, generalized_coordinates
from humandyn_ros.errors import SkeletonError
from humandyn_ros.learning.readers.lady_features import load_preset
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.rotations import exp

TREE = Tree(CANONICAL.parents, (0, 3, 2, 1))


def people(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(*shape, 24, 3))


@pytest.mark.parametrize(
    ('name', 'size'),
    [('pku_sub', 66), ('pku_view', 66), ('lara', 48), ('mcfs_22', 22), ('mcfs_130', 22),
     ('tcg_15', 42)],
)  # fmt: skip
def test_every_data_set_has_its_published_number_of_coordinates(name, size):
    preset = load_preset(name)
    tree = preset.layout().tree
    assert tree.size == size
    points = np.random.default_rng(0).normal(size=(5, len(preset.parents), tree.dims))
    assert generalized_coordinates(points, tree).shape == (5, size)


def test_the_root_vector_turns_the_world_into_the_person():
    points = people(0)
    turn = exp(generalized_coordinates(points, TREE)[:3])
    spine = points[3] - points[0]
    np.testing.assert_allclose(turn[:, 1], spine / np.linalg.norm(spine), atol=1e-12)
    right = points[2] - points[1]
    assert turn[:, 0] @ right > 0
    assert abs(turn[:, 2] @ right) < 1e-12


def test_each_bend_turns_the_parent_segment_into_its_own():
    points = people(1)
    vectors = generalized_coordinates(points, TREE)[3:].reshape(-1, 3)
    for (grand, parent, joint), vector in zip(TREE.bends, vectors, strict=True):
        above, below = points[parent] - points[grand], points[joint] - points[parent]
        turned = exp(vector) @ above / np.linalg.norm(above)
        np.testing.assert_allclose(turned, below / np.linalg.norm(below), atol=1e-9)


def test_size_and_place_do_not_matter():
    points = people(2, 7)
    np.testing.assert_allclose(
        generalized_coordinates(points, TREE),
        generalized_coordinates(1.7 * points + [3.0, -1.0, 2.0], TREE),
        atol=1e-12,
    )


@pytest.mark.parametrize('up', [0, 1, 2])
def test_only_the_heading_free_form_ignores_turns_about_the_vertical(up):
    tree = Tree(CANONICAL.parents, (0, 3, 2, 1), up=up)
    points = people(3, 9)
    axis = np.eye(3)[up]
    turned = points @ exp(1.1 * axis).T
    plain = [generalized_coordinates(p, tree) for p in (points, turned)]
    free = [generalized_coordinates(p, tree, heading_free=True) for p in (points, turned)]
    assert np.abs(plain[0] - plain[1]).max() > 0.1
    np.testing.assert_allclose(*free, atol=1e-9)


def test_the_heading_free_form_keeps_leaning_and_bends():
    points = people(4)
    free = generalized_coordinates(points, TREE, heading_free=True)
    plain = generalized_coordinates(points, TREE)
    bends = [np.linalg.norm(q[3:].reshape(-1, 3), axis=1) for q in (plain, free)]
    np.testing.assert_allclose(*bends, atol=1e-9)
    tilt = [exp(q[:3])[2, 1] for q in (plain, free)]
    assert tilt[0] == pytest.approx(tilt[1])


def test_an_absent_person_and_straight_limbs_give_zeros():
    assert not generalized_coordinates(np.zeros((2, 24, 3)), TREE).any()
    line = np.zeros((24, 3))
    line[:, 2] = [CANONICAL.joints.index(name) * 0.1 for name in CANONICAL.joints]
    assert np.isfinite(generalized_coordinates(line, TREE)).all()


def test_image_angles_have_signs():
    tree = Tree((-1, 0, 1), (0, 1, 2, 2), dims=2)
    left = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    assert generalized_coordinates(left, tree) == pytest.approx([0.0, np.pi / 2])
    assert generalized_coordinates(left * [1, -1], tree) == pytest.approx([0.0, -np.pi / 2])


def test_mistakes_are_named():
    with pytest.raises(SkeletonError, match='24 joints'):
        generalized_coordinates(np.zeros((23, 3)), TREE)
    with pytest.raises(SkeletonError, match='no heading'):
        tree = Tree((-1, 0), (0, 1, 1, 1), dims=2)
        generalized_coordinates(np.zeros((2, 2)), tree, heading_free=True)
    with pytest.raises(SkeletonError, match='circle'):
        Tree((-1, 2, 1), (0, 1, 2, 2))
    with pytest.raises(SkeletonError, match='one root'):
        Tree((-1, -1), (0, 1, 0, 1))
