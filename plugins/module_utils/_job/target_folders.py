# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The folders of a mailbox at the target: made, renamed, subscribed and removed as at the source."""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses

from .._errors import MigrationError
from .._imap import folders as imap_folders
from .._imap.session import LOST, REFUSED, refusal
from .._ledger import exceptions, folder_intents, items, routes
from .._ledger.routes import Route
from .._model import folder_map, reasons, throttle
from .._model.folder_names import decoded, encoded
from .._target.imap import ImapTarget
from . import settle
from .renames import renamed


class TargetFolders:
    """`imap` is the target's mailbox, opened when there is something to write: a mailbox without change costs the target nothing."""

    def __init__(self, ledger, mailbox_row, server, mailbox, pulse) -> None:
        self.ledger, self.mailbox_row, self.pulse, self.counts = ledger, mailbox_row, pulse, pulse.counts
        self._server, self._mailbox = server, mailbox
        self._imap: ImapTarget | None = None
        self._coming: concurrent.futures.Future | None = None
        self._listed: list = []
        # Names of folders that can hold mail, and their states as they were opened in this pass.
        self._existing: set[str] = set()
        self._states: dict[str, imap_folders.State] = {}
        # Folder number -> route number -> Route.
        self._routes: dict[int, dict[int, Route]] = collections.defaultdict(dict)
        # What an interrupted pass was about to do.
        self._unfinished: list = []

    def know(self, known: list[Route], unfinished: list) -> None:
        """What the ledger says of places to which the site's filter sent messages, and of folders that were being made or renamed."""
        self._unfinished = unfinished
        self._know_routes(known)

    def _know_routes(self, known: list[Route]) -> None:
        self._routes.clear()
        for route in known:
            self._routes[route.id][route.route] = route

    def places(self, row) -> list:
        """Where items of the folder are at the target: its own counterpart, and Routes."""
        return [row, *self._routes[row.id].values()] if row.id in self._routes else [row]

    def place(self, row, item):
        return self._routes[row.id][item.route] if item.route else row

    @property
    def _routed_to(self) -> set[str]:
        return {route.target_name for found in self._routes.values() for route in found.values()}

    def route(self, row, path: str) -> Route:
        """The place to which the filter sends messages of a folder, made if need be. REFUSED when the target does not make it."""
        name = encoded(folder_map.target_name(path.strip("/"), "/", decoded(self.imap.prefix), self.imap.separator))
        if name not in self._existing and not folder_map.is_inbox(name):
            folder_intents.intend(self.ledger, self.mailbox_row.id, {name: None})
            self._make([name])
            self.imap.subscribe([name], True)
            self.counts.folders += 1
        return self._routed(row, name)

    def same_route(self, row, route: Route) -> Route:
        """Where the filter sent messages of one folder, for another folder."""
        return self._routed(row, route.target_name)

    def _routed(self, row, name: str) -> Route:
        # Also what was there before: others may have written to it since.
        state = self._states[name] = self.imap.open(name)
        for route in self._routes[row.id].values():
            if route.target_name == name:
                return route if route.target_uidvalidity == state.uidvalidity else self._replaced(route, state)
        route = routes.add(self.ledger, row, name, state.uidvalidity)
        self._routes[row.id][route.route] = route
        return route

    def written_to(self, place) -> None:
        """What `state` knew is not so any more."""
        del self._states[place.target_name]

    def settle(self, row) -> None:
        """Put the ledger right about what of a folder is at the target."""
        for place in self.places(row):
            state = self.open(place)
            if place.target_uidvalidity != state.uidvalidity:
                # First: what is there already is not what a crash left on its way.
                place = self._replaced(place, state)
            settle.intents(self.ledger, place, self.imap, state)

    def present(self, row) -> set[tuple]:
        """Route and UID of every message in the places of a folder."""
        found = set()
        for place in self.places(row):
            self.opened(place)
            found |= {(place.route, uid) for uid in self.imap.uids()}
        return found

    def _replaced(self, place, state):
        settle.new_target_folder(self.ledger, place, self.imap, state, self.pulse)
        # What was removed with the folder before is sent again.
        exceptions.resolve(self.ledger, self.mailbox_row.id, place.source_name, reasons=[reasons.REMOVED], states=("open", "approved"))
        if place.route:
            place = self._routes[place.id][place.route] = dataclasses.replace(place, target_uidvalidity=state.uidvalidity)
        return place

    def open_ahead(self) -> None:
        """Log in while the source is logged in to: for a pass that is sure to write."""
        pool = concurrent.futures.ThreadPoolExecutor(1)
        self._coming = pool.submit(ImapTarget, self._server, self._mailbox)
        # The thread ends with its work, since this process may fork later.
        pool.shutdown(wait=False)

    @property
    def imap(self) -> ImapTarget:
        if self._imap is None:
            coming, self._coming = self._coming, None
            self._imap = coming.result() if coming else ImapTarget(self._server, self._mailbox)
            # A name that only holds other folders is no folder yet.
            self._listed = [folder for folder in self._imap.folders() if folder.selectable]
            self._existing = {folder.name for folder in self._listed}
        return self._imap

    def close(self) -> None:
        if self._imap is not None:
            self._imap.close()
        if self._coming is not None:
            # Nobody waits for it, and why it failed does not matter any more.
            self._coming.add_done_callback(lambda done: done.exception() or done.result().close())

    def messages(self) -> int:
        """How many messages the mailbox holds."""
        target = self.imap
        unknown = [folder.name for folder in self._listed if folder.state is None]
        told = target.states(unknown) if unknown else []
        return sum(state.messages for state in [*told, *(folder.state for folder in self._listed if folder.state)])

    def seen(self, row) -> bool:
        """Whether `state` asks nobody."""
        return row.target_name in self._states

    def state(self, row) -> imap_folders.State:
        """Of a folder as it was when it was opened first in this pass."""
        return self._states.get(row.target_name) or self.open(row)

    def open(self, row) -> imap_folders.State:
        """Open a folder of the ledger's; made again where somebody removed it before the cut-over: the source is still the truth."""
        self._make([row.target_name])
        self._states[row.target_name] = self.imap.open(row.target_name)
        return self._states[row.target_name]

    def opened(self, row) -> imap_folders.State:
        """Have a folder open for changes that name messages by UID. MigrationError when it is not the folder that was opened before."""
        state = self.state(row)
        now = self.imap.opened(row.target_name)
        if now is not None and now.uidvalidity != state.uidvalidity:
            raise MigrationError(
                f"The target's folder {decoded(row.target_name)} was replaced while its mailbox was worked on.",
                "Nothing was changed in the new one.", "Find out who changes the target mailbox, then run again.",
            )
        return state

    def open_each(self, rows: list) -> None:
        """Get the states of several folders in one round trip."""
        names = [row.target_name for row in rows if row.target_name not in self._states]
        if names:
            self._make(names)
            self._states |= dict(zip(names, self.imap.open_each(names), strict=True))

    def _make(self, names: list[str]) -> None:
        target = self.imap
        missing = [name for name in names if name not in self._existing and not folder_map.is_inbox(name)]
        if missing:
            refused = target.create(missing)
            for name, words in refused.items():
                # Another worker of this mailbox may have been quicker.
                if not any(folder.name == name and folder.selectable for folder in target.folders()):
                    raise refusal(f"making the folder {decoded(name)}", words)
            self._existing |= set(missing)

    def add(self, listed: list, known: dict, source, unresolved: list) -> dict:
        """Make what the ledger does not know yet, and write both names down; returns the ledger's folders."""
        new = [folder for folder in listed if folder.name not in known]
        if not new:
            return known
        named, words = self._named(new, known, source, strict=False)
        if words:
            # A target that refuses such a name may take it in plain letters.
            refused = [folder for folder in new if folder.name in words]
            again, words = self._named(refused, known, source, strict=True, taken=named.values())
            named |= again
        for folder in new:
            if folder.name in words:
                exceptions.raise_exception(self.ledger, self.mailbox_row.id, folder.name, 0, reasons.FOLDER_REFUSED, words[folder.name])
            elif any(e.folder == folder.name and e.reason == reasons.FOLDER_REFUSED for e in unresolved):
                exceptions.resolve(self.ledger, self.mailbox_row.id, folder.name, [0], [reasons.FOLDER_REFUSED])
        if not named:
            return known
        self._states |= dict(zip(named.values(), self.imap.open_each(list(named.values())), strict=True))
        return items.add_folders(self.ledger, self.mailbox_row.id, [
            {
                "source_name": folder.name, "target_name": named[folder.name], "source_uidvalidity": folder.state.uidvalidity,
                "target_uidvalidity": self._states[named[folder.name]].uidvalidity,
            }
            for folder in new if folder.name in named
        ])

    def _named(self, new: list, known: dict, source, strict: bool, taken=()) -> tuple[dict[str, str], dict[str, str]]:
        """Source name -> target name of what exists now; source name -> the target's words of what it refused."""
        wanted: dict[str, str] = {}
        for folder in new:
            used = [*(row.target_name for row in known.values()), *taken, *wanted.values()]
            wanted[folder.name] = self.name_for(folder, source, used, strict)
        missing = [name for name in wanted.values() if name not in self._existing and not folder_map.is_inbox(name)]
        refused: dict[str, str] = {}
        if missing:
            folder_intents.intend(self.ledger, self.mailbox_row.id, dict.fromkeys(missing))
            refused = self.imap.create(missing)
        if refused:
            folder_intents.forget(self.ledger, self.mailbox_row.id, refused)
        self._existing |= set(missing) - refused.keys()
        self.counts.folders += len(missing) - len(refused)
        return (
            {source_name: name for source_name, name in wanted.items() if name not in refused},
            {source_name: refused[name] for source_name, name in wanted.items() if name in refused},
        )

    def name_for(self, folder, source, used, strict: bool = False) -> str:
        """The target's spelling of a source folder's name; `used` are names of other folders."""
        target = self.imap
        return encoded(folder_map.target_name(
            folder.path, folder.separator, decoded(target.prefix), target.separator,
            taken=[decoded(name) for name in used], source_prefix=source.prefix, strict=strict,
        ))

    def follow_renames(self, known: dict, listed: list, source) -> dict:
        """Rename what was renamed at the source; returns the ledger's folders."""
        pairs = renamed(self.ledger, known, listed, source)
        if not pairs:
            return known
        there = {row.id: folder for row, folder in pairs}
        for number, folder in there.items():
            # As it is now: it may have been renamed with the one above it.
            [row] = [row for row in known.values() if row.id == number]
            if self._follow(row, folder, there, known, source):
                known = items.folders(self.ledger, self.mailbox_row.id)
        self._know_routes(routes.routes(self.ledger, [self.mailbox_row.id]))
        return known

    def _follow(self, row, folder, there: dict, known: dict, source) -> bool:
        """Rename one folder and what is below it; `there`: folder's number -> how the source lists it now. False when it has to be treated as a
        new one and a gone one, or has its name already."""
        others = [other for other in known.values() if other.id != row.id]
        used = {other.target_name for other in others}
        name = self.name_for(folder, source, used)
        before, separator = row.target_name, self.imap.separator
        below = [other for other in others if separator and other.target_name.startswith(before + separator)]
        if name == before:
            if row.source_name != folder.name:
                items.rename_folders(self.ledger, self.mailbox_row.id, [(row, folder.name, name)])
            return row.source_name != folder.name
        renames = [
            (one, _with_parent(one, row, folder, there, known), name + one.target_name[len(before):]) for one in (row, *below) if one.id in there
        ]
        if (
            before not in self._existing or name in self._existing
            # The target renames what is below it as well, whether the source did or not.
            or len(renames) <= len(below)
            or used & {new for _one, _source_name, new in renames}
            # Mail of other folders would go with it.
            or any(to == before or separator and to.startswith(before + separator) for to in self._routed_to)
        ):
            return False
        # A server may take a subscription along, or leave it with the old name.
        subscribed = [one for one in (row, *below) if self._subscribed(one)]
        if subscribed:
            items.set_subscribed(self.ledger, [one.id for one in subscribed], None)
            self.imap.subscribe([one.target_name for one in subscribed], False)
        folder_intents.intend(self.ledger, self.mailbox_row.id, {name: before})
        try:
            self.imap.rename(before, name)
        except REFUSED as error:
            if isinstance(error, LOST) or throttle.asked(error):
                raise
            # It gets a folder by a name that the target takes, as any new one, and its mail is moved there.
            folder_intents.forget(self.ledger, self.mailbox_row.id, [name])
            return False
        self._renamed(before, name)
        items.rename_folders(self.ledger, self.mailbox_row.id, renames)
        self.counts.folders += len(renames)
        for one, source_name, new in renames:
            self._states[new] = self.imap.open(new)
            if self._states[new].uidvalidity != one.target_uidvalidity:
                # A server may give a folder a new one with its new name.
                self.settle(items.folders(self.ledger, self.mailbox_row.id)[source_name])
        return True

    def undo_renames(self) -> None:
        """Give folders that an interrupted pass renamed, and did not write down, the names back under which the ledger knows them."""
        renames = [intent for intent in self._unfinished if intent.renamed_from is not None]
        if not renames:
            return
        target = self.imap
        for intent in renames:
            if intent.target_name in self._existing and intent.renamed_from not in self._existing:
                target.rename(intent.target_name, intent.renamed_from)
                self._renamed(intent.target_name, intent.renamed_from)
        folder_intents.forget(self.ledger, self.mailbox_row.id, [intent.target_name for intent in renames])

    def remove_unfinished(self, known: dict) -> None:
        """Folders that an interrupted pass made, and whose source is gone since."""
        made = [intent.target_name for intent in self._unfinished if intent.renamed_from is None]
        if not made:
            return
        target, used = self.imap, {row.target_name for row in known.values()} | self._routed_to
        subscribed = {folder.name for folder in self._listed if folder.subscribed}
        for name in sorted(set(made) - used, reverse=True):
            # Whatever came there since is not ours.
            if name in self._existing and not target.states([name])[0].messages:
                if name in subscribed:
                    target.subscribe([name], False)
                self._remove(name)
        folder_intents.forget(self.ledger, self.mailbox_row.id, made)

    def _renamed(self, before: str, name: str) -> None:
        separator = self.imap.separator
        deeper = {other for other in self._existing if separator and other.startswith(before + separator)}
        self._existing = self._existing - deeper - {before} | {name + other[len(before):] for other in deeper} | {name}

    def subscribe(self, listed: list, known: dict) -> None:
        for wanted in (True, False):
            rows = [known[folder.name] for folder in listed if folder.subscribed == wanted
                    and folder.name in known and known[folder.name].subscribed is not wanted]
            if not rows:
                continue
            differ = [row for row in rows if self._subscribed(row) != wanted]
            if differ:
                items.set_subscribed(self.ledger, [row.id for row in differ], None)
                self.imap.subscribe([row.target_name for row in differ], wanted)
            items.set_subscribed(self.ledger, [row.id for row in rows], wanted)
            self.counts.folders += len(differ)

    def _subscribed(self, row) -> bool:
        if row.subscribed is None and self.imap:
            # An interrupted pass was about to change it.
            return any(folder.name == row.target_name and folder.subscribed for folder in self._listed)
        return bool(row.subscribed)

    def take_back(self, row, moved: set[int]) -> None:
        """A folder that the source no longer has: first its items, then the folder when it is empty. `moved`: UIDs of those that are in another
        folder now."""
        self.settle(row)
        ours = [(place, [item for item in items.at(self.ledger, place) if item.target_uid is not None]) for place in self.places(row)]
        # Should this be cut short and the folder come back, then what is left at the target is looked up by content.
        items.update_folder(self.ledger, row.id, target_uidvalidity=None, source_modseq=None)
        if len(ours) > 1:
            routes.doubt(self.ledger, row.id)
        for place, found in ours:
            self.imap.opened(place.target_name)
            self.imap.delete([item.target_uid for item in found])
            self.counts.deleted += sum(item.source_uid not in moved for item in found)
        self._routes.pop(row.id, None)
        # That a folder was kept may have been approved, and is so until it is gone.
        exceptions.resolve(
            self.ledger, self.mailbox_row.id, row.source_name, reasons=reasons.EXPLAINED.keys() - {reasons.FOLDER_KEPT}, states=("open", "approved"),
        )
        # What is routed there goes on to hold mail of other folders.
        if row.target_name not in self._routed_to:
            if self.imap.states([row.target_name])[0].messages:
                self._kept(row, decoded(row.target_name))
                return
            if self._subscribed(row):
                self.imap.subscribe([row.target_name], False)
            words = self._remove(row.target_name)
            if words:
                self._kept(row, f"{decoded(row.target_name)}, empty: {words}")
                return
        exceptions.resolve(self.ledger, self.mailbox_row.id, row.source_name, reasons=[reasons.FOLDER_KEPT], states=("open", "approved"))
        items.drop_folder(self.ledger, row.id)

    def _kept(self, row, words: str) -> None:
        exceptions.raise_exception(self.ledger, self.mailbox_row.id, row.source_name, 0, reasons.FOLDER_KEPT, words)
        items.replace_items(self.ledger, row.id, [])

    def _remove(self, name: str) -> str:
        """Returns why the target keeps it: some are not to be removed."""
        # A folder that is open can't be removed on some servers.
        self.imap.open("INBOX", readonly=True)
        try:
            self.imap.remove_folder(name)
        except REFUSED as error:
            if isinstance(error, LOST) or throttle.asked(error):
                raise
            return str(error)
        self._existing.discard(name)
        self.counts.folders += 1
        return ""


def _with_parent(one, parent, folder, there: dict, known: dict) -> str:
    """The source's name of `one`, which is `parent` or below it, when `parent` has become `folder` and nothing else was renamed. By the further name
    that it may have got itself it must not be known before the target has followed: cut short between the two, it would never follow."""
    below = parent.source_name + (folder.separator or "/")
    name = folder.name + one.source_name[len(parent.source_name):] if one.source_name.startswith(below) else there[one.id].name
    return there[one.id].name if name in known else name
