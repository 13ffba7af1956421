"""A teacher's reasons for clips whose label is known: asked once, kept in a file.

The teacher is any endpoint that speaks OpenAI's chat completions, or a local model. What it says
and was not measured in the clip is not kept; nor is an answer that ends with another label.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import ConfigError, ModelError
from humandyn_ros.learning.words.clips import WordedClip
from humandyn_ros.learning.words.prompts import Prompts, read_prompts
from humandyn_ros.learning.words.rationales import (
    Rationale,
    append_rationales,
    parsed,
    read_rationales,
)
from humandyn_ros.learning.words.scores import LabelMatcher, read_synonyms
from humandyn_ros.words.facts import measure
from humandyn_ros.words.grounding import faults
from humandyn_ros.words.slots import SLOTS, spoken

Teacher = Callable[[str, WordedClip], str]
"""Answers a prompt about a clip."""

_TEMPERATURE, _TOKENS = 0.2, 512  # released code
_TRIES, _WAIT_S = 3, 2.0
_AGAIN = {408, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Endpoint:
    """A server that speaks OpenAI's chat completions.

    Attributes:
        url: Such as https://host/v1, before /chat/completions.
        model: Its name for the model.
        draw: Pictures (frames, H, W, 3), 0-1, of a clip.
        key: Name of the environment variable that holds the key; none is sent if it is unset.
        seconds: How long an answer may take.
    """

    url: str
    model: str
    draw: Callable[[WordedClip], NDArray[np.float32]]
    key: str = 'OPENAI_API_KEY'
    seconds: float = 120.0

    def __post_init__(self) -> None:
        if not self.url.startswith(('http://', 'https://')) or not self.model:
            raise ConfigError(
                f'teacher {self.url!r}, model {self.model!r}: give a URL that starts with http:// '
                'or https:// and the name of a model'
            )

    def __call__(self, prompt: str, clip: WordedClip) -> str:
        """Ask.

        Raises:
            ModelError: No answer, after some tries, or none that can be read.
        """
        body = json.dumps(self._body(prompt, self.draw(clip))).encode()
        for attempt in range(_TRIES):
            try:
                return self._sent(body)
            except urllib.error.HTTPError as error:
                told = error.read(300).decode(errors='replace')
                if error.code not in _AGAIN or attempt + 1 == _TRIES:
                    raise ModelError(f'teacher {self.url}: {error.code} {told}') from error
            except (OSError, TimeoutError) as error:
                if attempt + 1 == _TRIES:
                    raise ModelError(f'teacher {self.url} does not answer: {error}') from error
            time.sleep(_WAIT_S * 2**attempt)
        raise AssertionError

    def _sent(self, body: bytes) -> str:
        heads = {'Content-Type': 'application/json'}
        if key := os.environ.get(self.key):
            heads['Authorization'] = f'Bearer {key}'
        url = f'{self.url.rstrip("/")}/chat/completions'
        request = urllib.request.Request(url, body, heads)
        with urllib.request.urlopen(request, timeout=self.seconds) as answer:
            content = answer.read()
        try:
            return str(json.loads(content)['choices'][0]['message']['content'])
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise ModelError(
                f'teacher {self.url}: the answer is no chat completion; correct the URL'
            ) from error

    def _body(self, prompt: str, pictures: NDArray[np.float32]) -> dict[str, Any]:
        content: list[dict[str, Any]] = []
        for number, picture in enumerate(pictures, 1):
            content.append({'type': 'text', 'text': f'Frame{number}:'})
            content.append({'type': 'image_url', 'image_url': {'url': _png(picture)}})
        content.append({'type': 'text', 'text': prompt})
        return {
            'model': self.model,
            'messages': [{'role': 'user', 'content': content}],
            'temperature': _TEMPERATURE,
            'max_tokens': _TOKENS,
        }


def _png(picture: NDArray[np.float32]) -> str:
    from PIL import Image  # noqa: PLC0415 - comes with the extra words

    file = io.BytesIO()
    Image.fromarray((picture * 255 + 0.5).astype(np.uint8)).save(file, 'png')
    return 'data:image/png;base64,' + base64.b64encode(file.getvalue()).decode()


def taught(
    clips: Iterable[WordedClip], teacher: Teacher, prompts: Prompts, matcher: LabelMatcher
) -> Iterator[Rationale]:
    """Yield a teacher's reasons, less what was not measured, of clips that it judges right."""
    for clip in clips:
        answer = teacher(prompts.teaching(clip.label, _measured(clip)), clip)
        caption, reasons, label = parsed(answer)
        if matcher.match(label) != clip.label:
            continue
        kept = tuple(reason for reason in reasons if _holds(reason, clip))
        caption = caption if _holds(caption, clip) else clip.caption
        if kept and caption:
            yield Rationale(clip.id, clip.label, caption, kept)


