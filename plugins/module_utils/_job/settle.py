# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Putting the ledger right about a folder: intents that a crash left open, and folders that got a new UIDVALIDITY.

Messages are recognised by hash. That needs no header in the message and no trust in Message-ID.
"""

from __future__ import annotations

import dataclasses
import time

from .._errors import Stopped
from .._ledger import exceptions, items
from .._model import flags as flag_rules
from .._model import reasons
from .._model.change_set import match_by_content
from .._model.folder_names import decoded
from .._model.message import instant
from .underway import LeaseLost

# Messages that are read back between two looks at the clock.
PART = 500
# How long a folder has to be quiet, in seconds, and how often that is looked at.
QUIET_SECONDS, MOST_LOOKS = 1.0, 60


def intents(ledger, folder, target, state) -> int:
    """Close every open intent of `folder`, a folder's row or a Route: adopt what arrived at the target, forget what did not (it is sent
    again).

    `target` has the folder open in `state`. Returns how many messages were adopted.
    """
    open_ = items.open_intents(ledger, folder)
    if not open_:
        return 0
    state = _quiet(target, folder, state)
    owned = set(items.target_uids(ledger, folder.mailbox_id, folder.target_name, state.uidvalidity))
    if all(intent.target_uidvalidity == state.uidvalidity for intent in open_):
        since = min(intent.target_uidnext for intent in open_)
    else:
        since = 1
    fresh = {uid: stored for uid, stored in target.contents(from_uid=since).items() if uid not in owned}
    adopted = 0
    for intent in open_:
        wanted = {message.source_uid: message for message in intent.messages}
        pairs, altered = recognised(wanted, fresh, target)
        # Of what arrived since, what has the same size and date is ours, too: some servers change 8-bit headers.
        like = _pairs(*_unpaired(wanted, fresh, pairs), lambda message: (message.size, dated(message)[1]))
        pairs, altered = pairs | like, altered | like
        for uid in pairs.values():
            del fresh[uid]
        try:
            with ledger.write() as connection:
                items.settle_intent(ledger, connection, folder, intent.id, intent.messages, pairs)
        except items.TakenOver:
            # The worker that wrote it is slow, not dead, and has just closed it itself.
            continue
        for uid, at in altered.items():
            exceptions.raise_exception(
                ledger, folder.mailbox_id, folder.source_name, uid, reasons.ALTERED, f"target UID {at}", wanted[uid].sha256
            )
        adopted += len(pairs)
    return adopted


def _quiet(target, folder, state):
    """The folder's state when nothing arrives in it any more: a server goes on with what it has got from a worker that died, and what
    comes after we looked would be there twice."""
    for _number in range(MOST_LOOKS):
        time.sleep(QUIET_SECONDS)
        before, state = state, target.open(folder.target_name)
        if (before.uidvalidity, before.uidnext) == (state.uidvalidity, state.uidnext):
            break
    return state


def new_target_folder(ledger, folder, target, state, pulse) -> None:
    """The target's folder, that of a row or of a Route, is new or has another UIDVALIDITY: find the items again by content; what is not there
    is sent again, which means that the source is looked at in full. Stopped when `pulse` said so at once."""
    rows, stored = items.at(ledger, folder), {}
    uids = target.uids() if rows and state.messages else ()
    for low in range(0, len(uids), PART):
        stored |= target.contents(uids=list(uids[low:low + PART]))
        # Also keeps the lease: who else took the mailbox would do the same.
        if pulse.at_once():
            raise Stopped
    # The filter may have sent there what other folders have as well.
    for uid in items.target_uids(ledger, folder.mailbox_id, folder.target_name, state.uidvalidity):
        stored.pop(uid, None)
    pairs, _altered = recognised({row.source_uid: row for row in rows}, stored, target)
    kept = [dict(row._mapping, target_uid=pairs[row.source_uid], proved_uid=None) for row in rows if row.source_uid in pairs]
    try:
        items.replace_at(ledger, folder, kept, state.uidvalidity)
    except items.TakenOver as error:
        raise LeaseLost(
            f"Another worker took over the mailbox while its folder {decoded(folder.target_name)} was read back.", "It carries on from what was committed.",
            "Raise lease_seconds if this station is only slow.",
        ) from error


def new_source_folder(ledger, folder, source, state, present: set[tuple], pulse) -> None:
    """The source's folder has another UIDVALIDITY: all UIDs are new names for what may be the same messages. `present` says what is at the
    target: route and UID of each.

    Items whose message is no longer there keep a negative UID: they are gone at the source, and the pass then treats
    them as it treats any vanished message. Stopped when `pulse` said so at once before all was read: it would have to begin anew.
    """
    sizes = source.sizes(source.uids()) if state.messages else {}
    found, left = _read(source, sizes, pulse)
    for uid in left:
        # A batch may lack what comes when it is asked for alone.
        found |= _read(source, {uid: sizes[uid]}, pulse)[0]
    rows = items.items(ledger, folder.id)
    # What an interrupted pass deleted, or was about to delete, without writing it down is no copy of anything that is there.
    sure = [row for row in rows if row.source_uid > 0 and (row.target_uid is None or (row.route, row.target_uid) in present)]
    # The date can't be changed at the target, so the same bytes with another date are another message.
    pairs = _pairs({row.source_uid: given(row) for row in sure}, found, _copy, dated)
    # What the source lists and gives no more may be one of these: the copy at the target, the only good one by now, becomes nobody's, and stays.
    untold = [uid for uid in left if uid not in found]
    doubtful = {instant(date) for _flags, date in source.flags_and_dates(untold).values()} if untold else ()
    changed = []
    for number, row in enumerate(rows, start=1):
        uid = pairs.get(row.source_uid)
        if uid is None and doubtful and instant(row.internal_date) in doubtful:
            continue
        changed.append(dict(row._mapping, source_uid=-number if uid is None else uid))
    exceptions.rekey(ledger, folder.mailbox_id, folder.source_name, pairs)
    items.replace_items(ledger, folder.id, changed, source_uidvalidity=state.uidvalidity, source_modseq=None)


def _read(source, sizes: dict[int, int], pulse) -> tuple[dict, list[int]]:
    """Messages by UID, without their bodies, and UIDs of those that did not come."""
    found, left = {}, []
    for batch in source.messages(sizes):
        left += [*batch.empty, *batch.absent]
        found |= {message.uid: dataclasses.replace(message, body=b"") for message in batch.messages}
        if pulse.at_once():
            raise Stopped
    return found, left


def matched(wanted: dict, found: dict) -> dict[int, int]:
    """Source UID -> target UID of what was sent and what is there: copies in every way first, then by their bytes."""
    return _pairs(wanted, found, _copy, _content)


def recognised(wanted: dict, found: dict, target) -> tuple[dict[int, int], dict[int, int]]:
    """As `matched`, and of the pairs those that the target stored with other line ends: sending them again would double them. `target` has the
    folder open in which they were found."""
    pairs = matched(wanted, found)
    altered: dict[int, int] = {}
    left, rest = _unpaired(wanted, found, pairs)
    if left and rest:
        for forms in zip(*target.other_line_ends(list(rest)).values(), strict=True):
            as_sent = {uid: dataclasses.replace(stored, sha256=form) for (uid, stored), form in zip(rest.items(), forms, strict=True)}
            altered |= _pairs(*_unpaired(left, as_sent, altered), dated)
    return pairs | altered, altered


def _unpaired(wanted: dict, found: dict, pairs: dict[int, int]) -> tuple[dict, dict]:
    taken = set(pairs.values())
    return {key: one for key, one in wanted.items() if key not in pairs}, {key: one for key, one in found.items() if key not in taken}


def _pairs(wanted: dict, found: dict, *views) -> dict[int, int]:
    """Keys of `wanted` and `found` that look the same in the first of `views`, of the rest those that do in the next: equal
    messages with other flags or dates must not be taken for each other as long as the right one is there."""
    pairs: dict[int, int] = {}
    for view in views:
        left, rest = _unpaired(wanted, found, pairs)
        pairs |= match_by_content({key: view(message) for key, message in left.items()}, {key: view(message) for key, message in rest.items()})
    return pairs


def _copy(message) -> tuple:
    names = flag_rules.parted(message.flags) if isinstance(message.flags, str) else message.flags
    return *dated(message), tuple(name.lower() for name in flag_rules.normal(names))


@dataclasses.dataclass(frozen=True)
class _Given:
    sha256: bytes
    flags: str
    internal_date: str


def given(row) -> _Given:
    """An item as the source gave it: the site's filter may have made something else of it."""
    return _Given(bytes(row.source_sha256 or row.sha256), row.flags, row.internal_date)


def dated(message) -> tuple:
    """By what a message is recognised: its bytes, and its date, which can't be changed at the target."""
    try:
        return message.sha256, instant(message.internal_date)
    except ValueError:
        # A server that writes no proper date: only the same words are the same date.
        return message.sha256, message.internal_date


def _content(message) -> bytes:
    return message.sha256
