"""Teachers: a real server on this machine that speaks chat completions, and what is kept."""

import base64
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

pytest.importorskip('torch')
Image = pytest.importorskip('PIL.Image', reason='the extra words is not installed')

import worded_clips  # noqa: E402

from humandyn_ros.cli import main  # noqa: E402
from humandyn_ros.errors import ConfigError, ModelError  # noqa: E402
from humandyn_ros.learning.words import teacher as teachers  # noqa: E402
from humandyn_ros.learning.words.prompts import read_prompts  # noqa: E402
from humandyn_ros.learning.words.rationales import Rationale, read_rationales  # noqa: E402
from humandyn_ros.learning.words.scores import LabelMatcher  # noqa: E402
from humandyn_ros.learning.words.teacher import Endpoint, drawn, taught  # noqa: E402

GOOD = 'The person sinks by 30 cm.\n- the pelvis sinks by 30 cm\n- it takes 0.8 s\nLabel: Squat.'


def completion(text):
    return json.dumps({'choices': [{'message': {'content': text}}]})


class Server:
    """Answers from a list: a status and a text each; remembers what it was asked."""

    def __init__(self):
        self.answers, self.asked = [], []
        self.reply = lambda told: self.answers.pop(0)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers['Content-Length'])
                told = json.loads(self.rfile.read(length))
                server.asked.append((self.path, self.headers.get('Authorization'), told))
                status, text = server.reply(told)
                body = text.encode()
                self.send_response(status)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._http = HTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self._http.server_port}/v1'
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def say(self, text, status=200):
        self.answers.append((status, completion(text) if status == 200 else text))

    def close(self):
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    monkeypatch.setattr(teachers, '_WAIT_S', 0.0)
    found = Server()
    yield found
    found.close()


def endpoint(server, **changes):
    usual = {'url': server.url, 'model': 'big', 'draw': lambda clip: drawn(clip, 2, 32)}
    return Endpoint(**(usual | changes))


def test_the_endpoint_is_shown_the_pictures_and_its_key(server, monkeypatch):
    monkeypatch.setenv('A_KEY', 'secret')
    server.say(GOOD)
    assert endpoint(server, key='A_KEY')('Why?', worded_clips.clip('squat')) == GOOD
    path, key, told = server.asked[0]
    assert (path, key, told['model']) == ('/v1/chat/completions', 'Bearer secret', 'big')
    content = told['messages'][0]['content']
    assert content[-1] == {'type': 'text', 'text': 'Why?'}
    urls = [part['image_url']['url'] for part in content if part['type'] == 'image_url']
    shown = [np.asarray(Image.open(io.BytesIO(base64.b64decode(u.split(',')[1])))) for u in urls]
    assert [picture.shape for picture in shown] == [(32, 32, 3)] * 2
    assert all(picture.max() > 100 for picture in shown)


def test_without_a_key_none_is_sent_and_a_busy_server_is_asked_again(server, monkeypatch):
    monkeypatch.delenv('A_KEY', raising=False)
    server.say('busy', 429)
    server.say('down', 503)
    server.say('yes')
    assert endpoint(server, key='A_KEY')('Why?', worded_clips.clip('wave')) == 'yes'
    assert [key for _, key, _ in server.asked] == [None] * 3


def test_refusals_and_nonsense_are_named(server):
    server.say('no such key', 401)
    with pytest.raises(ModelError, match='401 no such key'):
        endpoint(server)('Why?', worded_clips.clip('wave'))
    server.answers.append((200, '<html>'))
    with pytest.raises(ModelError, match='no chat completion; correct the URL'):
        endpoint(server)('Why?', worded_clips.clip('wave'))
    url = 'http://127.0.0.1:9/v1'
    with pytest.raises(ModelError, match='does not answer'):
        endpoint(server, url=url)('Why?', worded_clips.clip('wave'))
    for wrong in ({'url': 'file:///etc/passwd'}, {'model': ''}):
        with pytest.raises(ConfigError, match='teacher'):
            endpoint(server, **wrong)


def test_what_was_not_measured_and_other_labels_are_not_kept():
    matcher = LabelMatcher(worded_clips.LABELS, {'squat': ('deep squat',)})
    clips = [worded_clips.clip(label) for label in ('squat', 'squat', 'wave', 'kick')]
    answers = iter([
        'The person sinks by 99 cm.\n- the pelvis sinks by 30 cm\n- the pelvis sinks by 99 cm\n'
        'Label: deep squat',
        '- the pelvis sinks by 99 cm\nLabel: squat',  # nothing of it holds
        '- it takes 0.8 s\nLabel: kick',  # another label
        'It takes 0.8 s.\n- it takes 0.8 s\nLabel: kick',
    ])  # fmt: skip
    asked = []

    def teacher(prompt, clip):
        asked.append(prompt)
        return next(answers)

    found = list(taught(clips, teacher, read_prompts(), matcher))
    assert found == [
        Rationale('squat-0', 'squat', 'The person does a squat.', ('the pelvis sinks by 30 cm',)),
        Rationale('kick-0', 'kick', 'It takes 0.8 s.', ('it takes 0.8 s',)),
    ]
    assert 'The action is: squat' in asked[0]
    assert 'sink 30 cm' in asked[0]


def test_the_command_fills_a_file_and_goes_on_where_it_stopped(server, tmp_path, capsys):
    file = tmp_path / 'tiny.yaml'
    file.write_text(
        'source: worded_clips:source\nlabels: [wave, squat, kick]\nclips: 3\nnet: {frames: 1}\n'
    )
    out = tmp_path / 'reasons.jsonl'

    def reply(told):
        prompt = told['messages'][0]['content'][-1]['text']
        label = prompt.split('The action is: ')[1].split('.')[0]
        return 200, completion(f'It takes 0.8 s.\n- it takes 0.8 s\nLabel: {label}')

    server.reply = reply
    for limit, told in (('1', '1 rationales added'), ('5', '2 rationales added')):
        command = ['rationales', server.url, '--model', 'big', '--config', str(file)]
        assert main([*command, '--out', str(out), '--clips', limit]) == 0
        assert told in capsys.readouterr().out
    assert set(read_rationales(out)) == {'wave-0', 'squat-1', 'kick-2'}
    assert len(server.asked) == 3  # a clip that is known is not asked about again


def test_a_local_model_teaches_too(tmp_path):
    pytest.importorskip('transformers', reason='the extra words is not installed')
    import tiny_vlm

    folder = tiny_vlm.llava(tmp_path / 'llava')
    file = tmp_path / 'tiny.yaml'
    file.write_text('source: worded_clips:source\nlabels: [wave, squat]\nclips: 1\n')
    out = tmp_path / 'reasons.jsonl'
    assert main(['rationales', str(folder), '--config', str(file), '--out', str(out)]) == 0
    assert out.read_text() == ''  # it knows nothing, so nothing of it is kept
