# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""One pass over what is not mail of one mailbox: calendars, contacts, tasks and notes.

A source tells the version of each item, and the ledger knows which version was moved. What is new or has another version is written in the format
that the target takes, under a name that derives from its UID: so what a crash leaves without a row in the ledger is put there again, over itself.
Deletions come last, when everything has its new place. What users changed or removed at the target stays as they left it.
"""

from __future__ import annotations

import dataclasses
import hashlib

from .._errors import MigrationError, Stopped
from .._filter.verdict import FAIL, ROUTE, SKIP, Item
from .._items.formats import FORMATS, HELD, left_out, name_of, written
from .._items.text import NotExpressible
from .._ledger import exceptions, objects
from .._model import reasons
from .._model.emptied import EMPTIED_MESSAGES, EMPTIED_SHARE
from .._model.item_kinds import Trouble
from .._target.items import ItemRefused
from .transfer import SYSTEMIC

DONE = ("moved", "changed", "deleted", "exceptions")
# The etag, in the ledger, of what is about to change at the target: after a crash nobody can tell whether it has.
UNDERWAY = ""


@dataclasses.dataclass
class _Folder:
    """`versions` by number at the source now, `known` rows by number, `names` at the target -> number, `there`: what the target has of it, or
    None while nobody had to ask."""

    listed: object
    row: object
    versions: dict[int, str]
    known: dict
    names: dict[str, int]
    there: dict | None = None

    def vanished(self) -> list[int]:
        return [number for number in self.known if number not in self.versions]


class _NotPassed(Exception):
    """The site's filter leaves an item out, or fails."""

    def __init__(self, words: str, is_left_out: bool) -> None:
        super().__init__(words)
        self.left_out = is_left_out


