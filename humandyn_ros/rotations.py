"""Rotations: SO(3) exponential and logarithm, quaternions (x y z w), 6-D; batched over `...`.

Source: Solà, Deray, Atchuthan 2018, "A micro Lie theory for state estimation in robotics";
6-D: Zhou et al. 2019, "On the continuity of rotation representations", equation 15.
"""

import numpy as np

from humandyn_ros.quantities import Array

_SMALL = 1e-8  # rad; below it the first-order term is exact to double precision


def skew(v: Array) -> Array:
    """Return the matrices [v]× with [v]× u = v × u, (..., 3) -> (..., 3, 3)."""
    zero = np.zeros_like(v[..., 0])
    x, y, z = v[..., 0], v[..., 1], v[..., 2]
    rows = (zero, -z, y, z, zero, -x, -y, x, zero)
    return np.stack(rows, -1).reshape(*v.shape[:-1], 3, 3)


def exp(rotvec: Array) -> Array:
    """Rotation vectors (..., 3) rad to matrices (..., 3, 3), Rodrigues' formula."""
    angle = np.linalg.norm(rotvec, axis=-1)[..., None, None]
    safe = np.where(angle < _SMALL, 1.0, angle)
    a = np.where(angle < _SMALL, 1.0, np.sin(safe) / safe)
    b = np.where(angle < _SMALL, 0.5, (1 - np.cos(safe)) / safe**2)
    k = skew(rotvec)
    result: Array = np.eye(3) + a * k + b * (k @ k)
    return result


def log(matrix: Array) -> Array:
    """Rotation matrices (..., 3, 3) to rotation vectors (..., 3) rad, |angle| at most pi."""
    quat = matrix_to_quat_xyzw(matrix)
    vector, scalar = quat[..., :3], quat[..., 3:]
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    angle = 2 * np.arctan2(length, scalar)
    factor = np.where(length < _SMALL, 2.0, angle / np.where(length < _SMALL, 1.0, length))
    result: Array = factor * vector
    return result


def matrix_to_quat_xyzw(matrix: Array) -> Array:
    """Rotation matrices (..., 3, 3) to unit quaternions x y z w (..., 4), w not negative.

    Takes the largest of the four components as pivot (Shepperd 1978), so it is exact at any angle.
    """
    m = matrix
    trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
    squares = np.stack([m[..., 0, 0], m[..., 1, 1], m[..., 2, 2], trace], -1)
    pivot = np.argmax(squares, axis=-1)
    # Outer product 4 q qᵀ, written from the matrix entries; its pivot row is a multiple of q.
    outer = np.empty((*m.shape[:-2], 4, 4))
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        outer[..., i, i] = 1 + 2 * m[..., i, i] - trace
        outer[..., i, j] = outer[..., j, i] = m[..., i, j] + m[..., j, i]
        outer[..., i, 3] = outer[..., 3, i] = m[..., k, j] - m[..., j, k]
    outer[..., 3, 3] = 1 + trace
    row = np.take_along_axis(outer, pivot[..., None, None], axis=-2)[..., 0, :]
    quat: Array = row / np.linalg.norm(row, axis=-1, keepdims=True)
    return np.where(quat[..., 3:] < 0, -quat, quat)


def quat_xyzw_to_matrix(quat: Array) -> Array:
    """Quaternions x y z w (..., 4), any length but zero, to matrices (..., 3, 3)."""
    q = quat / np.linalg.norm(quat, axis=-1, keepdims=True)
    k = skew(q[..., :3])
    result: Array = np.eye(3) + 2 * q[..., 3, None, None] * k + 2 * (k @ k)
    return result


def six_d_to_matrix(six: Array) -> Array:
    """First two columns, stacked (..., 6), to the nearest frames by Gram-Schmidt (..., 3, 3)."""
    x = six[..., :3] / np.linalg.norm(six[..., :3], axis=-1, keepdims=True)
    y = six[..., 3:] - np.sum(x * six[..., 3:], -1, keepdims=True) * x
    y = y / np.linalg.norm(y, axis=-1, keepdims=True)
    result: Array = np.stack([x, y, np.cross(x, y)], -1)
    return result


def matrix_to_six_d(matrix: Array) -> Array:
    """Rotation matrices (..., 3, 3) to their first two columns, stacked (..., 6)."""
    result: Array = np.concatenate([matrix[..., :, 0], matrix[..., :, 1]], -1)
    return result
