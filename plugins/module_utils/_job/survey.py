# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Looking at mailboxes without touching them: folders, counts, sizes, for discovery and estimates."""

from __future__ import annotations

import itertools
import multiprocessing
import queue
import time

from .._errors import MigrationError, Unreachable
from .._imap.session import LOST, REFUSED
from .._model import throttle
from .._model.folder_names import decoded
from .._model.item_kinds import CALENDAR, CONTACTS, NOTES, TASKS
from .._model.server import Server
from .._source.registry import open_items_source, open_source
from .on_exchange import has_settings
from .rules import expected
from .server_info import described_by

# A mailbox of a server that asks for a rest, in seconds, is looked at again after it; one that asks for more is told as it is.
ATTEMPTS, SHORT_REST, LONGEST_REST = 3, 2.0, 120.0
# What lies in a folder of each kind, as results name it. Distribution lists are among the contacts.
OTHER_ITEMS = {CALENDAR: "events", CONTACTS: "contacts", TASKS: "tasks", NOTES: "notes"}


def survey(servers: dict[str, Server], names, workers: int) -> list[dict]:
    """One dict per server: identity, totals, `mailboxes` (details), `unreachable` (mailbox -> reason).

    The first login of each server is tried alone, so that a wrong password costs one attempt.
    """
    result, jobs, wanted = {}, {}, set(names)
    for name, server in servers.items():
        mine = [mailbox for mailbox in server.mailboxes if (name, mailbox.name) in wanted]
        if not mine:
            continue
        identity = described_by(server, next((mailbox for mailbox in mine if mailbox.of_a_user), mine[0]))
        result[name] = {"name": name, "host": server.host, "profile": server.profile, **identity, "mailboxes": [], "unreachable": []}
        jobs[name] = [(server, mailbox) for mailbox in mine]
    for name, found in _side_by_side(jobs, workers):
        result[name]["unreachable" if "reason" in found else "mailboxes"].append(found)
    for server in result.values():
        for key in ("mailboxes", "unreachable"):
            server[key].sort(key=lambda found: found["name"])
        server["totals"] = totals(server["mailboxes"])
    return list(result.values())


def _side_by_side(jobs: dict[str, list], workers: int):
    """What `_mailbox` finds, as it comes: `workers` mailboxes at once, and of each server as many as it has connections for."""
    left, answers = {name: iter(mine) for name, mine in jobs.items()}, queue.SimpleQueue()
    with multiprocessing.get_context("fork").Pool(max(1, min(workers, sum(map(len, jobs.values()))))) as pool:

        def begin(name: str) -> None:
            for job in itertools.islice(left[name], 1):
                pool.apply_async(_mailbox, (job,), callback=answers.put, error_callback=answers.put)

        for name, mine in jobs.items():
            for _connection in range(mine[0][0].connections):
                begin(name)
        for _answer in range(sum(map(len, jobs.values()))):
            answer = answers.get()
            if isinstance(answer, BaseException):
                raise answer
            begin(answer[0])
            yield answer


def totals(mailboxes: list[dict]) -> dict:
    return {
        "mailboxes": len(mailboxes),
        "folders": sum(m["folders"] for m in mailboxes),
        "messages": sum(m["messages"] for m in mailboxes),
        "bytes": sum(m["bytes"] for m in mailboxes),
        "largest_mailbox_bytes": max((m["bytes"] for m in mailboxes), default=0),
        "largest_message_bytes": max((m["largest_message_bytes"] for m in mailboxes), default=0),
        "left_out_folders": sum(len(m["left_out"]) for m in mailboxes),
        "left_out_entries": sum(one["entries"] for m in mailboxes for one in m["left_out"]),
        "unreadable_folders": sum(len(m["unreadable_folders"]) for m in mailboxes),
        "unlisted_folders": sum(len(m["unlisted_folders"]) for m in mailboxes),
        **{name: sum(m[name] for m in mailboxes) for name in OTHER_ITEMS.values()},
        "items_untold": sum(not m["items_told"] for m in mailboxes),
        "rules": sum(m["rules"] for m in mailboxes),
        "rules_left_out": sum(m["rules_left_out"] for m in mailboxes),
        "replies": sum(m["replies"] for m in mailboxes),
        "rules_untold": sum(not m["rules_told"] for m in mailboxes),
    }


