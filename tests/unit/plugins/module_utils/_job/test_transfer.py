# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import dataclasses

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError, Stopped
from ansible_collections.messaging.migration.plugins.module_utils._job import transfer
from ansible_collections.messaging.migration.plugins.module_utils._job.underway import Underway
from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions, items
from ansible_collections.messaging.migration.plugins.module_utils._model.listing import Batch
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.fake_mail import FakeSource, FakeTarget, Pulse, Store
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened, with_folder, with_mailboxes


class Scene:
    """A source folder, a target folder and the ledger between."""

    def __init__(self, folder) -> None:
        self.ledger = opened(folder)
        self.folder = with_folder(self.ledger, with_mailboxes(self.ledger, "anna")[0].id)
        self.source, self.target = FakeSource(Store()), FakeTarget(Store())
        self.inbox, self.arrived = self.source.held.boxes["INBOX"], self.target.held.boxes["INBOX"]

    def send(self, *uids: int, pulse=None) -> Pulse:
        pulse = pulse or Pulse()
        self.source.open("INBOX")
        state = self.target.open("INBOX")
        sizes = {uid: 1 for uid in uids or self.inbox.messages}
        before = {row.source_uid for row in exceptions.unresolved(self.ledger, self.folder.mailbox_id)}
        with contextlib.suppress(Stopped):
            one = transfer.Transfer(
                self.ledger, self.folder.mailbox_id, self.folder, self.source, Underway(self.target), state, pulse.counts, pulse, before
            )
            one.send(sizes)
            one.complete()
        return pulse

    def known(self) -> dict[int, int]:
        return {row.source_uid: row.target_uid for row in items.items(self.ledger, self.folder.id)}

    def intents(self) -> int:
        return len(items.open_intents(self.ledger, self.folder))

    def odd(self) -> dict:
        return {row.source_uid: (row.reason, row.detail) for row in exceptions.unresolved(self.ledger, self.folder.mailbox_id)}


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "ENOUGH_MESSAGES", 3)
    return Scene(tmp_path)


def test_all_arrives_as_it_was(scene):
    for body in (b"a", b"b", b"a", b"", b"c"):
        scene.inbox.add(body, ["\\Seen", "$Junk"])
    pulse = scene.send()
    assert scene.arrived.mail() == scene.inbox.mail()
    assert scene.known() == {1: 1, 2: 2, 3: 3, 4: 4, 5: 5} and scene.intents() == 0 and scene.odd() == {}
    assert (pulse.counts.messages, pulse.counts.bytes) == (5, 4)


def test_what_is_too_large_is_not_even_sent(scene):
    for body in (b"a", b"x" * 11, b"b"):
        scene.inbox.add(body)
    scene.target.largest_message = 10
    scene.send()
    assert scene.known() == {1: 1, 3: 2} and scene.odd() == {2: ("too_large", "11 bytes, the target accepts 10")}
    assert exceptions.unresolved(scene.ledger, scene.folder.mailbox_id)[0].sha256 == scene.inbox.messages[2].sha256


def test_what_the_target_refuses_is_an_exception_until_it_takes_it(scene):
    for body in (b"a", b"bad", b"b"):
        scene.inbox.add(body)
    scene.target.refuses = lambda message: "NUL in it" if message.body == b"bad" else None
    scene.send()
    assert scene.known() == {1: 1, 3: 2} and scene.odd() == {2: ("refused_by_target", "NUL in it")}
    scene.target.refuses = lambda message: None
    scene.send(2)
    assert scene.known() == {1: 1, 2: 3, 3: 2} and scene.odd() == {}


def test_the_same_refusal_again_and_again_is_the_targets_trouble(scene):
    for number in range(30):
        scene.inbox.add(b"%d" % number)
    scene.target.refuses = lambda message: {1: None, 2: None, 3: None, 4: "NUL in it"}.get(message.uid, "disk full")
    with pytest.raises(MigrationError, match="refused 20 messages in a row for INBOX: disk full. What was moved stays.*when it is well again"):
        scene.send()
    assert scene.known() == {1: 1, 2: 2, 3: 3} and scene.intents() == 0


