"""DrAction: the differentiable renderer of SkeletonLLM (Wang et al. 2026, arXiv 2603.18003)."""

from humandyn_ros.learning.nets.draction.renderer import DrAction, Still

__all__ = ['DrAction', 'Still']
