"""Building a TensorRT engine from ONNX, for TensorRT 8.6, 10 and 11.

What differs between them (NVIDIA's migration guides 8.x to 10.x and 10.x to 11.x):
8.6 wants EXPLICIT_BATCH and takes half precision from a builder flag; 10 can and 11 must take
types from the model (strongly typed), so half precision needs model.fp16.onnx; progress is
reported from 10 on (IProgressMonitor).
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from humandyn_ros.engines.backends.cache import EngineCache, engine_key, is_strongly_typed
from humandyn_ros.engines.backends.config import BackendConfig
from humandyn_ros.engines.backends.cuda import Cuda
from humandyn_ros.engines.backends.session import Unavailable
from humandyn_ros.engines.manifest import Manifest, read_manifest
from humandyn_ros.errors import ModelError

Tell = Callable[[float, str], None]
"""Takes progress, 0-1, and what is being done; called from threads of TensorRT."""

OLDEST = (8, 6)
NEWEST = 11


def load_tensorrt() -> Any:
    """Import TensorRT.

    Raises:
        Unavailable: It is not installed, or older than 8.6 or newer than 11.
    """
    try:
        import tensorrt  # noqa: PLC0415
    except (ImportError, OSError) as error:  # OSError: its libraries do not load
        raise Unavailable(f'TensorRT is not installed ({error})') from error
    major, minor = (int(part) for part in tensorrt.__version__.split('.')[:2])
    if (major, minor) < OLDEST or major > NEWEST:
        raise Unavailable(f'TensorRT {tensorrt.__version__}: 8.6 to {NEWEST} are supported')
    return tensorrt


def build_engine(
    trt: Any, manifest: Manifest, config: BackendConfig, tell: Tell | None = None
) -> bytes:
    """Build the engine of a model on the current GPU, which takes seconds to minutes.

    TensorRT releases Python's lock meanwhile, so other threads go on.

    Args:
        trt: The module tensorrt.
        manifest: Of the model.
        config: Precision and largest batch.
        tell: Is told of progress (TensorRT 10 and newer).

    Raises:
        Unavailable: This version cannot build it as wanted.
        ModelError: The model cannot be parsed or built.
    """
    strong = is_strongly_typed(trt.__version__)
    source = _source(manifest, config.precision, strong)
    manifest.check_model()
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = builder.create_network(_network_flags(trt, strong))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(source.read_bytes()):
        errors = '; '.join(str(parser.get_error(i)) for i in range(parser.num_errors))
        raise ModelError(f'TensorRT {trt.__version__} cannot parse {source}: {errors}')
    settings = builder.create_builder_config()
    _set_precision(trt, settings, config.precision, strong)
    settings.add_optimization_profile(_profile(builder, manifest, config.max_batch))
    monitor = _monitor(trt, tell)
    if monitor is not None:
        settings.progress_monitor = monitor
    content = builder.build_serialized_network(network, settings)
    if content is None:
        raise ModelError(f'TensorRT {trt.__version__} could not build {source}')
    return bytes(content)


def _source(manifest: Manifest, precision: str, strong: bool) -> Path:
    if precision != 'fp16' or not strong:
        return manifest.model
    if not manifest.half_sha256:
        raise Unavailable(
            'fp16 needs model.fp16.onnx from TensorRT 10 on: export the model with --half'
        )
    return manifest.half_model


def _network_flags(trt: Any, strong: bool) -> int:
    flags = trt.NetworkDefinitionCreationFlag
    # 11 keeps the first and ignores it; 10 ignores the second, 11 has it no more
    chosen = getattr(flags, 'STRONGLY_TYPED', None) if strong else flags.EXPLICIT_BATCH
    return 0 if chosen is None else 1 << int(chosen)


def _set_precision(trt: Any, settings: Any, precision: str, strong: bool) -> None:
    flags = trt.BuilderFlag
    if precision == 'fp16' and not strong:
        settings.set_flag(flags.FP16)
    if hasattr(flags, 'TF32'):  # on by default; 10 bits of mantissa
        if precision == 'tf32':
            settings.set_flag(flags.TF32)
        else:
            settings.clear_flag(flags.TF32)


def _profile(builder: Any, manifest: Manifest, max_batch: int) -> Any:
    profile = builder.create_optimization_profile()
    for spec in manifest.inputs:
        profile.set_shape(spec.name, spec.sized(1), spec.sized(1), spec.sized(max_batch))
    return profile


def _monitor(trt: Any, tell: Tell | None) -> Any:
    base = getattr(trt, 'IProgressMonitor', None)
    if base is None or tell is None:
        return None
    told: Tell = tell

    class Monitor(base):  # type: ignore[misc, valid-type]
        """Tells how much of the outermost phase is done."""

        def __init__(self) -> None:
            base.__init__(self)  # type: ignore[misc]  # pybind wants it so
            self._lock = threading.Lock()
            self._outermost: tuple[str, int] | None = None

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            with self._lock:
                if not parent_phase:
                    self._outermost = phase_name, max(num_steps, 1)
            told(self._part(0) if not parent_phase else -1.0, phase_name)

        def phase_finish(self, phase_name: str) -> None:
            told(1.0 if self._is_outermost(phase_name) else -1.0, phase_name)

        def step_complete(self, phase_name: str, step: int) -> bool:
            if self._is_outermost(phase_name):
                told(self._part(step + 1), phase_name)
            return True  # False would cancel the build

        def _is_outermost(self, name: str) -> bool:
            with self._lock:
                return self._outermost is not None and self._outermost[0] == name

        def _part(self, step: int) -> float:
            with self._lock:
                return step / self._outermost[1] if self._outermost else 0.0

    return Monitor()


def engine_for(
    trt: Any, cuda: Cuda, manifest: Manifest, config: BackendConfig, tell: Tell | None = None
) -> bytes:
    """Return the engine of a model from the cache, built and kept first where it is not there.

    Raises:
        Unavailable: This version cannot build it as wanted.
        ModelError: The model cannot be built.
    """
    cuda.use()
    cache = EngineCache(config.cache_folder)
    key = engine_key(manifest, config, trt.__version__, cuda.capability())
    content = cache.load(key)
    if content is None:
        content = build_engine(trt, manifest, config, tell)
        cache.keep(key, content)
    return content


def build_engine_command(arguments: argparse.Namespace) -> str:
    """Build as the command line says; return what to print.

    Raises:
        ModelError: It cannot be built here.
    """
    manifest = read_manifest(arguments.model)
    manifest.check_model()
    config = BackendConfig(
        ladder=('tensorrt',),
        precision=arguments.precision,
        max_batch=arguments.max_batch,
        cache=arguments.cache or '',
    )
    from rich.progress import Progress  # noqa: PLC0415

    try:
        trt, cuda = load_tensorrt(), Cuda(config.device)
        with Progress() as bar:
            row = bar.add_task('building', total=1.0)

            def tell(part: float, phase: str) -> None:
                if part >= 0.0:
                    bar.update(row, completed=part, description=phase)

            content = engine_for(trt, cuda, manifest, config, tell)
    except Unavailable as reason:
        raise ModelError(f'no engine can be built here: {reason}') from reason
    key = engine_key(manifest, config, trt.__version__, cuda.capability())
    path = EngineCache(config.cache_folder).path(key)
    return f'{path}: {len(content) / 1e6:.1f} MB, TensorRT {key.tensorrt}, {key.precision}'
