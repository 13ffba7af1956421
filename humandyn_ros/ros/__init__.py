"""Talking ROS 2: node handles, nodes, messages, parameters."""
