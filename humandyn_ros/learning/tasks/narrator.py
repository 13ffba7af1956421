"""The narrator as a task of the training loop: four stages after SkeletonLLM, score, export.

warm_up       renderer, picture and text encoder learn which label's text a motion is like
discriminate  the same against the labels most easily taken for the right one
reason        all, with the words: label, sentence and reasons from measured facts
refine        all but the renderer, which is done
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from humandyn_ros.config import Checked, setting
from humandyn_ros.drawing import Layout, strokes
from humandyn_ros.engines.narrator.language import FACTS, FEATURES, Ids, Vocabulary
from humandyn_ros.engines.narrator.pictures import FRAMES
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.losses.narrator import (
    anchor_loss,
    caption_loss,
    hard_negative_loss,
    label_loss,
    word_loss,
)
from humandyn_ros.learning.nets.narrator import LENGTH, Narrator, NarratorNet
from humandyn_ros.learning.nets.narrator.exporting import MemoryModule, TextModule, WordModule
from humandyn_ros.learning.tasks.narrator_album import Album
from humandyn_ros.learning.tasks.narrator_batches import Shown, Spoiling, shown_batch
from humandyn_ros.learning.tasks.narrator_formats import FORMATS, skeleton_of
from humandyn_ros.learning.tasks.narrator_segments import (
    Material,
    kept_material,
    material,
    segment,
)
from humandyn_ros.learning.tasks.narrator_takes import takes
from humandyn_ros.learning.tasks.narrator_texts import everything, read_actions
from humandyn_ros.learning.tasks.task import Batch, Exportable, Progress, Stage

DESCRIPTION = 32
"""Most tokens of a description."""
ALBUM = 'album'
"""What is learnt from where the renderer does not learn: motion whose pictures are kept."""


@dataclass(frozen=True)
class NarratorTaskConfig(Checked):
    """Settings of the narrator's training."""

    takes: int = setting(40, '', 'procedural takes of each activity', low=1, high=10_000)
    variants: int = setting(6, '', 'segments cut out of each take', low=1, high=1000)
    batch: int = setting(32, '', 'segments', low=1, high=4096)
    steps: int = setting(100, '', 'batches in an epoch', low=1, high=10**6)
    warm_up: int = setting(4, 'epochs', 'of the first stage', low=0, high=10**6)
    discriminate: int = setting(2, 'epochs', 'of the second', low=0, high=10**6)
    reason: int = setting(4, 'epochs', 'of the third', low=0, high=10**6)
    refine: int = setting(10, 'epochs', 'of the last', low=0, high=10**6)
    learning_rate: float = setting(1e-3, '', 'of all stages but the last', low=1e-7, high=1)
    refine_rate: float = setting(5e-4, '', 'learning rate of the last', low=1e-7, high=1)
    renderer: str = setting(
        'learned', '', 'learned, or as it starts: a fixed rasteriser', choices=('learned', 'fixed')
    )
    formats: tuple[str, ...] = ('smpl_24', 'kinect_25', 'coco_17')
    flat: float = setting(0.35, '', 'share of 2-D projections', low=0.0, high=1.0)
    unmeasured: float = setting(0.15, '', 'share of motion without facts', low=0.0, high=1.0)
    album: int = setting(150, '', 'batches whose pictures are kept', low=1, high=10**6)
    told: float = setting(0.5, '', 'share of a batch that is put into words', low=0.0, high=1.0)
    anchors: float = setting(1.0, '', 'weight of anchors of the labels', low=0.0, high=10.0)
    captions: float = setting(0.2, '', 'weight of pictures against captions', low=0.0, high=10.0)
    words: float = setting(1.0, '', 'weight of the words', low=0.0, high=10.0)
    spoiling: Spoiling = field(default_factory=Spoiling)
    net: NarratorNet = field(default_factory=NarratorNet)


