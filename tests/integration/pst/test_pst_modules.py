# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real PST files through the modules: a mailbox of its own, and what is not mail beside mail from the server."""

from __future__ import annotations

import icalendar
import pytest
import vobject
from foreign_files import PST_FILES as FILES

pytestmark = pytest.mark.skipif(not FILES.is_dir(), reason="name the folder with real PST files in PST_FILES")


@pytest.fixture
def options(pair, tmp_path):
    """options(mailbox): of modules, with files as the place for what is not mail."""
    (tmp_path / "import").mkdir()

    def make(*mailboxes, **more):
        pair.mailboxes = list(mailboxes)
        made = pair.options(**more)
        made["target"]["files"] = {"path": str(tmp_path / "import")}
        return made

    return make


def test_a_mailbox_from_a_file_beside_one_from_the_server(pair, options, module, tmp_path):
    client = pair.source.client("ben")
    client.append("INBOX", b"Subject: from the server\r\n\r\n.\r\n")
    client.logout()
    mailboxes = [{"name": "anna", "pst": str(FILES / "Outlook.pst")}, {"name": "ben"}]
    copied = module("mailbox_copy", options(*mailboxes, fail_on_exceptions=False))
    assert (copied["failed"], copied["messages"], copied["other_items"]) == (False, 15, 2), copied
    folder = tmp_path / "import" / "anna"
    assert len(icalendar.Calendar.from_ical((folder / "calendar.ics").read_bytes()).walk("VEVENT")) == 1
    assert len(list(vobject.readComponents((folder / "contacts.vcf").read_text()))) == 1
    verified = module("mailbox_verify", options(*mailboxes))
    assert (verified["failed"], verified["perfect"], verified["checked"]) == (False, 2, 15), verified
    assert not module("mailbox_sync", options(*mailboxes, fail_on_exceptions=False))["changed"]


def test_contacts_from_a_file_and_mail_from_the_server(pair, options, module, tmp_path):
    client = pair.source.client("anna")
    client.append("INBOX", b"Subject: from the server\r\n\r\n.\r\n")
    client.logout()
    copied = module("mailbox_copy", options({"name": "anna", "pst": str(FILES / "SampleContacts.pst"), "pst_items_only": True}, fail_on_exceptions=False))
    assert (copied["failed"], copied["messages"], copied["other_items"]) == (False, 1, 6), copied
    files = [path.read_text() for path in (tmp_path / "import" / "anna").glob("contacts*.vcf")]
    assert sum(text.count("BEGIN:VCARD") for text in files) == 6


def test_a_broken_file_stops_no_other_mailbox(options, module, tmp_path):
    (tmp_path / "broken.pst").write_bytes((FILES / "Outlook.pst").read_bytes()[:20_000])
    mailboxes = [{"name": "anna", "pst": str(FILES / "Outlook.pst")}, {"name": "ben", "pst": str(tmp_path / "broken.pst")}]
    copied = module("mailbox_copy", options(*mailboxes, fail_on_exceptions=False))
    assert copied["failed"] and "old/ben" in copied["msg"] and copied["mailboxes"] == {"done": 1, "total": 2, "failed": 1}, copied
    assert copied["messages"] == 14
