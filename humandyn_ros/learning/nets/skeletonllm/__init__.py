"""SkeletonLLM (Wang et al. 2026) with any image-text-to-text model of transformers."""

from humandyn_ros.learning.nets.skeletonllm.config import SkeletonLLMConfig
from humandyn_ros.learning.nets.skeletonllm.net import SkeletonLLM

__all__ = ['SkeletonLLM', 'SkeletonLLMConfig']
