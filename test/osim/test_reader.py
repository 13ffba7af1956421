import gzip
from pathlib import Path

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.osim import read_model

NEW = """<?xml version="1.0"?>
<OpenSimDocument Version="40000"><Model name="two">
 <BodySet><objects>
  <Body name="thigh"><attached_geometry><Mesh><scale_factors>1.1 1.2 1.3</scale_factors></Mesh>
  </attached_geometry></Body><Body name="shank"/>
 </objects></BodySet>
 <JointSet><objects>
  <PinJoint name="knee"><socket_parent_frame>a</socket_parent_frame>
   <socket_child_frame>b</socket_child_frame>
   <coordinates><Coordinate name="bend"><default_value>0.25</default_value></Coordinate>
   </coordinates>
   <frames>
    <PhysicalOffsetFrame name="a"><socket_parent>/bodyset/thigh</socket_parent>
     <translation>0 -0.4 0</translation><orientation>0 0 0.5</orientation></PhysicalOffsetFrame>
    <PhysicalOffsetFrame name="b"><socket_parent>/bodyset/shank</socket_parent>
     <translation>0.01 0.02 0.03</translation><orientation>0.3 0 0</orientation>
    </PhysicalOffsetFrame></frames></PinJoint>
  <FreeJoint name="root"><socket_parent_frame>/ground</socket_parent_frame>
   <socket_child_frame>/bodyset/thigh</socket_child_frame>
   <coordinates><Coordinate name="rx"/><Coordinate name="ry"/><Coordinate name="rz"/>
    <Coordinate name="tx"/><Coordinate name="ty"/><Coordinate name="tz"/></coordinates>
  </FreeJoint>
 </objects></JointSet>
 <MarkerSet><objects><Marker name="M"><socket_parent_frame>/bodyset/shank</socket_parent_frame>
  <location>0 -0.3 0.05</location></Marker></objects></MarkerSet>
</Model></OpenSimDocument>
"""

OLD = """<?xml version="1.0"?>
<OpenSimDocument Version="30000"><Model name="two"><BodySet><objects>
 <Body name="ground"/>
 <Body name="thigh"><Joint><FreeJoint name="root"><parent_body>ground</parent_body>
  <location_in_parent>0 0 0</location_in_parent>
  <orientation_in_parent>0 0 0</orientation_in_parent>
  <location>0 0 0</location><orientation>0 0 0</orientation><CoordinateSet><objects>
  <Coordinate name="rx"/><Coordinate name="ry"/><Coordinate name="rz"/><Coordinate name="tx"/>
  <Coordinate name="ty"/><Coordinate name="tz"/></objects></CoordinateSet></FreeJoint></Joint>
  <VisibleObject><GeometrySet><objects><DisplayGeometry><scale_factors>1.1 1.2 1.3</scale_factors>
  </DisplayGeometry></objects></GeometrySet></VisibleObject></Body>
 <Body name="shank"><Joint><PinJoint name="knee"><parent_body>thigh</parent_body>
  <location_in_parent>0 -0.4 0</location_in_parent>
  <orientation_in_parent>0 0 0.5</orientation_in_parent><location>0.01 0.02 0.03</location>
  <orientation>0.3 0 0</orientation><CoordinateSet><objects><Coordinate name="bend">
  <default_value>0.25</default_value></Coordinate></objects></CoordinateSet></PinJoint></Joint>
 </Body></objects></BodySet>
 <MarkerSet><objects><Marker name="M"><body>shank</body><location>0 -0.3 0.05</location></Marker>
 </objects></MarkerSet></Model></OpenSimDocument>
"""


@pytest.fixture
def write(tmp_path: Path):
    def to_file(text: str) -> Path:
        path = tmp_path / 'model.osim'
        path.write_text(text)
        return path

    return to_file


def test_both_forms_of_a_model_place_everything_alike(write):
    columns = {'rx': [0.1], 'ry': [0.2], 'rz': [-0.3], 'tx': [1.0], 'ty': [2.0], 'bend': [0.7]}
    places = []
    for text in (NEW, OLD):
        model = read_model(write(text))
        values = model.values(columns, degrees=False)
        places.append((model.joint_centres(values)['knee'], model.marker_positions(values)['M']))
        np.testing.assert_array_equal(model.scales['thigh'], [1.1, 1.2, 1.3])
    np.testing.assert_allclose(places[0], places[1], atol=1e-15)


def test_parents_come_before_children_whatever_the_file_says(write):
    assert [joint.name for joint in read_model(write(NEW)).joints] == ['root', 'knee']


def test_a_compressed_model_is_read_as_it_is(tmp_path: Path):
    path = tmp_path / 'model.osim.gz'
    path.write_bytes(gzip.compress(NEW.encode()))
    assert read_model(path).name == 'two'


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('<OpenSimDocument', '<', 'cannot be read as an OpenSim model'),
        ('<PinJoint name="knee">', '<EllipsoidJoint name="knee">', 'EllipsoidJoint.*PinJoint'),
        ('/bodyset/thigh</socket_parent>', '/bodyset/hip</socket_parent>', r"knee \(on 'hip'\)"),
        ('<Coordinate name="tz"/>', '', r'root \(FreeJoint\) has 5 coordinates, not 6'),
    ],
)
def test_a_broken_model_is_an_error_that_names_what_is_wrong(write, old, new, message):
    text = NEW.replace(old, new)
    if 'Ellipsoid' in new:
        text = text.replace('</PinJoint>', '</EllipsoidJoint>')
    with pytest.raises(RecordingError, match=message):
        read_model(write(text))


def test_a_file_without_model_or_joints_is_an_error(write, tmp_path: Path):
    with pytest.raises(RecordingError, match='holds no <Model>'):
        read_model(write('<OpenSimDocument/>'))
    with pytest.raises(RecordingError, match='no joints'):
        read_model(write('<OpenSimDocument><Model name="none"/></OpenSimDocument>'))
    with pytest.raises(RecordingError, match='cannot be read'):
        read_model(tmp_path / 'absent.osim')


def test_a_truncated_compressed_model_is_an_error(tmp_path: Path):
    path = tmp_path / 'model.osim.gz'
    path.write_bytes(gzip.compress(NEW.encode())[:200])
    with pytest.raises(RecordingError, match='cannot be read'):
        read_model(path)
