"""The shipped narrator: what it says of motion that the package makes itself."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip('onnxruntime')
pytest.importorskip('torch')  # of what makes the motion, not of the narrator

from humandyn_ros.engines.factory import model_folder
from humandyn_ros.engines.narrator import Narrator, open_narrator
from humandyn_ros.errors import ConfigError, ModelError, StreamError
from humandyn_ros.learning.synthesis.clip import procedural
from humandyn_ros.learning.tasks.narrator_formats import shown, skeleton_of
from humandyn_ros.learning.tasks.narrator_segments import facts_of
from humandyn_ros.learning.tasks.narrator_takes import at_rate
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.words.facts import Facts
from humandyn_ros.words.grounding import faults

RATE_HZ = 30.0


@pytest.fixture(scope='module')
def narrator():
    opened = Narrator()
    yield opened
    opened.close()


@pytest.fixture(scope='module')
def squat():
    clip = procedural(['squat'], 987_654)
    return at_rate(clip.points, clip.rate_hz)


@pytest.mark.parametrize('form', ['smpl_24', 'kinect_25', 'coco_17', 'openpose_25'])
def test_a_squat_is_told_as_one_whatever_the_skeleton(narrator, squat, form):
    facts = facts_of(squat)
    caption = narrator.narrate(shown(squat, form), None, skeleton_of(form), RATE_HZ, facts.notable)
    assert caption.label == 'squat'
    assert caption.confidence == caption.scores.max()
    text = caption.sentence.text(facts.numbers, facts.words)
    assert text.startswith('the person squats')
    assert len(caption.sentence.slots()) >= 2
    assert 2 <= len(caption.reasons) <= 3
    for reason in caption.reasons:
        assert not faults(reason.text(facts.numbers, facts.words), facts)


def test_hiding_an_arm_does_not_stop_it(narrator, squat):
    hidden = squat.copy()
    hidden[:, [16, 18, 20, 22]] = np.nan
    scores = narrator.label(hidden, None, skeleton_of('smpl_24'), RATE_HZ)
    assert narrator.labels[int(np.argmax(scores))] == 'squat'


def test_only_what_was_measured_is_said(narrator, squat):
    facts = facts_of(squat).notable
    for given in (facts, Facts({'duration': 3.0}), Facts({})):
        caption = narrator.narrate(squat, None, CANONICAL, RATE_HZ, given)
        assert caption.scores.sum() == pytest.approx(1.0)
        for phrase in (caption.sentence, *caption.reasons):
            assert set(phrase.slots()) <= {*given.numbers, *given.words}
            assert not any(character.isdigit() for character in ''.join(phrase.tokens))


def test_image_points_from_the_side_are_enough(narrator, squat):
    heading = squat[0, CANONICAL.index['left_foot']] - squat[0, CANONICAL.index['left_ankle']]
    along = squat @ (heading * [1.0, 1.0, 0.0] / np.linalg.norm(heading[:2]))
    flat = np.stack([along, -squat[..., 2]], axis=-1)
    caption = narrator.narrate(flat, None, CANONICAL, RATE_HZ, Facts({}), up='-Y')
    assert caption.label == 'squat'
    assert caption.sentence.text({}) == 'the person squats'


def test_labels_of_ones_own_are_told_by_description(squat):
    mine = {
        'sinking': ['both knees bend deep and the pelvis sinks then rises'],
        'waving': ['one arm is held up and the forearm swings from side to side'],
    }
    with_mine = Narrator(descriptions=mine)
    assert with_mine.labels == ('sinking', 'waving')
    caption = with_mine.narrate(squat, None, CANONICAL, RATE_HZ, Facts({}))
    assert caption.label == 'sinking'
    with pytest.raises(ConfigError, match='describe'):
        Narrator(descriptions={'nothing': []})


def test_bad_input_is_named(narrator, squat, tmp_path):
    with pytest.raises(StreamError, match='s of motion'):
        narrator.narrate(squat[:5], None, CANONICAL, RATE_HZ, Facts({}))
    with pytest.raises(StreamError, match='24 joints'):
        narrator.narrate(squat[:, :20], None, CANONICAL, RATE_HZ, Facts({}))
    with pytest.raises(StreamError, match='hardly anything'):
        narrator.narrate(np.full((60, 24, 3), np.nan), None, CANONICAL, RATE_HZ, Facts({}))
    with pytest.raises(ModelError, match='no model'):
        open_narrator(str(tmp_path))
    with pytest.raises(ModelError, match='kind narrator_word'):
        open_narrator(str(model_folder('narrator') / 'word'))


def test_a_model_that_lacks_a_part_or_was_changed_is_refused(tmp_path):
    copy = tmp_path / 'narrator'
    shutil.copytree(model_folder('narrator'), copy)
    (copy / 'text' / 'model.onnx').write_bytes(b'nonsense')
    with pytest.raises(ModelError, match='not the model of its manifest'):
        Narrator(copy)
    shutil.rmtree(copy / 'text')
    with pytest.raises(ModelError, match='no model'):
        Narrator(copy)


def test_no_torch_is_needed_to_narrate():
    code = (
        'import sys; from humandyn_ros.engines.narrator import Narrator; Narrator(); '
        'print("torch" in sys.modules)'
    )
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == 'False'


def test_diagnostics_say_what_runs(narrator):
    shown_there = narrator.describe()
    assert shown_there['name'] == 'narrator'
    assert shown_there['backend'] == 'ort-cpu'
    assert len(shown_there['model_sha256']) == 12
