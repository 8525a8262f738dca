# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SyncFolderItems and SyncFolderHierarchy.

A state names the clock when the client last had everything (base) and, between two pages, the clock at the first page (top) and how far the
pages have come. New items are told by when they entered the folder, so that nothing is left out when they change between two pages.
"""

from __future__ import annotations

import base64
import binascii
import sqlite3
import typing as t

from lxml import etree

from . import shapes
from .call import Call
from .reading import below
from .schema import M, T
from .shapes import Failure, shape_of
from .store import name_of

PAGE = 512
NEW, CHANGED, GONE = range(3)


class State(t.NamedTuple):
    folder: int
    epoch: int
    base: int
    top: int
    stage: int
    # How far the stage has come; 0: it has not begun.
    last: int

    def written(self) -> str:
        return base64.b64encode(":".join(map(str, self)).encode()).decode()


def read(given: str | None, folder: int, epoch: int) -> State | None:
    if not given:
        return None
    try:
        state = State(*map(int, base64.b64decode(given, validate=True).decode().split(":")))
    except (ValueError, TypeError, binascii.Error) as error:
        raise Failure("ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid.") from error
    if state[:2] != (folder, epoch):
        raise Failure("ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid.")
    return state


def sync_folder_items(call: Call) -> str:
    store, shape = call.store, shape_of(call.request, "ItemShape", call.version.schema)
    # Before Exchange 2010 SP2 the oldest came first.
    newest_first = call.version.build >= (14, 2, 0, 0)

    def work(given: t.Any) -> str:
        row = _folder(call, given)
        call.fresh(row["mailbox"])
        epoch = store.rows("SELECT clock.epoch * 1000000 + folder.epoch FROM clock, folder WHERE folder.id = ?", row["id"])[0][0]
        state = read(call.request.findtext(f"{M}SyncState"), row["id"], epoch)
        if state is None:
            state = State(row["id"], epoch, 0, store.seq(), NEW, 0)
        elif not state.top:
            state = state._replace(top=store.seq())
        most = min(int(call.request.findtext(f"{M}MaxChangesReturned") or PAGE), PAGE)
        render = shapes.Items(store, shape, call.version.schema).one
        ignored = {one.get("Id") for one in call.request.iterfind(f"{M}Ignore/*")}
        changes: list[str] = []
        while state.stage <= GONE and len(changes) < most:
            room = most - len(changes)
            found = _stage(call, state, newest_first, room)
            changes += [_told(state, one, render) for one in found if name_of("item", one["id"]) not in ignored]
            if len(found) < room:
                state = state._replace(stage=state.stage + 1, last=0)
            else:
                state = state._replace(last=found[-1]["at"])
        complete = state.stage > GONE
        if complete:
            state = state._replace(base=state.top, top=0, stage=NEW, last=0)
        return (f"<m:SyncState>{state.written()}</m:SyncState><m:IncludesLastItemInRange>{str(complete).lower()}</m:IncludesLastItemInRange>"
                f"<m:Changes>{''.join(changes)}</m:Changes>")

    return call.each([call.request.find(f"{M}SyncFolderId")[0]], work, "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>")


def _stage(call: Call, state: State, newest_first: bool, most: int) -> list[sqlite3.Row]:
    # Many can go at one moment, so tombstones are told apart by their place in the table.
    column, place, table, more = (
        ("entered", "entered", "item", ""), ("changed", "changed", "item", f"AND entered <= {state.base}"),
        ("seq", "rowid", "tombstone", f"AND entered <= {state.base}"),
    )[state.stage]
    columns = "item AS id" if table == "tombstone" else "*"
    beyond = f"AND {place} {'<' if newest_first else '>'} {state.last}" if state.last else ""
    return call.store.rows(
        f"SELECT {columns}, {place} AS at FROM {table} WHERE folder = ? AND {column} > ? AND {column} <= ? {more} {beyond} "
        f"ORDER BY {place} {'DESC' if newest_first else 'ASC'} LIMIT ?", state.folder, state.base, state.top, most)


def _told(state: State, row: sqlite3.Row, render: t.Callable[[shapes.Row], str]) -> str:
    if state.stage == GONE:
        return f'<t:Delete><t:ItemId Id="{name_of("item", row["id"])}"/></t:Delete>'
    if state.stage == NEW:
        return f"<t:Create>{render(row)}</t:Create>"
    if row["touched"] > state.base:
        return f"<t:Update>{render(row)}</t:Update>"
    return f"<t:ReadFlagChange>{shapes.item_id(row)}{shapes.FAST['IsRead'](row)}</t:ReadFlagChange>"


def _folder(call: Call, given: t.Any) -> sqlite3.Row:
    try:
        row = call.folder(given)
    except Failure as failure:
        if failure.code != "ErrorFolderNotFound":
            raise
        raise Failure("ErrorSyncFolderNotFound", str(failure)) from failure
    if call.is_public(row):
        raise Failure("ErrorInvalidOperation", "Public folders cannot be synchronized.")
    return row


def sync_folder_hierarchy(call: Call) -> str:
    store, shape = call.store, shape_of(call.request, "FolderShape", call.version.schema)
    given = call.request.find(f"{M}SyncFolderId")

    def work(_nothing: None) -> str:
        root = _folder(call, etree.Element(f"{T}DistinguishedFolderId", Id="msgfolderroot") if given is None else given[0])
        call.fresh(root["mailbox"])
        epoch = store.rows("SELECT epoch FROM clock")[0][0]
        state = read(call.request.findtext(f"{M}SyncState"), root["id"], epoch)
        base, top = state.base if state else 0, store.seq()
        changes = []
        for row in below(call, root["id"]):
            if row["changed"] > base:
                kind = "Create" if row["created"] > base else "Update"
                changes.append(f"<t:{kind}>{shapes.folder(store, row, shape)}</t:{kind}>")
        for row in store.rows("SELECT id, changed FROM folder WHERE mailbox = ? AND gone > ? AND created <= ?", root["mailbox"], base, base):
            changes.append(f"<t:Delete>{shapes.folder_id(row)}</t:Delete>")
        return (f"<m:SyncState>{State(root['id'], epoch, top, 0, NEW, 0).written()}</m:SyncState>"
                f"<m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange><m:Changes>{''.join(changes)}</m:Changes>")

    return call.each([None], work, "<m:SyncState/><m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange>")
