# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re

import audit
import corpus
import hard_cases
import pytest

INVENTORY = {server: [{"name": f"{server}.{number}"} for number in range(6)] for server in ("old", "older")}
MESSAGES = [f"Subject: {number}\r\n\r\nBody\r\n".encode() for number in range(500)]


def deal(seed: int = 1) -> dict:
    return corpus.deal(INVENTORY, MESSAGES, hard_cases.hard_cases(), seed)


def test_every_message_is_dealt_once_and_the_same_way():
    dealt = deal()
    real = [message[0] for mailboxes in dealt.values() for folders in mailboxes.values()
            for name, content in folders.items() if name != "Hard cases" for message in content["messages"]]
    assert sorted(real) == sorted(MESSAGES)
    assert dealt == deal() != deal(2)
    names = {name for mailboxes in dealt.values() for folders in mailboxes.values() for name in folders}
    assert names >= {*corpus.AWKWARD_FOLDERS, "INBOX", "Hard cases"}


def test_dates_and_flags_are_imap():
    for mailboxes in deal().values():
        for folders in mailboxes.values():
            for content in folders.values():
                for dummy, flags, date in content["messages"]:
                    assert re.fullmatch(r"[ \d]\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}", date)
                    assert len(set(flags)) == len(flags)


def test_archives(tmp_path):
    dealt = deal()
    corpus.write_archives(dealt, tmp_path)
    summary = json.loads((tmp_path / "corpus.json").read_text(encoding="utf-8"))
    assert sum(folder["messages"] for mailbox in summary["old"].values() for folder in mailbox.values()) == sum(
        len(content["messages"]) for folders in dealt["old"].values() for content in folders.values())
    assert (tmp_path / "corpus" / "older.tar").stat().st_size > 0


@pytest.mark.parametrize("name", corpus.AWKWARD_FOLDERS)
def test_names_on_the_wire(name):
    assert audit.decoded(corpus.encoded(name)) == name
    assert corpus.encoded(name).isascii()


def test_as_mailbox_message():
    assert corpus.as_mailbox_message(b"From me Mon\nA: b\n\nc\r\n") == b"A: b\r\n\r\nc\r\n"


def test_hard_cases_are_what_they_say():
    cases = {case.name: case.data for case in hard_cases.hard_cases(large=True)}
    assert len(cases["25 MB"]) > 25_000_000
    assert b"\0" in cases["NUL bytes"] and not cases["no final newline"].endswith(b"\n") and b"essage-ID:" not in cases["no Message-ID"]
    assert cases["exact duplicate 1 of 3"] == cases["exact duplicate 3 of 3"]
    assert len(cases["60 kB header"].split(b"\r\n\r\n")[0]) > 59_000
    assert max(map(len, cases["lines of 20,000 characters"].split(b"\r\n"))) == 20_000
