"""The SMPL body (Loper et al. 2015) through `smplx`, with the user's own licensed model file.

Neither the file nor the package may be shipped: the one comes from https://smpl.is.tue.mpg.de,
the other with the extra 'smpl' (its code is licensed for research). The file's pickle is read
restricted, so the numbers come without `chumpy` and without running anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from humandyn_ros.errors import MissingDependencyError, RecordingError
from humandyn_ros.learning.readers.arrays import shaped
from humandyn_ros.learning.readers.unpickle import read_pickle
from humandyn_ros.quantities import Array
from humandyn_ros.recordings.amass import read_amass
from humandyn_ros.recordings.files import reading
from humandyn_ros.recordings.recording import Recording

_JOINTS = 24
_NEEDED = ('v_template', 'shapedirs', 'posedirs', 'J_regressor', 'kintree_table', 'weights', 'f')
# smplx adds face points to the joints; they are left out again, so any vertex will do.
_FACE = dict.fromkeys(('nose', 'reye', 'leye', 'rear', 'lear'), 0)


@dataclass(frozen=True, eq=False)
class SmplBody:
    """A loaded body model.

    Attributes:
        module: The module of smplx.
        shapes: How many shape coefficients it takes.
    """

    module: Any
    shapes: int

    def place(
        self, rotvecs: Tensor, translation: Tensor, betas: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Joint centres and skin, with gradients.

        Trap: the model adds its rest pelvis to the translation (some 0.2 m below the origin).

        Args:
            rotvecs: Relative to the parent, root first (T, 24, 3) rad.
            translation: (T, 3) m.
            betas: Shape (T, S) or (S); the average person without it.

        Returns:
            Joints (T, 24, 3) m and vertices (T, V, 3) m, in the axes that the root rotation
            leads to (SMPL itself: y up, facing z; AMASS: z up).
        """
        frames = len(rotvecs)
        shape = rotvecs.new_zeros(frames, self.shapes)
        if betas is not None:
            given = betas.expand(frames, -1)[:, : self.shapes]
            shape = torch.cat([given, shape[:, given.shape[1] :]], dim=1)
        turns = rotvecs.reshape(frames, -1)
        body = self.module(
            betas=shape, global_orient=turns[:, :3], body_pose=turns[:, 3:], transl=translation
        )
        return body.joints[:, :_JOINTS], body.vertices

    def rest_joints(self, betas: Array | None = None) -> Array:
        """Joint centres of the unposed body (24, 3) m: y up, facing z."""
        nought = torch.zeros(1, _JOINTS, 3)
        shape = None if betas is None else torch.as_tensor(np.asarray(betas), dtype=nought.dtype)
        joints, _ = self.place(nought, torch.zeros(1, 3), shape)
        rest: Array = joints[0].detach().double().numpy()
        return rest

    def read_amass(self, path: Path) -> Recording:
        """Read an AMASS archive with this body's own segment lengths, by the archive's shape.

        The archive's shape coefficients are of the same person only if this model is of the
        family that the archive was made with (AMASS: SMPL-H and SMPL-X share SMPL's skeleton,
        not its coefficients); else lengths are near, not exact.

        Raises:
            RecordingError: As recordings.amass.read_amass.
        """
        with reading(path, '.npz'), np.load(path, allow_pickle=False) as archive:
            betas = np.asarray(archive['betas'], float).ravel() if 'betas' in archive else None
        return read_amass(path, rest=self.rest_joints(betas))


def load_smpl(path: Path) -> SmplBody:
    """Load a model file (.pkl as distributed, or .npz with the same names).

    Raises:
        MissingDependencyError: smplx is not installed.
        RecordingError: The file is absent, damaged or not a SMPL model.
    """
    try:
        import smplx  # noqa: PLC0415 - an extra of its own, licensed for research
    except ImportError as error:
        raise MissingDependencyError('smplx', 'smpl', 'The SMPL body model') from error
    if not path.exists():
        raise RecordingError(
            f'{path}: no such model file; get it under its licence from '
            'https://smpl.is.tue.mpg.de and give its path'
        )
    numbers = _numbers(path)
    module = smplx.SMPL(
        '', data_struct=SimpleNamespace(**numbers), vertex_ids=_FACE, use_hands=False,
        use_feet_keypoints=False, create_betas=False, create_global_orient=False,
        create_body_pose=False, create_transl=False,
    )  # fmt: skip
    return SmplBody(module, int(module.num_betas))


def _numbers(path: Path) -> dict[str, Any]:
    if path.suffix.lower() == '.npz':
        with reading(path, '.npz'), np.load(path, allow_pickle=False) as archive:
            found: Any = {name: archive[name] for name in archive.files}
    else:
        found = read_pickle(path)
    if not isinstance(found, dict) or not set(_NEEDED) <= set(found):
        raise RecordingError(f'{path}: not a model of SMPL; it needs {", ".join(_NEEDED)}')
    numbers = {name: np.asarray(found[name]) for name in _NEEDED}
    count = len(shaped(path, 'v_template', numbers['v_template'], None, 3))
    shaped(path, 'J_regressor', numbers['J_regressor'], _JOINTS, count)
    shaped(path, 'weights', numbers['weights'], count, _JOINTS)
    shaped(path, 'posedirs', numbers['posedirs'], count, 3, 9 * (_JOINTS - 1))
    shaped(path, 'shapedirs', numbers['shapedirs'], count, 3, None)
    shaped(path, 'kintree_table', numbers['kintree_table'], 2, _JOINTS)
    return numbers
