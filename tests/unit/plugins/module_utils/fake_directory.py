# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory in memory, in the place of a WritingSession: for runs that end at any moment. Real servers are in tests/integration/directory."""

from __future__ import annotations

import copy

from ansible_collections.messaging.migration.plugins.module_utils._directory.ldap import Entry, Refused
from ansible_collections.messaging.migration.plugins.module_utils._model.directory import key

SUFFIX = "dc=example,dc=test"


class Ended(BaseException):
    """The process is killed."""


class FakeDirectory:
    """`entries`: name -> {attribute: values}. `ends_before` and `ends_after`: the number of the write at which the process is killed."""

    def __init__(self, entries=None, own_base=SUFFIX):
        self.entries = entries or {}
        self.root = Entry("", {"defaultnamingcontext": [own_base]} if own_base else {})
        self.writes, self.refuses, self.searches = 0, {}, []
        self.ends_before = self.ends_after = 0
        self.ended = False

    def __call__(self, server):
        self.server, self.ended = server, False
        return self

    def close(self):
        self.ends_before = self.ends_after = 0

    def snapshot(self):
        return {key(dn): {name: sorted(values) for name, values in sorted(entry.items())} for dn, entry in copy.deepcopy(self.entries).items()}

    def search(self, base, filter_, attributes):
        self.searches.append(filter_)
        wanted = {name.lower(): name for name in attributes}
        for dn, entry in list(self.entries.items()):
            if not key(dn).endswith(key(base)) or not self._matches(entry, filter_):
                continue
            yield Entry(dn, {lower: list(entry[name]) for lower, name in wanted.items() if name in entry})

    def _matches(self, entry, filter_):
        if filter_ == "(objectClass=contact)":
            return "contact" in entry["objectClass"]
        names = [name for name in ("mail", "proxyAddresses", "altRecipient", "uid") if f"({name}=*)" in filter_]
        return any(name in entry for name in names)

    def add(self, dn, values):
        self._write(dn, lambda: self.entries.setdefault(dn, {name: list(some) for name, some in values.items()}))

    def modify(self, dn, before, after):
        entry = self.entries[dn]
        assert all(sorted(entry.get(name, [])) == sorted(before.get(name, [])) for name in after), "it was read, and is other now"

        def change():
            for name, values in after.items():
                entry.pop(name, None)
                if values:
                    entry[name] = list(values)

        self._write(dn, change)

    def delete(self, dn):
        def change():
            del self.entries[dn]
            # As Active Directory does it with what names the entry.
            for entry in self.entries.values():
                for name in [name for name, values in entry.items() if values == [dn]]:
                    del entry[name]

        self._write(dn, change)

    def _write(self, dn, change):
        self.writes += 1
        if self.writes == self.ends_before:
            self._end()
        if dn in self.refuses:
            raise Refused(self.refuses[dn])
        change()
        if self.writes == self.ends_after:
            self._end()

    def _end(self):
        self.ended = True
        raise Ended
