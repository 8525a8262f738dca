# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._job.kinds import MAIL_ONLY, kinds
from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions, mailboxes, objects, records
from ansible_collections.messaging.migration.plugins.module_utils._model import reasons
from ansible_collections.messaging.migration.plugins.module_utils._model.item_kinds import CALENDAR, EVENT, NOTE, ItemFolder
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import ledger_fixture


@pytest.fixture
def ledger(tmp_path):
    made = ledger_fixture.opened(tmp_path)
    yield made
    made.close()


def found(ledger, moved) -> dict:
    rows = kinds(ledger, mailboxes.listed(ledger), moved, exceptions.listed(ledger), records.listed(ledger))
    return {(row["server"], row["kind"]): row for row in rows}


def test_moved_converted_and_not_moved_are_told_apart(ledger):
    mailboxes.register(ledger, "new", [Mailbox("anna", "anna")], "ews")
    mailboxes.register(ledger, "old", [
        Mailbox("ben", "ben"), Mailbox("file", "file", pst="/srv/file.pst"), Mailbox("part", "part", pst="/srv/part.pst", pst_items_only=True),
    ])
    anna, ben, file, part = (mailboxes.find(ledger, server, name).id for server, name in (("new", "anna"), ("old", "ben"), ("old", "file"), ("old", "part")))
    calendar = objects.put_folder(ledger, anna, ItemFolder("f1", "Calendar", CALENDAR, True), "/cal/")
    objects.write(ledger, calendar.id, [
        {"source_uid": uid, "version": "1", "kind": EVENT, "name": f"{uid}.ics", "sha256": bytes(32), "etag": None} for uid in (1, 2, 3)
    ])
    exceptions.raise_exception(ledger, anna, "f1", 4, reasons.NOT_CONVERTED, "a Hebrew calendar")
    exceptions.raise_exception(ledger, anna, "f1", 3, reasons.PART_DROPPED, "moved all the same")
    exceptions.raise_exception(ledger, anna, "INBOX", 7, reasons.REBUILT, "")
    exceptions.raise_exception(ledger, ben, "INBOX", 8, reasons.TOO_LARGE, "")
    exceptions.raise_exception(ledger, file, "INBOX", 9, reasons.REBUILT, "attachment a: broken")
    records.add(ledger, "questionnaire", "new.example.test", "{}", {"product": "Microsoft Exchange", "version": "2019"})
    rows = found(ledger, {anna: (10, 1), ben: (20, 1), file: (5, 1), part: (1, 1)})

    new = rows["new", "message"]
    assert (new["version"], new["read_by"], new["moved"], new["converted"], new["not_moved"]) == ("Microsoft Exchange 2019", ["ews"], 9, 1, 0)
    event = rows["new", EVENT]
    assert (event["moved"], event["converted"], event["not_moved"]) == (0, 3, 1)
    assert event["reasons"] == [{"reason": reasons.EXPLAINED[reasons.NOT_CONVERTED], "count": 1}]
    old = rows["old", "message"]
    assert (old["version"], old["read_by"], old["moved"], old["converted"], old["not_moved"]) == ("", ["imap", "pst"], 21, 5, 1)
    assert rows["old", NOTE]["converted"] == 0 and rows["old", NOTE]["not_moved"] == 0


def test_what_imap_does_not_give_is_said(ledger):
    mailboxes.register(ledger, "old", [Mailbox("ben", "ben")])
    row = found(ledger, {})["old", EVENT]
    assert (row["moved"], row["converted"], row["not_moved"], row["reasons"]) == (None, None, None, [{"reason": MAIL_ONLY, "count": None}])


def test_a_mailbox_that_is_read_otherwise_from_now_on(ledger):
    mailboxes.register(ledger, "s", [Mailbox("ben", "ben")])
    assert mailboxes.register(ledger, "s", [Mailbox("ben", "ben")], "ews") and mailboxes.find(ledger, "s", "ben").read_by == "ews"
    assert not mailboxes.register(ledger, "s", [Mailbox("ben", "ben")], "ews")
