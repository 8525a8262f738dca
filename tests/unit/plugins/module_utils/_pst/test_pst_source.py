# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole files, written for the test, through libpff and through our own reading of attached messages."""

from __future__ import annotations

import datetime
import email
import email.policy
import io

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError, Stopped
from ansible_collections.messaging.migration.plugins.module_utils._model import reasons
from ansible_collections.messaging.migration.plugins.module_utils._model.item_kinds import ItemFolder, Trouble
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.plugins.module_utils._pst import heap, scrambled
from ansible_collections.messaging.migration.plugins.module_utils._pst.blocks import Blocks
from ansible_collections.messaging.migration.plugins.module_utils._pst.common import CATEGORIES
from ansible_collections.messaging.migration.plugins.module_utils._pst.events import START
from ansible_collections.messaging.migration.plugins.module_utils._pst.properties import Properties
from ansible_collections.messaging.migration.plugins.module_utils._source.pst import PstSource
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.pst_file import Message, PstFile, Typed

pytest.importorskip("pypff", reason="libpff-python is not installed")

DELIVERED = datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
CONTENT = bytes(range(256)) * 200


@pytest.fixture
def opened(tmp_path):
    """opened(pst) writes a PstFile and opens it as the mailbox `ann`."""
    sources = []

    def make(pst: PstFile, path=tmp_path / "ann.pst", **more) -> PstSource:
        pst.write(tmp_path / "ann.pst")
        sources.append(PstSource(Server("old", "old.test", **more), Mailbox("ann", "ann", pst=str(path))))
        return sources[-1]

    yield make
    for source in sources:
        source.close()


def read(source: PstSource, name: str) -> dict:
    _state, sizes = source.open_whole(next(folder for folder in source.folders() if folder.path == name))
    return {message.uid: message for batch in source.messages(sizes) for message in batch.messages}


@pytest.mark.parametrize("encoding", [0, scrambled.PERMUTED, scrambled.CYCLIC])
@pytest.mark.parametrize("ansi", [False, True])
def test_each_format(opened, ansi, encoding):
    pst = PstFile(ansi=ansi, encoding=encoding)
    inbox = pst.folder("Eingang", more={0x36D0: pst.entry_id(0x80C2)})
    text = {0x0037: "Grüße", 0x1000: Typed(0x1E, "Привет".encode("cp1251")), 0x3FFD: 1251} if ansi else {0x0037: "Grüße", 0x1000: "Привет"}
    to_b = {0x3001: "B", 0x3002: "SMTP", 0x3003: "b@x.test", 0x0C15: 1}
    inner = Message({0x0037: "inner", 0x1000: "deep" * 3000}, [to_b], [{0x3705: 1, 0x3707: "b", 0x3701: b"b" * 9000}])
    outer = Message({0x0037: "outer", 0x1000: "x"}, [], [({0x3001: "inner"}, inner)])
    people = [{0x3001: "A", 0x3002: "SMTP", 0x3003: "a@x.test", 0x0C15: 1}, {0x3001: "C", 0x3002: "SMTP", 0x3003: "c@x.test", 0x0C15: 2}]
    attached = [{0x3705: 1, 0x3707: "a.bin", 0x3701: CONTENT}, ({0x3001: "outer"}, outer)]
    numbers = [pst.message(inbox, text | {0x0E06: DELIVERED}, people, attached) for _copy in range(30)]
    source = opened(pst)
    found = read(source, "INBOX")
    assert sorted(found) == sorted(numbers)
    bodies = {message.body for message in found.values()}
    assert len(bodies) == 1 and bodies == {message.body for message in read(source, "INBOX").values()}
    message = email.message_from_bytes(bodies.pop(), policy=email.policy.default)
    plain, data, embedded = message.iter_parts()
    assert (message["subject"], message["to"], message["cc"]) == ("Grüße", "A <a@x.test>", "C <c@x.test>")
    assert plain.get_content().strip() == "Привет" and data.get_content() == CONTENT
    outermost = embedded.get_content()
    innermost = list(outermost.iter_parts())[1].get_content()
    assert (outermost["subject"], innermost["subject"], innermost["to"]) == ("outer", "inner", "B <b@x.test>")
    plain, data = innermost.iter_parts()
    assert len(plain.get_content().replace("=\r\n", "").strip()) == 12000 and data.get_content() == b"b" * 9000


