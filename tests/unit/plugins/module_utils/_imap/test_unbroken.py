# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import imaplib
import itertools
import random

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._imap import unbroken
from ansible_collections.messaging.migration.plugins.module_utils._model.listing import Batch
from ansible_collections.messaging.migration.plugins.module_utils._model.message import Message
from ansible_collections.messaging.migration.plugins.module_utils._model.uids import batches

CLOSED = imaplib.IMAP4.abort("the server closed the connection")


class Source:
    """A folder with the messages 1 to `count`. `breaks(uid)` is asked before each that is given, and may raise; what came of a batch by then is
    given, or lost with the connection where `loses`. `asked` and `backs`: what was asked for, and how many connections were made."""

    newest_first = False

    def __init__(self, count: int, breaks, loses: bool = False) -> None:
        self.all, self.breaks, self.loses = list(range(1, count + 1)), breaks, loses
        self.asked: list[list[int]] = []
        self.backs = self.all_asked = 0

    def fetched(self, sizes, when_all_asked):
        for uids in batches(sizes, newest_first=self.newest_first):
            self.asked.append(uids)
            came = []
            try:
                for uid in sorted(uids):
                    self.breaks(uid)
                    came.append(Message.of(uid, b"x", (), ""))
            except unbroken.BROKEN:
                if came and not self.loses:
                    yield Batch([message.uid for message in came], came, [], None)
                raise
            yield Batch(uids, came, [], None)
        if when_all_asked:
            when_all_asked()

    def back(self) -> None:
        self.backs += 1

    def uids(self):
        return self.all

    def sizes(self, uids):
        return dict.fromkeys(uids, 1)

    def count_all_asked(self) -> None:
        self.all_asked += 1


@pytest.fixture
def rests(monkeypatch):
    seconds: list[float] = []
    monkeypatch.setattr(unbroken.time, "sleep", seconds.append)
    return seconds


def read(source, uids=None):
    """UIDs that were given, in their order, and the words for those without content."""
    given, words = [], {}
    for batch in unbroken.Unbroken(source).messages("INBOX", dict.fromkeys(uids or source.all, 1), source.count_all_asked):
        given += [message.uid for message in batch.messages]
        words |= batch.why
        assert batch.empty == list(batch.why) and batch.absent == []
    return given, words


def bad(*uids, error=CLOSED):
    def breaks(uid):
        if uid in uids:
            raise error

    return breaks


def times(number, uid=None):
    """The first `number` connections break, at any message or at `uid`."""
    left = [number]

    def breaks(at):
        if left[0] and uid in (None, at):
            left[0] -= 1
            raise CLOSED

    return breaks


def test_nothing_is_asked_for_twice_where_nothing_breaks(rests):
    source = Source(450, bad())
    assert read(source) == (source.all, {}) and [len(uids) for uids in source.asked] == [200, 200, 50]
    assert source.backs == 0 and source.all_asked == 1 and rests == []


def test_messages_that_come_whole_before_each_break_are_not_held_against_the_next(rests):
    """The connection breaks behind each message, before the end of the answer."""
    class Ends(Source):
        def fetched(self, sizes, when_all_asked):
            yield from super().fetched({min(sizes): 1}, None)
            raise CLOSED

    source = Ends(7, bad())
    assert read(source) == (source.all, {})


def test_all_had_come_but_the_end_of_the_answer(rests):
    class Ends(Source):
        def fetched(self, sizes, when_all_asked):
            yield from super().fetched(sizes, None)
            raise CLOSED

    source = Ends(5, bad())
    assert read(source) == (source.all, {}) and source.backs == 1


@pytest.mark.parametrize("error", [CLOSED, EOFError(), ConnectionResetError(), TimeoutError("timed out")])
def test_one_message_that_breaks_every_connection(rests, error):
    source = Source(450, bad(250, error=error))
    given, words = read(source)
    assert given == [uid for uid in source.all if uid != 250]
    assert words == {250: f"the connection broke at this message each time it was asked for alone: {error}"}
    # With the batch, then alone; after that a message that had come proves that the server gives others.
    assert source.asked.count([250]) == unbroken.TRIES and source.asked.count([249]) == 1 and source.backs == unbroken.TRIES + 1
    assert rests == [0.5, 1.0, 2.0, 2.0] and source.all_asked == 1


@pytest.mark.parametrize("seed", range(20))
def test_all_others_are_given_once_whatever_the_order_and_whatever_is_lost(rests, seed):
    chance = random.Random(seed)
    source = Source(500, None, loses=chance.random() < 0.7)
    source.newest_first = chance.random() < 0.5
    broken = set(chance.sample(source.all, chance.randint(1, 12)))
    source.breaks = bad(*broken)
    given, words = read(source)
    assert sorted(given) == [uid for uid in source.all if uid not in broken] and words.keys() == broken
    # Nine to find one in a batch, three for it alone, and now and then one for a witness that is bad itself.
    assert source.backs <= 14 * len(broken)


def test_a_break_that_does_not_come_again_is_no_messages_fault(rests):
    for number in range(1, unbroken.TRIES + 1):
        source = Source(30, times(number))
        assert read(source) == (source.all, {}) and source.backs == number


def test_the_same_message_struck_by_chance(rests):
    source = Source(30, times(unbroken.TRIES, 17))
    given, words = read(source)
    assert given == source.all and words == {}


def test_a_server_that_gives_nothing_any_more(rests):
    source = Source(300, bad(*range(1, 301)))
    found = []
    with pytest.raises(imaplib.IMAP4.abort, match="the server closed the connection"):
        for batch in unbroken.Unbroken(source).messages("INBOX", dict.fromkeys(source.all, 1)):
            found += batch.empty
    # A few are believed to be bad, in whatever folder they are; the next pass tries them again.
    assert found == [1, 2, 3, 4, 5] and source.backs < 50


def test_breaks_without_end(rests):
    number = itertools.count(1)

    def breaks(uid):
        # Every second message that is asked for.
        if next(number) % 2 == 0:
            raise CLOSED

    source = Source(100, breaks, loses=True)
    with pytest.raises(imaplib.IMAP4.abort):
        read(source)
    assert source.backs == unbroken.MOST_BREAKS


def test_a_folder_of_which_all_breaks(rests):
    """There is nothing that could prove it, and it must not hold back the mailbox either."""
    source = Source(3, bad(1, 2, 3))
    given, words = read(source)
    assert given == [] and words.keys() == {1, 2, 3}


def test_more_than_a_few_that_are_tried_again_alone(rests):
    """A later pass asks for none but those that broke the connection before: others prove that it is them."""
    broken = range(100, 120)
    source = Source(300, bad(*broken))
    given, words = read(source, broken)
    assert given == [] and words.keys() == set(broken)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), imaplib.IMAP4.abort("Server Unavailable. 15")])
def test_what_is_about_no_message_is_let_through_at_once(rests, error):
    source = Source(30, bad(17, error=error))
    with pytest.raises(type(error)) as caught:
        read(source)
    assert caught.value is error and source.backs == 0


def test_who_reads_may_stop_after_each_break(rests):
    source = Source(30, bad(17))
    found = []
    for batch in unbroken.Unbroken(source).messages("INBOX", dict.fromkeys(source.all, 1)):
        found.append((len(batch.messages), batch.uids == []))
        if not batch.uids:
            break
    assert found == [(16, False), (0, True)] and source.backs == 0 and rests == []
