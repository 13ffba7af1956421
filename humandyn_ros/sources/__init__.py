"""Adapters from pose estimators' messages to skeleton frames.

A source reads any object with the message's fields, so bags and both node handles share it; no
message package is imported. To add one: write a field map in `config/sources/` (field_map.py says
how), or, where a message needs more than names of fields, a file here with a `SOURCE`.
"""

from humandyn_ros.errors import StreamError
from humandyn_ros.sources import (
    marker_array,
    named_frames,
    point_cloud,
    pose_array,
    pose_stamped,
    ros4hri,
    zed,
)
from humandyn_ros.sources.field_map import available_maps, load_sources
from humandyn_ros.sources.reader import SkeletonReader
from humandyn_ros.sources.source import Source

__all__ = ['SOURCES', 'SkeletonReader', 'Source', 'available_maps', 'source_for']


def _shipped() -> dict[str, Source]:
    written = (
        point_cloud.SOURCE,
        pose_array.SOURCE,
        marker_array.SOURCE,
        *zed.SOURCES,
        *ros4hri.SOURCES,
        pose_stamped.SOURCE,
        named_frames.SOURCE,
    )
    mapped = (source for name in available_maps() for source in load_sources(name))
    return {source.type_name: source for source in (*written, *mapped) if source.type_name}


SOURCES: dict[str, Source] = _shipped()
"""Every source that its message type is enough to choose, by that type."""


def source_for(name: str) -> Source:
    """Return the source for a message type, or for the name or path of a field map.

    'sensor_msgs/PointCloud2' is understood as 'sensor_msgs/msg/PointCloud2'.

    Raises:
        StreamError: Nothing reads this type; the message lists what there is.
        ConfigError: The field map cannot be used.
    """
    if name in available_maps() or name.endswith(('.yaml', '.yml')):
        return load_sources(name)[0]
    package, _, kind = name.partition('/')
    full = f'{package}/msg/{kind.rpartition("/")[2]}'
    if full not in SOURCES:
        raise StreamError(
            f'skeletons cannot be read from messages of type {name!r}; '
            f'supported: {", ".join(sorted(SOURCES))}; '
            f'field maps: {", ".join(available_maps())}, or the path of one'
        )
    return SOURCES[full]
