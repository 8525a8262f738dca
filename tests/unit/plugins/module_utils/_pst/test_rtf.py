# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compressed bodies from the worked examples of MS-OXRTFCP (4.1 and 4.2), and HTML and text out of RTF (MS-OXRTFEX)."""

from __future__ import annotations

import struct

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._pst import rtf

SIMPLE = "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
CROSSING = "1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0"


def test_worked_examples():
    assert rtf.decompressed(bytes.fromhex(SIMPLE)) == rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n"
    assert rtf.decompressed(bytes.fromhex(CROSSING)) == rb"{\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_stored():
    assert rtf.decompressed(struct.pack("<II4sI", 20, 8, b"MELA", 0) + b"{\\rtf1 }more") == b"{\\rtf1 }"


@pytest.mark.parametrize("data", [b"", b"short", struct.pack("<II4sI", 4, 4, b"ABCD", 0)])
def test_no_rtf(data):
    with pytest.raises(ValueError, match="RTF"):
        rtf.decompressed(data)


@pytest.mark.parametrize(
    ("source", "kind", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n", "text", "hello world"),
        (rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0\fcharset204 Arial;}}\pard \'cf\'f0\'e8\par \u8364?}", "text", "При\r\n€"),
        (rb"{\rtf1\ansi{\fonttbl{\f0\fnil Arial;}{\f1\fcharset128 Gothic;}}\f1\'93\'fa\'96\'7b\f0 a}", "text", "日本a"),
        (rb"{\rtf1\uc1\u-10179?\u-8704?{\uc2\u228ae}\~\{\}\\}", "text", "\U0001f600ä\xa0{}\\"),
        (rb"{\rtf1{\*\generator Riched20;}{\info{\author Nobody}}{\pict 00ff}seen\tab}", "text", "seen\t"),
        (
            rb"{\rtf1\ansi\ansicpg1252\fromhtml1{\*\htmltag18 <html>}{\*\htmltag50 <body>}\htmlrtf {\b \htmlrtf0 {\*\htmltag84 <b>}bold \'e4"
            rb"{\*\htmltag92 </b>}\htmlrtf }\htmlrtf0 {\*\htmltag64 <p class=\'22x\'22>}{\*\mhtmltag64 <p>}\htmlrtf\par\htmlrtf0 &amp; \{x\}"
            rb"{\*\htmltag58 </body>}{\*\htmltag27 </html>}}",
            "html", '<html><body><b>bold ä</b><p class="x">&amp; {x}</body></html>',
        ),
    ],
)
def test_read(source, kind, text):
    assert rtf.read(source) == (kind, text)