class ItemPass:
    """`row` is the mailbox's row in the ledger; `source` tells item_folders(), item_versions(name) and items(name, numbers), and in `lost` what
    it could not read of the item that it gave last; `target` is as in _target/items.py; `settings` are those of mailbox_sync: deletions,
    on_emptied. `pulse` keeps the lease and tells when to stop (True). `filter_of(kind)`: the pool of the site's filter (_filter/pool.py), or
    None."""

    def __init__(self, ledger, row, source, target, settings: dict, pulse, filter_of=lambda kind: None) -> None:
        self.ledger, self.row, self.source, self.target, self.settings, self.pulse = ledger, row, source, target, settings, pulse
        self.filter_of = filter_of
        self.mirror = settings["deletions"] == "mirror"
        # Kind of item -> what was done -> how many.
        self.counts: dict[str, dict[str, int]] = {}
        # Left out by the site's filter.
        self.skipped = 0
        # (place, name) at the target of what the source has.
        self._kept: set[tuple[str, str]] = set()
        self._refusals: list[str] = []
        self._failures: list[str] = []

    def run(self) -> dict[str, dict[str, int]]:
        """Returns the counts: moved, changed, deleted and exceptions of each kind of item that was met. Raises Stopped, with all that was
        moved written down."""
        # First, since what was renamed at the source has its new name in the ledger then.
        listed = self.source.item_folders()
        self.unresolved = exceptions.unresolved(self.ledger, self.row.id)
        known = objects.folders(self.ledger, self.row.id)
        folders = [one for folder in listed if (one := self._open(folder, known.get(folder.name)))]
        for one in folders:
            self._bring(one)
        if self.mirror:
            names = {folder.name for folder in listed}
            gone = [self._gone(row) for name, row in known.items() if name not in names]
            # What one folder lacks may be another one's by now, in the same place.
            self._kept = {(one.row.target, name) for one in folders for name, number in one.names.items() if number in one.versions}
            self._refuse_emptied(folders, gone)
            for one in folders + gone:
                self._delete_vanished(one)
            for one in gone:
                objects.drop_folder(self.ledger, one.row.id)
                exceptions.resolve(self.ledger, self.row.id, one.row.name, states=("open", "approved"))
        return self.counts

    def _open(self, folder, row) -> _Folder | None:
        try:
            place, new = self.target.make_folder(folder, row.target if row else None)
        except ItemRefused as error:
            self._exception(folder.name, 0, HELD[folder.kind][0], reasons.FOLDER_REFUSED, str(error))
            return None
        self._resolve(folder.name, [0], [reasons.FOLDER_REFUSED])
        if row and new:
            # The target lost it, or it begins anew elsewhere: so does everything in it.
            objects.forget(self.ledger, row.id)
        if row is None or (row.path, row.target) != (folder.path, place):
            row = objects.put_folder(self.ledger, self.row.id, folder, place)
        known = objects.moved(self.ledger, row.id)
        return _Folder(folder, row, self.source.item_versions(folder.name), known, {one.name: number for number, one in known.items()})

    def _gone(self, row) -> _Folder:
        """A folder that the source has no more."""
        known = objects.moved(self.ledger, row.id)
        return _Folder(row, row, {}, known, {})

    def _bring(self, one: _Folder) -> None:
        """What is new or changed in a folder."""
        about = [e for e in self.unresolved if e.folder == one.listed.name and e.reason in reasons.NOT_MOVED]
        self._resolve(one.listed.name, [e.source_uid for e in about if e.source_uid not in one.versions], reasons.NOT_MOVED)
        # Of what was moved before, each version is held before the filter.
        approved = {e.source_uid for e in about if e.state == "approved" and not (e.reason == reasons.LEFT_OUT and e.source_uid in one.known)}
        new = [
            number for number, version in sorted(one.versions.items())
            if number not in approved and (number not in one.known or one.known[number].version != version)
        ]
        for low in range(0, len(new), self.target.batch):
            self._move(one, new[low:low + self.target.batch])

    def _move(self, one: _Folder, numbers: list[int]) -> None:
        rows, replaced = [], []
        try:
            for number, item in self.source.items(one.listed.name, numbers):
                if self.pulse():
                    raise Stopped
                row, before = self._one(one, number, item, [trouble.detail for trouble in self.source.lost])
                if row:
                    rows.append(row)
                    replaced += [before] if before not in (None, number) else []
        finally:
            # What was put there before a connection broke, or time was over, is known all the same.
            objects.write(self.ledger, one.row.id, rows, replaced)
        self._resolve(one.listed.name, [row["source_uid"] for row in rows], (reasons.ALTERED, *reasons.NOT_MOVED))

    def _one(self, one: _Folder, number: int, item, unread: list[str]) -> tuple[dict | None, int | None]:
        """Have an item at the target: its row, or None with an exception raised, and the number whose row it replaces."""
        folder = one.listed
        if isinstance(item, Trouble):
            self._exception(folder.name, number, HELD[folder.kind][0], item.reason, item.detail)
            return None, None
        try:
            if item.kind not in HELD[folder.kind] or item.kind not in self.target.formats:
                raise NotExpressible(f"a {item.kind.replace('_', ' ')} has no place in a folder of {folder.kind} at the target")
            form = FORMATS[self.target.formats[item.kind]]
            item, owner = self._named(one, number, item, form)
            name, given = name_of(form, item), written(form, item)
            before = one.known.get(number if number in one.known else owner)
            row, done = self._put(one, number, item.kind, name, given, before)
        except NotExpressible as error:
            self._exception(folder.name, number, item.kind, reasons.NOT_CONVERTED, str(error))
            return None, None
        except ItemRefused as error:
            self._refused(folder, number, item.kind, str(error))
            return None, None
        except _NotPassed as error:
            self._not_passed(folder, number, item.kind, given, error)
            if before is None or not error.left_out:
                return None, None
            # An earlier version was moved, and stays.
            row, done = self._as_before(one, number, item.kind, before), None
        self._refusals.clear()
        self._failures.clear()
        lost = unread + left_out(form, item)
        if lost:
            self._exception(folder.name, number, item.kind, reasons.PART_DROPPED, ", ".join(lost))
        else:
            self._resolve(folder.name, [number], [reasons.PART_DROPPED])
        if done:
            self._count(item.kind, done)
            # Another version of it had been left out.
            self._resolve(folder.name, [number], [reasons.LEFT_OUT], ("approved",))
        if owner not in (None, number):
            del one.known[owner]
        one.names[name] = number
        return row, owner

    def _named(self, one: _Folder, number: int, item, form) -> tuple:
        """The item, and the number under which the ledger has its name. A copy that shares its UID with an item of the same folder gets one of
        its own, since a collection holds no UID twice (RFC 4791, 5.3.2.1). An item that only got another number at the source goes on to be the
        same."""
        own = dataclasses.replace(item, uid=f"{item.uid}-{number}")
        if number in one.known and one.known[number].name == name_of(form, own):
            return own, number
        owner = one.names.get(name_of(form, item))
        return (own, one.names.get(name_of(form, own))) if owner not in (None, number) and owner in one.versions else (item, owner)

    def _put(self, one: _Folder, number: int, kind: str, name: str, given: bytes, before) -> tuple[dict, str | None]:
        """The row of an item, and whether it was moved or changed; `before` is the row of what the ledger has of it."""
        source = hashlib.sha256(given).digest()
        row = {"source_uid": number, "version": one.versions[number], "kind": kind, "name": name}
        if before is not None:
            as_before = self._as_before(one, number, kind, before)
            if bytes(before.source_sha256 or before.sha256) == source and before.name == name:
                return as_before, None
        data = self._filtered(one, kind, given)
        row |= {"sha256": source} if data is given else {"sha256": hashlib.sha256(data).digest(), "source_sha256": source}
        if before is None:
            return {**row, "etag": self.target.put(one.row.target, name, kind, data)}, "moved"
        if before.etag != UNDERWAY and not self._untouched(one, before):
            if before.name in one.there:
                self._exception(one.listed.name, number, kind, reasons.CHANGED_AT_TARGET, f"version {one.versions[number]}")
            return as_before, None
        objects.write(self.ledger, one.row.id, [{**as_before, "source_uid": before.source_uid, "version": before.version, "etag": UNDERWAY}])
        row["etag"] = self.target.put(one.row.target, name, kind, data)
        if before.name != name:
            self.target.delete(one.row.target, before.name, before.etag or None)
        return row, "changed"

    @staticmethod
    def _as_before(one: _Folder, number: int, kind: str, before) -> dict:
        kept = {name: getattr(before, name) for name in ("name", "sha256", "etag", "source_sha256")}
        return {"source_uid": number, "version": one.versions[number], "kind": kind, **kept}

    def _filtered(self, one: _Folder, kind: str, given: bytes) -> bytes:
        pool = self.filter_of(kind)
        if pool is None:
            return given
        [verdict] = pool.run([Item(given, self.row.server, self.row.name, one.listed.path, kind)], self.pulse)
        if verdict.action in (SKIP, FAIL):
            raise _NotPassed(verdict.words, verdict.action == SKIP)
        if verdict.action == ROUTE:
            raise _NotPassed("it routed the item, which only messages can be", False)
        return given if verdict.content is None else verdict.content

    def _not_passed(self, folder, number: int, kind: str, given: bytes, verdict: _NotPassed) -> None:
        words = str(verdict)
        if verdict.left_out:
            these = [(number, words, hashlib.sha256(given).digest())]
            exceptions.leave_out(self.ledger, self.row.id, folder.name, these, reasons.LEFT_OUT, f"filter of {self.row.server}")
            self._resolve(folder.name, [number], reasons.NOT_MOVED)
            self.skipped += 1
            return
        if self._again_and_again(self._failures, folder, number, words, reasons.FILTER_FAILED):
            raise MigrationError(
                f"The filter of {self.row.server} failed for {SYSTEMIC} items in a row of {folder.path}: {words}.",
                "What was moved stays; nothing is lost at the source.", "Correct the filter on this station, then run again.",
            )
        self._exception(folder.name, number, kind, reasons.FILTER_FAILED, words)

    def _again_and_again(self, told: list[str], folder, number: int, words: str, reason: str) -> bool:
        """Whether the same was said of so many items in a row that it is not about them."""
        # What an earlier pass could not move either is the item's own trouble.
        if not any(e.folder == folder.name and e.source_uid == number and e.reason == reason for e in self.unresolved):
            told.append(words)
        return len(told) >= SYSTEMIC and len(set(told[-SYSTEMIC:])) == 1

    def _untouched(self, one: _Folder, row) -> bool:
        """Whether the target still has what we put there, as far as it tells."""
        if one.there is None:
            one.there = self.target.listed(one.row.target)
        if row.name not in one.there:
            return False
        return row.etag in (None, UNDERWAY, one.there[row.name]) or one.there[row.name] is None

    def _refuse_emptied(self, folders: list[_Folder], gone: list[_Folder]) -> None:
        """Before the first deletion: as for mail, a source that suddenly shows little is more likely broken than tidied up."""
        lost = sum(not self._is_kept(one, one.known[number]) for one in folders + gone for number in one.vanished())
        before = sum(len(one.known) for one in folders + gone)
        if self.settings.get("on_emptied", "refuse") == "refuse" and lost > EMPTIED_MESSAGES and lost > before * EMPTIED_SHARE:
            raise MigrationError(
                f"The source mailbox {self.row.server}/{self.row.name} lacks {lost} of the {before} calendar items, contacts, tasks and notes that were "
                "moved before.", "What is new was moved; nothing was deleted at the target.",
                "Find out what happened at the source. If its user really removed them, run again with on_emptied: mirror.",
            )

    def _delete_vanished(self, one: _Folder) -> None:
        numbers = one.vanished()
        for low in range(0, len(numbers), self.target.batch):
            if self.pulse():
                raise Stopped
            part = numbers[low:low + self.target.batch]
            for row in map(one.known.get, part):
                if not self._is_kept(one, row) and self._untouched(one, row):
                    self._delete(one, row)
            objects.write(self.ledger, one.row.id, [], part)
            self._resolve(one.listed.name, part, (reasons.PART_DROPPED, reasons.CHANGED_AT_TARGET, reasons.ALTERED, *reasons.NOT_MOVED))

    def _is_kept(self, one: _Folder, row) -> bool:
        return (one.row.target, row.name) in self._kept

    def _delete(self, one: _Folder, row) -> None:
        try:
            self.target.delete(one.row.target, row.name, row.etag or None)
        except ItemRefused as error:
            raise MigrationError(
                f"The target refuses to delete an item of {one.row.path}, which is deleted at the source: {error}.", "What was moved stays.",
                "Give the account the right to delete, or run with deletions: keep.",
            ) from error
        self._count(row.kind, "deleted")

    def _refused(self, folder, number: int, kind: str, words: str) -> None:
        if self._again_and_again(self._refusals, folder, number, words, reasons.REFUSED):
            raise MigrationError(
                f"The target refused {SYSTEMIC} items in a row for {folder.path}: {words}.", "What was moved stays; nothing is lost at the source.",
                "Look at the target's log; when it is well again, run again.",
            )
        self._exception(folder.name, number, kind, reasons.REFUSED, words)

    def _exception(self, folder: str, number: int, kind: str, reason: str, detail: str) -> None:
        exceptions.raise_exception(self.ledger, self.row.id, folder, number, reason, detail)
        self._count(kind, "exceptions")

    def _resolve(self, folder: str, numbers: list[int], about, states=("open",)) -> None:
        """Close open exceptions of these that are no longer so; a write only where there are some."""
        said = {e.source_uid for e in self.unresolved if e.folder == folder and e.reason in about} & set(numbers)
        if said:
            exceptions.resolve(self.ledger, self.row.id, folder, said, about, states)

    def _count(self, kind: str, done: str) -> None:
        self.counts.setdefault(kind, dict.fromkeys(DONE, 0))[done] += 1
