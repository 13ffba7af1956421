"""Opening a vision-language model and its processor, by folder or hub name.

Weights are read from safetensors only, and no code that a model brings is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from humandyn_ros.errors import ConfigError, MissingDependencyError, ModelError
from humandyn_ros.learning.nets.skeletonllm.config import SkeletonLLMConfig

SUGGESTIONS = (
    'OpenGVLab/InternVL3-1B-hf, Qwen/Qwen2-VL-2B-Instruct, HuggingFaceTB/SmolVLM-256M-Instruct '
    'or llava-hf/llava-1.5-7b-hf'
)


def transformers() -> Any:
    """Return the library.

    Raises:
        MissingDependencyError: It is not installed.
    """
    try:
        import transformers as found  # noqa: PLC0415
    except ImportError as error:
        raise MissingDependencyError('transformers', 'words', 'SkeletonLLM') from error
    return found


def checked_name(name: str) -> str:
    """Return the name of a model that is a folder or may be on the hub.

    Raises:
        ConfigError: It is empty.
        ModelError: It is a path at which there is no model.
    """
    if not name.strip():
        raise ConfigError(f"net.model = '': name a folder or a model of the hub, {SUGGESTIONS}")
    path = Path(name).expanduser()
    if path.is_dir():
        if not (path / 'config.json').is_file():
            raise ModelError(f'no model in {path}: a config.json is missing; correct the path')
        return str(path)
    parts = name.split('/')
    if path.exists() or len(parts) != 2 or not all(parts) or name.startswith(('.', '~')):
        raise ModelError(f'no model at {name}: name a folder of one, or owner/name of the hub')
    return name


def open_model(config: SkeletonLLMConfig) -> nn.Module:
    """Return the model with its weights, in evaluation mode.

    Raises:
        ConfigError: No model is named.
        ModelError: It is absent, damaged, of the wrong type or too large for the memory.
        MissingDependencyError: transformers is not installed.
    """
    library = transformers()
    name = checked_name(config.model)
    kind = _read_config(library, name)
    options: dict[str, Any] = {'dtype': getattr(torch, config.dtype), 'use_safetensors': True}
    if config.attention:
        options['attn_implementation'] = config.attention
    with memory(f'loading {name} in {config.dtype}', 'net.dtype: bfloat16 or a smaller model'):
        try:
            model: nn.Module = library.AutoModelForImageTextToText.from_pretrained(
                name, config=kind, trust_remote_code=False, **options
            )
        except MemoryError:
            raise
        except Exception as error:  # OSError, ValueError, SafetensorError, KeyError ...
            if out_of_memory(error):
                raise
            raise ModelError(f'{name} cannot be loaded: {_brief(error)}') from error
    if config.checkpointing:
        known: Any = model  # transformers renamed it within version 5
        enable = getattr(known, 'activation_checkpointing_enable', None)
        (enable or known.gradient_checkpointing_enable)({'use_reentrant': False})
    return model.eval()


def _read_config(library: Any, name: str) -> Any:
    try:
        found = library.AutoConfig.from_pretrained(name, trust_remote_code=False)
    except Exception as error:
        if 'trust_remote_code' in str(error) or 'custom code' in str(error):
            raise ModelError(
                f'{name} brings code of its own, which is not run: take the form made for '
                f'transformers, such as {SUGGESTIONS}'
            ) from error
        raise ModelError(
            f'{name} cannot be read: {_brief(error)}; correct net.model, or fetch the model first '
            'where there is no network'
        ) from error
    if type(found) not in library.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        raise ModelError(
            f'{name} is of type {found.model_type}, which does not answer pictures with text: '
            f'choose an image-text-to-text model such as {SUGGESTIONS}'
        )
    return found


def open_processor(name: str) -> Any:
    """Return what a model's pictures and texts go through.

    Raises:
        ModelError: It is absent or damaged.
    """
    library = transformers()
    name = checked_name(name)
    try:
        try:
            found = library.AutoProcessor.from_pretrained(name, trust_remote_code=False)
        except (ImportError, ValueError) as error:
            if 'torchvision' not in str(error).casefold():
                raise
            found = _without_videos(library, name)
    except Exception as error:
        raise ModelError(f'the processor of {name} cannot be read: {_brief(error)}') from error
    if not hasattr(found, 'image_processor') or not hasattr(found, 'tokenizer'):
        raise ModelError(
            f'{name} has only a {type(found).__name__}: the files of its image processor or of '
            'its tokenizer are missing; fetch the whole model'
        )
    return found


def _without_videos(library: Any, name: str) -> Any:
    """Put together a processor whose video half cannot be made, as torchvision is absent."""
    kind = library.PROCESSOR_MAPPING[type(_read_config(library, name))]
    settings, _ = kind.get_processor_dict(name)
    makers = {'tokenizer': library.AutoTokenizer, 'image_processor': library.AutoImageProcessor}
    parts = [
        makers[part].from_pretrained(name, trust_remote_code=False) if part in makers else None
        for part in kind.get_attributes()
    ]
    unchecked = {'check_argument_for_proper_class': lambda _self, _name, part: type(part)}
    videoless: Any = type(kind.__name__, (kind,), unchecked)
    made = videoless.from_args_and_dict(parts, settings)
    made.video_processor = SimpleNamespace(num_frames=1, fps=1)  # SmolVLM asks even so
    return made


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory has run out, of a GPU or of the computer."""
    told = str(error)
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and ("can't allocate memory" in told)
    )


@contextmanager
def memory(doing: str, remedy: str) -> Iterator[None]:
    """Turn running out of memory into an error that says what was done and what helps.

    Raises:
        ModelError: Memory has run out.
    """
    try:
        yield
    except Exception as error:
        if not out_of_memory(error):
            raise
        raise ModelError(f'out of memory while {doing}: choose {remedy}') from error


def _brief(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
