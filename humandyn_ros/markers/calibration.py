"""Joint centres fixed in clusters of markers, learned from a static trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from humandyn_ros.errors import SkeletonError
from humandyn_ros.markers.rigid import Templates
from humandyn_ros.quantities import Array, Mask

_ROUNDS = 3  # of laying frames upon their median; it settles after two


@dataclass(frozen=True, eq=False)
class Cluster:
    """One segment of the static trial.

    Attributes:
        name: The segment's name.
        columns: Its markers in the frame, canonical joints after them (M,).
        template: Places of the markers in the static trial (M, 3) m.
        joints: Canonical joints it gives (N,).
        centres: Their places in the static trial (N, 3) m.
    """

    name: str
    columns: tuple[int, ...]
    template: Array
    joints: tuple[int, ...]
    centres: Array


class Calibration:
    """Clusters that are fitted together; a joint that several give is their mean."""

    def __init__(self, clusters: Sequence[Cluster]) -> None:
        widest = max(len(c.columns) for c in clusters)
        self._columns = np.zeros((len(clusters), widest), dtype=np.intp)
        places = np.zeros((len(clusters), widest, 3))
        used: Mask = np.zeros((len(clusters), widest), dtype=bool)
        for i, cluster in enumerate(clusters):
            count = len(cluster.columns)
            self._columns[i, :count] = cluster.columns
            places[i, :count] = cluster.template
            used[i, :count] = True
        self._templates = Templates(places, used)
        self._owner = np.array([i for i, c in enumerate(clusters) for _ in c.joints])
        self._centres = np.concatenate([c.centres for c in clusters])
        given = [j for c in clusters for j in c.joints]
        self.joints = sorted(set(given))
        self._share = np.array([[float(j == g) for g in given] for j in self.joints])

    def centres(self, points: Array) -> Array:
        """Return the joint centres (T, N, 3) m from all points (T, K, 3) m; NaN = unseen."""
        matrix, shift, determined = self._templates.fit(points[:, self._columns])
        turned = (matrix[:, self._owner] @ self._centres[..., None])[..., 0]
        places = turned + shift[:, self._owner]
        good = determined[:, self._owner]
        share = self._share * good[:, None, :]
        total = share.sum(-1, keepdims=True)
        mean = (share / np.where(total > 0, total, np.nan)) @ np.where(good[..., None], places, 0)
        return np.asarray(mean, dtype=np.float64)


def make_cluster(
    name: str, columns: Sequence[int], joints: Sequence[int], points: Array, centres: Array
) -> Cluster:
    """Take a cluster from a static trial: medians over its frames, laid upon one another.

    The frames are fitted to each other first, so the person may sway, turn or walk.

    Args:
        name: The segment's name.
        columns: Its points among all points (M,).
        joints: Canonical joints it gives (N,).
        points: All points of the static trial (T, K, 3) m.
        centres: Canonical joint centres of the static trial (T, 24, 3) m.

    Raises:
        SkeletonError: Fewer than three of its markers, or not all centres, are in the static.
    """
    kept = [c for c in columns if np.isfinite(points[:, c, 0]).any()]
    given = [j for j in joints if np.isfinite(centres[:, j, 0]).any()]
    markers, wanted = points[:, kept], centres[:, given]
    template = _nearest_to_whole(markers)
    for _ in range(_ROUNDS):
        laid, wanted_laid, used = _lay_upon(template, markers, wanted)
        if len(kept) < 3 or len(given) < len(joints) or not used.any():
            raise SkeletonError(
                f'static trial: segment {name} has {len(kept)} markers (3 needed) that also '
                f'move, and {len(given)} of {len(joints)} joint centres; take another static '
                'trial'
            )
        template = _median(laid[used])
    whole = np.isfinite(template[:, 0])
    columns = [c for c, known in zip(kept, whole, strict=True) if known]
    middle = _median(wanted_laid[used])
    return Cluster(name, tuple(columns), template[whole], tuple(given), middle)


def _median(points: Array) -> Array:
    """Median over the frames of what was seen (M, 3); NaN where nothing ever was."""
    seen = np.isfinite(points).any(axis=0)
    middle = np.nanmedian(np.where(seen, points, 0.0), axis=0)
    return np.where(seen, middle, np.nan)


def _nearest_to_whole(markers: Array) -> Array:
    """The frame that shows most markers (M, 3)."""
    seen = np.isfinite(markers[..., 0]).sum(axis=-1)
    frame: Array = markers[int(np.argmax(seen))]
    return frame


def _lay_upon(template: Array, markers: Array, centres: Array) -> tuple[Array, Array, Mask]:
    """Markers and centres in the template's frame, and which frames could be laid (T,)."""
    known = np.isfinite(template[:, 0])
    fitting = Templates(np.nan_to_num(template)[None], known[None])
    matrix, shift, determined = fitting.fit(markers[:, None])
    used = determined[:, 0] & np.isfinite(centres[..., 0]).all(axis=-1)
    return (
        (markers - shift) @ matrix[:, 0],
        (centres - shift) @ matrix[:, 0],
        used,
    )
