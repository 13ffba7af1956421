"""The narrator at run time: pictures and facts in, label and words out; no torch."""

from humandyn_ros.engines.narrator.engine import Caption, Narrator, open_narrator
from humandyn_ros.engines.narrator.language import Phrase

__all__ = ['Caption', 'Narrator', 'Phrase', 'open_narrator']
