"""Drawing without torch: learnt numbers in, pictures out."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.drawing.camera import Camera
from humandyn_ros.drawing.layout import Layout
from humandyn_ros.drawing.motion import released_velocities, velocities
from humandyn_ros.drawing.splat import paint
from humandyn_ros.drawing.strokes import make_strokes
from humandyn_ros.drawing.style import Style
from humandyn_ros.errors import ModelError

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Drawing:
    """A renderer's style and learnt numbers, for one layout.

    Attributes:
        layout: What is drawn.
        style: How it is drawn.
        parameters: Learnt numbers, named as in the state of `DrAction` (learning/nets/draction).
    """

    layout: Layout
    style: Style
    parameters: Mapping[str, Floats]

    def draw(
        self,
        points: Any,
        confidence: Any = None,
        velocity: Any = None,
        *,
        rate_hz: float = 30.0,
        camera: Camera | None = None,
    ) -> Floats:
        """Draw clips.

        Args:
            points: (B, T, P, J, 3), or 2 for image points; NaN = not seen.
            confidence: (B, T, P, J) 0-1; all 1 without it.
            velocity: Of `points`, per second (released: x(t + 4) - x(t)); else from `points`.
            rate_hz: Frames per second of `points`, where `velocity` is not given.
            camera: Instead of the one that the style asks for.

        Returns:
            Pictures (B, T, height, width, 3), 0-1.

        Raises:
            SkeletonError: Shapes do not fit.
        """
        points = np.asarray(points, np.float32)
        if confidence is None:
            confidence = np.ones(points.shape[:-1], np.float32)
        if velocity is None and points.ndim == 5:
            released = self.style.look == 'released'
            velocity = released_velocities(points) if released else velocities(points, rate_hz)
        strokes = make_strokes(
            points,
            np.asarray(confidence, np.float32),
            np.asarray(velocity, np.float32),
            layout=self.layout,
            style=self.style,
            parameters=self.parameters,
            camera=camera,
        )
        pictures = paint(strokes, self.style.height, self.style.width)
        clips: Floats = pictures.reshape(*points.shape[:2], *pictures.shape[1:])
        return clips

    def save(self, path: Path) -> None:
        """Write style and learnt numbers (.npz, no pickle); the layout is made anew on reading."""
        arrays: dict[str, Any] = dict(self.parameters)
        arrays['style'] = np.frombuffer(json.dumps(asdict(self.style)).encode(), np.uint8)
        content = io.BytesIO()
        np.savez(content, **arrays)
        path.write_bytes(content.getvalue())

    @classmethod
    def load(cls, path: Path, layout: Layout) -> Drawing:
        """Read what `save` wrote.

        Raises:
            ModelError: Missing, damaged or of another kind.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            style = Style(**json.loads(arrays.pop('style').tobytes()))
        except Exception as error:
            raise ModelError(f'{path}: not a drawing ({error}); write it with save()') from error
        return cls(layout, style, arrays)
