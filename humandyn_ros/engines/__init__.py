"""Inference engines: one class each, features(window) and decode(outputs) in NumPy."""
