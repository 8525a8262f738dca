# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._mirapoint.words import Secret, argument, fields
from ansible_collections.messaging.migration.tests.servers.admind import words as server

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
# What quoting is about, more often than chance has it.
NASTY = st.text(st.sampled_from(" \\\"(){}+5\r\n\t\u00e9\u00a0\u2028a"))
ON_ONE_LINE = st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"])) | st.text(st.sampled_from(" \\\"(){}5\t\u00e9\u00a0\u2028a"))


@pytest.mark.parametrize(("text", "sent"), [
    ("bob", b"bob"),
    ("", b'""'),
    ("Bob Smith", b'"Bob Smith"'),
    ("a\tb", b'"a\tb"'),
    ("(Bob)", b'"(Bob)"'),
    ("a\\b", b'"a\\\\b"'),
    ('say "hi"', b'"say \\"hi\\""'),
    ("{5}", b'"{5}"'),
    ("{5+}", b'"{5+}"'),
    ("Jürgen", "Jürgen".encode()),
    ("a\nb", b"{3+}\r\na\nb"),
    ("ü\r\n", b"{4+}\r\n\xc3\xbc\r\n"),
    ("a\rb", b"{3+}\r\na\rb"),
])
def test_arguments(text, sent):
    assert argument(text) == sent


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_what_no_server_would_read_as_it_is_meant_is_refused_without_being_shown(text):
    with pytest.raises(ValueError, match="it ") as caught:
        argument(text)
    assert text not in str(caught.value) and caught.value.__cause__ is None and caught.value.__suppress_context__ == (text == "\ud800")


@given(st.lists(TEXT | NASTY))
def test_any_arguments_survive_quoting_and_the_servers_reading(texts):
    sent = b" ".join([b"1", b"USER", *map(argument, texts)]) + b"\r\n"
    stream = io.BytesIO(sent + b"2 LOGOUT\r\n")
    assert server.command(stream) == ["1", "USER", *texts]
    # Nothing of an argument was taken for a command.
    assert server.command(stream) == ["2", "LOGOUT"]
    assert server.command(stream) is None


@given(st.lists(ON_ONE_LINE))
def test_any_fields_survive_the_servers_quoting_and_our_reading(texts):
    line = server.line("7", texts)
    assert line.startswith(b"* 7 ") and line.endswith(b"\r\n")
    assert fields(line[3:-2]) == (texts, None)


@pytest.mark.parametrize(("line", "words", "literal"), [
    (b"", [], None),
    (b' "bob" "Bob Smith"', ["bob", "Bob Smith"], None),
    (b" Backup-10000 Error ", ["Backup-10000", "Error"], None),
    (b' "a""b"c', ["a", "b", "c"], None),
    (b' "" x', ["", "x"], None),
    (b' "a\\\\b" c\\\\d e\\"f', ["a\\b", "c\\d", 'e"f'], None),
    (b' "a\\b" \\x', ["a\\b", "\\x"], None),
    (b" subject {12}", ["subject"], 12),
    (b" {0}", [], 0),
    (b' "a {12}"', ["a {12}"], None),
    (b" {12} x", ["{12}", "x"], None),
    (b" caf\xe9 caf\xc3\xa9\xc2\xa0x", ["caf\ufffd", "caf\u00e9\u00a0x"], None),
])
def test_fields(line, words, literal):
    assert fields(line) == (words, literal)


@pytest.mark.parametrize("line", [b' "abc', b' a "b\\"', b' "' + b"\\" * 100_001, b' a"'])
def test_a_quote_that_is_not_closed_is_no_field(line):
    with pytest.raises(ValueError, match="not closed"):
        fields(line)


def test_a_length_of_any_size_is_a_number():
    assert fields(b" {" + b"9" * 10_000 + b"}") == ([], 10**13 - 1)


@given(st.binary())
def test_whatever_comes_is_read_or_refused(line):
    try:
        words, literal = fields(line)
    except ValueError as error:
        assert str(error) == "a quote is not closed"
    else:
        assert len(b" ".join(word.encode() for word in words)) <= 3 * len(line) + 1 and (literal is None or literal >= 0)


def test_a_secret_is_a_word_that_does_not_show():
    assert argument(Secret("pw")) == b"pw" and "pw" not in repr([Secret("pw")])
