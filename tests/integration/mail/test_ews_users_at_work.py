# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users who move, copy, delete and flag mail all the time while it is copied by EWS: what they leave is at the target, and nothing else."""

from __future__ import annotations

import collections
import contextlib
import datetime
import random
import threading
import time

from servers.exchange import Exchange
from servers.fixtures import Tools
from test_ews import bare, content

ADDRESS = "anna@example.test"
FOLDERS = ("INBOX", "Sent", "Work", "Work/Deep", "Old")
# What Exchange calls them.
NAMES = {"Sent Items": "Sent"}
WHEN = datetime.datetime(2019, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)
MESSAGES, PAUSE = 400, 0.03


class Users(contextlib.AbstractContextManager):
    """Two at once, on one mailbox; `acts` counts what they did."""

    def __init__(self, server) -> None:
        self.server, self.stop, self.acts = server, threading.Event(), collections.Counter()
        self.threads = [threading.Thread(target=self._work, args=(number,)) for number in range(2)]

    def __enter__(self) -> Users:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_exception) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _work(self, seed: int) -> None:
        chance, client = random.Random(seed), self.server.client("anna")
        while not self.stop.wait(PAUSE):
            folder, other = chance.sample(FOLDERS, 2)
            client.select_folder(folder)
            act = chance.choices(("move", "copy", "delete", "flag", "arrive"), (6, 1, 1, 1, 1))[0]
            # Of the newest, which are those that are copied last.
            uids = client.search()[-40:]
            if uids:
                self._act(client, act, chance.choice(uids), folder, other, content(chance.randrange(10**6)))
        client.logout()

    def _act(self, client, act: str, uid: int, folder: str, other: str, new: bytes) -> None:
        with contextlib.suppress(client.Error):  # the other one was quicker
            if act == "move":
                client.move([uid], other)
            elif act == "copy":
                client.copy([uid], other)
            elif act == "delete":
                client.delete_messages([uid])
                client.uid_expunge([uid])
            elif act == "flag":
                client.add_flags([uid], [b"\\Flagged"])
            else:
                client.append(folder, new, [], WHEN)
            self.acts[act] += 1


def messages(server) -> collections.Counter:
    """(folder, content, flags) of each message."""
    found: collections.Counter = collections.Counter()
    client = server.client("anna")
    for marks, _separator, name in client.list_folders():
        if not {b"\\Noselect", b"\\NonExistent"} & set(marks):
            client.select_folder(name, readonly=True)
            for data in client.fetch(client.search(), ["BODY.PEEK[]", "FLAGS"]).values():
                found[NAMES.get(name, name), bare(data[b"BODY[]"]), frozenset(data[b"FLAGS"]) - {b"\\Recent"}] += 1
    client.logout()
    return found


def fill(server) -> None:
    chance, client = random.Random(1), server.client("anna")
    for folder in FOLDERS[1:]:
        client.create_folder(folder)
    for number in range(MESSAGES):
        client.append(chance.choice(FOLDERS), content(number), [b"\\Seen"] if number % 3 else [], WHEN)
    client.logout()


def test_nothing_is_missing_doubled_or_altered(scratch, start, free_port, wait_for_port, servers, tmp_path, direct):
    old, new = servers.dovecot("old"), servers.dovecot("new")
    fill(old)
    exchange = Exchange(scratch / "exchange", Tools(start, free_port, wait_for_port), mirror=old, more=["--domain=example.test"])
    source = {"name": "exchange", "host": "127.0.0.1", "protocol": "ews", "tls": "none", "admin": exchange.admin, "password": exchange.password,
              "ews": {"url": exchange.url, "auth": "basic"}, "mailboxes": [{"name": ADDRESS, "target": "anna"}]}
    options = {"migration": "example", "ledger": {"url": f"sqlite:///{tmp_path / 'ledger.sqlite'}"}, "sources": [source],
               "target": new.option(new.password, new.port, name="new")}
    with Users(old) as users:
        for name, more in (("mailbox_copy", {}), ("mailbox_sync", {"max_rounds": 4}), ("mailbox_sync", {"max_rounds": 3})):
            result, = direct([(name, {**options, **more})])
            assert not result["failed"], result["msg"]
    assert users.acts["move"] > 50, users.acts
    # The server looks once a second at what users did.
    time.sleep(1.1)
    synced, verified = direct([("mailbox_sync", {**options, "max_rounds": 3}), ("mailbox_verify", options)])
    here, there = messages(old), messages(new)
    assert here == there and here.total() > 0
    assert not synced["failed"] and verified["perfect"] == 1, verified
