# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site's filter between two servers. Both ends are read and compared; what the filter should have made is worked out here."""

from __future__ import annotations

import collections
import hashlib
import os
import sqlite3
import time

import pytest
from servers import mail

PYTHON = """
import os
import pathlib


def handle(item):
    number = int(item.content.split(b"Subject: ")[1].split()[0])
    if number % 7 == 3:
        return item.skip("number %d of %s" % (number, item.mailbox))
    if number % 5 == 1:
        item.content = item.content.replace(b"a@example.test", b"routed@example.test")
        return item.route("Old/Receipts")
    if number % 5 == 2:
        item.content = item.content.replace(b"a@example.test", b"%d@example.test" % len(item.folder))
        return item
    return None
"""
PROGRAM = """#!/bin/sh
content=$(mktemp)
trap 'rm -f "$content"' EXIT
cat > "$content"
number=$(sed -n 's/^Subject: \\([0-9]*\\).*/\\1/p;' "$content" | head -n 1)
if [ $((number % 7)) = 3 ]; then
    echo "number $number of $MIGRATION_MAILBOX" >&2
    exit 81
elif [ $((number % 5)) = 1 ]; then
    echo Old/Receipts
    sed 's/a@example.test/routed@example.test/' "$content"
    exit 82
elif [ $((number % 5)) = 2 ]; then
    sed "s/a@example.test/${#MIGRATION_FOLDER}@example.test/" "$content"
    exit 0
fi
exit 80
"""


def wanted(folder: str, count: int) -> dict[str, collections.Counter]:
    """Bodies by folder of the target, of a source folder that was filled with so many messages."""
    found: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
    for number in range(count):
        body = mail.message(number, seed=folder)
        if number % 7 == 3:
            continue
        if number % 5 == 1:
            found["Old/Receipts"][body.replace(b"a@example.test", b"routed@example.test")] += 1
        elif number % 5 == 2:
            found[folder][body.replace(b"a@example.test", b"%d@example.test" % len(folder))] += 1
        else:
            found[folder][body] += 1
    return found


def there(pair, mailbox: str = "anna") -> dict[str, collections.Counter]:
    client = pair.target.client(mailbox)
    names = [name for flags, _separator, name in client.list_folders() if b"\\Noselect" not in flags]
    client.logout()
    return {name: bodies for name in names if (bodies := collections.Counter(mail.contents(pair.target, mailbox, name)))}


@pytest.fixture
def site(pair, tmp_path):
    """Options with the filter, which is a program or a Python file; two folders with 60 messages and 25."""
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 60)
    client.create_folder("Projects")
    mail.fill(client, "Projects", 25)
    client.logout()

    def options(kind: str = "python", content: str | None = None, **more):
        file = tmp_path / {"python": "site.py", "program": "site.sh"}[kind]
        file.write_text(content or {"python": PYTHON, "program": PROGRAM}[kind])
        file.chmod(0o755)
        value = str(file) if kind == "python" else [str(file)]
        return pair.options(sources=[pair.source_option(filter={kind: value, **more})])

    pair.filtered = options
    first, second = wanted("INBOX", 60), wanted("Projects", 25)
    pair.wanted = {name: first[name] + second[name] for name in first | second}
    return pair


@pytest.mark.parametrize("kind", ["python", "program"])
def test_copy_follow_verify(site, play, kind):
    options, source = site.filtered(kind, processes=2), site.before()
    left_out = sum(number % 7 == 3 for count in (60, 25) for number in range(count))
    [planned] = play([("mailbox_copy", options)], check=True)
    assert planned["messages"] == 85 and not site.ledger.exists()
    copied, synced, verified, info = play([
        ("mailbox_copy", options), ("mailbox_sync", options), ("mailbox_verify", options),
        ("ledger_info", {**site.ledger_only(), "report_path": str(site.ledger.parent / "report.json")}),
    ])
    assert (copied["messages"], copied["skipped_by_filter"], copied["exceptions_open"]) == (85 - left_out, left_out, 0)
    assert not synced["changed"] and synced["skipped_by_filter"] == 0
    assert (verified["perfect"], verified["approved"], verified["checked"]) == (1, left_out, 85 - left_out)
    assert info["exceptions_approved"] == left_out
    assert "number 3 of anna.berg" in (site.ledger.parent / "report.json").read_text()
    assert there(site) == site.wanted and site.before() == source
    # Flags came along.
    client = site.target.client("anna")
    client.select_folder("Old/Receipts", readonly=True)
    assert any(b"\\Seen" in flags for flags in client.get_flags(client.search()).values())
    client.logout()
    body = mail.message(2, seed="INBOX")
    sent = body.replace(b"a@example.test", b"5@example.test")
    [both] = sqlite3.connect(site.ledger).execute(
        "SELECT source_sha256, sha256 FROM items WHERE source_sha256 = ?", [hashlib.sha256(body).digest()]
    ).fetchall()
    assert both == (hashlib.sha256(body).digest(), hashlib.sha256(sent).digest())


