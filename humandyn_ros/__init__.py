"""Live human dynamics: a skeleton stream in; joint torques and ground reactions out."""

__version__ = '0.1.0'
