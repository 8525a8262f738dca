# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What is not mail of one mailbox, read back from the target and held against the source.

The ledger has the hash of what was sent and the etag that the target gave for it. Another etag now: its user has changed the item at the target,
and it is no fault of the migration's. The same one and the same bytes: it is as it was sent. Other bytes: the target may only have written it in
its own way, so the item is read from the source once more, and what it says is compared (_items/compare.py).
"""

from __future__ import annotations

import dataclasses
import hashlib

from .._errors import Stopped
from .._items.compare import as_sent, same, uid_of
from .._items.formats import FORMATS, HELD, name_of, written
from .._items.text import NotExpressible
from .._ledger import exceptions, objects
from .._model import reasons
from .._model.grade import ITEM_FAULTS
from .._model.item_kinds import Trouble
from .item_pass import UNDERWAY

FINDINGS = ("checked", *ITEM_FAULTS, "changed_at_target", "extra", "approved")


class ItemComparison:
    """`source` and `target` are those of an ItemPass; `unresolved`: its exceptions; `say(text)` keeps an example;
    `sampled(names)`: those of them whose content is read back; `pulse` tells when to stop; `note`: whether an item that says something else at
    the target becomes an exception, which can be approved by name."""

    def __init__(self, ledger, row, source, target, unresolved, say, sampled, pulse, note: bool) -> None:
        self.ledger, self.row, self.source, self.target, self.note = ledger, row, source, target, note
        self.say, self.sampled, self.pulse = say, sampled, pulse
        self.approved = {(e.folder, e.source_uid, e.reason) for e in unresolved if e.state == "approved"}
        self.altered_before = {(e.folder, e.source_uid) for e in unresolved if e.reason == reasons.ALTERED}
        # Kind of item -> finding -> how many.
        self.found: dict[str, dict[str, int]] = {}
        self.items = self.folders_missing = 0

    def run(self) -> None:
        """Fills `found`, and `items` with how many the source has; `folders_missing` have no place at the target."""
        listed = self.source.item_folders()
        known = objects.folders(self.ledger, self.row.id)
        for folder in listed:
            row = known.get(folder.name)
            versions = self.source.item_versions(folder.name)
            self.items += len(versions)
            if row is not None:
                self._folder(folder, row, versions)
            elif (folder.name, 0, reasons.FOLDER_REFUSED) in self.approved:
                self._count(HELD[folder.kind][0], "approved")
            else:
                self.folders_missing += 1
                self.say(f"{self._where(folder)} has no place at the target")

    def _folder(self, folder, row, versions: dict[int, str]) -> None:
        known, there = objects.moved(self.ledger, row.id), self.target.listed(row.target)
        ours = {number: one for number, one in known.items() if number in versions and one.name in there}
        names = self.sampled(sorted(one.name for one in ours.values() if not _changed_by_user(one, there)))
        others = sorted(there.keys() - {one.name for one in known.values()})
        doubtful: list[int] = []
        uids: set[bytes | None] = set()
        for low in range(0, len(versions), self.target.batch):
            part = sorted(versions)[low:low + self.target.batch]
            held = self.target.contents(row.target, sorted({ours[number].name for number in part if number in ours} & names))
            uids |= {uid_of(data) for data in held.values()}
            doubtful += [number for number in part if self._one(folder, number, versions[number], known.get(number), there, names, held)]
            self._look_at_the_clock()
        for low in range(0, len(doubtful), self.target.batch):
            self._read_again(folder, row, {number: ours[number] for number in doubtful[low:low + self.target.batch]}, versions)
            self._look_at_the_clock()
        for number, one in known.items():
            if number not in versions and one.name in there:
                # Deleted at the source since, or kept because its user had changed it.
                self._count(one.kind, "extra")
        self._others(folder, row, others, uids - {None})

    def _one(self, folder, number: int, version: str, row, there: dict, names: set[str], held: dict[str, bytes]) -> bool:
        """Whether the source has to be asked what the item should be."""
        kind = row.kind if row else HELD[folder.kind][0]
        if row is None or row.name not in there:
            if any((folder.name, number, reason) in self.approved for reason in reasons.NOT_MOVED):
                self._count(kind, "approved")
            else:
                self._fault(kind, "missing", f"{self._where(folder, number)} is not at the target")
            return False
        if _changed_by_user(row, there):
            self._count(kind, "changed_at_target")
            return False
        if row.name in names and row.name not in held:
            self._fault(kind, "missing", f"{self._where(folder, number)} is listed by the target, which does not give it back")
            return False
        if (row.name not in names or _is(row.sha256, held[row.name])) and row.version == version:
            self._as_sent(folder, number, kind)
            return False
        return True

    def _read_again(self, folder, row, rows: dict[int, object], versions: dict[int, str]) -> None:
        """Items whose bytes at the target, or whose version at the source, are others than when they were moved."""
        held = self.target.contents(row.target, sorted(one.name for one in rows.values()))
        for number, item in self.source.items(folder.name, sorted(rows)):
            one = rows[number]
            wanted = _as_it_should_be(self.target, one, number, item)
            form, data = FORMATS[self.target.formats[one.kind]], held.get(one.name, b"")
            if wanted is not None and (_filtered(one, wanted) or same(form, wanted, data)):
                self._as_sent(folder, number, one.kind)
            elif one.version != versions[number]:
                self._fault(one.kind, "altered", f"{self._where(folder, number)} was changed at the source since the last pass")
            elif (folder.name, number, reasons.ALTERED) in self.approved:
                self._count(one.kind, "approved")
            else:
                self._fault(one.kind, "altered", f"{self._where(folder, number)} says something else at the target")
                if self.note:
                    exceptions.raise_exception(self.ledger, self.row.id, folder.name, number, reasons.ALTERED, "found by verification")

    def _as_sent(self, folder, number: int, kind: str) -> None:
        self._count(kind, "checked")
        if self.note and (folder.name, number) in self.altered_before:
            exceptions.resolve(self.ledger, self.row.id, folder.name, [number], [reasons.ALTERED], ("open", "approved"))

    def _others(self, folder, row, names: list[str], uids: set[bytes]) -> None:
        """What is there beyond what the ledger knows: a second copy of ours, or somebody's own."""
        kind = HELD[folder.kind][0]
        for low in range(0, len(names), self.target.batch):
            held = self.target.contents(row.target, names[low:low + self.target.batch])
            for name in names[low:low + self.target.batch]:
                if name in held and uid_of(held[name]) in uids:
                    self._fault(kind, "doubled", f"{self._where(folder)}: {name} at the target is a second copy")
                else:
                    self._count(kind, "extra")
            self._look_at_the_clock()

    def _look_at_the_clock(self) -> None:
        # As in verify.py: the end of a step does not stop it, a closed window does.
        if self.pulse.at_once():
            raise Stopped

    def _where(self, folder, number: int | None = None) -> str:
        return f"{self.row.server}/{self.row.name} folder {folder.path}" + (f" item {number}" if number is not None else "")

    def _fault(self, kind: str, finding: str, text: str) -> None:
        self._count(kind, finding)
        self.say(f"{text} ({kind.replace('_', ' ')})")

    def _count(self, kind: str, finding: str) -> None:
        self.found.setdefault(kind, dict.fromkeys(FINDINGS, 0))[finding] += 1


