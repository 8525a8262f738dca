# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every version of Exchange by IMAP: a real server behind the lab's gateway, which answers as that version does."""

from __future__ import annotations

import pytest
from servers import mail
from servers.meter import Meter
from servers.relay import Relay

# Profile of the gateway and of the source server; what Outlook and Exchange called folders there that hold no mail.
VERSIONS = {
    "exchange_5_5": ("exchange_5_5", ["Kalender", "Kontakte", "Aufgaben", "Notizen", "Journal", "Öffentliche Ordner/Alle", "Other users/bo"]),
    "exchange_2000": ("exchange_2000", ["Calendrier", "Contacts", "Tâches", "Journal", "Dossiers publics/Ventes/2004"]),
    "exchange_2003": ("exchange_2003", ["Calendar", "Calendar/Team", "Contacts", "Tasks", "Notes", "Journal", "Public Folders/All"]),
    "exchange_2007": ("exchange_2007", ["Calendário", "Tarefas", "Anotações", "Diário"]),
    "exchange_2010": ("exchange_2010", ["予定表", "連絡先", "タスク", "メモ", "履歴"]),
    "exchange_2019": ("exchange_2013", ["Календарь", "Контакты", "Задачи", "Заметки", "Дневник"]),
}
MAIL = {"INBOX": 30, "Sent Items": 12, "Projects": 3, "Projects/Calendar": 7, "Projects/Notes/2003": 4, "Kontakte & Co": 2}


class Scene:
    """The source of `pair` behind a relay, which sees what arrives there, behind the gateway."""

    def __init__(self, pair, servers, certificate, version: str, before: Relay | Meter) -> None:
        self.pair, self.before = pair, before
        self._settings = servers, certificate
        self.version, self.profile = version, VERSIONS[version][0]

    def open(self, **settings):
        servers, certificate = self._settings
        self.gateway = servers.gateway(certificate, self.version, self.before.port, **settings)
        return self

    def options(self, server=None, **more):
        source = self.gateway.option(self.pair.source.password, self.profile, name="old", mailboxes=self.pair.mailboxes, **(server or {}))
        return self.pair.options(**{"sources": [source], "workers": 2, **more})

    def source_only(self, **server):
        return {"sources": self.options(server)["sources"]}

    def asked(self) -> list[bytes]:
        """Commands to open folders, to read and to change."""
        return [line.split(b" ", 1)[1] for line in self.before.lines]


@pytest.fixture
def scene(pair, servers, certificate, relay):
    def make(version: str, before=None, **settings) -> Scene:
        return Scene(pair, servers, certificate, version, before or relay(pair.source)).open(**settings)

    return make


def fill(pair, folders: dict[str, int]) -> None:
    client = pair.source.client("anna.berg")
    for folder, count in folders.items():
        if folder != "INBOX":
            client.create_folder(folder)
        mail.fill(client, folder, count) if count else None
    client.logout()


def at_target(pair) -> set[str]:
    client = pair.target.client("anna")
    names = {name for _flags, _separator, name in client.list_folders()}
    client.logout()
    return names


@pytest.mark.parametrize("version", VERSIONS)
def test_whole_way(pair, scene, direct, version):
    others = VERSIONS[version][1]
    fill(pair, MAIL | dict.fromkeys(others, 2))
    before = pair.before()
    one = scene(version)
    tops = {name.split("/")[0] for name in others}
    surveyed, planned = direct([("mailbox_info", one.source_only())])[0], direct([("mailbox_copy", one.options())], check=True)[0]
    [server] = surveyed["servers"]
    assert (server["messages"], server["left_out_folders"], server["left_out_entries"]) == (sum(MAIL.values()), len(tops), 2 * len(others))
    assert (server["unreachable"], server["unreadable_folders"], server["unlisted_folders"]) == (0, 0, 0)
    assert planned["messages"] == sum(MAIL.values()) and planned["folders_left_out"] == len(tops)

    copied, again, verified, known = direct([
        ("mailbox_copy", one.options()), ("mailbox_sync", one.options()), ("mailbox_verify", one.options()), ("ledger_info", pair.ledger_only()),
    ])
    assert not copied["failed"] and copied["messages"] == sum(MAIL.values()) and copied["folders_left_out"] == len(tops), copied
    assert not again["changed"] and again["folders_left_out"] == len(tops)
    assert verified["perfect"] == 1 and verified["checked"] == sum(MAIL.values())
    assert (known["exceptions_open"], known["exceptions_approved"]) == (0, len(tops))
    assert not at_target(pair) & (tops | set(others))
    # Nothing was marked as read, so no receipt was sent; nor was anything else changed there.
    assert pair.before() == before
    asked = one.asked()
    assert not [line for line in asked if line.startswith((b"SELECT", b"STORE", b"UID STORE", b"APPEND", b"COPY", b"UID COPY"))]
    assert [line for line in asked if b"BODY.PEEK[" in line] and not [line for line in asked if b"BODY[" in line or b"RFC822 " in line]

    client = pair.source.client("anna.berg")
    mail.fill(client, "Projects/Calendar", 5, first=50)
    client.select_folder("INBOX")
    client.add_flags([1, 2], [b"\\Flagged"])
    client.delete_messages([3])
    client.expunge()
    client.unselect_folder()
    for name in sorted(others, reverse=True):
        client.delete_folder(name)
    client.logout()
    synced, quiet, verified = direct([("mailbox_sync", one.options()), ("mailbox_sync", one.options()), ("mailbox_verify", one.options())])
    assert (synced["messages"], synced["deleted"], synced["folders_left_out"]) == (5, 1, 0), synced
    assert not quiet["changed"] and verified["perfect"] == 1
    assert pair.findings() == {}


