# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real PST files, written by Outlook and others: what is read of them is what Debian's readpst reads of them.

The files are not part of the project; see tests/foreign_files.py.
"""

from __future__ import annotations

import collections
import email
import email.policy
import pathlib
import shutil
import subprocess

import pytest
from foreign_files import PST_FILES as FILES

pytest.importorskip("pypff", reason="libpff-python is not installed")
NAMES = ("Outlook", "SampleContacts", "dist-list")
pytestmark = [
    pytest.mark.skipif(not FILES.is_dir(), reason="name the folder with real PST files in PST_FILES"),
    pytest.mark.skipif(shutil.which("readpst") is None, reason="readpst is not installed (Debian package pst-utils)"),
]


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


@pytest.fixture
def source(name):
    from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
    from ansible_collections.messaging.migration.plugins.module_utils._source.pst import PstSource

    made = PstSource(Server("old", "old.test"), Mailbox(name, name, pst=str(FILES / f"{name}.pst")))
    yield made
    made.close()


@pytest.fixture
def exported(name, tmp_path) -> pathlib.Path:
    """One file for each item, in folders: .eml, .ics, .vcf; beside them attachments."""
    subprocess.run(["readpst", "-q", "-e", "-o", tmp_path, FILES / f"{name}.pst"], check=True, capture_output=True)
    return tmp_path


def mail(source) -> dict[str, list]:
    """Folder -> its messages."""
    found = {}
    for folder in source.folders():
        _state, sizes = source.open_whole(folder)
        batches = list(source.messages(sizes))
        assert not any(batch.absent for batch in batches)
        found[folder.path] = [message for batch in batches for message in batch.messages]
    return found


def items(source) -> dict[str, list]:
    return {folder.path: [item for _number, item in source.items(folder.name, source.item_versions(folder.name))] for folder in source.item_folders()}


def attachments(message) -> collections.Counter:
    """Names and contents of all parts that have a name, in attached messages as well."""
    parts = [part for part in message.walk() if part.get_filename() and part.get_content_maintype() not in ("message", "multipart")]
    return collections.Counter((part.get_filename(), part.get_payload(decode=True)) for part in parts)


def test_as_many_items_as_readpst_finds(source, exported):
    ours = {path.replace("INBOX", "Inbox"): len(found) for path, found in mail(source).items() if found}
    theirs = collections.Counter(path.parent.name for path in exported.rglob("*.eml"))
    assert ours == dict(theirs)
    found = items(source)
    for suffix, kinds in ((".ics", ("event",)), (".vcf", ("contact",))):
        theirs = collections.Counter(path.parent.name for path in exported.rglob(f"*{suffix}"))
        assert {path: count for path, of in found.items() if (count := sum(item.kind in kinds for item in of))} == dict(theirs)


def test_attachments_are_the_same_bytes(name, source, exported):
    ours = collections.Counter()
    for messages in mail(source).values():
        for message in messages:
            ours += attachments(email.message_from_bytes(message.body, policy=email.policy.default))
    theirs = collections.Counter()
    for path in exported.rglob("*.eml"):
        theirs += attachments(email.message_from_bytes(path.read_bytes(), policy=email.policy.default))
    assert ours == theirs and (ours or name != "Outlook")


def test_messages_are_the_same_at_every_read(source):
    first = {message.uid: message.sha256 for messages in mail(source).values() for message in messages}
    assert {message.uid: message.sha256 for messages in mail(source).values() for message in messages} == first


def test_messages_are_well_formed(source):
    for messages in mail(source).values():
        for message in messages:
            parsed = email.message_from_bytes(message.body, policy=email.policy.default)
            assert [part.defects for part in parsed.walk() if part.defects] == []
            assert all(parsed[name] for name in ("from", "to", "subject", "date"))


@pytest.mark.parametrize("name", ["dist-list"], indirect=True)
def test_a_series_with_exceptions_and_a_list(source):
    found = items(source)
    event, = found["Calendar"]
    assert (event.summary, event.recurrence.frequency, event.recurrence.by_day) == ("Test appointment", "weekly", ("TU",))
    assert event.start.isoformat() == "2016-08-02T08:00:00-07:00" and event.start.tzinfo.key == "America/Los_Angeles"
    assert [day.isoformat() for day in event.excluded] == ["2016-08-09T08:00:00-07:00"]
    assert [(one.recurrence_id.day, one.start.day, one.start.hour, one.body) for one in event.overrides] == [
        (23, 23, 9, "This is the appointment at 9"), (30, 30, 10, "This is the one at 10"),
    ]
    # readpst leaves distribution lists out.
    group, = (item for item in found["Contacts"] if item.kind == "distribution_list")
    assert group.members == (
        ("contact name 1", "contact1@rjohnson.id.au"), ("dist name 1", "dist1@rjohnson.id.au"), ("dist name 2", "dist2@rjohnson.id.au"),
    )


@pytest.mark.parametrize("name", ["Outlook"], indirect=True)
def test_attached_messages(source):
    folder = next(folder for folder in source.folders() if folder.path == "INBOX")
    _state, sizes = source.open_whole(folder)
    found = [email.message_from_bytes(message.body, policy=email.policy.default) for batch in source.messages(sizes) for message in batch.messages]
    outer, = (message for message in found if message["subject"] == "this message contains embedded MSG")
    inner = [part.get_content() for part in outer.iter_attachments()]
    assert [message["subject"] for message in inner] == ["message 1", "message 2"]
    assert inner[0].get_body(("plain",)).get_content().startswith("This is first message")
