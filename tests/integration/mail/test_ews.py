# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail from Exchange by EWS to a real IMAP server: all of it, exactly once, whatever the server does meanwhile."""

from __future__ import annotations

import collections
import datetime
import email
import email.message
import email.policy
import random
import re
import time
import typing as t

import pytest
from servers import mail
from servers.exchange import Exchange
from servers.fixtures import Tools

ADDRESS = "anna.berg@example.test"
FOLDERS = ("inbox", "sentitems", "Projects/Alpha", "Projects/A and B")
BOUNDARY = re.compile(rb"_000_[0-9a-f]{32}_")


class Site:
    """An Exchange, a Dovecot, and what modules need to move anna from one to the other."""

    def __init__(self, exchange: Exchange, target, ledger) -> None:
        self.exchange, self.target, self.ledger = exchange, target, ledger
        self.store, self.control = exchange.store, exchange.control
        self.store.create_mailbox(ADDRESS)
        for path in ("Projects", *FOLDERS[2:]):
            self.store.create_folder(ADDRESS, path)
        self.ews = {"url": exchange.url, "auth": "basic"}

    def options(self, **more: t.Any) -> dict[str, t.Any]:
        source = {
            "name": "exchange", "host": "127.0.0.1", "protocol": "ews", "tls": "none", "admin": self.exchange.admin, "password": self.exchange.password,
            "ews": self.ews, "mailboxes": [{"name": ADDRESS, "target": "anna"}],
        }
        return {"migration": "example", "ledger": {"url": f"sqlite:///{self.ledger}"}, "sources": [source],
                "target": self.target.option(self.target.password, self.target.port, name="new"), **more}

    def add(self, folder: str, number: int, **more: t.Any) -> str:
        day = datetime.datetime(2019, 2, 1 + number % 27, 3, 4, 5, tzinfo=datetime.timezone.utc)
        return self.store.add_message(ADDRESS, folder, content(number), day, **{"read": number % 3 > 0, **more})

    def fill(self, each: int) -> None:
        marks: tuple[dict, ...] = ({}, {"flag": "Flagged"}, {"verb": 102}, {"verb": 104}, {"categories": ["Büro", "Project A"]}, {"draft": True})
        for at, folder in enumerate(FOLDERS):
            for number in range(each):
                self.add(folder, at * 10_000 + number, **marks[number % len(marks)])

    def at_source(self) -> collections.Counter:
        """(folder, content, flags, second of its date) of each message, as the store has them."""
        found: collections.Counter = collections.Counter()
        rows = self.store.rows(
            "SELECT folder.id AS folder, data, is_read, is_draft, verb, flag, categories, received FROM item "
            "JOIN mime ON mime.item = item.id JOIN folder ON folder.id = item.folder"
        )
        for row in rows:
            flags = {"\\Seen"} if row["is_read"] else set()
            flags |= {"\\Draft"} if row["is_draft"] else set()
            flags |= {"\\Flagged"} if ">Flagged<" in row["flag"] else set()
            flags |= {102: {"\\Answered"}, 104: {"$Forwarded"}}.get(row["verb"], set())
            flags |= {name.replace("ü", "=C3=BC").replace(" ", "_") for name in re.findall("<t:String>([^<]*)", row["categories"])}
            found[self.path(row["folder"]), bare(row["data"]), frozenset(flag.lower() for flag in flags), row["received"][:19]] += 1
        return found

    def path(self, folder: int) -> str:
        row = self.store.rows("SELECT parent, name, distinguished FROM folder WHERE id = ?", folder)[0]
        if row["distinguished"] == "inbox":
            return "INBOX"
        above = self.store.rows("SELECT distinguished FROM folder WHERE id = ?", row["parent"])[0]["distinguished"]
        return row["name"] if above == "msgfolderroot" else f"{self.path(row['parent'])}/{row['name']}"

    def at_target(self) -> collections.Counter:
        found: collections.Counter = collections.Counter()
        client = self.target.client("anna")
        for marks, _separator, name in client.list_folders():
            if {b"\\Noselect", b"\\NonExistent"} & set(marks):
                continue
            client.select_folder(name, readonly=True)
            for data in client.fetch(client.search(), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"]).values():
                flags = frozenset(flag.decode().lower() for flag in data[b"FLAGS"] if flag != b"\\Recent")
                when = data[b"INTERNALDATE"].astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
                found[name, bare(data[b"BODY[]"]), flags, when] += 1
        client.logout()
        return found

    def differences(self) -> dict[str, list]:
        here, there = self.at_source(), self.at_target()
        return {"missing": [key[0::2] for key in here - there], "beyond": [key[0::2] for key in there - here]}


SAME: dict[str, list] = {"missing": [], "beyond": []}


def content(number: int) -> bytes:
    """Every other one is made anew with other boundaries at each reading."""
    plain = mail.message(number)
    if number % 2:
        return plain
    head, _blank, body = plain.partition(b"\r\n\r\n")
    return (head + b'\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="edge"\r\n\r\n--edge\r\nContent-Type: text/plain\r\n\r\n' + body
            + b"\r\n--edge\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--edge--\r\n")


def bare(data: bytes) -> bytes:
    return BOUNDARY.sub(b"edge", data)


def parsed(data: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(data, policy=email.policy.default)


def parts(message: email.message.EmailMessage) -> list[tuple[str, bytes]]:
    """Content of all that is no multipart, without what the end of the last line is written as."""
    return [(part.get_content_type(), (part.get_payload(decode=True) or b"").strip()) for part in message.walk() if not part.is_multipart()]


def copied(direct, site: Site) -> None:
    result, = direct([("mailbox_copy", site.options())])
    assert not result["failed"], result["msg"]


@pytest.fixture
def site(scratch, start, free_port, wait_for_port, servers, tmp_path) -> t.Iterator[Site]:
    exchange = Exchange(scratch / "exchange", Tools(start, free_port, wait_for_port))
    yield Site(exchange, servers.dovecot("new"), tmp_path / "ledger.sqlite")
    exchange.terminate()


def test_all_mail_with_its_flags_and_dates_and_then_only_what_changes(site, direct):
    site.fill(40)
    copied, verified = *direct([("mailbox_copy", site.options())]), *direct([("mailbox_verify", site.options())])
    assert (copied["failed"], copied["messages"], copied["exceptions_open"]) == (False, 160, 0), copied.get("msg")
    assert site.differences() == SAME
    assert (verified["perfect"], verified["checked"]) == (1, 160), verified
    # Read, flagged, moved, deleted, new.
    inbox, alpha = (site.store.items(ADDRESS, folder) for folder in ("inbox", "Projects/Alpha"))
    site.store.change(inbox[0], read=site.store.rows("SELECT is_read FROM item")[0][0] == 0)
    site.store.change(inbox[1], flag="Flagged", categories=["Büro"])
    site.store.move(inbox[2], ADDRESS, "Projects/Alpha")
    site.store.move(alpha[3], ADDRESS, "inbox")
    site.store.delete(inbox[4])
    site.add("inbox", 777)
    reads = site.control.requests("GetItem")
    synced, again, verified = direct([("mailbox_sync", site.options(max_rounds=1)), ("mailbox_sync", site.options()), ("mailbox_verify", site.options())])
    assert site.differences() == SAME
    assert (synced["messages"], synced["moved"], synced["deleted"], synced["flags"]) == (1, 2, 1, 2), synced
    # What moved was not read again.
    assert site.control.requests("GetItem") == reads + 1
    assert not again["changed"] and verified["perfect"] == 1, verified


def test_a_pass_without_change_asks_once_a_mailbox(site, direct):
    """As soon as it is sure that the server's second in which the last change was is over."""
    site.fill(5)
    copied(direct, site)
    time.sleep(2.1)
    assert not direct([("mailbox_sync", site.options())])[0]["changed"]
    before = site.control.counts()
    assert not direct([("mailbox_sync", site.options())])[0]["changed"]
    after = site.control.counts()
    # The login is tried beforehand, and the version of the server asked for, by each process.
    asked = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    assert asked.pop("FindFolder") == 2 and not {"SyncFolderItems", "GetItem"} & asked.keys(), asked


def test_without_the_time_of_the_last_change_each_folder_is_asked_once(site, direct):
    site.store.set(no_commit_times=True)
    site.fill(5)
    copied(direct, site)
    before = site.control.requests("SyncFolderItems")
    assert not direct([("mailbox_sync", site.options())])[0]["changed"]
    folders = site.store.rows("SELECT count(*) FROM folder WHERE class = 'IPF.Note' AND distinguished IS NOT 'outbox' AND parent IS NOT NULL")[0][0]
    assert site.control.requests("SyncFolderItems") - before <= folders
    assert site.differences() == SAME


def test_folders_are_renamed_and_removed(site, direct):
    site.fill(6)
    copied(direct, site)
    site.store.rename_folder(site.store.folder(ADDRESS, "Projects/Alpha"), "Omega")
    site.store.delete_folder(site.store.folder(ADDRESS, "Projects/A and B"))
    reads = site.control.requests("GetItem")
    synced, = direct([("mailbox_sync", site.options(max_rounds=1))])
    assert site.differences() == SAME and not synced["failed"], synced
    assert site.control.requests("GetItem") == reads and synced["messages"] == 0, synced
    client = site.target.client("anna")
    assert "Projects/Omega" in [name for _f, _s, name in client.list_folders()]
    assert not client.folder_exists("Projects/A and B")
    client.logout()


def test_a_wrong_password_is_tried_once(site, direct):
    site.exchange.password = "wrong"
    result, = direct([("mailbox_copy", site.options())])
    assert result["failed"] and "refuses the login" in result["msg"] and "tried once" in result["msg"]
    assert sum(site.control.counts().values()) <= 1


def test_check_mode_reads_and_says_what_it_would_do(site, direct):
    site.fill(3)
    result, = direct([("mailbox_copy", site.options())], check=True)
    assert (result["failed"], result["messages"]) == (False, 12), result
    assert not site.ledger.exists() and sum(site.at_target().values()) == 0


FAULTS = {
    "http_503": {"detail": {}, "count": 3}, "http_500_busy": {"detail": {"back_off": 300}, "count": 3}, "inner_busy": {"detail": {}, "count": 2},
    "http_401": {"detail": {}, "count": 1}, "cut": {"detail": {"after": 700}, "count": 2}, "connections": {"detail": {}, "count": 2},
}


STRUCK = [*((kind, operation) for kind in FAULTS for operation in ("SyncFolderItems", "GetItem")), ("cut", "FindFolder")]


@pytest.mark.parametrize(("kind", "operation"), STRUCK)
def test_whatever_goes_wrong_nothing_is_missing_and_nothing_doubled(site, direct, kind, operation):
    site.fill(12)
    fault = site.control.fault(kind, operation, skip=0 if operation == "FindFolder" else random.Random(kind).randrange(3), count=FAULTS[kind]["count"],
                               **FAULTS[kind]["detail"])
    result = direct([("mailbox_copy", site.options(wait_for_window=True))])[0]
    assert site.control.seen(fault) >= 1
    if result["failed"]:
        # Only what is at the very beginning ends at once, with nothing touched.
        assert operation == "FindFolder", result["msg"]
        site.control.clear()
        result = direct([("mailbox_copy", site.options())])[0]
    assert not result["failed"], result
    assert site.differences() == SAME
    assert direct([("mailbox_verify", site.options())])[0]["perfect"] == 1


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_moment_nothing_is_missing_and_nothing_doubled(site, module, direct, seed):
    """The module and its workers, kill -9 three times, while mail comes, moves and goes."""
    site.fill(60)
    chance, kills = random.Random(seed), 0
    for number in range(3):
        run = module.start("mailbox_sync", site.options(lease_seconds=2, max_rounds=1))
        asked = sum(site.control.counts().values()) + chance.randrange(2, 7)
        while run.running and sum(site.control.counts().values()) < asked:
            time.sleep(0.01)
        kills += run.kill()
        inbox = site.store.items(ADDRESS, "inbox")
        site.store.move(chance.choice(inbox), ADDRESS, "Projects/Alpha")
        site.store.delete(chance.choice(site.store.items(ADDRESS, "sentitems")))
        site.add("inbox", 5000 + number)
    result, = direct([("mailbox_sync", site.options(lease_seconds=2))])
    assert not result["failed"], result["msg"]
    assert kills and site.differences() == SAME
    assert direct([("mailbox_verify", site.options())])[0]["perfect"] == 1


def test_discovery_and_what_the_server_says_of_itself(site, direct):
    site.fill(3)
    options = site.options()
    found, = direct([("mailbox_info", {"sources": options["sources"]})])
    server, = found["servers"]
    assert (server["mailboxes"], server["messages"], server["unreachable"]) == (1, 12, 0) and server["product"] == "Microsoft Exchange Server 2016", server
    source = {key: value for key, value in options["sources"][0].items() if key != "mailboxes"}
    told, = direct([("mail_server_info", {"server": source, "mailbox": ADDRESS})])
    assert told["product"] == "Microsoft Exchange Server 2016" and told["login"] == ADDRESS, told


def test_a_lost_sync_state_costs_no_reading(site, direct):
    site.fill(12)
    copied(direct, site)
    site.store.invalidate_sync_states()
    site.add("inbox", 900)
    site.store.delete(site.store.items(ADDRESS, "sentitems")[0])
    reads = site.control.requests("GetItem")
    synced, = direct([("mailbox_sync", site.options(max_rounds=1))])
    assert (synced["messages"], synced["deleted"]) == (1, 1), synced
    assert site.control.requests("GetItem") == reads + 1 and site.differences() == SAME


def test_items_that_go_or_fail_between_the_list_and_their_reading(site, direct):
    site.fill(6)
    inbox = site.store.items(ADDRESS, "inbox")
    troubles = ("delete", "ErrorItemNotFound", "ErrorMimeContentConversionFailed", "ErrorContentConversionFailed", "empty", "bad base64")
    for item, trouble in zip(inbox, troubles, strict=True):
        site.store.trouble(item, trouble)
    result, = direct([("mailbox_copy", site.options(fail_on_exceptions=False))])
    # One was deleted, one can't be found; of four there is no MIME; all others have arrived.
    assert (result["failed"], result["messages"], result["exceptions_open"]) == (False, 22, 4), result
    found = {key[1]: parsed(key[1]) for key in site.at_target()}
    for number in (2, 3, 4, 5):
        whole, = (data for data, message in found.items() if message["Subject"] == str(number))
        sent, got = parsed(content(number)), found[whole]
        assert whole != bare(content(number)) and parts(got) == parts(sent), whole
        assert all(got[name] == sent[name] for name in ("From", "Subject", "Message-ID")), whole
    for item in inbox[1:]:
        site.store.trouble(item, None)
    site.store.change(inbox[1], categories=["seen again"])
    named = {"server": "exchange", "mailbox": ADDRESS, "reason": "rebuilt"}
    again, approval, later, verified = direct([
        ("mailbox_sync", site.options(max_rounds=1, fail_on_exceptions=False)),
        ("mailbox_exception", {"migration": "example", "ledger": site.options()["ledger"], "exceptions": [named], "approved_by": "Ada Lead"}),
        ("mailbox_sync", site.options(max_rounds=1)), ("mailbox_verify", site.options()),
    ])
    # What was rebuilt stays as it is, until somebody has agreed.
    assert (again["messages"], again["exceptions_open"], approval["approved"]) == (1, 4, 4), again
    assert (later["failed"], later["messages"], later["exceptions_open"]) == (False, 0, 0), later
    assert verified["perfect"] == 1, verified
    assert {key: len(some) for key, some in site.differences().items()} == {"missing": 4, "beyond": 4}


@pytest.mark.parametrize("new_ids", [False, True])
def test_what_moves_between_the_list_and_its_reading_is_read_where_it_is(site, direct, new_ids):
    site.fill(6)
    site.store.set(new_ids_on_move=new_ids)
    inbox, alpha = (site.store.items(ADDRESS, folder) for folder in ("inbox", "Projects/Alpha"))
    # To a folder that is copied after this one, and to one that was copied before.
    site.store.trouble(inbox[2], f"move {site.store.folder(ADDRESS, 'Projects/Alpha')}")
    site.store.trouble(alpha[3], f"move {site.store.folder(ADDRESS, 'inbox')}")
    copied(direct, site)
    synced, again, verified = direct([("mailbox_sync", site.options(max_rounds=1)), ("mailbox_sync", site.options()), ("mailbox_verify", site.options())])
    assert not synced["failed"] and site.differences() == SAME
    assert not again["changed"] and (verified["perfect"], verified["checked"]) == (1, 24), verified


@pytest.mark.parametrize("trouble", ["ErrorItemCorrupt", "ErrorUnsupportedMimeConversion", "ErrorInternalServerError"])
def test_an_item_that_gives_no_properties_either_is_an_exception_until_it_does(site, direct, trouble):
    site.fill(3)
    item = site.store.items(ADDRESS, "inbox")[0]
    site.store.trouble(item, trouble)
    result, = direct([("mailbox_copy", site.options(fail_on_exceptions=False))])
    assert (result["failed"], result["messages"], result["exceptions_open"]) == (False, 11, 1), result
    site.store.trouble(item, None)
    healed, = direct([("mailbox_sync", site.options(max_rounds=1))])
    assert (healed["failed"], healed["messages"], healed["exceptions_open"]) == (False, 1, 0) and site.differences() == SAME


def test_an_item_at_which_the_server_fails_in_any_way_costs_nothing_else(site, direct):
    site.fill(3)
    item = site.store.items(ADDRESS, "inbox")[1]
    site.store.trouble(item, "empty")
    # It has no MIME, and its properties are refused by a code of which nobody here has heard.
    site.control.fault("soap_fault", "GetItem", skip=1, code="ErrorPropertyValidationFailure", text="bad value")
    result, = direct([("mailbox_copy", site.options(fail_on_exceptions=False))])
    assert (result["failed"], result["messages"], result["exceptions_open"]) == (False, 11, 1), result


def test_a_server_that_is_busy_in_the_middle_is_asked_again(site, direct):
    site.fill(3)
    site.store.trouble(site.store.items(ADDRESS, "inbox")[1], "empty")
    fault = site.control.fault("http_500_busy", "GetItem", skip=1, back_off=100)
    result, = direct([("mailbox_copy", site.options(fail_on_exceptions=False))])
    # It is made of its properties after all.
    assert (result["failed"], result["messages"], result["exceptions_open"]) == (False, 12, 1) and site.control.seen(fault) == 1, result


@pytest.mark.parametrize("trouble", ["ErrorUnsupportedMimeConversion", "ErrorInternalServerError"])
def test_an_attachment_at_which_the_server_fails_is_told_in_the_message(site, direct, trouble):
    site.fill(4)
    with_attachment = site.store.items(ADDRESS, "inbox")[2]
    # A message without MIME is made of its properties and its attachments.
    site.store.trouble(with_attachment, f"empty, attachments {trouble}")
    result, = direct([("mailbox_copy", site.options(fail_on_exceptions=False))])
    assert (result["failed"], result["messages"], result["exceptions_open"]) == (False, 16, 1), result
    assert sum(b"could not give a part of this message: attachment" in key[1] for key in site.at_target()) == 1


def test_what_is_left_out_is_told_with_how_much_it_holds(site, direct):
    site.fill(2)
    site.store.create_folder(ADDRESS, "RSS Feeds", "IPF.Note.OutlookHomepage")
    news = site.store.create_folder(ADDRESS, "RSS Feeds/News", "IPF.Note.OutlookHomepage")
    unseen = [site.store.create_folder(ADDRESS, "Unseen"), site.store.create_folder(ADDRESS, "Cache", "IPF.Contact")]
    site.store.set(hidden_folders=unseen)
    for number, folder in enumerate(("journal", "journal", news, unseen[0])):
        site.add(folder, 5000 + number)
    site.store.add_item(ADDRESS, unseen[1], "<t:Contact><t:DisplayName>Nobody</t:DisplayName></t:Contact>")
    options = site.options()
    info, planned = direct([("mailbox_info", {"sources": options["sources"]})])[0], direct([("mailbox_copy", options)], check=True)[0]
    copied, again, verified = direct([("mailbox_copy", options), ("mailbox_sync", site.options()), ("mailbox_verify", site.options())])
    assert (planned["folders_left_out"], copied["folders_left_out"], copied["failed"], copied["messages"]) == (3, 3, False, 8), copied
    assert (copied["exceptions_open"], again["changed"], verified["perfect"], verified["checked"]) == (0, False, 1, 8)
    assert {key[0] for key in site.at_target()} == {"INBOX", "Sent Items", "Projects/Alpha", "Projects/A and B"}
    found, = info["servers"]
    assert (found["left_out_folders"], found["left_out_entries"], found["messages"], found["contacts"]) == (3, 4, 8, 0), found
    # What somebody makes visible is moved.
    site.store.set(hidden_folders=[])
    synced, = direct([("mailbox_sync", site.options())])
    assert (synced["folders_left_out"], synced["messages"]) == (2, 1), synced


def test_a_deleted_event_is_carried_by_a_message(site, direct):
    site.store.add_item(ADDRESS, "deleteditems", """<t:CalendarItem><t:Subject>Lunch, late</t:Subject><t:Start>2026-03-16T12:00:00Z</t:Start>
        <t:End>2026-03-16T13:00:00Z</t:End></t:CalendarItem>""")
    copied(direct, site)
    (folder, data, _flags, _date), = site.at_target()
    message = parsed(data)
    _text, event = message.iter_parts()
    assert folder.startswith("Deleted") and (message["Subject"], message["From"]) == ("Lunch, late", ADDRESS)
    assert event.get_content_type() == "text/calendar" and event.get_payload(decode=True).startswith(b"BEGIN:VCALENDAR")
    assert direct([("mailbox_verify", site.options())])[0]["perfect"] == 1
