"""Tiny vision-language models with random weights, written as a user would find real ones.

Each has a byte-level tokenizer, a processor and some thousand weights; no file comes from a hub.
"""

import json
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

SPECIAL = ('<pad>', '<s>', '<end>', '<image>', '<video>', '<img>', '</img>', '<fake>', '<global>')
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: "
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}IMAGE{% else %}{{ part['text'] }}{% endif %}"
    '{% endfor %}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}'
)
TEXT = {
    'hidden_size': 32, 'intermediate_size': 48, 'num_hidden_layers': 2, 'num_attention_heads': 2,
    'num_key_value_heads': 2, 'vocab_size': 280, 'max_position_embeddings': 4096,
    'pad_token_id': 0, 'bos_token_id': 1, 'eos_token_id': 2, 'initializer_range': 0.3,
}  # fmt: skip
VISION = {
    'hidden_size': 16, 'intermediate_size': 24, 'num_hidden_layers': 2, 'num_attention_heads': 2,
    'initializer_range': 0.3,
}  # fmt: skip


def tokenizer():
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate((*SPECIAL, *letters))}
    inner = Tokenizer(models.BPE(vocabulary, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    extra = {
        'image_token': '<image>', 'video_token': '<video>', 'context_image_token': '<image>',
        'start_image_token': '<img>', 'end_image_token': '</img>', 'fake_image_token': '<fake>',
        'global_image_token': '<global>',
    }  # fmt: skip
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token='<pad>', bos_token='<s>', eos_token='<end>',
        extra_special_tokens=extra,
    )  # fmt: skip


def llava(path: Path):
    config = transformers.LlavaConfig(
        vision_config=transformers.CLIPVisionConfig(**VISION, image_size=32, patch_size=8),
        text_config=transformers.LlamaConfig(**TEXT),
        image_token_id=3,
        vision_feature_layer=-1,
    )
    pictures = transformers.CLIPImageProcessorPil(
        size={'shortest_edge': 32}, crop_size={'height': 32, 'width': 32}
    )
    processor = transformers.LlavaProcessor(
        pictures, tokenizer(), patch_size=8, vision_feature_select_strategy='default',
        num_additional_image_tokens=1, image_token='<image>',
        chat_template=TEMPLATE.replace('IMAGE', '<image>'),
    )  # fmt: skip
    return written(path, transformers.LlavaForConditionalGeneration, config, processor)


def llava_onevision(path: Path):
    config = transformers.LlavaOnevisionConfig(
        vision_config=transformers.SiglipVisionConfig(**VISION, image_size=32, patch_size=8),
        text_config=transformers.Qwen2Config(**TEXT),
        image_token_id=3,
        video_token_id=4,
        vision_feature_layer=-1,
        image_grid_pinpoints=[[64, 64]],
    )
    pictures = transformers.LlavaOnevisionImageProcessorPil(
        size={'height': 32, 'width': 32}, image_grid_pinpoints=[[64, 64]]
    )
    return written(
        path, transformers.LlavaOnevisionForConditionalGeneration, config,
        parts={'image_processor': pictures, 'tokenizer': tokenizer()},
        facts={'processor_class': 'LlavaOnevisionProcessor', 'num_image_tokens': 16,
               'vision_feature_select_strategy': 'full'},
        template=TEMPLATE.replace('IMAGE', '<image>'),
    )  # fmt: skip


def smolvlm(path: Path):
    config = transformers.SmolVLMConfig(
        vision_config={**VISION, 'image_size': 32, 'patch_size': 4},
        text_config=transformers.LlamaConfig(**TEXT),
        image_token_id=3,
        scale_factor=2,
        pad_token_id=0,
    )
    pictures = transformers.SmolVLMImageProcessorPil(
        size={'longest_edge': 64}, max_image_size={'longest_edge': 32}
    )
    return written(
        path, transformers.SmolVLMForConditionalGeneration, config,
        parts={'image_processor': pictures, 'tokenizer': tokenizer()},
        facts={'processor_class': 'SmolVLMProcessor', 'image_seq_len': 16},
        template=TEMPLATE.replace('IMAGE', '<image>'),
    )  # fmt: skip


def internvl(path: Path):
    config = transformers.InternVLConfig(
        vision_config={**VISION, 'image_size': 32, 'patch_size': 8, 'norm_type': 'layer_norm'},
        text_config=transformers.Qwen2Config(**TEXT),
        image_token_id=3,
        downsample_ratio=0.5,
    )
    pictures = transformers.GotOcr2ImageProcessorPil(size={'height': 32, 'width': 32})
    template = TEMPLATE.replace('IMAGE', '<image>')
    return written(
        path, transformers.InternVLForConditionalGeneration, config,
        parts={'image_processor': pictures, 'tokenizer': tokenizer()},
        facts={'processor_class': 'InternVLProcessor', 'image_seq_length': 4}, template=template,
    )  # fmt: skip


def qwen2_vl(path: Path):
    vision = {
        'depth': 2, 'embed_dim': 16, 'hidden_size': 32, 'num_heads': 2, 'patch_size': 8,
        'spatial_merge_size': 2,
    }  # fmt: skip
    rope = {'rope_type': 'default', 'mrope_section': [2, 3, 3]}
    config = transformers.Qwen2VLConfig(
        vision_config=vision, text_config={**TEXT, 'rope_parameters': rope}, image_token_id=3,
        video_token_id=4, vision_start_token_id=5, vision_end_token_id=6,
    )  # fmt: skip
    pictures = transformers.Qwen2VLImageProcessorPil(
        patch_size=8, size={'shortest_edge': 256, 'longest_edge': 4096}
    )
    template = TEMPLATE.replace('IMAGE', '<img><image></img>')
    return written(
        path, transformers.Qwen2VLForConditionalGeneration, config,
        parts={'image_processor': pictures, 'tokenizer': tokenizer()},
        facts={'processor_class': 'Qwen2VLProcessor'}, template=template,
    )  # fmt: skip


def written(path, kind, config, processor=None, *, parts=None, facts=None, template=''):
    torch.manual_seed(0)
    model = kind(config)
    model.generation_config.eos_token_id = 2
    model.generation_config.pad_token_id = 0
    model.save_pretrained(path)
    if processor is not None:
        processor.save_pretrained(path)
        return path
    for part in parts.values():  # a processor with a video half cannot be made without torchvision
        part.save_pretrained(path)
    (path / 'processor_config.json').write_text(json.dumps(facts))
    (path / 'chat_template.jinja').write_text(template)
    return path