def test_refusals_with_other_words_are_the_messages_own(scene):
    for number in range(30):
        scene.inbox.add(b"%d" % number)
    scene.target.refuses = lambda message: f"bad line {message.uid}"
    scene.send()
    assert len(scene.odd()) == 30 and scene.known() == {}


def test_refusals_among_accepted_messages_are_the_messages_own(scene):
    for number in range(60):
        scene.inbox.add(b"%d" % number)
    scene.source.batch_size = 60
    scene.target.refuses = lambda message: "NUL in it" if message.uid % 2 else None
    scene.send()
    assert len(scene.odd()) == len(scene.known()) == 30


def test_a_code_among_other_words_is_about_the_message(scene):
    """GNU Mailutils says so of one that it can't read."""
    for body in (b"a", b"b"):
        scene.inbox.add(body)
    scene.target.refuses = lambda message: "APPEND [TRYCREATE] failed" if message.uid == 1 else None
    scene.send()
    assert scene.odd() == {1: ("refused_by_target", "APPEND [TRYCREATE] failed")} and list(scene.known()) == [2]


def test_what_was_refused_before_does_not_stop_the_next_pass(scene):
    for number in range(60):
        scene.inbox.add(b"%d" % number)
    scene.target.refuses = lambda message: "NUL in it" if message.uid % 2 else None
    scene.send()
    scene.send(*scene.odd())
    assert len(scene.odd()) == 30 and len(scene.known()) == 30


@pytest.mark.parametrize("words", [
    "[OVERQUOTA] Quota exceeded", "[INUSE] locked", "Over quota", "[noperm] no", "[ALERT] You exceeded your mail quota.",
])
def test_trouble_with_the_whole_mailbox_stops_at_once(scene, words):
    for body in (b"a", b"b", b"c"):
        scene.inbox.add(body, ["$Junk"])
    scene.target.permanent_flags = ("\\Seen",)
    scene.target.refuses = lambda message: words if message.uid > 1 else None
    with pytest.raises(MigrationError, match="takes no mail for INBOX: .*What was moved stays; nothing is lost at the source.*quota, rights, space"):
        scene.send()
    assert scene.known() == {1: 1} and scene.intents() == 0
    # What was moved before is told all the same.
    assert scene.odd() == {1: ("flag_dropped", "$Junk")}


@pytest.mark.parametrize("alone", [False, True])
def test_what_the_source_rebuilt_is_told_once_it_has_arrived(scene, monkeypatch, alone):
    for body in (b"a", b"bad", b"b"):
        scene.inbox.add(body)
    messages = scene.source.messages

    def rebuilt(*args):
        for batch in messages(*args):
            yield dataclasses.replace(batch, rebuilt={message.uid: "ErrorItemCorrupt" for message in batch.messages if message.uid in (1, 2)})

    monkeypatch.setattr(scene.source, "messages", rebuilt)
    scene.source.withheld = {1, 2} if alone else set()
    scene.target.refuses = lambda message: "NUL in it" if message.body == b"bad" else None
    scene.send()
    assert scene.odd() == {1: ("rebuilt", "ErrorItemCorrupt"), 2: ("refused_by_target", "NUL in it")}
    scene.target.refuses = lambda message: None
    scene.send(2)
    assert scene.odd() == {1: ("rebuilt", "ErrorItemCorrupt"), 2: ("rebuilt", "ErrorItemCorrupt")} and len(scene.known()) == 3
    assert {row.source_uid: row.sha256 for row in exceptions.unresolved(scene.ledger, scene.folder.mailbox_id)} == {
        uid: scene.inbox.messages[uid].sha256 for uid in (1, 2)
    }


def test_without_uidplus_messages_are_found_by_their_content(scene):
    scene.arrived.add(b"a")
    for body in (b"a", b"b", b"a", b"c"):
        scene.inbox.add(body)
    scene.target.tells = False
    scene.send()
    assert scene.known() == {1: 2, 2: 3, 3: 4, 4: 5} and scene.odd() == {}


