# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Words of Sieve (RFC 5228), and what is known of the user whose script it becomes."""

from __future__ import annotations

import dataclasses
import datetime
import re
import time
import typing as t

ADDRESS = re.compile(r"[^\s@\"<>(),;:\\]+@[^\s@\"<>(),;:\\]+")


class NotExpressible(Exception):
    """Sieve, or the target's Sieve, has no words for it: the text says for what, for the report."""


@dataclasses.dataclass(frozen=True)
class Owner:
    """addresses: all SMTP addresses of the mailbox, the first one its main address.
    folders: Exchange's folder id, or the name of a well-known folder such as "deleteditems", -> the folder's name at the target in Unicode.
    extensions: what the target's Sieve offers, as ManageSieve tells it.
    domains: whose senders are colleagues; without any, those of the addresses.
    """

    addresses: tuple[str, ...]
    folders: t.Mapping[str, str]
    extensions: frozenset[str]
    domains: tuple[str, ...] = ()

    @property
    def colleagues(self) -> tuple[str, ...]:
        return self.domains or tuple(dict.fromkeys(address.rpartition("@")[2].lower() for address in self.addresses))


class Code(t.NamedTuple):
    """A test or an action, and the extensions that it needs."""

    text: str
    needs: frozenset[str] = frozenset()


def quoted(text: str) -> str:
    """A string (RFC 5228, 2.4.2), which may have several lines."""
    if "\0" in text:
        raise NotExpressible("a text with a character NUL")
    return '"' + text.replace("\r\n", "\n").replace("\r", "\n").replace("\\", "\\\\").replace('"', '\\"') + '"'


def strings(values: t.Iterable[str]) -> str:
    words = [quoted(value) for value in values]
    return words[0] if len(words) == 1 else f"[{', '.join(words)}]"


def comment(text: str) -> str:
    """One line, whatever the text is."""
    return "# " + " ".join("".join(char if char.isprintable() else " " for char in text).split())


def negation(test: Code) -> Code:
    return Code(f"not {test.text}", test.needs)


def joined(word: str, tests: list[Code]) -> Code:
    """`word` is allof or anyof."""
    if len(tests) == 1:
        return tests[0]
    return Code(f"{word} ({', '.join(test.text for test in tests)})", frozenset().union(*(test.needs for test in tests)))


def when(relation: str, moment: datetime.datetime) -> Code:
    """Whether now is, such as "ge" or "lt", the moment. In one zone the order of the texts is that of the times (RFC 5260, 4.2)."""
    at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", moment.utctimetuple())
    return Code(f'currentdate :zone "+0000" :value "{relation}" "iso8601" "{at}"', frozenset({"date", "relational"}))


def smtp(addresses) -> list[str]:
    """Of exchangelib's addresses, checked: what Exchange keeps of a colleague may be a name of its directory."""
    for one in addresses:
        if not ADDRESS.fullmatch(one.email_address or ""):
            raise NotExpressible(f"the recipient or sender {one.email_address or one.name!r}, who has no SMTP address here")
    return [one.email_address for one in addresses]
