# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Which entry of a directory is whose: by its own name, else by an address, else by an attribute that has the account's name."""

from __future__ import annotations

import collections
import typing as t

from .directory import key
from .proxy_addresses import typed

ADDRESSES = ("proxyAddresses", "mail")


class Finder:
    def __init__(self, entries: t.Iterable[t.Any], name_attribute: str = "") -> None:
        """`entries` have `dn`, and `all` for the values of an attribute. `name_attribute` empty: not by that."""
        self._named: dict[str, t.Any] = {}
        self._others: dict[tuple[str, str], dict[str, t.Any]] = collections.defaultdict(dict)
        for entry in entries:
            own = key(entry.dn)
            self._named[own] = entry
            for value in (value for name in ADDRESSES for value in entry.all(name)):
                kind, address = typed(value)
                if kind.upper() in ("", "SMTP"):
                    self._others["address", address.casefold()][own] = entry
            for value in entry.all(name_attribute) if name_attribute else ():
                self._others["name", value.casefold()][own] = entry

    def __contains__(self, entry: str) -> bool:
        return key(entry) in self._named

    def find(self, entry: str, primary: str, target: str) -> tuple[t.Any, str]:
        """The entry, or None and why there is none."""
        if entry and entry in self:
            return self._named[key(entry)], ""
        for wanted in (("address", primary.casefold()), ("name", target.casefold())):
            found = self._others.get(wanted, {}) if wanted[1] else {}
            if len(found) > 1:
                return None, f"several entries have the {wanted[0]} {wanted[1]}: {', '.join(sorted(found))}"
            if found:
                return next(iter(found.values())), ""
        return None, "no entry"
