"""Adapters from pose estimators' messages to skeleton frames, one per source."""
