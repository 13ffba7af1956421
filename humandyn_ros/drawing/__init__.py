"""Pictures of moving skeletons: Gaussian strokes, without torch.

The formulas (`camera`, `appearance`, `strokes`) are written once for NumPy and torch; this
package draws with NumPy, `learning/nets/draction` draws the same picture with gradients.
After DrAction of SkeletonLLM (Wang et al. 2026, arXiv 2603.18003).
"""

from humandyn_ros.drawing.draw import Drawing
from humandyn_ros.drawing.layout import PARTS, Layout, beads, strokes
from humandyn_ros.drawing.motion import velocities
from humandyn_ros.drawing.style import RELEASED, Style

__all__ = [
    'PARTS',
    'RELEASED',
    'Drawing',
    'Layout',
    'Style',
    'beads',
    'strokes',
    'velocities',
]
