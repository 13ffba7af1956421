"""Settings of SkeletonLLM's network: which model, how many pictures, what adapts."""

from __future__ import annotations

from dataclasses import dataclass, field

from humandyn_ros.config import Checked, setting
from humandyn_ros.drawing import Style


@dataclass(frozen=True)
class SkeletonLLMConfig(Checked):
    """A renderer before a vision-language model.

    Frames, rank, alpha, dropout and targets: released training script (wangzy01/SkeletonLLM).
    """

    model: str = setting(
        '',
        '',
        'folder of an image-text-to-text model in Hugging Face form, or its name on the hub',
    )
    frames: int = setting(12, 'pictures', 'of one clip, one from each of as many parts', low=1)
    picture_px: int = setting(
        0,
        'px',
        'edge of the pictures that the model is shown; 0: as it takes them',
        low=0,
        high=2048,
    )
    draw_px: int = setting(
        0, 'px', 'edge at which they are drawn, then enlarged; 0: the same', low=0, high=2048
    )
    style: Style = field(default_factory=Style)
    dtype: str = setting(
        'float32', '', 'of the frozen weights', choices=('float32', 'bfloat16', 'float16')
    )
    projector: str = setting(
        '', '', "part of the names of the projector's weights; empty: as known of the family"
    )
    lora_rank: int = setting(32, '', 'of the low-rank adapters; 0: none', low=0, high=1024)
    lora_alpha: float = setting(64.0, '', 'their gain times the rank', low=0.0)
    lora_dropout: float = setting(0.05, '', 'before them', low=0.0, high=0.9)
    lora_targets: tuple[str, ...] = (
        'q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj',
    )  # fmt: skip
    checkpointing: bool = setting(
        False, '', 'forget activations and compute them again: less memory, a third slower'
    )
    attention: str = setting('', '', "implementation that transformers is asked for; e.g. 'sdpa'")
