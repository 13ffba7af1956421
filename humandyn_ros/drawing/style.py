"""How a skeleton is drawn: picture size, camera, look."""

from __future__ import annotations

from dataclasses import dataclass

from humandyn_ros.config import Checked, setting


@dataclass(frozen=True)
class Style(Checked):
    """Settings of a picture; learnt numbers are not among them."""

    look: str = setting(
        'adaptive', '', 'how strokes get colour, ink and width', choices=('adaptive', 'released')
    )
    height: int = setting(96, 'px', 'picture height', low=8, high=2048)
    width: int = setting(96, 'px', 'picture width', low=8, high=2048)
    pixel_centre: float = setting(0.5, 'px', 'where in a pixel it is sampled', low=0, high=1)
    camera: str = setting(
        'fit', '', 'fit: centres and scales the people; fixed: pinhole', choices=('fit', 'fixed')
    )
    up: str = setting(
        'Z', '', 'axis of the points that points up', choices=('X', 'Y', 'Z', '-X', '-Y', '-Z')
    )
    heading: str = setting(
        'person', '', 'person: seen from the front; world: as the axes lie',
        choices=('person', 'world'),
    )  # fmt: skip
    azimuth_deg: float = setting(
        30.0, 'deg', 'camera walks round to its right from the front (or from the world axis)',
        low=-360, high=360,
    )  # fmt: skip
    elevation_deg: float = setting(10.0, 'deg', 'camera looks down by', low=-90, high=90)
    framing: str = setting(
        'clip', '', 'clip: one place for all frames; follow: each frame centred',
        choices=('clip', 'follow'),
    )  # fmt: skip
    margin: float = setting(0.12, '', 'free border, part of half a picture', low=0, high=0.9)
    field_of_view_deg: float = setting(60.0, 'deg', 'of the fixed camera', low=1, high=170)
    hue: str = setting('depth', '', 'what the colour ramp shows', choices=('depth', 'confidence'))
    nfm: bool = setting(True, '', 'motion modulates colour and ink (released look)')
    blur_px: float = setting(0.4, 'px', 'smallest stroke width, against aliasing', low=0, high=5)


RELEASED = Style(
    look='released',
    height=448,
    width=448,
    pixel_centre=0.0,
    camera='fixed',
    up='Y',
    heading='world',
    azimuth_deg=0.0,
    elevation_deg=0.0,
    blur_px=0.0031622776601683794,  # 1e-5 px² on the diagonal of every covariance
)
"""DrAction as its code draws (wangzy01/SkeletonLLM): pinhole at the origin, z into the picture."""
