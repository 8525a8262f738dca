# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections, servers and disks that fail or lie during a pass. Each returns how often it struck."""

from __future__ import annotations


import imapclient

from . import stage as stages
from .case import Case


def cut_given(case: Case) -> int:
    """The connection to either server ends inside what the server says."""
    ends = [(case.from_source, case.course.source_given), (case.to_target, case.course.target_given)]
    return _cut(case, "given", *case.chance.choice(ends))


def cut_sent(case: Case) -> int:
    """The connection to either server ends inside what the module says; it says more to the target."""
    target = case.to_target, case.course.target_sent
    return _cut(case, "sent", *case.chance.choice([(case.from_source, case.course.source_sent), target, target, target]))


def append_reply_lost(case: Case) -> int:
    after = case.chance.randrange(case.course.appends)
    case.note(f"the answer to APPEND number {after + 1} lost")
    case.to_target.lose_answer("APPEND", after=after)
    return case.broken_run(case.to_target)


def over_quota(case: Case) -> int:
    """The target is full in the middle."""
    storage = f"{(_bytes_at_target(case) + case.chance.randrange(case.course.target_carried)) // 1024 + 1}k"
    case.note(f"quota {storage}")
    case.target.quota(storage=storage)
    try:
        result = case.outcome(case.start())
    finally:
        case.target.quota()
    return int(result["failed"] and "quota" in result["msg"].lower())


def ledger_disk_full(case: Case) -> int:
    used = sum(file.stat().st_blocks * 512 for file in case.ledger_folder.iterdir())
    more = 4096 * case.chance.randint(1, max(1, case.course.ledger_growth // 4096))
    case.note(f"{more} bytes free")
    case.small_disk(used + more)
    result = case.outcome(case.start())
    case.small_disk(64 << 20)
    return int(result["failed"] and "ledger" in result["msg"])


def source_drops_after_n_commands(case: Case) -> int:
    commands, times = case.chance.randint(1, case.course.commands), case.chance.randint(1, 2)
    case.note(f"connection dropped at command {commands}, {times} times")
    case.from_source.drop_after(commands, times)
    return case.broken_run(case.from_source)


def source_throttles(case: Case) -> int:
    after, times, status = case.chance.randrange(case.course.fetches), case.chance.randint(1, 4), case.chance.choice(["BAD", "NO"])
    case.note(f"{status} to {times} FETCHes from number {after + 1} on")
    case.from_source.throttle(after, times, status)
    return case.broken_run(case.from_source)


def source_lies_about_sizes(case: Case) -> int:
    rules = {
        "nothing": lambda size: 0,
        "far too little": lambda size: size // 100,
        "a little more": lambda size: size + 1 + size // 20,
        "far too much": lambda size: size * 1000,
        "the largest there is": lambda size: 4294967295,
        "anything": lambda size: case.chance.randrange(10 * size),
    }
    lie = case.chance.choice(sorted(rules))
    case.note(f"sizes: {lie}")
    case.from_source.lie_about_sizes(rules[lie])
    return case.broken_run(case.from_source)


def bad_literal(case: Case) -> int:
    """A message with a few bytes less than announced, or more. What follows is then not where the client looks for it."""
    by, after = case.chance.choice([-500, -100, -7, -2, -1, 1, 2, 3, 5, 40, 90, 700, 3000]), case.chance.randrange(case.course.messages)
    case.note(f"message number {after + 1} announced with {by:+} bytes")
    # The client may wait for bytes that never come.
    case.timeout = 2
    case.from_source.misannounce(after, by)
    struck = case.broken_run(case.from_source)
    case.timeout = 20
    return struck


def uidvalidity_changed(case: Case) -> int:
    """All connections break, and when they are back the messages of a folder have other UIDs."""
    after = case.chance.randrange(case.course.messages)
    case.to_target.hold_sent(after, at=100)
    run = case.start()
    while run.running and not case.to_target.holding.wait(0.02):
        pass
    struck = 0
    if run.running:
        relays = (case.from_source, case.to_target)
        for relay in relays:
            relay.shut()
        case.to_target.release()
        server, end = case.chance.choice([(case.source, "name"), (case.target, "target")])
        user = case.users()[0][end]
        stages.quiet(server, user)
        folder = case.chance.choice(_folders(server, user))
        before = _uidvalidity(server, user, folder)
        stages.quiet(server, user)
        server.new_uidvalidity(user, "" if folder == "INBOX" else folder)
        struck = int(_uidvalidity(server, user, folder) != before)
        case.note(f"new UIDVALIDITY of {folder} of {user} while message number {after + 1} was sent")
        for relay in relays:
            relay.open_again()
    case.outcome(run)
    return struck


def _cut(case: Case, way: str, relay, most: int) -> int:
    at = case.chance.randint(1, most)
    case.note(f"connection to the {'source' if relay is case.from_source else 'target'} cut after {at} bytes {way}")
    relay.cut_stream(way, at)
    return case.broken_run(relay)


def _folders(server, user: str) -> list[str]:
    client = server.client(user)
    names = sorted(name for flags, _separator, name in client.list_folders() if b"\\Noselect" not in flags)
    client.logout()
    return names


def _uidvalidity(server, user: str, folder: str) -> int:
    client = server.client(user)
    value = client.folder_status(folder, ["UIDVALIDITY"])[b"UIDVALIDITY"]
    client.logout()
    return value


def _bytes_at_target(case: Case) -> int:
    user, size = case.users()[0]["target"], 0
    client: imapclient.IMAPClient = case.target.client(user)
    for name in _folders(case.target, user):
        client.select_folder(name, readonly=True)
        uids = client.search()
        size += sum(data[b"RFC822.SIZE"] for data in client.fetch(uids, ["RFC822.SIZE"]).values()) if uids else 0
    client.logout()
    return size