class NarratorTask:
    """The narrator with its material, losses and judgement.

    Args:
        config: Settings.
        data: Folder of recordings; None: procedural motion only.

    Raises:
        ConfigError: A format that canonical motion cannot be shown in.
    """

    name = 'narrator'
    Config = NarratorTaskConfig

    def __init__(self, config: NarratorTaskConfig, data: Path | None = None) -> None:
        unknown = sorted(set(config.formats) - set(FORMATS))
        if unknown or not config.formats:
            raise ConfigError(f'formats {unknown}: choose from {", ".join(FORMATS)}')
        self.config, self._data, self._album = config, data, Album()
        self.described = read_actions()
        self.actions = tuple(action for action in self.described if not action.held_out)
        self.vocabulary = Vocabulary.of(everything(self.described))
        self.layouts: dict[str, Layout] = {n: strokes(skeleton_of(n)) for n in FORMATS}

    @cached_property
    def _train(self) -> Material:
        return self.material('train')

    @cached_property
    def _validation(self) -> Material:
        return self.material('validation')

    def material(self, split: str) -> Material:
        """Segments of the trained actions by the people of a split; varied for training."""
        config, learn = self.config, split == 'train'
        random = np.random.default_rng([7, len(split)])
        each = config.takes if learn else max(1, config.takes // 6)
        names = {action.name for action in self.actions}

        def make() -> Material:
            found = [take for take in takes(split, self._data, each) if take.label in names]
            segments = [
                segment(take, self.actions, random, vary=learn)
                for take in found
                for _ in range(config.variants if learn else 1)
            ]
            return material(segments, self.actions, self.vocabulary, LENGTH)

        key = (split, each, config.variants, self._data is not None, self.vocabulary.tokens,
               self.actions)  # fmt: skip
        return kept_material(key, make) if self._data is not None else make()

    def model(self) -> Narrator:
        """Return the network with random weights."""
        return Narrator(self.config.net, len(self.vocabulary), len(self.actions))

    def stages(self) -> Sequence[Stage]:
        """Return the four legs; those of no epochs are left out."""
        config, fixed = self.config, self.config.renderer == 'fixed'

        def drawing(name: str) -> bool:
            return not (fixed and name.startswith('renderer.')) and not name.startswith(
                ('decoder.layers', 'decoder.place', 'decoder.bias', 'facts.')
            )

        rate, last = config.learning_rate, config.refine_rate
        legs = [
            Stage('warm_up', config.warm_up, rate, drawing),
            Stage('discriminate', config.discriminate, rate, drawing),
            Stage('reason', config.reason, rate,
                  lambda name: not (fixed and name.startswith('renderer.'))),
            Stage('refine', config.refine, last,
                  lambda name: not name.startswith('renderer.'), ALBUM),
        ]  # fmt: skip
        return [leg for leg in legs if leg.epochs]

    def batches(self, split: str, seed: int) -> Iterator[Batch]:
        """Yield one epoch, one format a batch; of ALBUM, batches whose motion returns."""
        random = np.random.default_rng(seed)
        if split == ALBUM:
            pages = random.permutation(max(self.config.steps, self.config.album))
            for page in pages[: self.config.steps].tolist():
                rows, shown = self._shown(self._train, np.random.default_rng([page, 3]))
                texts = self._texts(self._train, rows, random)
                yield shown | texts | {'page': torch.tensor([page])}
            return
        found = self._train if split == 'train' else self._validation
        for _ in range(self.config.steps):
            rows, shown = self._shown(found, random)
            yield shown | self._texts(found, rows, random)

    def _shown(self, found: Material, random: np.random.Generator) -> tuple[Ids, Batch]:
        config = self.config
        rows = random.choice(len(found.labels), config.batch, p=found.share)
        name = config.formats[int(random.integers(len(config.formats)))]
        view = name, self.layouts[name], bool(random.uniform() < config.flat)
        seen = shown_batch(found, rows, view, random, config.spoiling)
        return rows, self._batch(found, rows, name, seen)

    def _batch(self, found: Material, rows: Ids, name: str, seen: Shown) -> Batch:
        return {
            'format': torch.tensor([FORMATS.index(name)]),
            'points': torch.from_numpy(seen.points)[:, :, None],
            'velocities': torch.from_numpy(seen.velocities)[:, :, None],
            'confidence': torch.from_numpy(seen.confidence)[:, :, None],
            'labels': torch.from_numpy(found.labels[rows]),
        }

    def _texts(self, found: Material, rows: Ids, random: np.random.Generator) -> Batch:
        measured = (random.uniform(size=len(rows)) >= self.config.unmeasured)[:, None]
        texts = [str(random.choice([a.label, *a.descriptions])) for a in self.actions]
        return {
            'facts': torch.from_numpy(found.facts[rows]),
            'there': torch.from_numpy(np.where(measured, found.there[rows], 0).astype(np.float32)),
            'tokens': torch.from_numpy(np.where(measured, found.tokens[rows], found.plain[rows])),
            'texts': torch.from_numpy(self.vocabulary.sheet(texts, DESCRIPTION)),
        }

    def pictures(self, model: Narrator, batch: Batch, *, learn: bool) -> Tensor:
        """Draw a batch (B, FRAMES, H, W, 3); gradients go to the renderer only if it learns."""
        model.renderer.layout = self.layouts[FORMATS[int(batch['format'][0])]]
        with torch.set_grad_enabled(learn and torch.is_grad_enabled()):
            drawn: Tensor = model.renderer(
                batch['points'], batch['confidence'], batch['velocities']
            )
        return drawn

    def losses(self, model: nn.Module, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the terms of the stage."""
        assert isinstance(model, Narrator)
        tokens = model.pictures(self._seen(model, batch))
        seen, texts = model.embedding(tokens), model.text(batch['texts'])
        labels, scale = batch['labels'], model.scale
        terms = {
            'label': label_loss(seen, texts, labels, scale),
            'anchors': self.config.anchors
            * anchor_loss(seen, texts, labels, model.anchors, scale),
        }
        if progress.stage == 'discriminate':
            terms['negatives'] = hard_negative_loss(seen, texts, labels, scale)
        if progress.stage in ('reason', 'refine'):
            some = slice(0, max(1, round(self.config.told * len(labels))))
            said = batch['tokens'][some]
            said = said[:, : int((said > 0).sum(1).max())]
            contrast = caption_loss(seen[some], model.text(said), labels[some], scale)
            memory = model.memory(tokens[some], batch['facts'][some], batch['there'][some])
            terms['captions'] = self.config.captions * contrast
            terms['words'] = self.config.words * word_loss(model.decoder(said, *memory), said)
        return terms

    def _seen(self, model: Narrator, batch: Batch) -> Tensor:
        """Pictures of a batch; from the album where they return."""
        learns = any(p.requires_grad for p in model.renderer.parameters())

        def draw() -> Tensor:
            return self.pictures(model, batch, learn=learns)

        if learns or 'page' not in batch:
            return draw()
        return self._album.page(int(batch['page'][0]), model, draw)

    def score(self, model: nn.Module, split: str) -> dict[str, float]:
        """Return label accuracy, mean over actions, of every format, and the cost of words."""
        assert isinstance(model, Narrator)
        found = self._validation if split == 'validation' else self.material(split)
        prototypes = self.prototypes(model)
        views = [(name, False) for name in self.config.formats] + [('coco_17', True)]
        scores = {
            f'{name}{"_flat" if flat else ""}_percent': self._accuracy(
                model, found, prototypes, (name, flat)
            )
            for name, flat in views
        }
        mean = float(np.mean(list(scores.values())))
        words = self._words(model, found, views[0])
        return {'labels_percent': mean, **scores, 'words_nats': words}

    def prototypes(self, model: Narrator) -> Tensor:
        """Mean unit vectors of the texts of every trained action (C, d)."""
        rows = []
        for action in self.actions:
            sheet = self.vocabulary.sheet([action.label, *action.descriptions], DESCRIPTION)
            rows.append(model.text(torch.from_numpy(sheet).to(model.log_scale.device)).mean(0))
        return functional.normalize(torch.stack(rows), dim=-1)

    def _accuracy(
        self, model: Narrator, found: Material, prototypes: Tensor, view: tuple[str, bool]
    ) -> float:
        right = [
            ((model.embedding(tokens) @ prototypes.T).argmax(1) == labels).cpu().numpy()
            for _, tokens, labels in self._encoded(model, found, view)
        ]
        hits = np.concatenate(right)
        each = [hits[found.labels == label].mean() for label in np.unique(found.labels)]
        return 100.0 * float(np.mean(each))

    def _words(self, model: Narrator, found: Material, view: tuple[str, bool]) -> float:
        """Mean cost of a token of the texts, facts known."""
        losses = []
        for rows, tokens, labels in self._encoded(model, found, view):
            facts, there, said = (
                torch.from_numpy(item[rows]).to(labels.device)
                for item in (found.facts, found.there, found.tokens)
            )
            scores = model.decoder(said, *model.memory(tokens, facts, there))
            losses.append(float(word_loss(scores, said)))
        return float(np.mean(losses))

    def _encoded(
        self, model: Narrator, found: Material, view: tuple[str, bool]
    ) -> Iterator[tuple[Ids, Tensor, Tensor]]:
        """Rows, encoded pictures and labels of all of some material in one view."""
        random, (name, flat) = np.random.default_rng(5), view
        device = next(model.parameters()).device
        for rows in np.array_split(np.arange(len(found.labels)), max(1, len(found.labels) // 64)):
            seen = shown_batch(
                found, rows, (name, self.layouts[name], flat), random, self.config.spoiling
            )
            made = self._batch(found, rows, name, seen)
            batch = {key: value.to(device) for key, value in made.items()}
            with torch.no_grad():
                tokens = model.pictures(self.pictures(model, batch, learn=False))
            yield rows, tokens, batch['labels']

    def exportable(self, model: nn.Module) -> Exportable:
        """Return the encoder, with the decoder's step and the text encoder as parts."""
        assert isinstance(model, Narrator)
        net, facts = self.config.net, len(FACTS)
        pictures = torch.rand(2, FRAMES, net.size, net.size, 3)
        given = torch.randn(2, facts, FEATURES)
        there = (torch.rand(2, facts) < 0.5).float()
        module = MemoryModule(model)
        main = Exportable(
            module, (pictures, given, there), ('pictures', 'facts', 'there'),
            ('memory', 'embedding'), self._manifest(model),
        )  # fmt: skip
        with torch.no_grad():
            memory, _ = module(pictures, given, there)
        place = torch.tensor([[3], [5]])
        token = torch.randint(5, len(self.vocabulary), (2, 1))
        past = torch.randn(2, 2 * net.words, LENGTH, net.width)
        all_there = torch.cat([torch.ones(2, memory.shape[2] - facts), there], 1)
        word = Exportable(
            WordModule(model), (token, place, memory, all_there, past),
            ('token', 'place', 'memory', 'there', 'past'), ('scores', 'past_out'),
            {'kind': 'narrator_word'},
        )  # fmt: skip
        sheet = torch.from_numpy(
            self.vocabulary.sheet([self.actions[0].label, 'the person walks'], DESCRIPTION)
        )
        text = Exportable(
            TextModule(model), (sheet,), ('tokens',), ('vector',), {'kind': 'narrator_text'}
        )
        return dataclasses.replace(main, parts={'word': word, 'text': text})

    def _manifest(self, model: Narrator) -> dict[str, object]:
        renderer = {
            name: value.detach().cpu().double().numpy().round(7).tolist()
            for name, value in model.renderer.named_parameters()
        }
        return {
            'kind': 'narrator',
            'vocabulary': list(self.vocabulary.tokens),
            'facts': list(FACTS),
            'frames': FRAMES,
            'size': self.config.net.size,
            'scale': float(model.scale.detach()),
            'labels': [action.name for action in self.actions],
            'descriptions': {a.name: [a.label, *a.descriptions] for a in self.actions},
            'formats': list(self.config.formats),
            'renderer': renderer,
            'units': {'pictures': '0-1', 'scores': 'logit'},
        }
