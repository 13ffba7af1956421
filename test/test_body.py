"""Newton-Euler loads against Pinocchio, balances and a double pendulum in closed form."""

import numpy as np
import pytest

from humandyn_ros import anthropometry
from humandyn_ros.body import JOINTS, TRUNK_LEVELS, BodyModel, backwards, cross, lever, trunk_line
from humandyn_ros.errors import ConfigError
from humandyn_ros.quantities import CANONICAL, GRAVITY

INDEX = CANONICAL.index
FALL = np.tile([0.0, 0.0, -GRAVITY], (24, 1))
STILL = np.zeros((24, 3))


def upright(rng):
    """Random joint centres; those of the trunk lie at their levels on a random line."""
    points = rng.normal(size=(24, 3)) + np.array([0.0, 0.0, 1.0])
    start, line = rng.normal(size=(2, 3))
    for name, level in TRUNK_LEVELS.items():
        points[INDEX[name]] = start + level * line
    for part in ('hip', 'collar', 'shoulder'):
        across = rng.normal(size=3)
        points[INDEX[f'left_{part}']] += across
        points[INDEX[f'right_{part}']] -= across
    return points


# Rigid parts of the oracle: joint each hangs on, the joint above, its segments.
PARTS = [
    ('lumbar', None, ('abdomen', 'chest', 'head')),
    *(
        (f'{s}_{joint}', parent and f'{s}_{parent}', tuple(f'{s}_{k}' for k in kinds))
        for s in ('left', 'right')
        for joint, parent, kinds in (
            ('hip', None, ('thigh',)),
            ('knee', 'hip', ('shank',)),
            ('ankle', 'knee', ('foot',)),
            ('shoulder', None, ('upper_arm',)),
            ('elbow', 'shoulder', ('forearm', 'hand')),
        )
    ),
]
OWNER = {
    'left_knee': 'left_hip', 'right_knee': 'right_hip', 'left_ankle': 'left_knee',
    'right_ankle': 'right_knee', 'left_foot': 'left_ankle', 'right_foot': 'right_ankle',
    'left_elbow': 'left_shoulder', 'right_elbow': 'right_shoulder', 'left_wrist': 'left_elbow',
    'right_wrist': 'right_elbow', 'left_hand': 'left_elbow', 'right_hand': 'right_elbow',
    'head': 'lumbar', 'neck': 'lumbar', 'left_shoulder': 'lumbar', 'right_shoulder': 'lumbar',
}  # fmt: skip


class Oracle:
    """The same rods as a Pinocchio model: free flyer, spherical joints, a stiff lumbar joint."""

    def __init__(self, pin, body, rest):
        self.pin, self.body, self.rest = pin, body, rest
        self.model = pin.Model()
        self.model.gravity.linear = np.array([0.0, 0.0, -GRAVITY])
        self.ids, self.place = {}, {}
        self._add('root', 0, pin.JointModelFreeFlyer(), rest[0], ('pelvis',))
        for joint, parent, kinds in PARTS:
            centre = body.joint_weights[JOINTS.index(joint)] @ rest
            carrier = parent or ('lumbar' if 'shoulder' in joint else 'root')
            self._add(joint, self.ids[carrier], pin.JointModelSpherical(), centre, kinds)
        self.state = self.model.createData()

    def _add(self, name, parent, joint, centre, kinds):
        pin = self.pin
        offset = centre - (self.place[parent] if parent else 0.0)
        at = pin.SE3(np.eye(3), offset if parent else np.zeros(3))
        self.ids[name] = self.model.addJoint(parent, joint, at, name)
        self.place[self.ids[name]] = centre
        for part in self.body.segments:
            if part.name in kinds:
                bars = part.bars @ self.rest
                tensor = sum(
                    k * (b @ b * np.eye(3) - np.outer(b, b))
                    for k, b in zip(part.second, bars, strict=True)
                )
                back, _ = backwards(self.rest, STILL, STILL)
                middle = part.centre @ self.rest + part.behind * back
                inertia = pin.Inertia(part.mass, middle - centre, tensor)
                self.model.appendBodyToJoint(self.ids[name], inertia, pin.SE3.Identity())

    def random(self, rng):
        pin, model = self.pin, self.model
        q = pin.randomConfiguration(model, -np.ones(model.nq), np.ones(model.nq))
        v, a = rng.normal(size=model.nv) * 3, rng.normal(size=model.nv) * 20
        lumbar = model.joints[self.ids['lumbar']]
        q[lumbar.idx_q : lumbar.idx_q + 4] = [0, 0, 0, 1]
        v[lumbar.idx_v : lumbar.idx_v + 3] = a[lumbar.idx_v : lumbar.idx_v + 3] = 0
        return q, v, a

    def points(self, q, v, a):
        pin = self.pin
        pin.forwardKinematics(self.model, self.state, q, v, a)
        positions, velocities, accelerations = np.empty((3, 24, 3))
        for name, i in INDEX.items():
            joint = self.ids[OWNER.get(name, 'root')]
            frame = self.state.oMi[joint]
            arm = frame.rotation @ (self.rest[i] - self.place[joint])
            spin = frame.rotation @ self.state.v[joint].angular
            linear = pin.getClassicalAcceleration(
                self.model, self.state, joint, pin.LOCAL_WORLD_ALIGNED
            )
            positions[i] = frame.translation + arm
            velocities[i] = frame.rotation @ self.state.v[joint].linear + np.cross(spin, arm)
            turning = np.cross(linear.angular, arm) + np.cross(spin, np.cross(spin, arm))
            accelerations[i] = linear.linear + turning
        return positions, velocities, accelerations

    def moments(self, q, v, a):
        torque = self.pin.rnea(self.model, self.state, q, v, a)
        rows = []
        for name in JOINTS:
            joint = self.ids[name]
            at = self.model.joints[joint].idx_v + (3 if name == 'root' else 0)
            rows.append(self.state.oMi[joint].rotation @ torque[at : at + 3])
        return np.array(rows), self.state.oMi[1].rotation @ torque[:3]