def test_flags_and_dates(opened):
    pst = PstFile()
    folder = pst.folder("Post")
    everything = {0x0E07: 0x09, 0x1081: 103, 0x1090: 2, 0x0E06: DELIVERED, CATEGORIES: ["Blue Category", "Größe", "a]b"]}
    one, two, three = (pst.message(folder, values) for values in (everything, {0x1081: 104, 0x1090: 1, 0x0039: DELIVERED}, {}))
    source = opened(pst)
    state, since = source.open("Post")
    assert state.messages == 3 and state.uidnext == three + 1 and since is None and source.uids() == [one, two, three]
    assert source.flags_and_dates() == {
        one: (("\\Answered", "\\Draft", "\\Flagged", "\\Seen", "a=5Db", "Blue_Category", "Gr=C3=B6=C3=9Fe"), "02-Jan-2020 03:04:05 +0000"),
        two: (("$Forwarded",), "02-Jan-2020 03:04:05 +0000"), three: ((), "01-Jan-1970 00:00:00 +0000"),
    }
    assert source.flags([two, 7]) == {two: ("$Forwarded",)} and source.still_listed([one, 7]) == {one}
    assert {uid: (message.flags, message.internal_date) for uid, message in read(source, "Post").items()} == source.flags_and_dates([one, two, three])


def test_names_of_folders(opened):
    pst = PstFile()
    for name in ("a/b", "a\uff0fb", "Gelöschte Elemente", "INBOX"):
        pst.folder(name)
    inbox = pst.folder("Boîte de réception", more={0x36D1: pst.entry_id(0)})
    pst.folder("Sub", inbox)
    pst.folder("Journal", container_class="IPF.Journal")
    journal = pst.folder("Old journal", container_class="IPF.Journal")
    pst.message(journal, {0x001A: "IPM.Activity", 0x0037: "call"})
    source = opened(pst)
    assert [(folder.path, folder.name) for folder in source.folders()] == [
        ("INBOX", "INBOX"), ("Gelöschte Elemente", "Gel&APY-schte Elemente"), ("INBOX (2)", "INBOX (2)"), ("INBOX/Sub", "INBOX/Sub"),
        ("Old journal", "Old journal"), ("a\uff0fb", "a&,w8-b"), ("a\uff0fb (2)", "a&,w8-b (2)"),
    ]
    assert len({folder.state.uidvalidity for folder in source.folders()}) == 7


def test_a_renamed_folder_keeps_its_numbers(opened):
    states = []
    for name in ("Before", "After"):
        pst = PstFile()
        pst.message(pst.folder(name), {})
        states.append(opened(pst).folders()[0].state)
    assert states[0] == states[1]


def test_mail_where_none_belongs(opened):
    pst = PstFile()
    calendar = pst.folder("Kalender", container_class="IPF.Appointment")
    pst.message(calendar, {0x0037: "a mail"})
    assert [folder.path for folder in opened(pst).folders()] == ["Kalender"]


def test_mail_above_all_folders(opened):
    pst = PstFile()
    pst.message(0x8022, {0x0037: "a mail"})
    assert [folder.path for folder in opened(pst).folders()] == ["Top of Personal Folders"]


