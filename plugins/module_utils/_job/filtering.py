# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Messages of a mailbox, held before the site's filter on their way to the target."""

from __future__ import annotations

import collections
import dataclasses

from .._errors import MigrationError
from .._filter.verdict import FAIL, ROUTE, SKIP, Item, Verdict
from .._imap.session import LOST, REFUSED
from .._ledger import exceptions
from .._model import reasons
from .._model.folder_names import decoded
from .._model.message import Message, content_hash, instant
from .._model.site_filter import MESSAGE

# So many failures in a row with the same words are the filter's trouble, not the messages'.
SYSTEMIC = 20
# When messages for another folder are sent, in bytes.
ENOUGH_BYTES = 1_000_000


class Filtering:
    """`pool` asks the filter (_filter/pool.py); `targets` are the target's folders."""

    def __init__(self, pool, ledger, row, targets, pulse) -> None:
        self._pool, self._ledger, self._row, self._targets, self._pulse = pool, ledger, row, targets, pulse
        self._routed: dict[str, list[Message]] = collections.defaultdict(list)
        self._weight = 0
        self._failures: list[str] = []

    def passed(self, transfer, messages: list[Message]) -> list[Message]:
        """Of `messages` those that stay in the folder of `transfer`, as the filter makes them. Stopped when `pulse` says so."""
        folder, kept, left_out, failed = transfer.folder, [], [], []
        asked = [
            Item(_content(message.body), self._row.server, self._row.name, decoded(folder.source_name), MESSAGE, _received(message))
            for message in messages
        ]
        for message, verdict in zip(messages, self._pool.run(asked, self._pulse), strict=True):
            if verdict.action == FAIL:
                failed.append((message, verdict.words))
            elif verdict.action == SKIP:
                left_out.append((message.uid, verdict.words, message.sha256))
            elif verdict.action == ROUTE:
                self._routed[verdict.words].append(_made(message, verdict))
                self._weight += len(self._routed[verdict.words][-1].body)
            else:
                kept.append(_made(message, verdict))
        if left_out:
            self._leave_out(transfer, left_out)
        for message, words in failed:
            self._failed(transfer, message, words)
        if len(failed) < len(messages):
            self._failures.clear()
        if self._weight > ENOUGH_BYTES:
            self.send_routed(transfer)
        return kept

    def send_routed(self, transfer) -> None:
        """What goes to other folders; each is written to when nothing else is on its way, since its own mail may go there as well."""
        routed = dict(self._routed)
        self.forget()
        for path, messages in routed.items():
            transfer.drain()
            try:
                place = self._targets.route(transfer.folder, path)
            except REFUSED as error:
                if isinstance(error, LOST):
                    raise
                for message in messages:
                    transfer.exception(message.uid, reasons.REFUSED, f"the filter's folder {path}: {error}", message.sha256)
                continue
            transfer.beside(place, self._targets.state(place)).send_now(messages)
            self._targets.written_to(place)

    def forget(self) -> None:
        self._routed.clear()
        self._weight = 0

    def _leave_out(self, transfer, left_out: list[tuple[int, str, bytes]]) -> None:
        folder = transfer.folder.source_name
        exceptions.leave_out(self._ledger, self._row.id, folder, left_out, reasons.LEFT_OUT, f"filter of {self._row.server}")
        transfer.counts.skipped += len(left_out)
        before = transfer.open_before & {uid for uid, _words, _sha256 in left_out}
        if before:
            exceptions.resolve(self._ledger, self._row.id, folder, before, reasons.NOT_MOVED)

    def _failed(self, transfer, message: Message, words: str) -> None:
        transfer.exception(message.uid, reasons.FILTER_FAILED, words, message.sha256)
        # As with what a target refuses: what failed in an earlier pass as well is the message's own trouble.
        if message.uid not in transfer.open_before:
            self._failures.append(words)
        last = self._failures[-SYSTEMIC:]
        if len(last) == SYSTEMIC and len(set(last)) == 1:
            transfer.give_up()
            raise MigrationError(
                f"The filter of {self._row.server} failed for {SYSTEMIC} messages in a row of {self._row.name}: {words}.",
                "What was moved stays; nothing is lost at the source.", "Correct the filter on this station, then run again.",
            )


def _made(message: Message, verdict: Verdict) -> Message:
    if verdict.content is None:
        return message
    return dataclasses.replace(message, body=verdict.content, sha256=content_hash(verdict.content), source_sha256=message.sha256)


def _content(body) -> bytes:
    return body if isinstance(body, bytes) else b"".join(body.pieces())


def _received(message: Message) -> str:
    try:
        return instant(message.internal_date).isoformat()
    except ValueError:
        # A server that writes no proper date.
        return message.internal_date