@pytest.mark.parametrize('sex', ['male', 'female', 'average'])
def test_loads_equal_pinocchio_on_random_states(sex):
    pin = pytest.importorskip('pinocchio')
    rng = np.random.default_rng(5)
    pin.seed(5)
    oracle = Oracle(pin, BodyModel(sex), upright(rng))
    for _ in range(20):
        q, v, a = oracle.random(rng)
        state = oracle.points(q, v, a)
        expected, force = oracle.moments(q, v, a)
        loads = oracle.body.loads(*state)
        scale = np.abs(expected).max()
        assert np.abs(loads.about_joints() - expected).max() < 1e-9 * max(scale, 1.0)
        assert np.abs(loads.force[0] - force).max() < 1e-9 * max(np.abs(force).max(), 1.0)


def test_a_falling_body_needs_no_force():
    loads = BodyModel().loads(upright(np.random.default_rng(1)), STILL, FALL)
    assert np.abs(loads.force).max() < 1e-12
    assert np.abs(loads.about_joints()).max() < 1e-12


def test_a_standing_body_needs_its_weight_under_its_centre_of_mass():
    body = BodyModel('female')
    positions = upright(np.random.default_rng(2))
    loads = body.loads(positions, STILL, STILL)
    weight = np.array([0.0, 0.0, GRAVITY])
    np.testing.assert_allclose(loads.force[0], weight, atol=1e-12)
    np.testing.assert_allclose(loads.moment[0], np.cross(loads.mass_centre, weight), atol=1e-12)
    back, _ = backwards(positions, STILL, STILL)
    centre = body.centre_weights @ positions + body.behind * back
    np.testing.assert_allclose(loads.mass_centre + positions[0], centre, atol=1e-12)


def swinging(angles, rates, accelerations):
    """A double pendulum hung on the left hip: thigh and shank; everything else at rest."""
    thigh, shank = 0.42, 0.40
    positions, second = np.zeros((24, 3)), np.zeros((24, 3))

    def arm(angle, length):
        return length * np.array([np.sin(angle), 0.0, -np.cos(angle)])

    def arm_acceleration(angle, rate, acceleration, length):
        along = np.array([np.cos(angle), 0.0, np.sin(angle)])
        inward = np.array([-np.sin(angle), 0.0, np.cos(angle)])
        return length * (acceleration * along + rate**2 * inward)

    knee = arm(angles[0], thigh)
    knee_a = arm_acceleration(angles[0], rates[0], accelerations[0], thigh)
    ankle = knee + arm(angles[1], shank)
    ankle_a = knee_a + arm_acceleration(angles[1], rates[1], accelerations[1], shank)
    for name, p, a in (
        ('left_knee', knee, knee_a),
        ('left_ankle', ankle, ankle_a),
        ('left_foot', ankle, ankle_a),
    ):
        positions[INDEX[name]], second[INDEX[name]] = p, a
    return positions, second


