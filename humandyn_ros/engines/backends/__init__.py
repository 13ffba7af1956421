"""What runs an exported model: one interface over ONNX Runtime and TensorRT, with a ladder."""

from humandyn_ros.engines.backends.config import RUNGS, BackendConfig, preferred
from humandyn_ros.engines.backends.ladder import open_session
from humandyn_ros.engines.backends.session import Session

__all__ = ['RUNGS', 'BackendConfig', 'Session', 'open_session', 'preferred']
