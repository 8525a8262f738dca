# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Looking at mailboxes without touching them: folders, counts, sizes, for discovery and estimates."""

from __future__ import annotations

import multiprocessing

from .._errors import MigrationError
from .._imap.session import LOST, REFUSED
from .._model.server import Server
from .._source.registry import open_source
from .server_info import described_by


def survey(servers: dict[str, Server], names, workers: int) -> list[dict]:
    """One dict per server: identity, totals, `mailboxes` (details), `unreachable` (mailbox -> reason).

    The first login of each server is tried alone, so that a wrong password costs one attempt.
    """
    result = {}
    for name, server in servers.items():
        mine = [mailbox for mailbox in server.mailboxes if (name, mailbox.name) in set(names)]
        if not mine:
            continue
        identity = described_by(server, mine[0])
        result[name] = {"name": name, "host": server.host, "profile": server.profile, **identity, "mailboxes": [], "unreachable": []}
    jobs = [(servers[name], mailbox) for name in result for mailbox in servers[name].mailboxes if (name, mailbox.name) in set(names)]
    with multiprocessing.get_context("fork").Pool(max(1, min(workers, len(jobs)))) as pool:
        for name, found in pool.imap_unordered(_mailbox, jobs, chunksize=1):
            result[name]["unreachable" if "reason" in found else "mailboxes"].append(found)
    for server in result.values():
        for key in ("mailboxes", "unreachable"):
            server[key].sort(key=lambda found: found["name"])
        server["totals"] = totals(server["mailboxes"])
    return list(result.values())


def totals(mailboxes: list[dict]) -> dict:
    return {
        "mailboxes": len(mailboxes),
        "folders": sum(m["folders"] for m in mailboxes),
        "messages": sum(m["messages"] for m in mailboxes),
        "bytes": sum(m["bytes"] for m in mailboxes),
        "largest_mailbox_bytes": max((m["bytes"] for m in mailboxes), default=0),
        "largest_message_bytes": max((m["largest_message_bytes"] for m in mailboxes), default=0),
    }


def _mailbox(job) -> tuple[str, dict]:
    server, mailbox = job
    try:
        source = open_source(server, mailbox)
        try:
            return server.name, _counts(source, mailbox)
        finally:
            source.close()
    except (MigrationError, REFUSED, *LOST) as error:
        return server.name, {"name": mailbox.name, "reason": str(error)}


def _counts(source, mailbox) -> dict:
    found = {"name": mailbox.name, "target": mailbox.target, "wave": mailbox.wave, "test": mailbox.test,
             "folders": 0, "messages": 0, "bytes": 0, "largest_message_bytes": 0, "awkward_folders": []}
    seen: dict[str, str] = {}
    for folder in source.folders():
        if not folder.selectable:
            continue
        _state, sizes = source.open_whole(folder)
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
    return found