def test_a_double_pendulum_has_the_moments_of_its_closed_form():
    body = BodyModel('male')
    row = {part.name: part for part in body.segments}
    table = body.table
    l1, l2 = 0.42, 0.40
    m1, m2, foot = row['left_thigh'].mass, row['left_shank'].mass, row['left_foot'].mass
    c1 = table.centre[table.row('thigh')] * l1
    c2 = table.centre[table.row('shank')] * l2
    i1 = row['left_thigh'].second[0] * l1**2
    i2 = row['left_shank'].second[0] * l2**2
    (a, b), (da, db), (dda, ddb) = (0.4, -0.7), (2.0, -3.0), (11.0, 17.0)
    positions, second = swinging((a, b), (da, db), (dda, ddb))
    # Lagrange's equations in absolute angles, with the foot a point mass at the ankle.
    coupling = m2 * l1 * c2 + foot * l1 * l2
    first = (
        (i1 + m1 * c1**2 + (m2 + foot) * l1**2) * dda
        + coupling * (np.cos(a - b) * ddb + np.sin(a - b) * db**2)
        + GRAVITY * (m1 * c1 + (m2 + foot) * l1) * np.sin(a)
    )
    last = (
        (i2 + m2 * c2**2 + foot * l2**2) * ddb
        + coupling * (np.cos(a - b) * dda - np.sin(a - b) * da**2)
        + GRAVITY * (m2 * c2 + foot * l2) * np.sin(b)
    )
    moments = body.loads(positions, STILL, second).about_joints()
    # Angles rise about -y here: x = sin, z = -cos.
    knee, hip = JOINTS.index('left_knee'), JOINTS.index('left_hip')
    assert -moments[knee, 1] == pytest.approx(last, rel=1e-12)
    assert -moments[hip, 1] == pytest.approx(first + last, rel=1e-12)


def test_power_of_the_joint_moments_is_the_rate_of_energy():
    """A swinging double pendulum: hip and knee moments do exactly the work that is stored."""
    body = BodyModel('male')
    centres = np.stack([part.centre for part in body.segments])
    bars = np.concatenate([part.bars for part in body.segments])
    seconds = np.concatenate([part.second for part in body.segments])

    def angles(t):
        return (
            (0.5 * np.sin(3 * t), 0.8 * np.sin(5 * t + 1)),
            (1.5 * np.cos(3 * t), 4.0 * np.cos(5 * t + 1)),
            (-4.5 * np.sin(3 * t), -20.0 * np.sin(5 * t + 1)),
        )

    def energy(t, h=1e-5):
        x = [swinging(*angles(t + s * h))[0] for s in (-1, 0, 1)]
        v = (x[2] - x[0]) / (2 * h)
        moving = body.mass @ ((centres @ v) ** 2).sum(1) + seconds @ ((bars @ v) ** 2).sum(1)
        return 0.5 * moving + GRAVITY * body.mass @ (centres @ x[1])[:, 2]

    t, h = 0.3, 1e-4
    q, rates, second = angles(t)
    positions, accelerations = swinging(q, rates, second)
    moments = body.loads(positions, STILL, accelerations).about_joints()
    hip, knee = (-moments[JOINTS.index(f'left_{j}'), 1] for j in ('hip', 'knee'))
    power = hip * rates[0] + knee * (rates[1] - rates[0])
    assert power == pytest.approx((energy(t + h) - energy(t - h)) / (2 * h), rel=1e-5)


def test_internal_motion_does_not_need_an_external_force():
    """Momentum balance: the whole body's load is total mass times its centre's acceleration."""
    rng = np.random.default_rng(3)
    body = BodyModel()
    positions, second = upright(rng), rng.normal(size=(24, 3))
    second[[INDEX[name] for name in TRUNK_LEVELS]] = rng.normal(size=3)  # the trunk is rigid
    loads = body.loads(positions, STILL, second)
    expected = body.centre_weights @ second + np.array([0.0, 0.0, GRAVITY])
    np.testing.assert_allclose(loads.force[0], expected, atol=1e-12)


def test_cross_products_are_numpys():
    a, b = np.random.default_rng(4).normal(size=(2, 5, 3))
    np.testing.assert_allclose(cross(a, b), np.cross(a, b), atol=1e-15)
    np.testing.assert_allclose(lever(a[0], b[0]), np.cross(a[0], b[0]), atol=1e-15)


def test_the_trunk_line_keeps_a_rigid_trunk_and_averages_noise():
    rng = np.random.default_rng(6)
    points = upright(rng)
    np.testing.assert_allclose(trunk_line() @ points, points, atol=1e-12)
    weights = BodyModel().centre_weights
    assert np.linalg.norm(weights @ trunk_line()) < 0.75 * np.linalg.norm(weights)


def test_an_unknown_sex_is_an_error_that_names_the_choices():
    with pytest.raises(ConfigError, match='average, female, male'):
        anthropometry.segment_table('robot')
