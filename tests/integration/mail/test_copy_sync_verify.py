# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a mailbox: copied, followed while people work in it, verified. Judged by a comparison that knows nothing of the modules."""

from __future__ import annotations

import pytest
from lab import hard_cases
from servers import mail
from servers.dovecot import BARE

FOLDERS = ["Projects", "Projects/Alpha", "Projects/Alpha/2019", "Ünïcödé 日本", "Q3.Report v1.0", "R&D (old)", "INBOX/sub", "empty", "Hard cases"]


def quiet(result):
    return not result["failed"] and not result["changed"]


@pytest.fixture
def office(pair):
    """Two mailboxes, one with everything that is hard."""
    pair.mailboxes = [{"name": "anna.berg", "target": "anna"}, {"name": "bo", "wave": "second"}]
    client = pair.source.client("anna.berg")
    for folder in FOLDERS:
        client.create_folder(folder)
    for folder in ("Projects", "Projects/Alpha/2019", "Ünïcödé 日本"):
        client.subscribe_folder(folder)
    mail.fill(client, "INBOX", 130)
    mail.fill(client, "Projects/Alpha", 25)
    mail.fill(client, "R&D (old)", 5)
    for case in hard_cases.hard_cases():
        mail.append(client, "Hard cases", case)
    client.logout()
    client = pair.source.client("bo")
    mail.fill(client, "INBOX", 12)
    client.logout()
    return pair


def day_of_work(pair):
    """What happens to a mailbox while it waits for its cut-over."""
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 7, first=5000)
    client.select_folder("INBOX")
    uids = client.search()
    client.add_flags(uids[:4], [b"\\Flagged", b"$Forwarded"])
    client.remove_flags(uids[1:9], [b"\\Seen"])
    client.delete_messages(uids[10:14])
    client.expunge()
    client.move(uids[20:25], "Projects")
    client.create_folder("Projects/Beta")
    client.copy(uids[30:33], "Projects/Beta")
    client.unselect_folder()
    client.rename_folder("Projects/Alpha", "Projects/Omega")
    client.delete_folder("R&D (old)")
    client.subscribe_folder("empty")
    client.unsubscribe_folder("Ünïcödé 日本")
    client.logout()


def test_copy_follow_verify(office, play):
    source = office.before()
    options = office.options()
    copied, again, synced, verified = play([
        ("mailbox_copy", options), ("mailbox_copy", options), ("mailbox_sync", options), ("mailbox_verify", options),
    ])
    cases = len(hard_cases.hard_cases())
    assert copied["changed"] and copied["finished"] and copied["messages"] == 130 + 25 + 5 + 12 + cases
    assert copied["mailboxes"] == {"done": 2, "total": 2, "failed": 0} and copied["exceptions_open"] == 0
    assert quiet(again) and quiet(synced)
    assert verified["perfect"] == verified["mailboxes"] == 2
    assert office.findings() == {}
    # Reading leaves no trace: flags, UIDs, UIDVALIDITY, subscriptions are as they were.
    assert office.before() == source

    day_of_work(office)
    source = office.before()
    [planned] = play([("mailbox_sync", options)], check=True)
    synced, again, verified = play([("mailbox_sync", options), ("mailbox_sync", options), ("mailbox_verify", options)])
    assert synced["changed"] and synced["delta_is_small"]
    # New: 7 delivered, 3 copied. Moved: 5; the folder with another name is renamed, with all its mail. Deleted: 4, and 5 in the folder
    # that is gone.
    assert (synced["messages"], synced["moved"], synced["deleted"]) == (10, 5, 9)
    # Before it is read nobody knows that a message is not new: 5 moved, 25 in the renamed folder.
    assert (planned["messages"], planned["deleted"]) == (40, 39)
    assert synced["flags"] == planned["flags"] > 0
    assert quiet(again)
    assert verified["perfect"] == 2
    assert office.findings() == {}
    assert office.before() == source