def _mailbox(job) -> tuple[str, dict]:
    server, mailbox = job
    reason = ""
    for _attempt in range(ATTEMPTS):
        try:
            source = open_source(server, mailbox)
            try:
                return server.name, {**_counts(source, mailbox), **_other_items(server, mailbox, source), **_rules(server, mailbox, source)}
            finally:
                source.close()
        except (MigrationError, REFUSED, *LOST) as error:
            reason, asked = str(error), throttle.asked(error)
            seconds = (asked.seconds or SHORT_REST) if asked else LONGEST_REST
            if seconds >= LONGEST_REST:
                break
            # A server that wants to be left alone is left alone.
            time.sleep(seconds)
    return server.name, {"name": mailbox.name, "reason": reason}


def _counts(source, mailbox) -> dict:
    found = {"name": mailbox.name, "target": mailbox.target, "wave": mailbox.wave, "test": mailbox.test,
             "folders": 0, "messages": 0, "bytes": 0, "largest_message_bytes": 0, "awkward_folders": [],
             "left_out": [], "unreadable_folders": [], "unlisted_folders": []}
    seen: dict[str, str] = {}
    for folder in source.folders():
        if not folder.selectable:
            continue
        try:
            _state, sizes = source.open_whole(folder)
        except REFUSED as error:
            if isinstance(error, LOST) or throttle.asked(error):
                raise
            found["unreadable_folders"].append({"folder": folder.path, "reason": str(error)})
            continue
        if sizes is None:
            sizes = source.sizes(source.uids())
        found["folders"] += 1
        found["messages"] += len(sizes)
        found["bytes"] += sum(sizes.values())
        found["largest_message_bytes"] = max(found["largest_message_bytes"], *sizes.values(), 0)
        # Names that other servers refuse or fold are better known before the migration than during it.
        twin = seen.setdefault(folder.path.casefold(), folder.path)
        if folder.path != folder.path.strip() or twin != folder.path or any(char in folder.path for char in '.*%"\\') or not folder.path.isprintable():
            found["awkward_folders"].append(folder.path)
    _tell_aside(source, found)
    return found


def _other_items(server: Server, mailbox, source) -> dict:
    """How much there is that is not mail. A server that is read by IMAP does not tell."""
    found = {**dict.fromkeys(OTHER_ITEMS.values(), 0), "items_told": server.protocol != "imap" or bool(mailbox.pst)}
    items_source = open_items_source(source, server, mailbox)
    try:
        for folder in items_source.item_folders():
            found[OTHER_ITEMS[folder.kind]] += len(items_source.item_versions(folder.name))
    finally:
        if items_source is not source:
            items_source.close()
    return found


def _rules(server: Server, mailbox, source) -> dict:
    """How many inbox rules and automatic replies there are, and how many rules Sieve has no words for. Whoever may read mail may not always read
    those: they are then untold, and so are those of servers that don't tell."""
    untold = {"rules": 0, "rules_left_out": 0, "replies": 0, "rules_told": False}
    if not has_settings(server, mailbox):
        return untold
    try:
        return expected(server, mailbox, source.memory.folders().values())
    except Unreachable:
        raise
    except MigrationError as error:
        if throttle.asked(error):
            raise
        return {**untold, "rules_reason": str(error)}


def _tell_aside(source, found: dict) -> None:
    """What a copy of the mail would leave out or could not read, and what the server seems to hide."""
    aside = source.aside
    found["unreadable_folders"] += [{"folder": decoded(name), "reason": words} for name, words in aside.unreadable.items()]
    found["unlisted_folders"] = list(aside.unlisted)
    for one in aside.left_out:
        entries = sum(state.messages for state in source.states(list(one.names)) if state)
        found["left_out"].append({"folder": one.path, "holds": one.holds, "folders": len(one.names), "entries": entries})
