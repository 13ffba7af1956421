"""Discovery variables of ROS 2 as Cyclone DDS XML."""

import pytest

from humandyn_ros.errors import WireError
from humandyn_ros.ros.dds import discovery

OWN = '<CycloneDDS><Domain><General><Interfaces><NetworkInterface name="eth1"/></Interfaces>'
OWN += '</General></Domain></CycloneDDS>'


def test_by_default_we_listen_on_loopback_and_keep_calling_this_host() -> None:
    xml = discovery.configuration({})
    assert '<NetworkInterface address="127.0.0.1"/>' in xml
    assert 'autodetermine' not in xml
    assert '<AllowMulticast>false</AllowMulticast>' in xml
    assert '<InitialLocatorPruneDelay>inf</InitialLocatorPruneDelay>' in xml
    assert '<Peer address="localhost"/>' in xml


def test_static_peers_open_the_network_interface_as_well() -> None:
    xml = discovery.configuration({'ROS_STATIC_PEERS': '10.0.0.7; robot.local;'})
    assert '<NetworkInterface autodetermine="true" priority="default"/>' in xml
    assert '<NetworkInterface address="127.0.0.1"/>' in xml
    assert '<Peer address="10.0.0.7"/><Peer address="robot.local"/>' in xml


def test_interfaces_of_the_user_replace_ours_and_come_last() -> None:
    xml = discovery.configuration({'CYCLONEDDS_URI': OWN})
    assert '127.0.0.1' not in xml
    assert xml.endswith(OWN)


def test_the_subnet_is_reached_by_multicast_on_the_interface_cyclone_picks() -> None:
    xml = discovery.configuration({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'})
    assert 'AllowMulticast' not in xml
    assert 'NetworkInterface' not in xml
    assert 'Peer' not in xml


def test_off_meets_nobody_not_even_static_peers() -> None:
    variables = {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF', 'ROS_STATIC_PEERS': '10.0.0.7'}
    xml = discovery.configuration(variables, process_id=41)
    assert '<Tag>ros_discovery_off_41</Tag>' in xml
    assert 'Peer' not in xml


def test_the_system_default_leaves_everything_to_the_user() -> None:
    variables = {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SYSTEM_DEFAULT'}
    assert discovery.configuration(variables) == ''
    assert discovery.configuration({**variables, 'CYCLONEDDS_URI': OWN}) == OWN


@pytest.mark.parametrize('value', ['NEAR', 'localhost'])
def test_an_unknown_range_names_the_choices(value: str) -> None:
    with pytest.raises(WireError, match=f'{value}: choose one of OFF, LOCALHOST'):
        discovery.configuration({'ROS_AUTOMATIC_DISCOVERY_RANGE': value})


@pytest.mark.parametrize('value', ['233', '-1', 'one'])
def test_a_domain_outside_the_ports_is_refused(value: str) -> None:
    with pytest.raises(WireError, match=f'ROS_DOMAIN_ID={value}'):
        discovery.domain_id({'ROS_DOMAIN_ID': value})