def test_servers_of_the_first_days(office, direct, relay):
    """RFC 3501 and nothing else on both sides: changes found by comparing flags, messages placed by counting UIDs."""
    def offer(what):
        for server in (office.source, office.target):
            server.configure(what)
            server.reload()

    offer(f"imap_capability = {BARE}")
    watchers = [relay(office.source, bare=True), relay(office.target, bare=True)]
    office.source_port, office.target_port = (watcher.port for watcher in watchers)
    options = office.options()
    [copied] = direct([("mailbox_copy", options)])
    assert not copied["failed"] and office.findings() == {}
    # A user marked a message and has not expunged: that is his own business.
    user = office.target.client("anna")
    user.append("INBOX", b"Subject: mine\r\n\r\nmine\r\n", [b"\\Deleted"])
    user.logout()
    offer("")
    day_of_work(office)
    offer(f"imap_capability = {BARE}")
    synced, again, verified = direct([("mailbox_sync", options), ("mailbox_sync", options), ("mailbox_verify", options)])
    assert (synced["messages"], synced["moved"], synced["deleted"]) == (10, 5, 9) and synced["flags"] > 0
    assert quiet(again)
    assert verified["perfect"] == 2 and verified["extra"] == 1
    assert office.findings() == {"extra": 1}
    assert [b"\\Deleted" in flags for flags in flags_of(office.target, "anna")].count(True) == 1
    for watcher in watchers:
        assert not {"UID EXPUNGE", "ENABLE", "NAMESPACE", "ID"} & set(watcher.commands)
        # One literal to each APPEND, and none sent before it was asked for.
        assert not [line for line in watcher.lines if b"+}" in line]


def test_what_users_did_at_the_target_stays(pair, play):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 6)
    client.create_folder("Sent")
    mail.fill(client, "Sent", 2)
    options = pair.options()
    play([("mailbox_copy", options)])
    user = pair.target.client("anna")
    user.append("Sent", b"Subject: mine\r\n\r\nsent from the new place\r\n")
    user.select_folder("INBOX")
    user.add_flags(user.search()[:1], [b"Mine"])
    user.delete_messages(user.search()[-1:])
    user.expunge()
    user.logout()
    client.delete_folder("Sent")
    mail.fill(client, "INBOX", 1, first=100)
    client.logout()
    [synced] = play([("mailbox_sync", options, {"ignore_errors": True})])
    # The folder is gone at the source, but holds somebody's mail at the target: kept, and said.
    assert synced["failed"] and synced["exceptions_open"] == 1 and synced["messages"] == 1 and synced["deleted"] == 2
    assert [body for body in mail.contents(pair.target, "anna", "Sent") if b"mine" in body] and len(mail.contents(pair.target, "anna", "Sent")) == 1
    assert len(mail.contents(pair.target, "anna")) == 6
    assert [b"Mine" in flags for flags in flags_of(pair.target, "anna")] == [True, False, False, False, False, False]
    [verified] = play([("mailbox_verify", options, {"ignore_errors": True})])
    assert verified["failed"] and verified["missing"] == 1 and verified["flags_differ"] == 1


def flags_of(server, mailbox):
    client = server.client(mailbox)
    client.select_folder("INBOX", readonly=True)
    found = [flags for _uid, flags in sorted(client.get_flags(client.search()).items())]
    client.logout()
    return found


def test_parent_folder_that_becomes_a_folder_later(pair, play):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 1)
    client.create_folder("Clients/North")
    mail.fill(client, "Clients/North", 2)
    options = pair.options()
    play([("mailbox_copy", options)])
    client.create_folder("Clients")
    mail.fill(client, "Clients", 3)
    [synced] = play([("mailbox_sync", options)])
    assert synced["messages"] == 3
    assert pair.findings() == {}
    client.delete_folder("Clients")
    client.logout()
    play([("mailbox_sync", options)])
    assert pair.findings() == {}


