# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that comes with the role migration_station, called as a pass calls it."""

from __future__ import annotations

import json
import pathlib
import shutil

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._filter import registry
from ansible_collections.messaging.migration.plugins.module_utils._filter.verdict import Item, Verdict
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Server

FILTER = pathlib.Path(__file__).resolve().parents[5] / "roles" / "migration_station" / "files" / "filters" / "old_addresses.py"
CSV = """DN,legacyExchangeDN,mail,proxyAddresses
"CN=Anna Berg,OU=B",/o=Example/ou=First Site/cn=Recipients/cn=Anna.Berg,anna@example.test,SMTP:anna@example.test;X500:/o=Old Org/ou=Site_1/cn=Recipients/cn=ANNA
"CN=Bo,OU=B",/o=Example/ou=First Site/cn=Recipients/cn=bo,bo@example.test,
"CN=Room,OU=B",/o=Example/ou=First Site/cn=Recipients/cn=room,,
"""
ANNA = b"IMCEAEX-_O=EXAMPLE_OU=FIRST+20SITE_CN=RECIPIENTS_CN=ANNA+2EBERG@old.example.test"


@pytest.fixture
def station(tmp_path):
    """What becomes of messages at a station that has the filter, and beside it the table that was written there."""
    shutil.copy(FILTER, tmp_path)
    (tmp_path / "old_addresses.csv").write_text(CSV)
    server = Server.from_options({"name": "s1", "host": "s1.test", "filter": {"python": str(tmp_path / FILTER.name)}})

    def handle(*contents: bytes) -> list[Verdict]:
        registry.prove([server])
        return registry.open_filter(server, "message").run([Item(content, "s1", "anna", "INBOX", "message") for content in contents], lambda: False)

    handle.folder = tmp_path
    return handle


@pytest.mark.parametrize(("before", "after"), [
    (b"From: " + ANNA, b"From: anna@example.test"),
    (b'From: "Berg, Anna" <' + ANNA + b">", b'From: "Berg, Anna" <anna@example.test>'),
    (b"to: Anna </O=EXAMPLE/OU=FIRST SITE/CN=RECIPIENTS/CN=ANNA.BERG>", b"to: Anna <anna@example.test>"),
    (b"To: <EX:/O=EXAMPLE/OU=FIRST\r\n  SITE/CN=RECIPIENTS/CN=BO>,\r\n\t<c@elsewhere.test>", b"To: <bo@example.test>,\r\n\t<c@elsewhere.test>"),
    (b"Cc: <X500:/o=Old Org/ou=Site_1/cn=Recipients/cn=anna@example.test>, " + ANNA.lower(), b"Cc: <anna@example.test>, anna@example.test"),
    (b"Reply-To: IMCEAEX-_O=OLD+20ORG_OU=SITE+5F1_CN=RECIPIENTS_CN=ANNA@x.test", b"Reply-To: anna@example.test"),
])
def test_an_old_address_becomes_one_that_can_be_answered(station, before, after):
    rest = b"\r\nSubject: " + ANNA + b"\r\n\r\nFrom: " + ANNA + b"\r\n"
    assert station(before + rest) == [Verdict("change", "", after + rest)]


@pytest.mark.parametrize("content", [
    b"From: a@elsewhere.test\r\n\r\nbody",
    # Unknown, or without an address.
    b"From: IMCEAEX-_O=OTHER_CN=RECIPIENTS_CN=ANNA@x.test\r\n\r\n",
    b"From: </O=EXAMPLE/OU=FIRST SITE/CN=RECIPIENTS/CN=ROOM>\r\n\r\n",
    # A person's name.
    b'From: "<' + ANNA + b'>" <a@elsewhere.test>\r\n\r\n',
    b"X-From: " + ANNA + b"\r\n\r\n",
    b"From: " + ANNA + b"\r\nContent-Type: multipart/signed; protocol=x; boundary=b\r\n\r\n--b",
    b"From: " + ANNA + b"\r\nContent-Type:\r\n application/x-pkcs7-mime; smime-type=enveloped-data\r\n\r\n",
    b"From: " + ANNA + b"\r\nContent-Type: multipart/encrypted; protocol=application/pgp-encrypted\r\n\r\n",
    b"From: " + ANNA + b"\r\nno header at all\r\nContent-Type: multipart/signed\r\n\r\n",
    b"",
])
def test_all_else_stays(station, content):
    assert station(content) == [Verdict("leave")]


def test_requests_for_receipts_go_when_they_shall(station):
    content = b"Disposition-Notification-To: <a@x.test>\r\nSubject: b\r\nReturn-receipt-to: a@x.test,\r\n b@x.test\r\n\r\nbody"
    assert station(content) == [Verdict("leave")]
    table = {"remove_receipt_requests": True, "addresses": {"/o=New/cn=anna": "anna@new.test"}}
    (station.folder / "old_addresses.json").write_text(json.dumps(table))
    registry._opened.cache_clear()
    assert station(content, b"To: </O=NEW/CN=ANNA>, " + ANNA) == [
        Verdict("change", "", b"Subject: b\r\n\r\nbody"), Verdict("change", "", b"To: <anna@new.test>, anna@example.test"),
    ]


def test_without_a_table_it_is_refused(station):
    (station.folder / "old_addresses.csv").unlink()
    with pytest.raises(MigrationError, match="FileNotFoundError in line .* neither old_addresses.json nor old_addresses.csv is in"):
        station(b"")
