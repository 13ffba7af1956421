"""Readers of the data sets that the published networks were trained on.

Each returns a frozen dataclass in SI units, z up, and says in its docstring which traps of its
format it takes out of the way. Pickles go through `unpickle`, which makes arrays and nothing else.
"""
