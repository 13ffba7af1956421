"""Settings of contact and force distribution."""

from __future__ import annotations

from dataclasses import dataclass

from humandyn_ros.config import Checked, setting


@dataclass(frozen=True)
class ContactConfig(Checked):
    """How contact is judged and force distributed; lengths in leg lengths, speeds in √(g·leg).

    The defaults were searched for on the recordings that docs/accuracy_log.md names.
    """

    friction: float = setting(0.6, '', 'friction coefficient', low=0.1, high=2.0)
    treadmill: bool = setting(True, '', 'estimate the velocity of the surface from the feet')
    seat: bool = setting(True, '', 'allow for an unseen seat under a person who sits')
    clearance: float = setting(
        0.011, 'legs', 'clearance at which contact is as likely as not', low=0.001, high=0.3
    )
    clearance_width: float = setting(
        0.02, 'legs', 'softness of that threshold', low=0.001, high=0.3
    )
    speed: float = setting(
        0.16, '√(g·leg)', 'slip speed at which contact is as likely as not', low=0.01, high=3.0
    )
    speed_width: float = setting(0.12, '√(g·leg)', 'softness of it', low=0.01, high=3.0)
    regulariser: float = setting(0.05, '', 'cost of force at sure contacts', low=1e-4, high=10.0)
    pendular: float = setting(
        0.025, '', 'share of it for forces towards the centre of mass', low=1e-3, high=10.0
    )
    sharpness: float = setting(
        1.7, '', 'exponent of contact probability in the cost of force', low=0.1, high=5.0
    )
    transfer: float = setting(
        1.5, '', 'steepness regained in the transfer of load from foot to foot', low=1.0, high=4.0
    )
    force_slack: float = setting(
        4.0, '', 'variance of unexplained force, body weights', low=1e-8, high=1e3
    )
    side_slack: float = setting(3.0, '', 'the same of its horizontal part', low=1e-8, high=1e3)
    moment_slack: float = setting(
        3.0, '', 'variance of unexplained moment, body weights · legs', low=1e-8, high=1e3
    )
