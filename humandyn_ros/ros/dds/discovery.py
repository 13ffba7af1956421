"""Which machines and processes can meet: ROS 2's discovery variables as Cyclone DDS XML.

The mapping is the one of rmw_cyclonedds (Jazzy), so that both ends agree, with two differences.
Where ROS 2 reaches the whole subnet unless told otherwise, we reach this host only. And reaching
this host only, we listen on the loopback interface: rmw_cyclonedds of Jazzy (Cyclone 0.10)
announces itself to 127.0.0.1, and Cyclone 11 drops announcements that come in on an interface it
does not use.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

from humandyn_ros.errors import WireError

_RANGES = ('OFF', 'LOCALHOST', 'SUBNET', 'SYSTEM_DEFAULT')
_LAST_DOMAIN = 232  # the last whose DDSI ports (7400 + 250 id) fit in 16 bits
_MAX_PARTICIPANTS = 32  # per host; rmw_cyclonedds uses the same
# Cyclone 11 gives a listed peer up after 30 s of silence; 0.10 never does. A ROS 2 node of the
# default range (subnet) announces itself on the network only: it meets us when we call.
_KEEP_LOOKING = (
    '<SPDPInterval>2 s</SPDPInterval><InitialLocatorPruneDelay>inf</InitialLocatorPruneDelay>'
)
_NETWORK = '<NetworkInterface autodetermine="true" priority="default"/>'
_LOOPBACK = '<NetworkInterface address="127.0.0.1"/>'


def domain_id(environment: Mapping[str, str] = os.environ) -> int:
    """Return ROS_DOMAIN_ID, 0 where unset.

    Raises:
        WireError: It is not an integer from 0 to 232.
    """
    text = environment.get('ROS_DOMAIN_ID', '') or '0'
    if not text.isdecimal() or int(text) > _LAST_DOMAIN:
        raise WireError(f'ROS_DOMAIN_ID={text}: must be an integer from 0 to {_LAST_DOMAIN}')
    return int(text)


def discovery_range(environment: Mapping[str, str] = os.environ) -> str:
    """Return 'OFF', 'LOCALHOST' (default), 'SUBNET' or 'SYSTEM_DEFAULT'.

    Raises:
        WireError: ROS_AUTOMATIC_DISCOVERY_RANGE holds something else.
    """
    if environment.get('ROS_LOCALHOST_ONLY', '0') == '1':
        return 'LOCALHOST'
    text = environment.get('ROS_AUTOMATIC_DISCOVERY_RANGE', '') or 'LOCALHOST'
    if text not in _RANGES:
        raise WireError(
            f'ROS_AUTOMATIC_DISCOVERY_RANGE={text}: choose one of {", ".join(_RANGES)}'
        )
    return text


def static_peers(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the addresses of ROS_STATIC_PEERS (separated by semicolons)."""
    peers = environment.get('ROS_STATIC_PEERS', '').split(';')
    return tuple(peer.strip() for peer in peers if peer.strip())


def this_host_only(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether no other machine may reach us: range, peers and interfaces name none."""
    here = discovery_range(environment) in ('OFF', 'LOCALHOST')
    given = environment.get('CYCLONEDDS_URI', '')
    return here and not static_peers(environment) and '<NetworkInterface ' not in given


def configuration(environment: Mapping[str, str] = os.environ, *, process_id: int = 0) -> str:
    """Return the Cyclone DDS configuration for the environment's discovery variables.

    Args:
        environment: Environment variables; CYCLONEDDS_URI is appended and so has the last word.
        process_id: Makes the domain tag unique when discovery is off.

    Raises:
        WireError: A variable holds a value that ROS 2 does not know.
    """
    reach = discovery_range(environment)
    given = environment.get('CYCLONEDDS_URI', '')
    parts = [] if reach == 'SYSTEM_DEFAULT' else [_domain(reach, environment, process_id)]
    if reach == 'LOCALHOST' and '<NetworkInterface ' not in given:
        parts.append(_interfaces(also_network=bool(static_peers(environment))))
    return ','.join(filter(None, [*parts, given]))


def _interfaces(*, also_network: bool) -> str:
    listed = (_NETWORK if also_network else '') + _LOOPBACK
    return (
        f'<CycloneDDS><Domain><General><Interfaces>{listed}</Interfaces></General></Domain>'
        '</CycloneDDS>'
    )


def _domain(reach: str, environment: Mapping[str, str], process_id: int) -> str:
    general = (
        '' if reach == 'SUBNET' else '<General><AllowMulticast>false</AllowMulticast></General>'
    )
    if reach == 'OFF':
        index = (
            '<ParticipantIndex>none</ParticipantIndex>'
            f'<Tag>ros_discovery_off_{process_id or os.getpid()}</Tag>'
        )
        peers: tuple[str, ...] = ()
    else:
        index = (
            '<ParticipantIndex>auto</ParticipantIndex>'
            f'<MaxAutoParticipantIndex>{_MAX_PARTICIPANTS}</MaxAutoParticipantIndex>'
        )
        peers = (('localhost',) if reach == 'LOCALHOST' else ()) + static_peers(environment)
    listed = ''.join(f'<Peer address={quoteattr(peer)}/>' for peer in peers)
    found = f'{_KEEP_LOOKING}<Peers>{listed}</Peers>' if listed else ''
    return (
        f'<CycloneDDS><Domain>{general}<Discovery>{index}{found}</Discovery></Domain></CycloneDDS>'
    )
