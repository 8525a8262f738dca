# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import Stopped
from ansible_collections.messaging.migration.plugins.module_utils._imap import gently
from ansible_collections.messaging.migration.plugins.module_utils._imap.wire import Wire
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.imap_script import ScriptedConnection, client, server

DATE = '"01-Jan-2020 00:00:00 +0000"'


class Pace:
    """`limited` may change as it is asked; `taken` is what was asked for."""

    def __init__(self, *limited: bool, grain: int = 10, messages: int = 100, stop_at: int | None = None, few: int = 100) -> None:
        self._limited, self._grain, self._messages, self._stop_at = list(limited), grain, messages, stop_at
        self._few, self.seen = few, []
        self.taken: list[tuple[int, int]] = []
        self.stops: list = []

    @property
    def limited(self) -> bool:
        return self._limited.pop(0) if len(self._limited) > 1 else self._limited[0]

    def grain(self) -> int:
        return self._grain

    def grain_messages(self) -> int:
        return self._messages

    def few(self) -> int:
        return self._few

    def took(self, messages: int, seconds: float) -> None:
        self.seen.append((messages, seconds < -3500))

    def take(self, messages, size, stop) -> bool:
        self.taken.append((messages, size))
        self.stops.append(stop)
        return len(self.taken) != self._stop_at


def asked(number: int, uids: str):
    return client(f"W{number} UID FETCH {uids} (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n".encode())


def given(number: int, *uids: int, size: int = 4):
    body = b"x" * size
    messages = b"".join(b"* 1 FETCH (UID %d FLAGS () INTERNALDATE %s BODY[] {%d}\r\n%s)\r\n" % (uid, DATE.encode(), size, body) for uid in uids)
    return server(messages + b"W%d OK done\r\n" % number)


class Arrival:
    """Every answer had lain there for an hour."""

    def wait(self, began: float) -> float:
        return 3600.0


def _late() -> bool:
    return True


def _closed() -> bool:
    return False


def run(pace, sizes, *script, partial=True, newest_first=False, arrival=None, estimates=False):
    connection = ScriptedConnection(*script)
    found = list(gently.Gently(Wire(connection), pace, _late, _closed, partial, arrival, estimates).messages(sizes, newest_first))
    connection.done()
    return [message for batch in found for message in batch.messages], found


def test_one_small_batch_after_another():
    pace = Pace(True)
    messages, batches = run(pace, {1: 4, 2: 4, 3: 4}, asked(1, "1:2"), given(1, 1, 2), asked(2, "3"), given(2, 3))
    assert [message.uid for message in messages] == [1, 2, 3] and len(batches) == 2 and pace.taken == [(2, 8), (1, 4)]


def test_booked_together_and_asked_for_in_smaller_parts():
    pace = Pace(True, few=1)
    script = asked(1, "1"), given(1, 1), asked(2, "2"), given(2, 2), asked(3, "3"), given(3, 3)
    messages, _batches = run(pace, {1: 4, 2: 4, 3: 4}, *script, arrival=Arrival())
    assert [message.uid for message in messages] == [1, 2, 3] and pace.taken == [(2, 8), (1, 4)]
    # How long an answer lay there unread says nothing of the server.
    assert pace.seen == [(1, True)] * 3


def test_no_more_messages_at_once_than_allowed_and_the_newest_first():
    pace = Pace(True, messages=1)
    messages, _batches = run(pace, {1: 4, 2: 4}, asked(1, "2"), given(1, 2), asked(2, "1"), given(2, 1), newest_first=True)
    assert [message.uid for message in messages] == [2, 1] and pace.taken == [(1, 4), (1, 4)]


def test_without_a_limit_batches_are_asked_for_ahead_until_one_comes():
    sizes = {1: 2_900_000, 2: 3_100_000, 4: 11}
    pace = Pace(False, True)
    gently.OPEN_BATCHES, kept = 2, gently.OPEN_BATCHES
    try:
        messages, _batches = run(
            pace, sizes, asked(1, "1"), asked(2, "2"), given(1, 1), given(2, 2), *pieces((3, 4, 0, 10, True), (4, 4, 10, 1, False)),
        )
    finally:
        gently.OPEN_BATCHES = kept
    assert [message.uid for message in messages] == [1, 2, 4] and pace.taken == [(2, 0), (1, 0), (0, 10), (0, 1)]


def pieces(*parts, grain=10):
    script = []
    for number, uid, at, size, first in parts:
        items = "UID FLAGS INTERNALDATE" if first else "UID"
        script.append(client(f"W{number} UID FETCH {uid} ({items} BODY.PEEK[]<{at}.{grain}>)\r\n".encode()))
        more = f"FLAGS (\\Seen) INTERNALDATE {DATE} " if first else ""
        body = b"abcdefghijklmnopqrstuvwxyz"[at:at + size]
        script.append(server(f"* 1 FETCH (UID {uid} {more}BODY[]<{at}> {{{size}}}\r\n".encode() + body + b")\r\nW%d OK done\r\n" % number))
    return script