def test_a_day_of_work(site, direct):
    options = site.filtered()
    client = site.source.client("anna.berg")
    [copied] = direct([("mailbox_copy", options)])
    assert not copied["failed"]
    client.select_folder("INBOX")
    uids = client.search()
    # Of each sort one: message n has the n-th UID.
    client.move([uids[1], uids[2], uids[3], uids[4]], "Projects")
    client.delete_messages([uids[6], uids[7], uids[10], uids[15]])
    client.expunge()
    client.add_flags([uids[11], uids[12], uids[17]], [b"$Work"])
    client.unselect_folder()
    mail.fill(client, "INBOX", 5, first=85)
    client.logout()
    synced, again, verified = direct([("mailbox_sync", options), ("mailbox_sync", options), ("mailbox_verify", options)])
    # 86 is routed, 87 is left out as 3 is again, in its new folder; 87 is 3 of 7.
    assert (synced["messages"], synced["moved"], synced["deleted"], synced["skipped_by_filter"]) == (4, 2, 4 - sum(n % 7 == 3 for n in (6, 7, 10, 15)), 2)
    assert not again["changed"] and verified["perfect"] == 1
    client = site.target.client("anna")
    client.select_folder("Old/Receipts", readonly=True)
    assert len(client.search("KEYWORD $Work")) == 1
    client.logout()


def test_killed_again_and_again(site, module):
    """kill -9 of everything while the filter works: nothing missing, nothing doubled."""
    slow = PYTHON.replace("def handle(item):", "import time\n\n\ndef handle(item):\n    time.sleep(0.1)")
    options, kills = site.filtered(content=slow, processes=2) | {"lease_seconds": 2}, 0
    for _number in range(8):
        before = sum(sum(bodies.values()) for bodies in there(site).values())
        run = module.start("mailbox_copy", options)
        while run.running and sum(sum(bodies.values()) for bodies in there(site).values()) <= before:
            time.sleep(0.01)
        kills += run.kill()
    copied = module("mailbox_copy", options)
    synced, verified = module("mailbox_sync", options), module("mailbox_verify", options)
    assert kills >= 2 and not copied["failed"] and not synced["changed"] and verified["perfect"] == 1
    assert there(site) == site.wanted


def test_a_filter_that_hangs_costs_its_items_only(site, module, tmp_path):
    hanging = PYTHON.replace("def handle(item):", (
        "def handle(item):\n    if b'Subject: 4\\r' in item.content:\n        import subprocess\n"
        f"        child = subprocess.Popen(['sleep', '600'])\n        open('{tmp_path}/children', 'a').write('%d %d\\n' % (os.getpid(), child.pid))\n"
        "        child.wait()\n    if b'Subject: 14\\r' in item.content:\n        print('no such table', file=__import__('sys').stderr)\n        os._exit(7)"
    ))
    options = site.filtered(content=hanging, timeout=1)
    failed = module("mailbox_copy", options)
    assert failed["failed"] and failed["exceptions_open"] == 4 and failed["mailboxes"]["failed"] == 0
    rows = sqlite3.connect(site.ledger).execute("SELECT reason, detail FROM exceptions WHERE state = 'open'").fetchall()
    words = ["it took longer than 1 seconds", "its process ended with exit status 7: no such table"]
    assert sorted(rows) == sorted(2 * [("filter_failed", text) for text in words])
    pids, deadline = (tmp_path / "children").read_text().split(), time.monotonic() + 10
    while any(os.path.exists(f"/proc/{pid}") for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(pids) == 4 and not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
    cured = module("mailbox_sync", site.filtered())
    assert not cured["failed"] and cured["messages"] == 4 and cured["exceptions_open"] == 0
    assert there(site) == site.wanted


def test_a_filter_that_can_not_work_is_refused(site, module):
    for content, words in (
        ("def other(item):\n    pass\n", "it has no function handle"), ("import nothing_of_that_name\n", "ModuleNotFoundError in line 1 of site.py"),
    ):
        for check in (False, True):
            refused = module("mailbox_copy", site.filtered(content=content), check)
            assert refused["failed"] and words in refused["msg"] and "Nothing was touched" in refused["msg"]
    refused = module("mailbox_copy", site.filtered(program=["/bin/cat"]))
    assert refused["failed"] and "filter needs either program or python" in refused["msg"]
    assert not site.ledger.exists() and there(site) == {}