def test_item_folders(opened):
    pst = PstFile()
    contacts = pst.folder("Kontakte", container_class="IPF.Contact")
    tasks = pst.folder("Anything", container_class="IPF.Task")
    pst.point(pst.folder("Inbox"), {0x36D4: pst.entry_id(tasks)})
    bin_ = pst.folder("Deleted Items")
    kept = pst.message(contacts, {0x001A: "IPM.Contact", 0x3001: "Ann", 0x3008: DELIVERED})
    gone = pst.message(bin_, {0x001A: "IPM.Contact", 0x3001: "Bob", 0x0E08: 77})
    pst.message(bin_, {0x0037: "a mail"})
    source = opened(pst)
    assert source.item_folders() == [
        ItemFolder(f"{contacts}:contacts", "Kontakte", "contacts", True), ItemFolder(f"{tasks}:tasks", "Anything", "tasks", True),
        ItemFolder(f"{bin_}:contacts", "Deleted Items", "contacts"),
    ]
    assert source.item_versions(f"{contacts}:contacts") == {kept: "2020-01-02T03:04:05+00:00"}
    assert source.item_versions(f"{bin_}:contacts") == {gone: "77 bytes"}
    assert [(number, item.name) for number, item in source.items(f"{contacts}:contacts", [kept, 9])] == [(kept, "Ann")]
    assert source.folders()[0].path == "INBOX" and read(source, "Deleted Items").keys() != {gone}


def test_one_broken_item_holds_back_no_other(opened):
    pst = PstFile()
    folder, calendar = pst.folder("Post"), pst.folder("Calendar", container_class="IPF.Appointment")
    good = pst.message(folder, {0x0037: "good"})
    bad = pst.message(folder, {0x0037: "bad", 0x1009: b"no compressed text"})
    worse = pst.message(folder, {0x0037: "worse", CATEGORIES: Typed(0x101F, b"\xff\xff\0\0")})
    event = pst.message(calendar, {0x001A: "IPM.Appointment"})
    source = opened(pst)
    _state, sizes = source.open_whole(next(one for one in source.folders() if one.path == "Post"))
    batch, = source.messages(sizes)
    assert [message.uid for message in batch.messages] == [good] and batch.absent == [bad, worse] and f"{worse:#x}" in batch.refusal
    assert [next(source.messages({bad: 1})).refusal[:len(f"message {bad:#x}")]] == [f"message {bad:#x}"]
    (number, trouble), = source.items(f"{calendar}:calendar", [event])
    assert number == event and isinstance(trouble, Trouble) and trouble.reason == reasons.NO_CONTENT


def test_one_broken_attachment_holds_back_nothing_else(opened):
    pst = PstFile()
    folder, calendar = pst.folder("Post"), pst.folder("Calendar", container_class="IPF.Appointment")
    parts = [{0x3705: 5, 0x3001: "nothing there"}, {0x3705: 1, 0x3707: "a.bin", 0x3701: CONTENT}]
    inner = Message({0x0037: "inner", 0x1000: "b"}, [], parts)
    number = pst.message(folder, {0x0037: "outer", 0x1000: "a"}, [], [*parts, ({0x3001: "inner"}, inner)])
    event = pst.message(calendar, {0x001A: "IPM.Appointment", START: DELIVERED}, [], parts)
    source = opened(pst)
    _state, sizes = source.open_whole(next(one for one in source.folders() if one.path == "Post"))
    batch, = source.messages(sizes)
    assert not batch.refusal and batch.rebuilt.keys() == {number} and batch.rebuilt[number].count("attachment nothing there: ") == 2
    message = email.message_from_bytes(batch.messages[0].body, policy=email.policy.default)
    _text, instead, data, embedded = message.iter_parts()
    assert "could not give a part of this message" in instead.get_content() and data.get_content() == CONTENT
    _text, instead, data = embedded.get_content().iter_parts()
    assert "could not give a part of this message" in instead.get_content() and data.get_content() == CONTENT
    (_number, found), = source.items(f"{calendar}:calendar", [event])
    assert [one.content for one in found.attachments] == [CONTENT] and found.start == DELIVERED
    trouble, = source.lost
    assert trouble.reason == reasons.PART_DROPPED and trouble.detail.startswith("attachment nothing there: ")


