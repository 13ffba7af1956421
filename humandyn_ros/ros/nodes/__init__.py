"""The nodes themselves, written once against the node handle."""

import os
import sys
from types import TracebackType

# A node multiplies small matrices, where threads only wait for each other: on a busy machine
# they cost tens of milliseconds. It must be said before NumPy is imported.
os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')


def _quiet_on_ctrl_c(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Ctrl-C while modules are still being imported ends the process without a traceback."""
    if not issubclass(kind, KeyboardInterrupt):
        _excepthook(kind, error, trace)


_excepthook = sys.excepthook
sys.excepthook = _quiet_on_ctrl_c
