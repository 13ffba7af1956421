"""What the sockets of a node listen to, as the kernel tells it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from humandyn_ros.ros.dds import discovery

pytest.importorskip('cyclonedds')
if not Path('/proc/self/net/udp').exists():
    pytest.skip('sockets are listed from /proc', allow_module_level=True)

# Lists its own sockets: which file is a socket stands in /proc, its device only the owner is told.
NODE = """
import json, os, socket, stat
from humandyn_ros.ros.open import open_handle
handle = open_handle('quiet', args=[], implementation='dds')
handle.publisher('std_msgs/msg/String', 'words')
handle.subscription('std_msgs/msg/String', 'words', lambda message: None)
handle.service('std_srvs/srv/Trigger', '~/tare', lambda request: {})
handle.spin_once(0.1)
listed = [line.split() for name in ('udp', 'udp6', 'tcp', 'tcp6')
          for line in open('/proc/self/net/' + name).read().splitlines()[1:]]
inodes = {line[9] for line in listed}
found = []
for number in map(int, os.listdir('/proc/self/fd')):
    try:
        status = os.fstat(number)
    except OSError:
        continue
    if stat.S_ISSOCK(status.st_mode) and str(status.st_ino) in inodes:
        ours = socket.socket(fileno=os.dup(number))
        device = ours.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
        found.append([ours.getsockname()[0], device.rstrip(bytes(1)).decode()])
print(json.dumps(found))
handle.shutdown()
"""


def sockets(**variables):
    """(address, device) of every UDP and TCP socket of a node in a process of its own."""
    dropped = ('ROS_', 'CYCLONEDDS', 'HUMANDYN_')
    kept = {name: text for name, text in os.environ.items() if not name.startswith(dropped)}
    domain = {'ROS_DOMAIN_ID': str(105 + os.getpid() % 90)}
    told = subprocess.run(
        [sys.executable, '-c', NODE], env=kept | domain | variables,
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    return [tuple(entry) for entry in json.loads(told)]


def reachable(found):
    """Sockets that neither address nor device keeps to this host."""
    return [(where, device) for where, device in found if where != '127.0.0.1' and device != 'lo']


def test_by_default_no_socket_of_a_node_can_be_reached_from_the_network():
    found = sockets()
    assert len(found) >= 2  # discovery and messages
    assert not reachable(found), found


def test_one_variable_opens_the_node_to_the_network():
    assert reachable(sockets(ROS_AUTOMATIC_DISCOVERY_RANGE='SUBNET'))


def test_naming_a_peer_or_an_interface_opens_it_too():
    assert discovery.this_host_only({})
    assert not discovery.this_host_only({'ROS_STATIC_PEERS': '10.0.0.7'})
    own = '<CycloneDDS><Domain><General><Interfaces><NetworkInterface name="eth1"/>'
    assert not discovery.this_host_only({'CYCLONEDDS_URI': own})
    assert not discovery.this_host_only({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'})