def test_without_uidplus_the_counter_tells_the_uids(scene):
    for body in (b"a", b"b", b"a", b"c", b"d"):
        scene.inbox.add(body)
    scene.target.tells, scene.target.counts, scene.target.contents = False, True, None
    scene.send()
    assert scene.known() == {1: 1, 2: 2, 3: 3, 4: 4, 5: 5}


def test_a_counter_that_others_moved_tells_nothing(scene):
    for number in range(9):
        scene.inbox.add(b"%d" % number)
    scene.target.tells, scene.target.counts = False, True
    begin, started = scene.target.begin, []

    def others_deliver(*args):
        # Between the second batch and the third, while both are on their way.
        if len(started) == 2:
            scene.arrived.add(b"from somebody")
        started.append(args)
        begin(*args)

    scene.target.begin = others_deliver
    scene.send()
    assert scene.known() == {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 8: 9, 9: 10} and scene.intents() == 0


def test_without_uidplus_new_mail_of_others_is_not_taken_for_ours(scene):
    for body in (b"a", b"b"):
        scene.inbox.add(body)
    scene.target.tells = False
    finish = scene.target.finish

    def others_deliver():
        scene.arrived.add(b"from somebody")
        return finish()

    scene.target.finish = others_deliver
    scene.send()
    assert scene.known() == {1: 1, 2: 2}


def test_what_the_target_altered_is_told(scene):
    for body in (b"a", b"naked\nline", b"c"):
        scene.inbox.add(body)
    scene.target.tells = False
    scene.target.alters = lambda body: body.replace(b"\n", b"\r\n")
    scene.send()
    assert scene.known() == {1: 1, 2: 2, 3: 3} and scene.odd() == {2: ("altered_by_target", "target UID 2")}


def test_altered_among_mail_of_others_is_left_to_the_next_pass(scene):
    scene.inbox.add(b"naked\nline")
    scene.target.tells = False
    scene.target.alters = lambda body: body + b"!"
    finish = scene.target.finish

    def others_deliver():
        scene.arrived.add(b"from somebody")
        return finish()

    scene.target.finish = others_deliver
    with pytest.raises(MigrationError, match="accepted 1 messages for INBOX and shows 2 new ones. Nothing is lost.*stays open as intent 1"):
        scene.send()
    assert scene.intents() == 1


def test_flags_that_the_target_does_not_store(scene):
    scene.inbox.add(b"a", ["\\Seen", "$Junk", "Work"])
    scene.target.permanent_flags = ("\\Seen",)
    scene.send()
    assert scene.arrived.messages[1].flags == ("\\Seen",) and scene.odd() == {1: ("flag_dropped", "$Junk Work")}


def test_a_folder_without_room_for_a_keyword_gets_the_message_without_it(scene):
    scene.inbox.add(b"a", ["\\Seen", "Work"])
    append = scene.target._append

    def full(name, messages, flags):
        scene.target.refuses = lambda message: "Too many user flags in mailbox" if "Work" in flags[message.uid] else None
        return append(name, messages, flags)

    scene.target._append = full
    scene.send()
    assert scene.arrived.messages[1].flags == ("\\Seen",) and scene.odd() == {1: ("flag_dropped", "Work")} and scene.known() == {1: 1}


def test_one_bad_message_holds_back_no_other(scene):
    for body in (b"a", b"b", b"c", b"d", b"e"):
        scene.inbox.add(body)
    scene.source.withheld, scene.source.broken, scene.source.empty, scene.source.refusal = {1, 2}, {3}, {5}, "can't read"
    scene.send()
    assert sorted(scene.known()) == [1, 2, 4]
    assert scene.odd() == {3: ("no_content_at_source", "can't read"), 5: ("no_content_at_source", "the server answered NIL for its content")}


def test_a_message_without_content_even_alone(scene):
    scene.inbox.add(b"a")
    scene.source.broken = {1}
    scene.send()
    assert scene.odd() == {1: ("no_content_at_source", "the server answered OK without the message")}


