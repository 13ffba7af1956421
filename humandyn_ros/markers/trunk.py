"""Neck, head, shoulders, elbows, wrists and hands from markers."""

from __future__ import annotations

import numpy as np

from humandyn_ros.markers.body import Body
from humandyn_ros.markers.hinge import beside
from humandyn_ros.markers.vectors import across, cross, length, middle, rightward, unit
from humandyn_ros.quantities import Array

_INWARD = np.array([[1.0], [-1.0]])
_BEND_WEIGHT = 4.0  # plane and trunk count alike where the elbow is bent by 15°
_HAND_SHARE = 0.0862 / 0.2689  # hand (wrist to third knuckle) over forearm, de Leva 1996, table 4
_HEAD_SHARE = 0.075  # neck to head centre over stature, in the torso of Rajagopal et al. 2016
_HEAD_AHEAD = np.deg2rad(15.0)  # that line ahead of hips to shoulders' tops, same torso


def neck(body: Body) -> Array:
    """Joint between C7 and T1.

    From C7 55 % of the way to the jugular notch, turned 8° up in the sagittal plane (Reed,
    Manary, Schneider 1999; Dumas, Cheze, Verriest 2007). Without C7: half way between the
    shoulders' tops, which is within 10 mm of it in the torso of Rajagopal et al. 2016.
    """
    if not (body.has('c7') and (body.has('jugular') or body.has('clavicle'))):
        return middle(body['acromion'])
    back = body['c7']
    front = body['jugular'] if body.has('jugular') else middle(body['clavicle'])
    way = front - back
    upward = back + front - 2 * middle(body.joint('hip'))
    up = across(upward, unit(way)) * length(way)
    angle = np.deg2rad(8.0)
    result: Array = back + 0.55 * (np.cos(angle) * way + np.sin(angle) * up)
    return result


def shoulder(body: Body) -> Array:
    """Below the acromion by 17 % of the distance between both (Rab, Petuskey, Bagley 2002)."""
    tops = body['acromion']
    breadth = length(rightward(tops))
    return tops - 0.17 * breadth * body.upward


def elbow(body: Body) -> Array:
    """Middle of both sides, else beside the outer marker.

    Inward is perpendicular to the plane of shoulder, elbow and wrist (Davis et al. 1991; Plug-in
    Gait); the straighter the arm, the more the trunk's own sideways direction counts.
    """
    outer = body['elbow_lateral']
    if body.has('elbow_medial'):
        return (outer + body['elbow_medial']) / 2
    inward = unit(rightward(body['acromion'])) * _INWARD
    upper = body.joint('shoulder') - outer
    if body.has('wrist_radial') or body.has('wrist_ulnar'):
        bend = cross(unit(upper), unit(wrist(body) - outer))
        inward = inward - _BEND_WEIGHT * bend * _INWARD
    return beside(outer, upper, inward, body.half_width('elbow'))


def wrist(body: Body) -> Array:
    """Middle of both sides, else the one marker that is there."""
    if body.has('wrist_radial', 'wrist_ulnar'):
        return (body['wrist_radial'] + body['wrist_ulnar']) / 2
    return body['wrist_radial'] if body.has('wrist_radial') else body['wrist_ulnar']


def hand(body: Body) -> Array:
    """Third knuckle: its marker, less half the hand's thickness, else straight on the forearm."""
    forearm = body.joint('wrist') - body.joint('elbow')
    return body['hand'] if body.has('hand') else body.joint('wrist') + _HAND_SHARE * forearm


def head(body: Body) -> Array:
    """Head centre: middle of the head's markers, else above the neck as the trunk stands."""
    if body.has('head'):
        return np.asarray(body['head'].mean(axis=1, keepdims=True), dtype=np.float64)
    up = body.upward
    ahead = unit(cross(up, body.rightward))
    line = np.cos(_HEAD_AHEAD) * up + np.sin(_HEAD_AHEAD) * ahead
    result: Array = body.joint('neck') + _HEAD_SHARE * body.height * line
    return result


METHODS = {
    'neck': neck,
    'shoulder': shoulder,
    'elbow': elbow,
    'wrist': wrist,
    'hand': hand,
    'head': head,
}
NEEDS = {
    'neck': (('acromion',), ('c7', 'jugular'), ('c7', 'clavicle')),
    'shoulder': (('acromion',),),
    'elbow': (('elbow_lateral', 'acromion'),),
    'wrist': (('wrist_radial',), ('wrist_ulnar',)),
    'hand': (('hand',), ('wrist_radial', 'elbow_lateral'), ('wrist_ulnar', 'elbow_lateral')),
    'head': (('head',), ('acromion',)),
}
