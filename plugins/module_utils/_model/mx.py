# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations

import re
import typing as t

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def host_name(text: str) -> str:
    """The one way to write a DNS name: lower case, absolute, with its trailing dot."""
    name = text.strip().lower()
    labels = name.removesuffix(".").split(".")
    if name == ".":
        return name
    if len(name.removesuffix(".")) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{text!r} isn't a DNS name (international names are written as xn--).")
    return ".".join(labels) + "."


def in_zone(name: str, zone: str) -> bool:
    return zone == "." or name == zone or name.endswith("." + zone)


class Mx(t.NamedTuple):
    """One MX record; sorts in the order in which senders try the exchanges."""

    preference: int
    exchange: str

    @classmethod
    def of(cls, preference: int, exchange: str) -> Mx:
        if not 0 <= preference <= 65535:
            raise ValueError(f"The preference of {exchange} is {preference}, but must be from 0 to 65535.")
        return cls(preference, host_name(exchange))

    @classmethod
    def from_text(cls, text: str) -> Mx:
        preference, exchange = text.split()
        return cls.of(int(preference), exchange)

    def __str__(self) -> str:
        return f"{self.preference} {self.exchange}"


def mx_set(records: t.Iterable[t.Mapping[str, t.Any]]) -> frozenset[Mx]:
    """The MX records of an option: neither order nor repetition counts in DNS."""
    return frozenset(Mx.of(record["preference"], record["exchange"]) for record in records)


def as_dicts(records: t.Iterable[Mx]) -> list[dict[str, t.Any]]:
    return [record._asdict() for record in sorted(records)]


def as_text(records: t.Iterable[Mx]) -> str:
    return ", ".join(str(record) for record in sorted(records)) or "none"


def zone_lines(name: str, ttl: int | None, records: t.Iterable[Mx]) -> str:
    """The records as a zone file has them."""
    return "".join(f"{name} {ttl} IN MX {record}\n" for record in sorted(records))
