"""The ROS 2 wire over Cyclone DDS, for machines without ROS 2."""
