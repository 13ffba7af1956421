"""Hip, knee, ankle and toe base of both legs by the best method the markers allow."""

from __future__ import annotations

import numpy as np

from humandyn_ros.markers.body import Body
from humandyn_ros.markers.hinge import beside, chord, foot_medial
from humandyn_ros.markers.hip import hip_centres
from humandyn_ros.markers.vectors import across, cross, dot, length, middle, unit
from humandyn_ros.quantities import Array

_INWARD = np.array([[1.0], [-1.0]])  # rightward is inward for the left leg
_UP = np.array([0.0, 0.0, 1.0])
_TOE_DROP = 0.012  # m from the skin over the second metatarsal head to its centre


def hip(body: Body) -> Array:
    """Harrington's regression; Bell's, with a level pelvis, where no rear marker exists."""
    asis = body['asis']
    known = body.has('psis') or body.has('sacrum')
    if body.has('psis'):
        back = middle(body['psis'])[:, 0]
    elif body.has('sacrum'):
        back = body['sacrum'][:, 0]
    else:
        level = cross(_UP, asis[:, 1] - asis[:, 0])
        back = middle(asis)[:, 0] - unit(level) * 0.1
    return hip_centres(
        asis,
        back,
        depth_known=known,
        radius=body.marker_radius,
        width=body.asis_distance,
    )


def knee(body: Body) -> Array:
    """Middle of both sides, else chord with the thigh's wand, else beside the outer marker."""
    outer = body['knee_lateral']
    if body.has('knee_medial'):
        return (outer + body['knee_medial']) / 2
    half = body.half_width('knee')
    if body.has('thigh_wand'):
        return chord(body.joint('hip'), body['thigh_wand'], outer, half)
    along = body.joint('hip') - outer
    inward = across(body.rightward * _INWARD, unit(along))
    if body.has('heel', 'toe', 'ankle_lateral'):
        # Pelvis and foot each miss the knee's axis by several degrees; their mean by less.
        inward = inward + foot_medial(body['heel'], body['toe'], outer - body['ankle_lateral'])
    return beside(outer, along, inward, half)


def ankle(body: Body) -> Array:
    """Middle of both malleoli, else chord with the shank's wand, else beside the outer one."""
    outer = body['ankle_lateral']
    if body.has('ankle_medial'):
        return (outer + body['ankle_medial']) / 2
    half = body.half_width('ankle')
    if body.has('shank_wand'):
        return chord(body.joint('knee'), body['shank_wand'], outer, half)
    along = body.joint('knee') - outer
    if body.has('heel', 'toe'):
        inward = foot_medial(body['heel'], body['toe'], along)
    else:
        inward = body.rightward * _INWARD
    return beside(outer, along, inward, half)


def foot(body: Body) -> Array:
    """Toe base, the middle of the metatarsal heads.

    Between first and fifth head; else the fifth one moved to the foot's midline (heel to
    toe); else below a marker on the second head.
    """
    if body.has('mt1', 'mt5'):
        return (body['mt1'] + body['mt5']) / 2
    toe, heel = body['toe'], body['heel']
    forward = unit(toe - heel)
    up = across(body.joint('ankle') - heel, forward)
    if body.has('mt5'):
        side = cross(forward, up)
        return body['mt5'] + dot(heel - body['mt5'], side) * side
    return toe - (body.marker_radius + _TOE_DROP) * up


def level_foot(body: Body) -> Array:
    """Toe base of feet that were not seen: level, forward as the pelvis faces.

    Ahead of the ankle by 0.31 and below it by 0.13 times the shank (joint offsets of Rajagopal
    et al. 2016 over its shank; metatarsal heads and malleoli standing).
    """
    ankle_, knee_ = body.joint('ankle'), body.joint('knee')
    shank = length(knee_ - ankle_)
    forward = unit(cross(_UP, body.rightward))
    result: Array = ankle_ + shank * (0.31 * forward - 0.13 * _UP)
    return result


METHODS = {'hip': hip, 'knee': knee, 'ankle': ankle, 'foot': foot, 'level_foot': level_foot}
NEEDS = {
    'hip': (('asis',),),
    'knee': (('knee_lateral',),),
    'ankle': (('ankle_lateral',),),
    'foot': (('mt1', 'mt5'), ('toe', 'heel')),
    'level_foot': ((),),
}
