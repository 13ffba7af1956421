"""Ground reactions without force plates: contact, belt, seat and force distribution."""

from humandyn_ros.contact.config import ContactConfig
from humandyn_ros.contact.ground import Ground, GroundForces

__all__ = ['ContactConfig', 'Ground', 'GroundForces']
