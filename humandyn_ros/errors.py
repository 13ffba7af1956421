"""Every error this package raises on purpose, in one tree.

HumandynError
├── ConfigError             a setting or parameter is out of range or of the wrong type
├── SkeletonError           unknown skeleton format, wrong joint count, invalid format file
├── RecordingError          a file or bag is empty, truncated, corrupt or of an unknown kind
├── StreamError             a live message cannot be used (shape, type, stamp)
├── ResourceError           config/, models/ or launch/ cannot be found, or of another version
├── ModelError              a model, manifest or engine cannot be loaded or does not match
├── WireError               the ROS 2 wire cannot be opened or spoken
└── MissingDependencyError  an optional library is absent; the message names the extra

Each message names the thing, the value and the remedy.
"""


class HumandynError(Exception):
    """Base class: catch this to catch every deliberate error of the package."""


class ConfigError(HumandynError, ValueError):
    """A setting or parameter is out of range or of the wrong type."""


class SkeletonError(HumandynError, ValueError):
    """Unknown skeleton format, wrong joint count or invalid format file."""


class RecordingError(HumandynError, ValueError):
    """A file or bag is empty, truncated, corrupt or of an unknown kind."""


class StreamError(HumandynError, ValueError):
    """A live message cannot be used."""


class ResourceError(HumandynError, FileNotFoundError):
    """Configuration, models or launch files cannot be found, or are of another version."""


class ModelError(HumandynError, RuntimeError):
    """A model, manifest or engine cannot be loaded or does not match."""


class WireError(HumandynError, RuntimeError):
    """The ROS 2 wire cannot be opened or spoken."""


class MissingDependencyError(HumandynError, ImportError):
    """An optional library is absent.

    Args:
        library: What could not be imported.
        extra: The extra of this package that installs it.
        purpose: What it is needed for.
    """

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {library}: install it with pip install 'humandyn_ros[{extra}]'"
        )
