"""Low-rank adapters in a language model (Hu et al. 2021), by peft."""

from __future__ import annotations

from typing import Any

from torch import nn

from humandyn_ros.errors import ConfigError, MissingDependencyError
from humandyn_ros.learning.nets.skeletonllm.config import SkeletonLLMConfig

PROJECTORS = ('multi_modal_projector', 'connector', 'merger', 'mm_projector', 'aligner')
"""Names of the part between the vision tower and the language model, by family."""


def add_adapters(backbone: Any, config: SkeletonLLMConfig) -> None:
    """Put adapters into the language model; they change nothing until they learn.

    Raises:
        ConfigError: None of the layers named is there.
        MissingDependencyError: peft is not installed.
    """
    if not config.lora_rank:
        return
    try:
        import peft  # noqa: PLC0415
    except ImportError as error:
        raise MissingDependencyError('peft', 'words', 'low-rank adapters') from error
    adapters = peft.LoraConfig(
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules=_targets(backbone, config.lora_targets),
    )
    peft.inject_adapter_in_model(adapters, backbone)


def _targets(backbone: Any, wanted: tuple[str, ...]) -> list[str]:
    decoder = backbone.get_decoder()
    start = next(name for name, module in backbone.named_modules() if module is decoder)
    linear = [
        f'{start}.{name}' if start else name
        for name, module in decoder.named_modules()
        if isinstance(module, nn.Linear)
    ]
    found = [name for name in linear if name.rsplit('.', 1)[-1] in wanted]
    if not found:
        there = sorted({name.rsplit('.', 1)[-1] for name in linear})
        raise ConfigError(
            f'net.lora_targets = {list(wanted)}: the language model has only {", ".join(there)}'
        )
    return found


def projector_of(backbone: nn.Module, wanted: str) -> str:
    """Return the part of a name by which the projector's weights are known.

    Raises:
        ConfigError: No weight has it.
    """
    names = [name for name, _ in backbone.named_parameters()]
    for part in (wanted,) if wanted else PROJECTORS:
        if any(part in name for name in names):
            return part
    groups = sorted({'.'.join(name.split('.')[:2]) for name in names})
    raise ConfigError(
        f'net.projector = {wanted!r}: no weight is named so; choose from {", ".join(groups)}'
    )
