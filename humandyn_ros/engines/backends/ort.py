"""ONNX Runtime: on the CPU by default, without torch; on a GPU through its providers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from humandyn_ros.engines.backends.config import BackendConfig
from humandyn_ros.engines.backends.session import Arrays, Session, Unavailable
from humandyn_ros.engines.manifest import MODEL, Manifest
from humandyn_ros.errors import MissingDependencyError, ModelError

PROVIDERS = {
    'ort-cpu': 'CPUExecutionProvider',
    'ort-cuda': 'CUDAExecutionProvider',
    'ort-tensorrt': 'TensorrtExecutionProvider',
}


class OrtSession(Session):
    """A model in ONNX Runtime.

    Args:
        rung: 'ort-cpu', 'ort-cuda' or 'ort-tensorrt'.
        manifest: Of the model.
        config: Threads, device, precision and cache.
        file: Of the model, in its folder.

    Raises:
        Unavailable: The provider is not in this ONNX Runtime, or its device does not answer.
        ModelError: The model cannot be loaded.
        MissingDependencyError: ONNX Runtime is not installed.
    """

    def __init__(
        self, rung: str, manifest: Manifest, config: BackendConfig, *, file: str = MODEL
    ) -> None:
        try:
            import onnxruntime  # noqa: PLC0415
        except ImportError as error:
            raise MissingDependencyError('onnxruntime', 'onnx', 'running a network') from error
        super().__init__(rung, manifest)
        provider = PROVIDERS[rung]
        if provider not in onnxruntime.get_available_providers():
            raise Unavailable(f'this ONNX Runtime has no {provider} (install onnxruntime-gpu)')
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = config.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._outputs = [spec.name for spec in manifest.outputs]
        self._session = _open(
            onnxruntime, manifest.folder / file, options, _providers(rung, config)
        )
        if self._session.get_providers()[0] != provider:
            raise Unavailable(f'{provider} found no usable device or library')
        _check_tensors(self._session, manifest)

    def _run(self, inputs: Arrays, batch: int) -> Arrays:
        if self._session is None:
            raise ModelError(f'{self.manifest.name} is closed')
        try:
            values = self._session.run(self._outputs, inputs)
        except Exception as error:
            raise ModelError(f'{self.manifest.name} failed: {error}') from error
        return dict(zip(self._outputs, values, strict=True))

    def close(self) -> None:
        """Free the session."""
        self._session = None


def _open(runtime: Any, path: Path, options: Any, providers: list[Any]) -> Any:
    try:
        return runtime.InferenceSession(str(path), sess_options=options, providers=providers)
    except Exception as error:  # its own exception classes differ between versions
        raise ModelError(f'{path} cannot be loaded: {error}') from error


def _providers(rung: str, config: BackendConfig) -> list[Any]:
    """Provider of the rung with its options; CPU last, for operators it lacks."""
    device = {'device_id': str(config.device)}
    cpu = PROVIDERS['ort-cpu']
    cuda = (PROVIDERS['ort-cuda'], {**device, 'use_tf32': str(int(config.precision != 'fp32'))})
    if rung == 'ort-cpu':
        return [cpu]
    if rung == 'ort-cuda':
        return [cuda, cpu]
    folder = config.cache_folder / 'onnxruntime'
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        **device,
        'trt_fp16_enable': str(config.precision == 'fp16'),
        'trt_engine_cache_enable': 'True',
        'trt_engine_cache_path': str(folder),
    }
    return [(PROVIDERS[rung], options), cuda, cpu]


def _check_tensors(session: Any, manifest: Manifest) -> None:
    """The model has the tensors its manifest names."""
    pairs = (
        ('inputs', session.get_inputs(), manifest.inputs),
        ('outputs', session.get_outputs(), manifest.outputs),
    )
    for what, found, expected in pairs:
        names, wanted = [item.name for item in found], [spec.name for spec in expected]
        if names != wanted:
            raise ModelError(
                f'{manifest.model} has {what} {", ".join(names)}, its manifest '
                f'{", ".join(wanted)}: export the model again'
            )
