"""OpenSim models: joint centres and markers from a model and its coordinates."""

from humandyn_ros.osim.model import Coupler, Joint, Model, coordinate_name
from humandyn_ros.osim.reader import read_model

__all__ = ['Coupler', 'Joint', 'Model', 'coordinate_name', 'read_model']