def test_a_greeting_in_any_language(pair, scene, direct):
    fill(pair, {"INBOX": 1})
    one = scene("exchange_2003", greeting="Microsoft Exchange Server 2003 IMAP4rev1 ... 6.5.6944.0 ({host}) verf\udcfcgbar.")
    [found] = direct([("mailbox_info", one.source_only())])
    assert (found["servers"][0]["product"], found["servers"][0]["version"], found["servers"][0]["messages"]) == ("Microsoft Exchange", "2003", 1)


def test_forms_of_login_are_proved_by_opening_a_folder(pair, scene, direct):
    fill(pair, {"INBOX": 5})
    one = scene("exchange_2010")
    # The first is the mailbox's own login, for which the administrator's password is wrong: this server says OK.
    lying = {"login": ["{domain}\\{mailbox}", "{admin}@{domain}\\{mailbox}"]}
    [copied] = direct([("mailbox_copy", one.options(lying))])
    assert not copied["failed"] and copied["messages"] == 5 and pair.findings() == {}
    [refused] = direct([("mailbox_sync", one.options({"login": lying["login"][:1]}))])
    assert refused["failed"] and r"EXAMPLE\anna.berg: User is authenticated but not connected." in refused["msg"]
    assert "no account is locked" in refused["msg"]


def test_a_server_that_asks_for_a_rest_gets_it(pair, scene, direct):
    fill(pair, dict.fromkeys(("INBOX", "Archive", "Projects", "Work"), 100))
    one = scene("exchange_2010", throttle={"every": 6, "milliseconds": 150})
    [copied] = direct([("mailbox_copy", one.options(workers=1))])
    assert not copied["failed"] and copied["messages"] == 400 and copied["exceptions_open"] == 0, copied
    assert pair.findings() == {}
    # One to see whether all is well, and one after each rest.
    assert one.gateway.commands().count("LOGIN") == 1 + 3


def test_no_command_is_longer_than_exchange_takes(pair, scene, direct):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 5400, size=80)
    client.select_folder("INBOX")
    for low in range(1, 5400, 1000):
        client.delete_messages(range(low, min(low + 1000, 5400), 2))
    client.expunge()
    client.logout()
    one = scene("exchange_2007")
    copied, again, verified = direct([("mailbox_copy", one.options()), ("mailbox_sync", one.options()), ("mailbox_verify", one.options())])
    assert not copied["failed"] and copied["messages"] == 2700 and not again["changed"] and verified["perfect"] == 1
    longest = max(map(len, one.asked()))
    assert 3000 < longest <= 10240
    assert pair.findings() == {}


class Refusing(Relay):
    """Has the server say NO, in its turn, to what asks for a message of `bad` UIDs, for any batch of messages, or for a folder that is shut."""

    bad: frozenset[int] = frozenset()
    shut = b"Shut"

    def _pass(self, to, data, way) -> None:
        tag, _blank, command = data.partition(b" ") if way == "sent" and len(data) < 8192 else (b"", b"", b"")
        if self._refused(command.split()):
            data = tag + b' STATUS "there is none" (MESSAGES)\r\n'
        super()._pass(to, data, way)

    def _refused(self, words: list[bytes]) -> bool:
        if words[:1] in ([b"STATUS"], [b"EXAMINE"]):
            return words[1].startswith(b'"' + self.shut)
        if not self.bad or words[:2] != [b"UID", b"FETCH"] or b"BODY.PEEK[])" not in words:
            return False
        return not words[2].isdigit() or int(words[2]) in self.bad

    def heal(self) -> None:
        self.bad, self.shut = frozenset(), b"none"