def test_a_large_message_comes_in_pieces():
    pace = Pace(True)
    [message], _batches = run(pace, {7: 25}, *pieces((1, 7, 0, 10, True), (2, 7, 10, 10, False), (3, 7, 20, 5, False)))
    assert (message.uid, message.body, message.flags) == (7, b"abcdefghijklmnopqrstuvwxy", ("\\Seen",))
    assert message.internal_date == DATE.strip('"') and message.sha256 == hashlib.sha256(message.body).digest()
    assert pace.taken == [(1, 0), (0, 10), (0, 10), (0, 5)]
    # Once it is begun the end of a step does not stop it: it might take longer than any.
    assert pace.stops == [_late, _closed, _closed, _closed]


def test_a_very_large_one_in_a_file(monkeypatch):
    monkeypatch.setattr(gently, "LARGE", 20)
    [message], _batches = run(Pace(True), {7: 25}, *pieces((1, 7, 0, 10, True), (2, 7, 10, 10, False), (3, 7, 20, 5, False)))
    assert b"".join(message.body.pieces()) == b"abcdefghijklmnopqrstuvwxy" and message.sha256 == hashlib.sha256(b"abcdefghijklmnopqrstuvwxy").digest()


SECOND = client(b"W2 UID FETCH 7 (UID BODY.PEEK[]<10.10>)\r\n")


@pytest.mark.parametrize(
    ("size", "script"),
    [
        # More than was said; less, and then nothing; a refusal.
        (15, pieces((1, 7, 0, 10, True), (2, 7, 10, 10, False))),
        (25, [*pieces((1, 7, 0, 10, True)), SECOND, server(b"* 1 FETCH (UID 7 BODY[]<10> \"\")\r\nW2 OK done\r\n")]),
        (25, [*pieces((1, 7, 0, 10, True)), SECOND, server(b"W2 NO busy\r\n")]),
    ],
)
def test_pieces_that_do_not_add_up_are_read_in_one(size, script):
    [message], _batches = run(Pace(True), {7: size}, *script, asked(3, "7"), given(3, 7, size=30))
    assert message.body == b"x" * 30


def test_a_server_that_can_not_cut_gives_all_at_once():
    pace = Pace(True)
    messages, _batches = run(pace, {7: 25}, asked(1, "7"), given(1, 7, size=25), partial=False)
    assert len(messages) == 1 and pace.taken == [(1, 0), (0, 25)] and pace.stops == [_late, _closed]


@pytest.mark.parametrize(("stop_at", "script"), [(1, []), (2, []), (3, pieces((1, 7, 0, 10, True)))])
def test_a_wait_that_is_ended_is_a_stop(stop_at, script):
    with pytest.raises(Stopped):
        run(Pace(True, stop_at=stop_at), {7: 25}, *script)


def piece(number: int, at: int, body: bytes, items: str = "UID "):
    attributes = f"FLAGS () INTERNALDATE {DATE} ".encode() if "FLAGS" in items else b""
    return (
        client(b"W%d UID FETCH 1 (%sBODY.PEEK[]<%d.10>)\r\n" % (number, items.encode(), at)),
        server(b"* 1 FETCH (UID 1 %sBODY[]<%d> {%d}\r\n%s)\r\nW%d OK done\r\n" % (attributes, at, len(body), body, number)),
    )


FIRST = "UID FLAGS INTERNALDATE "


@pytest.mark.parametrize("estimate", [12, 15, 40])
def test_an_estimated_size_says_nothing_of_the_end(estimate):
    script = *piece(1, 0, b"0123456789", FIRST), *piece(2, 10, b"abcde"), *piece(3, 15, b"")
    messages, _batches = run(Pace(True), {1: estimate}, *script, estimates=True)
    assert [message.body for message in messages] == [b"0123456789abcde"]


def test_a_message_that_ends_too_suddenly_is_read_in_one():
    script = *piece(1, 0, b"0123456789", FIRST), *piece(2, 10, b""), asked(3, "1"), given(3, 1, size=14)
    messages, _batches = run(Pace(True), {1: 40}, *script, estimates=True)
    assert [message.body for message in messages] == [b"x" * 14]


def test_a_short_piece_amid_a_message_is_no_end():
    script = *piece(1, 0, b"0123", FIRST), *piece(2, 4, b"456789abcd"), *piece(3, 14, b"e"), *piece(4, 15, b"")
    messages, _batches = run(Pace(True), {1: 40}, *script, estimates=True)
    assert [message.body for message in messages] == [b"0123456789abcde"]
