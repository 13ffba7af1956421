"""Log lines on standard error and their way to /rosout."""

import re

import pytest

from humandyn_ros.ros.dds.console import Console


@pytest.fixture
def forwarded():
    return []


@pytest.fixture
def console(forwarded):
    made = Console('ns.node', 'info', show=True)
    made.forward = forwarded.append
    return made


def test_lines_look_like_those_of_ros(console, capsys):
    console.log('warn', 'careful')
    assert re.fullmatch(
        r'\[WARN\] \[\d+\.\d{9}\] \[ns\.node\]: careful\n', capsys.readouterr().err
    )


def test_lines_below_the_level_are_neither_shown_nor_forwarded(console, forwarded, capsys):
    console.log('debug', 'details')
    assert capsys.readouterr().err == ''
    assert forwarded == []


def test_a_line_with_a_key_is_said_once(console, forwarded):
    for text in ('first', 'second'):
        console.log('error', text, once='key')
        console.log('error', text)
    assert [item['msg'] for item in forwarded] == ['first', 'first', 'second']
    assert {item['level'] for item in forwarded} == {40}


def test_a_silent_console_still_forwards(forwarded, capsys):
    console = Console('node', 'debug', show=False)
    console.forward = forwarded.append
    console.log('debug', 'details')
    assert capsys.readouterr().err == ''
    assert forwarded[0]['name'] == 'node'