def test_a_folder_that_the_target_subscribes_by_itself(pair, play):
    """As most Dovecots are set up; nobody can undo it there. What the source subscribes has to be, as ever."""
    pair.target.configure("namespace inbox {\n  mailbox Sent {\n    auto = subscribe\n  }\n}\n")
    pair.target.reload()
    client = pair.source.client("anna.berg")
    for name in ("Sent", "Projects"):
        client.create_folder(name)
        mail.fill(client, name, 3)
    client.subscribe_folder("Projects")
    copied, synced, verified = play([("mailbox_copy", pair.options()), ("mailbox_sync", pair.options()), ("mailbox_verify", pair.options())])
    assert copied["messages"] == 6 and quiet(synced) and verified["perfect"] == 1
    there = pair.target.client("anna")
    assert sorted(name for _flags, _separator, name in there.list_sub_folders()) == ["Projects", "Sent"]
    there.unsubscribe_folder("Projects")
    there.logout()
    [differs] = play([("mailbox_verify", pair.options(), {"ignore_errors": True})])
    client.logout()
    assert differs["failed"] and differs["investigate"] == 1 and "folder Projects: subscription differs" in differs["examples"][0], differs


def test_foreign_mail_in_the_target_mailbox(pair, play):
    source = pair.source.client("anna.berg")
    mail.fill(source, "INBOX", 3)
    source.logout()
    theirs = b"Subject: theirs\r\n\r\nwas here before\r\n"
    client = pair.target.client("anna")
    client.append("INBOX", theirs)
    client.logout()
    [refused] = play([("mailbox_copy", pair.options(), {"ignore_errors": True})])
    assert refused["failed"] and "holds 1 messages that this migration did not put there" in refused["msg"]
    assert mail.contents(pair.target, "anna") == [theirs]
    kept, synced = play([("mailbox_copy", pair.options(on_foreign="keep")), ("mailbox_sync", pair.options())])
    assert kept["messages"] == 3 and quiet(synced)
    assert len(mail.contents(pair.target, "anna")) == 4 and theirs in mail.contents(pair.target, "anna")
    assert pair.findings() == {"extra": 1}


def test_in_steps_of_a_second(pair, run_play, play):
    """The action plugin calls the module again and again; the sum is what one call would give."""
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 400, 3000)
    client.logout()
    output = []
    copied, again = play([("mailbox_copy", pair.options(progress_interval=0.6)), ("mailbox_copy", pair.options())], output=output)
    assert copied["finished"] and copied["changed"] and copied["messages"] == 400
    assert quiet(again)
    assert "old: 1/1 mailboxes, 400 messages" in output[0]
    assert pair.findings() == {}


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_encrypted(servers, pair, play, secrets, certificate, tls):
    pair.source = servers.dovecot("old-tls", certificate=certificate)
    secrets["source_password"] = pair.source.password
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 2)
    client.logout()
    port = pair.source.imaps if tls == "implicit" else pair.source.port

    def options(**more):
        return pair.options(sources=[{**pair.source_option(), "host": "localhost", "port": port, "tls": tls, **more}])

    attempts = len(pair.source.attempts())
    distrusted, unreadable = play([
        ("mailbox_copy", options(), {"ignore_errors": True}), ("mailbox_copy", options(ca_file="/nonexistent.pem"), {"ignore_errors": True}),
    ])
    assert distrusted["failed"] and "certificate of old (localhost:" in distrusted["msg"] and "No password was sent" in distrusted["msg"]
    assert unreadable["failed"] and "/nonexistent.pem" in unreadable["msg"]
    assert len(pair.source.attempts()) == attempts
    server = {**pair.source_option(), "host": "localhost", "port": port, "tls": tls, "ca_file": str(certificate["ca"])}
    del server["mailboxes"]
    copied, found = play([
        ("mailbox_copy", options(ca_file=str(certificate["ca"]))), ("mail_server_info", {"server": server, "mailbox": "anna.berg"}),
    ])
    assert copied["messages"] == 2
    assert found["tls"]["version"].startswith("TLSv1") and found["login"] == "anna.berg*migadmin"
    assert found["login_form"] == "{mailbox}*{admin}"
    assert pair.findings() == {}
