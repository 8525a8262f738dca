# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PST file through the passes that an IMAP mailbox goes through, while somebody works in it."""

from __future__ import annotations

from unittest import mock

import pytest
import sqlalchemy as sa

from ansible_collections.messaging.migration.plugins.module_utils._job import mailbox_pass, target_folders
from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions, mailboxes
from ansible_collections.messaging.migration.plugins.module_utils._ledger.store import Ledger
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.plugins.module_utils._source.pst import PstSource
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.fake_mail import FakeTarget, Pulse, Store
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.pst_file import PstFile

pytest.importorskip("pypff", reason="libpff-python is not installed")


def test_copied_and_kept_in_step(tmp_path):
    pst = PstFile()
    inbox, kept, empty = pst.folder("Posteingang"), pst.folder("Ablage"), pst.folder("Leer")
    numbers = [pst.message(inbox, {0x0037: f"message {number}", 0x0E07: 1}) for number in range(5)]
    server = Server("s1", str(tmp_path), mailboxes=(Mailbox("anna", "anna", pst=str(tmp_path / "anna.pst")),))
    store, engine = Store(), sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    ledger = Ledger(engine, engine.url)
    ledger.tables.meta.create_all(engine)
    mailboxes.register(ledger, "s1", server.mailboxes)

    def run() -> Pulse:
        pst.write(tmp_path / "anna.pst")
        pulse = Pulse()
        with (
            mock.patch.object(mailbox_pass, "open_source", lambda *_: PstSource(server, server.mailboxes[0])),
            mock.patch.object(target_folders, "ImapTarget", lambda *_: FakeTarget(store)),
        ):
            settings = {"deletions": "mirror", "on_foreign": "refuse", "order": "oldest"}
            row = mailboxes.find(ledger, "s1", "anna")
            mailbox_pass.MailboxPass(ledger, row, server, Server("t", "t.test"), server.mailboxes[0], settings, pulse).run()
        return pulse

    assert run().counts.messages == 5 and sorted(store.boxes) == ["Ablage", "INBOX", "Leer"] and len(store.boxes["INBOX"].messages) == 5
    assert not run().counts.any()

    pst.move(numbers[0], inbox, None)
    pst.move(numbers[1], inbox, kept)
    pst.rewrite(numbers[2], {0x0037: "message 2", 0x0E07: 0, 0x1090: 2})
    pst.message(inbox, {0x0037: "new"})
    pst.point(empty, {0x3001: "Umbenannt"})
    pulse = run()
    assert (pulse.counts.messages, pulse.counts.moved, pulse.counts.flags, pulse.counts.deleted) == (1, 1, 1, 1)
    subjects = {name: sorted(message.body.split(b"Subject: ")[1].split(b"\r\n")[0] for message in box.messages.values()) for name, box in store.boxes.items()}
    assert subjects == {"INBOX": [b"message 2", b"message 3", b"message 4", b"new"], "Ablage": [b"message 1"], "Umbenannt": []}
    assert {message.flags for message in store.boxes["INBOX"].messages.values()} == {("\\Seen",), ("\\Flagged",), ()}
    assert not run().counts.any() and not exceptions.listed(ledger)
    ledger.close()
