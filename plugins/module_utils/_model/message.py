# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A message on its way: bytes, flags, date, and the hash by which it is recognised."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib

DATE_FORMAT = "%d-%b-%Y %H:%M:%S %z"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclasses.dataclass(slots=True)
class Message:
    """What a source gives and a target takes; never changed once it is made. `internal_date` stays in IMAP's own form, as the
    source wrote it. `body` is bytes, or, when it is large, an object with a length, a `sha256` and `pieces()`. `source_sha256` is that of
    what the source gave, where the site's filter made something else of it."""

    uid: int
    body: bytes = dataclasses.field(repr=False)
    flags: tuple[str, ...]
    internal_date: str
    sha256: bytes = dataclasses.field(repr=False)
    source_sha256: bytes | None = dataclasses.field(default=None, repr=False)

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.body)

    @classmethod
    def of(cls, uid: int, body, flags: tuple[str, ...], internal_date: str) -> Message:
        return cls(uid, body, flags, internal_date, content_hash(body) if isinstance(body, bytes) else body.sha256)


def content_hash(body: bytes) -> bytes:
    """SHA-256 of the message as the server served it, 32 bytes: the identity of a message in the ledger."""
    return hashlib.sha256(body).digest()


def instant(internal_date: str) -> datetime.datetime:
    """`15-Feb-2019 03:04:05 +0200` as a moment in UTC: servers write the same moment in other zones.

    Parsed by hand: strptime follows the locale of the host in month names.
    """
    day, month, rest = internal_date.strip().split("-", 2)
    year, clock, zone = rest.split()
    hour, minute, second = (int(part) for part in clock.split(":"))
    offset = datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (-1 if zone[0] == "-" else 1)
    local = datetime.datetime(
        int(year), MONTHS.index(month.capitalize()) + 1, int(day), hour, minute, min(second, 59), tzinfo=datetime.timezone(offset)
    )
    return local.astimezone(datetime.timezone.utc)


def same_date(one: str, other: str) -> bool:
    """Whether two INTERNALDATEs are the same moment; what is no proper date is only the same as the same words."""
    try:
        return instant(one) == instant(other)
    except ValueError:
        return one == other
