"""The narrator at run time: a stretch of motion and what was measured in it to label and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.drawing import Drawing, Layout, strokes
from humandyn_ros.engines.backends import BackendConfig, Session, open_session
from humandyn_ros.engines.factory import model_folder
from humandyn_ros.engines.manifest import Manifest, read_manifest
from humandyn_ros.engines.narrator.language import (
    BEGIN,
    END,
    FACTS,
    NEXT,
    Ids,
    Phrase,
    Vocabulary,
    features,
)
from humandyn_ros.engines.narrator.pictures import FRAMES, drawn, instants, optical, style
from humandyn_ros.engines.network import field
from humandyn_ros.errors import ConfigError, ModelError, StreamError
from humandyn_ros.quantities import Array, Skeleton
from humandyn_ros.words.facts import Facts

KIND = 'narrator'
WORD, TEXT = 'word', 'text'
"""Folders of the parts: one step of the decoder, and the encoder of descriptions."""
REASONS = 3
_LEAST_SEEN = 0.2  # share of the points of a stretch below which there is nothing to draw
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Caption:
    """What the narrator says, before anybody checks it.

    Attributes:
        label: What is done, one of the narrator's labels.
        confidence: Of the label, 0-1.
        scores: Of every label, 0-1, in their order.
        sentence: With slots.
        reasons: With slots.
    """

    label: str
    confidence: float
    scores: Array
    sentence: Phrase
    reasons: tuple[Phrase, ...]


class Narrator:
    """An open narrator.

    Args:
        folder: Of the model; None: the one that is shipped.
        backend: What runs it; ONNX Runtime on the CPU if not given.
        descriptions: Labels of one's own with texts that describe each, instead of the model's.

    Raises:
        ModelError: It is absent, damaged, or of another kind.
        ConfigError: A label without a description.
    """

    name = KIND

    def __init__(
        self,
        folder: Path | str | None = None,
        backend: BackendConfig | None = None,
        *,
        descriptions: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        main, word, text = _manifests(model_folder(KIND, str(folder or '')))
        fields = main.fields
        self.vocabulary = Vocabulary(tuple(str(t) for t in field(fields, 'vocabulary')))
        if tuple(field(fields, 'facts')) != FACTS or int(field(fields, 'frames')) != FRAMES:
            raise ModelError(f'{main.folder}: made for other facts or frames: export it again')
        self._scale, self._size = float(field(fields, 'scale')), int(field(fields, 'size'))
        learnt: dict[str, Any] = field(fields, 'renderer')
        self._renderer = {name: np.array(value, np.float32) for name, value in learnt.items()}
        self._style, self._layouts = style(self._size), dict[str, tuple[Skeleton, Layout]]()
        self._main, self._word, self._text = (
            open_session(part, backend) for part in (main, word, text)
        )
        self._past = word.inputs[-1].sized(1)
        described: Mapping[str, Sequence[str]] = descriptions or field(fields, 'descriptions')
        self.labels = tuple(described)
        self._prompts = tuple(
            str(next(iter(texts))) if texts else '' for texts in described.values()
        )
        self._prototypes = self._encoded(described)

    def _encoded(self, described: Mapping[str, Sequence[str]]) -> Floats:
        """Mean unit vector of the descriptions of each label (C, d)."""
        length, rows = int(self._text.manifest.inputs[0].shape[1]), []
        for label, texts in described.items():
            if not texts or not all(self.vocabulary.encode(text) for text in texts):
                raise ConfigError(f'label {label!r}: describe it in words')
            sheet = self.vocabulary.sheet(list(texts), length)
            mean = self._text.run({'tokens': sheet})['vector'].mean(axis=0)
            rows.append(mean / max(float(np.linalg.norm(mean)), 1e-9))
        return np.stack(rows).astype(np.float32)

    def narrate(
        self,
        points: Array,
        confidence: Array | None,
        skeleton: Skeleton,
        rate_hz: float,
        facts: Facts,
        *,
        up: str = 'Z',
    ) -> Caption:
        """Say what is done in a stretch of motion.

        Args:
            points: (T, J, 3) world, or (T, J, 2) image points; NaN = not seen.
            confidence: (T, J), 0 = not seen; None: where points are NaN.
            skeleton: Names and tree of the points: any that names sides and parts.
            rate_hz: Frames per second.
            facts: What was measured and is worth saying; nothing else can be said.
            up: Axis of the points that points up.

        Raises:
            StreamError: Too short, too long, hardly anything seen, or shapes do not fit.
        """
        pictures = self.pictures(points, confidence, skeleton, rate_hz, up=up)
        memory, embedding = self._seen(pictures, facts)
        scores = self._likeness(embedding)
        best = int(np.argmax(scores))
        said = self._spoken(memory, facts, self._prompts[best])
        sentence, *reasons = _phrases(said)
        return Caption(
            self.labels[best],
            float(scores[best]),
            scores,
            sentence,
            tuple(reason for reason in reasons if reason.tokens)[:REASONS],
        )

    def label(
        self, points: Array, confidence: Array | None, skeleton: Skeleton, rate_hz: float,
        *, up: str = 'Z',
    ) -> Array:  # fmt: skip
        """How likely each label is, without words; arguments and errors of `narrate`."""
        pictures = self.pictures(points, confidence, skeleton, rate_hz, up=up)
        return self._likeness(self._seen(pictures, Facts({}))[1])

    def _likeness(self, embedding: Floats) -> Array:
        """Probabilities of the labels, 0-1."""
        scores = self._scale * (self._prototypes @ embedding).astype(float)
        shares = np.exp(scores - scores.max())
        result: Array = shares / shares.sum()
        return result

    def pictures(
        self, points: Array, confidence: Array | None, skeleton: Skeleton, rate_hz: float,
        *, up: str = 'Z',
    ) -> Floats:  # fmt: skip
        """Draw a stretch (1, FRAMES, H, W, 3), 0-1; arguments and errors of `narrate`."""
        layout = self._layout(skeleton)
        points = np.asarray(points, float)
        if points.ndim != 3 or points.shape[1] != layout.joints or points.shape[2] not in (2, 3):
            raise StreamError(
                f'points {points.shape}: (frames, {layout.joints} joints of {skeleton.name}, '
                '2 or 3) expected'
            )
        if confidence is not None:
            seen = np.asarray(np.asarray(confidence) > 0)
            points = np.where(seen[..., None], points, np.nan)
        read, seconds = instants(points, rate_hz)
        if np.isfinite(read).all(axis=-1).mean() < _LEAST_SEEN:
            raise StreamError('hardly anything of the person was seen: nothing can be told')
        places, velocities = drawn(optical(read[None], layout.sides, up), np.array([seconds]))
        there = np.asarray(np.isfinite(places).all(axis=-1))
        drawing = Drawing(layout, self._style, self._renderer)
        return drawing.draw(places[:, :, None], there[:, :, None], velocities[:, :, None])

    def _layout(self, skeleton: Skeleton) -> Layout:
        kept = self._layouts.get(skeleton.name)
        if kept is None or kept[0] != skeleton:
            kept = skeleton, strokes(skeleton)
            self._layouts[skeleton.name] = kept
        return kept[1]

    def _seen(self, pictures: Floats, facts: Facts) -> tuple[dict[str, NDArray[Any]], Floats]:
        """Memory for the decoder, and the embedding (d)."""
        values, there = features(facts)
        given = {'pictures': pictures, 'facts': values[None], 'there': there[None]}
        found = self._main.run(given)
        memory = found['memory']
        every = np.ones((1, memory.shape[2] - len(FACTS)), np.float32)
        return (
            {'memory': memory, 'there': np.concatenate([every, there[None]], axis=1)},
            found['embedding'][0],
        )

    def _spoken(self, memory: dict[str, NDArray[Any]], facts: Facts, prompt: str) -> list[str]:
        """Tokens that follow BEGIN, the label and NEXT; the likeliest each time."""
        tokens = self.vocabulary.tokens
        silent = np.where(self.vocabulary.allowed(facts), 0.0, -np.inf)
        given = [*self.vocabulary.encode(f'{BEGIN} {prompt} {NEXT}')]
        past: NDArray[Any] = np.zeros(self._past, np.float32)
        said: list[str] = []
        for place in range(self._past[2]):
            token = given[place] if place < len(given) else self.vocabulary.number(said[-1])
            here = {'token': _one(token), 'place': _one(place), 'past': past}
            found = self._word.run({**here, **memory})
            past = found['past_out']
            if place < len(given) - 1:
                continue
            said.append(tokens[int(np.argmax(found['scores'][0] + silent))])
            if said[-1] == END:
                break
        return said

    def describe(self) -> dict[str, str]:
        """What diagnostics show."""
        return {'name': self.name, **self._main.describe()}

    def close(self) -> None:
        """Free the models."""
        for session in self.sessions:
            session.close()

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The open models: encoder, step of the decoder, text encoder."""
        return self._main, self._word, self._text


def open_narrator(folder: str = '', backend: BackendConfig | None = None) -> Narrator:
    """Open a narrator, the shipped one without a folder; errors of `Narrator`."""
    return Narrator(folder or None, backend)


def _manifests(folder: Path) -> tuple[Manifest, Manifest, Manifest]:
    kinds = {'': KIND, WORD: f'{KIND}_{WORD}', TEXT: f'{KIND}_{TEXT}'}
    found = []
    for part, kind in kinds.items():
        manifest = read_manifest(folder / part)
        if manifest.kind != kind:
            raise ModelError(
                f'{manifest.folder} is a model of kind {manifest.kind}: {kind} is needed'
            )
        found.append(manifest)
    return found[0], found[1], found[2]


def _one(value: int) -> Ids:
    return np.array([[value]], np.int64)


def _phrases(said: Sequence[str]) -> list[Phrase]:
    """Tokens apart at NEXT, without END."""
    phrases: list[list[str]] = [[]]
    for token in said:
        if token == NEXT:
            phrases.append([])
        elif token != END:
            phrases[-1].append(token)
    return [Phrase(tuple(tokens)) for tokens in phrases]
