"""The networks that can be trained, by name; a task's module is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.tasks.task import (
    Batch,
    Exportable,
    Progress,
    Stage,
    Task,
    TaskClass,
)

__all__ = [
    'TASKS',
    'Batch',
    'Exportable',
    'Progress',
    'Stage',
    'Task',
    'TaskClass',
    'task_class',
]

TASKS: dict[str, str] = {
    'lady': 'humandyn_ros.learning.tasks.lady:LadyTask',
    'imdys': 'humandyn_ros.learning.tasks.imdys:ImdysTask',
    'hdys': 'humandyn_ros.learning.tasks.hdys:HdysTask',
    'hybrid': 'humandyn_ros.learning.tasks.hybrid:HybridTask',
    'skeletonllm': 'humandyn_ros.learning.tasks.skeletonllm:SkeletonLLMTask',
    'narrator': 'humandyn_ros.learning.tasks.narrator:NarratorTask',
}
"""Name -> module:class. A class of one's own may be named by its path in the same form."""


def task_class(name: str) -> TaskClass:
    """Return the class of a task, by its name or as 'module:class'.

    Raises:
        ConfigError: There is no such task.
    """
    path = TASKS.get(name, name)
    module, found, attribute = path.partition(':')
    if not found:
        raise ConfigError(f'no network {name!r}: choose one of {", ".join(TASKS)}')
    try:
        chosen: TaskClass = getattr(import_module(module), attribute)
    except (ModuleNotFoundError, AttributeError) as error:
        raise ConfigError(f'no network {name!r}: {error}') from error
    return chosen