def _changed_by_user(row, there: dict[str, str | None]) -> bool:
    """As ItemPass has it, for an item that is there. A target without etags does not tell."""
    return row.etag not in (None, UNDERWAY, there[row.name]) and there[row.name] is not None


def _filtered(row, wanted: bytes) -> bool:
    """Whether the site's filter made something else of what is still so at the source: what that was is known by its hash only, and that the
    target shows it in its own way is no fault."""
    return row.source_sha256 is not None and hashlib.sha256(wanted).digest() == bytes(row.source_sha256)


def _is(sha256: bytes, data: bytes) -> bool:
    return bytes(sha256) in (hashlib.sha256(data).digest(), hashlib.sha256(as_sent(data)).digest())


def _unchanged(row, wanted: bytes, there: bytes) -> bool:
    """What the site's filter made something else of can only be told by its hashes."""
    return _is(row.source_sha256 or row.sha256, wanted) and _is(row.sha256, there)


def _as_it_should_be(target, row, number: int, item) -> bytes | None:
    """What a pass would send now; None where it could not."""
    if isinstance(item, Trouble) or item.kind not in target.formats:
        return None
    form = FORMATS[target.formats[item.kind]]
    if name_of(form, item) != row.name:
        # One of several with the same UID; see ItemPass.
        item = dataclasses.replace(item, uid=f"{item.uid}-{number}")
    try:
        return written(form, item)
    except NotExpressible:
        return None
