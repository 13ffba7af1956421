"""Adapters from pose estimators' messages to skeleton frames, one file per message type.

A source reads any object with the message's fields, so bags and both node handles share it; no
message package is imported. To add one: write a file with a `SOURCE`, list it in `SOURCES`.
"""

from humandyn_ros.errors import StreamError
from humandyn_ros.sources import marker_array, point_cloud, pose_array
from humandyn_ros.sources.source import Source

__all__ = ['SOURCES', 'Source', 'source_for']

SOURCES: dict[str, Source] = {
    source.type_name: source
    for source in (point_cloud.SOURCE, pose_array.SOURCE, marker_array.SOURCE)
}
"""Every supported message type, by its full name."""


def source_for(type_name: str) -> Source:
    """Return the adapter for a message type such as 'sensor_msgs/msg/PointCloud2'.

    'sensor_msgs/PointCloud2' is understood too.

    Raises:
        StreamError: No adapter reads this type; the message lists those that exist.
    """
    package, _, name = type_name.partition('/')
    full = f'{package}/msg/{name.rpartition("/")[2]}'
    if full not in SOURCES:
        raise StreamError(
            f'skeletons cannot be read from messages of type {type_name!r}; '
            f'supported: {", ".join(sorted(SOURCES))}'
        )
    return SOURCES[full]
