# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What a pass would do, without doing any of it: check mode. Reads the source and the ledger, writes to neither side."""

from __future__ import annotations

import multiprocessing

from .._errors import MigrationError
from .._imap.session import LOST, REFUSED
from .._ledger import exceptions, items, mailboxes, objects
from .._ledger.catalogue import looked_at
from .._ledger.store import NoLedger, open_ledger
from .._model import change_set, reasons, throttle
from .._model.flags import parted
from .._source.registry import open_items_source, open_source
from .plan import Plan


def preview(plan: Plan) -> dict:
    known = _known(plan)
    todo = [(plan, name, known.get(name)) for name in plan.names]
    if plan.kind == "copy":
        todo = [(p, name, state) for p, name, state in todo if not (state and state["copied"])]
    # fork: module code lives in an archive that a fresh interpreter would not find.
    with multiprocessing.get_context("fork").Pool(min(plan.workers, max(1, len(todo)))) as pool:
        changes = pool.map(_mailbox, todo, chunksize=1)
    counts = {key: sum(change[key] for change in changes) for key in ("messages", "flags", "deleted", "folders", "other_items")}
    return {
        # What was moved between folders can only be told once it is read.
        "moved": 0,
        # No filter is asked.
        "skipped_by_filter": 0,
        "changed": any(counts.values()) or bool(todo) and plan.kind == "copy",
        "finished": True,
        "round": plan.round,
        "mailboxes": {"done": len(plan.names) - len(todo), "total": len(plan.names), "failed": 0},
        "bytes": sum(change["bytes"] for change in changes),
        "folders_left_out": sum(change["folders_left_out"] for change in changes),
        "exceptions_open": 0,
        "failures": [],
        "progress": [],
        "report_path": None,
        **counts,
    }


def _known(plan: Plan) -> dict:
    """(server, mailbox) -> {"copied": bool, "folders": {name: {UID: flags}}, "items": {name: {number: version}}, "approved":
    {(folder, number)} of what stays} as the ledger has it; empty without a ledger."""
    try:
        ledger = open_ledger(plan.ledger, plan.migration, create=False)
    except NoLedger:
        return {}
    known = {}
    for row in mailboxes.listed(ledger, plan.names):
        folders = {
            name: {item.source_uid: parted(item.flags) for item in items.items(ledger, folder.id)}
            for name, folder in items.folders(ledger, row.id).items()
        }
        moved = {
            name: {number: one.version for number, one in objects.moved(ledger, folder.id).items()}
            for name, folder in objects.folders(ledger, row.id).items()
        }
        approved = {(e.folder, e.source_uid) for e in exceptions.unresolved(ledger, row.id) if e.state == "approved" and e.reason in reasons.NOT_MOVED}
        known[(row.server, row.name)] = {
            "id": row.id, "copied": row.copied_at is not None, "folders": folders, "items": moved, "approved": approved,
        }
    ledger.close()
    return known


def _mailbox(job) -> dict:
    plan, (server, name), _state = job
    try:
        return _changes(*job)
    except (*LOST, REFUSED) as error:
        raise MigrationError(
            f"{plan.servers[server].name}/{name} can't be looked at: {error}", "Nothing was touched.", "Correct the cause and run again.",
        ) from error


def _changes(plan: Plan, names: tuple[str, str], state: dict | None) -> dict:
    server, name = names
    folders = state["folders"] if state else {}
    counts = {"messages": 0, "bytes": 0, "flags": 0, "deleted": 0, "folders": 0, "folders_left_out": 0, "other_items": 0}
    ledger = _catalogued(plan, state["id"]) if state and plan.servers[server].protocol != "imap" else None
    source = open_source(plan.servers[server], plan.mailbox(server, name), ledger, state and state["id"])
    listed = [folder for folder in source.folders() if folder.selectable]
    aside = source.aside.names
    counts["folders_left_out"] = len(source.aside.left_out)
    for folder in listed:
        try:
            opened, _since = source.open(folder.name)
        except REFUSED as error:
            if isinstance(error, LOST) or throttle.asked(error):
                raise
            # A pass makes an exception of it, and goes on.
            continue
        flags = source.flags(source.uids()) if opened.messages else {}
        changes = change_set.between(folders.get(folder.name, {}), flags)
        changes.new = [uid for uid in changes.new if not state or (folder.name, uid) not in state["approved"]]
        counts["folders"] += folder.name not in folders
        counts["messages"] += len(changes.new)
        counts["bytes"] += sum(source.sizes(changes.new).values()) if changes.new else 0
        counts["flags"] += len(changes.flags)
        if plan.settings["deletions"] == "mirror":
            counts["deleted"] += len(changes.vanished)
    if plan.target.dav or plan.target.files:
        counts["other_items"] = _other_items(plan, source, server, name, state)
    source.close()
    if ledger:
        ledger.close()
    if plan.settings["deletions"] == "mirror":
        gone = folders.keys() - {folder.name for folder in listed} - aside
        counts["folders"] += len(gone)
        counts["deleted"] += sum(len(folders[name]) for name in gone)
    return counts


def _catalogued(plan: Plan, mailbox_id: int):
    """The numbers of a source without UIDs are the ledger's, which stays as it is."""
    ledger = open_ledger(plan.ledger, plan.migration, create=False)
    try:
        return looked_at(ledger, mailbox_id)
    finally:
        ledger.close()


def _other_items(plan: Plan, mail_source, server: str, name: str, state: dict | None) -> int:
    """Events, contacts, tasks and notes that are new, have another version, or are gone. One of which nothing that moves was changed counts too:
    that can only be told once it is read."""
    known, approved = (state["items"], state["approved"]) if state else ({}, set())
    source = open_items_source(mail_source, plan.servers[server], plan.mailbox(server, name))
    try:
        there = {folder.name: source.item_versions(folder.name) for folder in source.item_folders()}
    finally:
        if source is not mail_source:
            source.close()
    count = sum(
        known.get(folder, {}).get(number) != version and (folder, number) not in approved
        for folder, versions in there.items() for number, version in versions.items()
    )
    if plan.settings["deletions"] == "mirror":
        count += sum(number not in there.get(folder, {}) for folder, moved in known.items() for number in moved)
    return count