@pytest.fixture
def refusing(pair):
    before = Refusing(pair.source.port)
    yield before
    before.close()


@pytest.mark.parametrize("version", ["exchange_2010", "exchange_2019"])
def test_more_errors_than_a_connection_may_have(pair, scene, direct, refusing, version):
    fill(pair, {"INBOX": 60, "Projects": 20})
    refusing.bad = frozenset(range(1, 48, 2))
    one = scene(version, refusing)
    copied, again = direct([("mailbox_copy", one.options(), {"ignore_errors": True}), ("mailbox_sync", one.options(fail_on_exceptions=False))])
    lost = 24 + 10
    assert copied["failed"] and copied["mailboxes"]["failed"] == 0 and copied["messages"] == 80 - lost and copied["exceptions_open"] == lost, copied
    assert not again["changed"] and again["exceptions_open"] == lost
    refusing.heal()
    healed, verified = direct([("mailbox_sync", one.options()), ("mailbox_verify", one.options())])
    assert healed["messages"] == lost and healed["exceptions_open"] == 0 and verified["perfect"] == 1
    assert pair.findings() == {}


def test_folders_that_are_not_opened_hold_back_no_others(pair, scene, direct, refusing):
    shut = [f"Shut {number}" for number in range(14)]
    fill(pair, {"INBOX": 10, **dict.fromkeys(shut, 3), "Work": 5})
    one = scene("exchange_2019", refusing)
    surveyed, copied, again, verified = direct([
        ("mailbox_info", one.source_only()), ("mailbox_copy", one.options(fail_on_exceptions=False)),
        ("mailbox_sync", one.options(fail_on_exceptions=False)), ("mailbox_verify", one.options(), {"ignore_errors": True}),
    ])
    assert surveyed["servers"][0]["unreadable_folders"] == 14 and surveyed["servers"][0]["messages"] == 15
    assert not copied["failed"] and copied["messages"] == 15 and copied["exceptions_open"] == 14, copied
    assert not again["changed"]
    assert verified["poor"] == 1 and verified["folders_missing"] == 14 and verified["missing"] == 0
    every = [{"server": "old", "mailbox": "anna.berg", "folder": name, "reason": "folder_unreadable"} for name in shut]
    approved, verified = direct([
        ("mailbox_exception", pair.ledger_only(exceptions=every, approved_by="Ada Lead")), ("mailbox_verify", one.options()),
    ])
    assert approved["approved"] == 14 and verified["perfect"] == 1 and verified["approved"] == 14
    refusing.heal()
    healed, quiet, verified = direct([("mailbox_sync", one.options()), ("mailbox_sync", one.options()), ("mailbox_verify", one.options())])
    assert healed["messages"] == 42 and not quiet["changed"] and verified["perfect"] == 1 and verified["approved"] == 0
    assert pair.findings() == {}


def test_a_folder_that_is_not_opened_any_more_is_kept_at_the_target(pair, scene, direct, refusing):
    fill(pair, {"INBOX": 4, "Shut": 6, "Gone": 1})
    one = scene("exchange_2019", refusing)
    refusing.heal()
    assert not direct([("mailbox_copy", one.options())])[0]["failed"]
    refusing.shut = b"Shut"
    client = pair.source.client("anna.berg")
    client.delete_folder("Gone")
    client.logout()
    [synced] = direct([("mailbox_sync", one.options(fail_on_exceptions=False))])
    assert (synced["deleted"], synced["exceptions_open"]) == (1, 1) and pair.findings() == {}