def test_a_link_in_an_item_is_told(opened):
    pst = PstFile()
    folder = pst.folder("Calendar", container_class="IPF.Appointment")
    path = "\\\\server\\a.doc"
    link, paper = {0x3705: 2, 0x3707: "a.doc", 0x370D: path}, {0x3705: 1, 0x3707: "b.txt", 0x3701: b"b"}
    numbers = [pst.message(folder, {0x001A: "IPM.Appointment", START: DELIVERED}, [], found) for found in ([link, paper], [paper])]
    source = opened(pst)
    told = [
        ([one.name for one in item.attachments], [trouble.detail for trouble in source.lost])
        for _number, item in source.items(f"{folder}:calendar", numbers)
    ]
    assert told == [(["b.txt"], [f"attachment a.doc: only a link to {path}"]), (["b.txt"], [])]


def test_a_password_is_respected(opened):
    pst = PstFile(password=0x1234)
    pst.message(pst.folder("Post"), {})
    with pytest.raises(MigrationError, match="has a password.*Nothing was changed.*Remove it in Outlook"):
        opened(pst)
    assert len(read(opened(pst, pst_despite_password=True), "Post")) == 1


def test_files_are_named(opened, tmp_path):
    pst = PstFile()
    pst.folder("Post")
    pst.write(tmp_path / "other.pst")
    assert [folder.path for folder in opened(PstFile(), path=tmp_path / "other.pst").folders()] == ["Post"]


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "broken one"), (b"no such file" * 100, "no PST file"), (None, "can't be opened"), (slice(20000), "ends too early|cut off|broken")],
)
def test_files_that_can_not_be_read(opened, tmp_path, data, words):
    pst = PstFile()
    folder = pst.folder("Post")
    for number in range(50):
        pst.message(folder, {0x1000: "x" * 2000, 0x0037: str(number)})
    pst.write(tmp_path / "whole.pst")
    path = tmp_path / "bad.pst"
    if data is not None:
        path.write_bytes((tmp_path / "whole.pst").read_bytes()[data] if isinstance(data, slice) else data)
    with pytest.raises(MigrationError, match=words) as raised:
        opened(PstFile(), path=path)
    assert raised.value.safe == "Nothing was changed." and raised.value.next_step


def test_a_file_that_lost_its_end(opened, tmp_path):
    """Free space at the end may be missing, a block may not."""
    assert opened(PstFile(free=4096)).folders() == []
    data = (tmp_path / "ann.pst").read_bytes()
    blocks = Blocks(io.BytesIO(data))
    assert blocks.length == len(data) + 4096 and 0 < blocks.used() <= len(data)


class Slow:
    """A pace of three messages at a time, which ends after two rounds."""

    limited = True

    def __init__(self) -> None:
        self.taken: list = []

    def grain(self) -> int:
        return 10_000

    def grain_messages(self) -> int:
        return 3

    def take(self, messages, size, stop) -> bool:
        self.taken.append((messages, size))
        return len(self.taken) < 3


def test_paced(opened):
    pst = PstFile()
    folder = pst.folder("Post")
    for _number in range(9):
        pst.message(folder, {0x0E08: 100})
    source, pace = opened(pst), Slow()
    source.paced(pace, lambda: False, lambda: False)
    source.newest_first = True
    _state, sizes = source.open_whole(source.folders()[0])
    got = []
    with pytest.raises(Stopped):
        for batch in source.messages(sizes):
            got += [message.uid for message in batch.messages]
    assert got == sorted(sizes, reverse=True)[:6] and pace.taken == [(3, 300)] * 3


def test_our_own_reading_is_that_of_libpff(opened, tmp_path):
    pst = PstFile(encoding=scrambled.PERMUTED)
    folder = pst.folder("Post")
    number = pst.message(folder, {0x0037: "x", 0x1000: "long" * 9000, 0x0E07: 1, 0x0E06: DELIVERED, CATEGORIES: ["a", "b"], 0x0029: True})
    source = opened(pst)
    source.folders()
    item = source._file.item(source._folders[folder].found, 0)
    with open(tmp_path / "ann.pst", "rb") as file:
        blocks = Blocks(file)
        own = Properties(heap.Heap(blocks, blocks.node(number)).properties(), {})
    assert own._values == item.properties._values
    assert own.text(0x1000) == "long" * 9000
