"""The nodes themselves, written once against the node handle."""

import os

# A node multiplies small matrices, where threads only wait for each other: on a busy machine
# they cost tens of milliseconds. It must be said before NumPy is imported.
os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')