def test_exchange_2007_breaks_at_a_blank_at_the_end_of_a_name(pair, scene, direct):
    fill(pair, {"INBOX": 5, "Old ": 3, "Old /2003": 2})
    one = scene("exchange_2007")
    surveyed, copied, again = direct([
        ("mailbox_info", one.source_only()), ("mailbox_copy", one.options(fail_on_exceptions=False)), ("mailbox_sync", one.options(fail_on_exceptions=False)),
    ])
    assert surveyed["servers"][0]["unreadable_folders"] == 1
    assert not copied["failed"] and copied["messages"] == 7 and copied["exceptions_open"] == 1 and not again["changed"]
    client = pair.source.client("anna.berg")
    client.rename_folder("Old ", "Old")
    client.logout()
    synced, verified = direct([("mailbox_sync", one.options()), ("mailbox_verify", one.options())])
    assert synced["exceptions_open"] == 0 and verified["perfect"] == 1 and pair.findings() == {}


def test_exchange_5_5_hides_folders_with_a_slash(pair, scene, direct):
    fill(pair, {"INBOX": 5, "Kunden": 1, "Soll\uff0fIst": 3})
    one = scene("exchange_5_5")
    [copied] = direct([("mailbox_copy", one.options())])
    assert not copied["failed"] and copied["messages"] == 6
    client = pair.source.client("anna.berg")
    client.rename_folder("Soll\uff0fIst", "Soll und Ist")
    client.logout()
    synced, verified = direct([("mailbox_sync", one.options()), ("mailbox_verify", one.options())])
    assert synced["messages"] == 3 and verified["perfect"] == 1 and pair.findings() == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_large_messages_at_a_limited_rate(pair, scene, direct, version):
    client = pair.source.client("anna.berg")
    for number in range(4):
        client.append("INBOX", mail.message(number, 400_000, "large"))
    client.logout()
    one = scene(version)
    [copied] = direct([("mailbox_copy", one.options({"bytes_per_second": 2_000_000}))])
    assert not copied["failed"] and pair.findings() == {}
    # Whatever the server says of their sizes, they are read once, and once by the auditor above who goes past the relay.
    assert one.before.carried < 1_650_000 * 1.1


def test_parts_that_are_longer_than_asked_for_do_no_harm(pair, scene, direct):
    """The profile is not what the server is."""
    client = pair.source.client("anna.berg")
    client.append("INBOX", mail.message(1, 400_000, "large"))
    client.logout()
    one = scene("exchange_5_5")
    one.profile = "exchange_2007"
    [copied] = direct([("mailbox_copy", one.options({"bytes_per_second": 2_000_000}))])
    assert not copied["failed"] and pair.findings() == {}


def test_folders_that_are_wanted_and_not_wanted(pair, scene, direct):
    fill(pair, {"INBOX": 2, "Calendar": 3, "Notes": 4, "Notes/Own": 1, "Projects": 5, "Projects/Old": 6, "Projects/Old/Keep": 7})
    one = scene("exchange_2003")
    server = {"include_folders": ["notes", "Projects/Old/Keep"], "exclude_folders": ["projects/old"]}
    copied, verified = direct([("mailbox_copy", one.options(server)), ("mailbox_verify", one.options(server))])
    assert copied["messages"] == 2 + 4 + 1 + 5 + 7 and copied["folders_left_out"] == 2 and verified["perfect"] == 1
    assert at_target(pair) >= {"Notes", "Notes/Own", "Projects", "Projects/Old/Keep"} and "Calendar" not in at_target(pair)
    # Left out from now on: what is at the target stays there.
    synced, quiet = direct([("mailbox_sync", one.options()), ("mailbox_sync", one.options())])
    assert synced["deleted"] == 0 and synced["messages"] == 6 and synced["folders_left_out"] == 2 and not quiet["changed"]
    [more] = direct([("mailbox_sync", one.options({"include_folders": ["Notes", "Calendar"]}))])
    assert more["messages"] == 3 and more["folders_left_out"] == 0 and pair.findings() == {}


def test_bad_folders_are_refused(pair, scene, direct):
    one = scene("exchange_2003")
    [refused] = direct([("mailbox_copy", one.options({"include_folders": ["Notes"], "exclude_folders": ["notes/"]}))])
    assert refused["failed"] and "include_folders and exclude_folders both name notes" in refused["msg"]


def test_a_mailbox_is_left_connections_for_its_user(pair, scene, direct):
    fill(pair, {"INBOX": 60, **{f"Folder {number}": 60 for number in range(14)}})
    before = Meter(pair.source.port)
    one = scene("exchange_2010", before, connections_per_user=8)
    [copied] = direct([("mailbox_copy", one.options({"connections": 14}, workers=14))])
    assert not copied["failed"] and copied["messages"] == 15 * 60 and pair.findings() == {}
    assert 2 <= before.most_at_once <= 8
    before.close()