def _measured(clip: WordedClip) -> str:
    """Notable facts as a list of names and numbers."""
    if clip.measured is None:
        return '; '.join(clip.reasons)
    found = measure(clip.measured).notable
    numbers = [
        f'{name.replace("_", " ")} {spoken(name, value)} {SLOTS[name].unit}'.strip()
        for name, value in found.numbers.items()
    ]
    return ', '.join(numbers + [f'{n.replace("_", " ")} {w}' for n, w in found.words.items()])


def _holds(sentence: str, clip: WordedClip) -> bool:
    return clip.measured is None or not faults(sentence, measure(clip.measured))


def keep_rationales(arguments: argparse.Namespace) -> int:
    """Fill a file of rationales as the command line says; what is in it stays."""
    from humandyn_ros.learning.settings import read_settings, split_settings  # noqa: PLC0415
    from humandyn_ros.learning.tasks.skeletonllm import SkeletonLLMTask  # noqa: PLC0415

    settings = read_settings('skeletonllm', arguments.config, arguments.set or ())
    _, config = split_settings(settings, SkeletonLLMTask.Config)
    task = SkeletonLLMTask(config, Path(arguments.data) if arguments.data else None)
    out = Path(arguments.out)
    known = read_rationales(out) if out.is_file() else {}
    wanted = (clip for clip in task.lessons.clips('train', 0) if clip.id not in known)
    clips = islice(wanted, arguments.clips)
    teacher = _teacher(arguments, config.net.frames)
    matcher = LabelMatcher(task.lessons.labels, read_synonyms(config.synonyms))
    count = append_rationales(out, taught(clips, teacher, read_prompts(config.prompts), matcher))
    print(f'{count} rationales added to {out}, {len(known)} were there')
    return 0


def _teacher(arguments: argparse.Namespace, frames: int) -> Teacher:
    if not arguments.teacher.startswith(('http://', 'https://')):
        from humandyn_ros.learning.nets.skeletonllm.speaker import (  # noqa: PLC0415
            open_speaker,
        )

        speaker = open_speaker(arguments.teacher)
        return lambda prompt, clip: speaker.ask(
            prompt, speaker.pictures(clip.points, clip.confidence, clip.skeleton, clip.rate_hz)
        )
    return Endpoint(
        arguments.teacher, arguments.model, lambda clip: drawn(clip, frames), arguments.key
    )


def drawn(clip: WordedClip, frames: int, size: int = 448) -> NDArray[np.float32]:
    """Pictures (frames, size, size, 3), 0-1, as an unlearned renderer draws a clip."""
    import torch  # noqa: PLC0415

    from humandyn_ros.drawing import Style, strokes, velocities  # noqa: PLC0415
    from humandyn_ros.learning.nets.draction import DrAction  # noqa: PLC0415
    from humandyn_ros.learning.words.clips import picked  # noqa: PLC0415

    with torch.random.fork_rng():
        torch.manual_seed(0)
        renderer = DrAction(strokes(clip.skeleton), Style(height=size, width=size)).to_drawing()
    at, moved = picked(len(clip.points), frames, None), velocities(clip.points, clip.rate_hz)
    clips = renderer.draw(clip.points[None, at], clip.confidence[None, at], moved[None, at])
    pictures: NDArray[np.float32] = clips[0]
    return pictures
