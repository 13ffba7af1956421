"""LaDy at run time: coordinates, features, memory and decoding in NumPy."""
