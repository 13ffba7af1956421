"""The narrator, a small vision-language model of our own."""

from humandyn_ros.learning.nets.narrator.net import LENGTH, Narrator, NarratorNet

__all__ = ['LENGTH', 'Narrator', 'NarratorNet']
