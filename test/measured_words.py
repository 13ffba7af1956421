"""What was measured of somebody, and sentences that hold and that do not."""

from humandyn_ros.words.facts import Facts

FACTS = Facts(
    {
        'right_knee_from': 5.2, 'right_knee_to': 94.7, 'left_knee_from': 4.1, 'left_knee_to': 90.2,
        'right_arm_from': 12.0, 'right_arm_to': 121.4, 'left_arm_from': 10.0, 'left_arm_to': 14.0,
        'right_elbow_from': 10.0, 'right_elbow_to': 53.0, 'left_elbow_from': 10.0,
        'left_elbow_to': 13.0, 'right_shoulder_from': 3.0, 'right_shoulder_to': 100.0,
        'trunk_from': 2.0, 'trunk_lean': 35.3, 'speed': 1.23, 'distance': 4.9, 'duration': 4.0,
        'cadence': 112.4, 'steps': 8.0, 'turn': 93.1, 'sink': 31.2, 'rise': 2.0, 'flight': 0.0,
        'single_support': 0.42, 'peak_grf': 1.46, 'peak_force': 1010.0, 'left_contact': 61.0,
        'right_contact': 60.0, 'seat': 0.0, 'right_knee_torque': 121.3, 'left_knee_torque': 88.0,
        'left_grf': 1.2, 'right_grf': 1.4,
    },
    {'turn_way': 'left', 'travel_way': 'forwards', 'foot': 'right', 'lean_way': 'forwards'},
)  # fmt: skip

TRUE = """
The person walks forwards at 1.2 m/s, 112 steps per minute.
The right knee bends from 5 to 95 degrees and the left knee from 4 to 90 degrees.
Both knees bend deeply together
the right arm rises from 12 to 121 degrees
The person raises the right arm
The person waves the right hand.
the right arm moves by 109 degrees
the pelvis covers 4.9 m in 4.0 s, 1.2 m/s
the pelvis covers 490 cm
the pelvis sinks by 31 cm
The body turns 93 degrees to the left.
The trunk leans 35 degrees forwards.
the ground pushes with up to 1.5 body weights
the ground pushes with up to 1010 N
one foot alone carries the body for 0.4 s
so one foot is always on the ground
the right foot alone carries the body for 0.42 s
The torque at the right knee reaches 121 N·m.
The right foot carries up to 1.4 body weights.
the left foot leaves the ground, and the left foot touches the ground for 61 % of the time
The person squats.
""".strip().splitlines()

FALSE = {
    'The person walks forwards at 1.4 m/s.': '1.4 m/s',
    'The person walks backwards at 1.2 m/s.': 'backwards',
    'The left knee bends from 5 to 95 degrees.': 'deg',
    'The right knee bends from 95 to 5 degrees': 'deg',
    'Both knees bend from 5 to 95 degrees': 'deg',
    'The right knee stretches from 5 to 95 degrees.': 'stretches',
    'The right arm sinks from 12 to 121 degrees': 'sinks',
    'The person raises the left arm': 'left arm',
    'The person waves the left hand.': 'left hand',
    'The body turns 93 degrees to the right': 'right',
    'The body turns right': 'right',
    'the trunk leans 35 degrees backwards': 'backwards',
    'the trunk leans 35 degrees to the left': 'left',
    'nothing touches the ground for 0.20 s': 'nothing touches',
    'both feet stay on the ground': 'both feet',
    'the left foot alone carries the body for 0.4 s': 'left foot alone',
    'the left foot carries the body': 'left foot carries',
    'The torque at the left knee reaches 121 N·m.': 'N·m',
    'The torque at the left hip reaches 121 N·m.': 'N·m',
    'The person sits on a chair': 'chair',
    'a seat carries up to 60 % of the weight': '60 %',
    'the pelvis rises by 31 cm': '31 cm',
    'the pelvis sinks by 31 m': '3100 cm',
    'the pelvis sinks by 31 degrees': '31 deg',
    'The person takes 9 steps': '9 steps',
    'The person walks thirty metres': 'number in words',
    'The heart beats 95': 'no known unit',
    'the right knee does not bend': 'negation',
    'the knee bends more than 90 degrees': 'comparison',
    'the hands touch the ground': 'not measured',
    'the person stretches': 'no joint is named',
    'He is hopping on his left foot.': 'left foot',
    'The person leans back.': 'back',
    'Only the left foot touches the ground.': 'left foot',
    'The pelvis drops by half a metre.': 'number in words',
    'The person stays on the spot.': 'on the spot',
    'The knees stay straight.': 'knee straight',
    'The trunk stays upright.': 'upright',
    'Both feet stay flat.': 'both foot',
    'She lifts her left arm above her head.': 'left arm',
    'The person is walking backwards slowly.': 'backwards',
    'The person turns clockwise.': 'clockwise',
    'The left knee is bent at 95°.': '95 deg',
    'The torque in the right knee is 300 Nm.': '300 N·m',
    'They run at about 10 km/h.': '2.77778 m/s',
    'The load on the left leg is 3 times body weight.': '3 body weights',
    'The right leg stays still.': 'right leg',
    'an angle of -95 degrees at the right knee': '-95 deg',
    'the left ear itches': "side 'left'",
}
