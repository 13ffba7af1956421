"""`humandyn convert`: a motion file becomes a rosbag2 recording of skeleton messages."""

from __future__ import annotations

import argparse
from pathlib import Path

from humandyn_ros.bags import write_skeletons
from humandyn_ros.errors import SkeletonError
from humandyn_ros.motion import MotionOptions, load_motion
from humandyn_ros.recordings import Recording, in_order, read_motion
from humandyn_ros.skeleton import recognise


def convert(arguments: argparse.Namespace) -> str:
    """Run `humandyn convert` and return what was done, in one line."""
    if arguments.joints or arguments.static:
        options = MotionOptions(
            source=Path(arguments.source),
            format=arguments.format,
            up=arguments.up,
            static=Path(arguments.static) if arguments.static else None,
            model=Path(arguments.model) if arguments.model else None,
        )
        return convert_joints(
            options, arguments.bag, topic=arguments.topic, storage=arguments.storage
        )
    return convert_file(
        arguments.source,
        arguments.bag,
        format=arguments.format,
        up=arguments.up,
        model=arguments.model,
        topic=arguments.topic,
        storage=arguments.storage,
    )


def convert_file(
    source: str | Path,
    bag: str | Path,
    *,
    format: str | None = None,
    up: str | None = None,
    model: str | Path | None = None,
    topic: str = 'skeletons',
    storage: str = 'mcap',
) -> str:
    """Write the motion of a file as a bag that `ros2 bag play` plays.

    Points lie in the format's order, so that a node with that `format` reads them; points that
    fit no format keep the file's own order and names.

    Args:
        source: Motion file, see `read_motion`.
        bag: Folder to create.
        format: Skeleton format; recognised from the names without it.
        up: Upward axis of the file, where it is not the usual one.
        model: OpenSim model of an inverse kinematics file.
        topic: Topic of the messages.
        storage: 'mcap' or 'sqlite3'.

    Returns:
        What was written, in one line.

    Raises:
        RecordingError: The file cannot be read, or the bag not be written.
        SkeletonError: The named format is unknown or does not fit.
    """
    recording = read_motion(source, up=up, model=model)
    try:
        form = recognise(recording.names, format or recording.format)
        recording = in_order(recording, form)
    except SkeletonError:
        if format:
            raise
    return _written(recording, bag, topic, storage)


def convert_joints(
    options: MotionOptions, bag: str | Path, *, topic: str = 'skeletons', storage: str = 'mcap'
) -> str:
    """Write the canonical joint centres of a file, calibrated from its static trial, as a bag.

    Args:
        options: The file, its format, static trial and model.
        bag: Folder to create.
        topic: Topic of the messages.
        storage: 'mcap' or 'sqlite3'.

    Returns:
        What was written, in one line.

    Raises:
        RecordingError: The file cannot be read, or the bag not be written.
        SkeletonError: Its points fit no format.
    """
    return _written(load_motion(options).recording(), bag, topic, storage)


def _written(recording: Recording, bag: str | Path, topic: str, storage: str) -> str:
    write_skeletons(bag, [recording], topic=topic, storage=storage)
    told = recording.format or 'points in file order, no format recognised'
    frames, points = recording.confidence.shape
    notes = ''.join(f'; {note}' for note in recording.notes)
    return (
        f'{bag}: {frames} frames of {points} points ({told}) at {recording.rate_hz:.6g} Hz on '
        f'/{topic.lstrip("/")}, {storage}{notes}'
    )
