"""The demonstration: a recording as a live topic, the answer on topics, shown and judged here."""

from humandyn_ros.demo.run import run_demo

__all__ = ['run_demo']