def test_a_message_without_content_for_another_reason(scene, monkeypatch):
    for body in (b"a", b"b"):
        scene.inbox.add(body)
    given = scene.source.messages

    def told(sizes, when_all_asked=None):
        # After a break comes one without UIDs.
        yield Batch([], [], [], None)
        for batch in given(sizes, when_all_asked):
            yield dataclasses.replace(batch, why={2: "broke"})

    scene.source.empty = {2}
    monkeypatch.setattr(scene.source, "messages", told)
    scene.send()
    assert sorted(scene.known()) == [1] and scene.odd() == {2: ("no_content_at_source", "broke")}


def test_what_was_deleted_meanwhile_is_no_exception(scene):
    for body in (b"a", b"b"):
        scene.inbox.add(body)
    scene.send(1, 2, 3)
    assert scene.known() == {1: 1, 2: 2} and scene.odd() == {}


@pytest.mark.parametrize("after", range(5))
def test_a_stop_leaves_nothing_open(scene, after):
    for number in range(9):
        scene.inbox.add(b"%d" % number)
    scene.source.withheld = {2}
    pulse = scene.send(pulse=Pulse(after))
    assert scene.intents() == 0
    assert sorted(scene.known().values()) == sorted(scene.arrived.messages) and pulse.counts.messages == len(scene.arrived.messages)


def test_a_target_folder_that_was_replaced_meanwhile(scene):
    scene.inbox.add(b"a")
    begin = scene.target.begin

    def replaced(*args):
        scene.arrived.uidvalidity += 1
        begin(*args)

    scene.target.begin = replaced
    with pytest.raises(MigrationError, match="folder INBOX was replaced while mail was written to it.*settled by the next pass"):
        scene.send()
    assert scene.intents() == 1


def test_what_another_worker_has_taken_over_is_taken_back(scene):
    scene.inbox.add(b"a")
    finish = scene.target.finish

    def taken_over():
        [intent] = items.open_intents(scene.ledger, scene.folder)
        with scene.ledger.write() as connection:
            items.settle_intent(scene.ledger, connection, scene.folder, intent.id, intent.messages, {})
        return finish()

    scene.target.finish = taken_over
    with pytest.raises(MigrationError, match="Another worker took over"):
        scene.send()
    assert scene.arrived.messages == {} and scene.known() == {}


def test_what_another_worker_has_adopted_stays(scene):
    """Both were about to decide of the same message at the target: the other one's word stands in the ledger."""
    for body in (b"a", b"b", b"c", b"d"):
        scene.inbox.add(body)
    finish = scene.target.finish

    def adopted():
        scene.target.finish = finish
        first = items.open_intents(scene.ledger, scene.folder)[0]
        with scene.ledger.write() as connection:
            items.settle_intent(scene.ledger, connection, scene.folder, first.id, first.messages, {1: 1, 2: 2, 3: 3})
        return finish()

    scene.target.finish = adopted
    with pytest.raises(MigrationError, match="Another worker took over"):
        scene.send()
    assert scene.known() == {1: 1, 2: 2, 3: 3, 4: 4} and sorted(scene.arrived.messages) == [1, 2, 3, 4]


def test_counts_add_up():
    total = transfer.Counts(messages=1)
    assert total.any() and not transfer.Counts().any()
    total.add(transfer.Counts(messages=2, bytes=3, flags=4, deleted=5, folders=6, moved=7))
    assert total == transfer.Counts(3, 3, 4, 5, 6, 7)


def test_equal_bytes_with_other_flags_are_not_taken_for_each_other(scene):
    """Without UIDPLUS, while somebody else writes there too, content tells them apart."""
    scene.target.tells = False
    for flags in ((), ("\\Seen",), ()):
        scene.inbox.add(b"same", flags)
    scene.source.newest_first = True
    scene.send()
    seen = {uid for uid, message in scene.arrived.messages.items() if "\\Seen" in message.flags}
    assert {scene.known()[2]} == seen and len(scene.known()) == 3
