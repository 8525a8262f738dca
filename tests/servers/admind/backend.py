# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service administers: users and lists of each domain."""

from __future__ import annotations

import abc
import json
import pathlib
import threading


class Refused(Exception):
    """The text of a NO."""


class Backend(abc.ABC):
    """Of a domain, "" for the first one. Names are in the order in which they were added."""

    @abc.abstractmethod
    def users(self, domain: str) -> dict[str, str]:
        """Name -> full name."""

    @abc.abstractmethod
    def add_user(self, domain: str, name: str, password: str, full_name: str) -> None: ...

    @abc.abstractmethod
    def delete_user(self, domain: str, name: str) -> None: ...

    @abc.abstractmethod
    def entries(self, domain: str, name: str) -> list[str]: ...

    @abc.abstractmethod
    def add_list(self, domain: str, name: str) -> None: ...

    @abc.abstractmethod
    def add_entry(self, domain: str, name: str, entry: str) -> None: ...

    def settle(self) -> None:
        """A client has gone: what was put off for more of its kind is done now."""


class Files(Backend):
    """In memory, and in a file to which each change is appended; no passwords."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._path, self._lock = folder / "accounts.jsonl", threading.RLock()
        self._users: dict[str, dict[str, str]] = {}
        self._lists: dict[str, dict[str, list[str]]] = {}
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                self._apply(*json.loads(line))

    def users(self, domain: str) -> dict[str, str]:
        with self._lock:
            return dict(self._users.get(domain, {}))

    def add_user(self, domain: str, name: str, password: str, full_name: str) -> None:
        with self._lock:
            if name in self.users(domain):
                raise Refused("Already exists")
            self._keep("user", domain, name, full_name)

    def delete_user(self, domain: str, name: str) -> None:
        with self._lock:
            if name not in self.users(domain):
                raise Refused("No such user")
            self._keep("no user", domain, name, "")

    def entries(self, domain: str, name: str) -> list[str]:
        with self._lock:
            if name not in self._lists.get(domain, {}):
                raise Refused("No such list")
            return list(self._lists[domain][name])

    def add_list(self, domain: str, name: str) -> None:
        with self._lock:
            if name in self._lists.get(domain, {}):
                raise Refused("Already exists")
            self._keep("list", domain, name, "")

    def add_entry(self, domain: str, name: str, entry: str) -> None:
        with self._lock:
            if entry in self.entries(domain, name):
                raise Refused("Already exists")
            self._keep("entry", domain, name, entry)

    def lists(self) -> dict[str, dict[str, list[str]]]:
        """Domain -> list -> entries."""
        with self._lock:
            return {domain: {name: list(entries) for name, entries in lists.items()} for domain, lists in self._lists.items()}

    def _keep(self, *change: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(change) + "\n")
        self._apply(*change)

    def _apply(self, kind: str, domain: str, name: str, more: str) -> None:
        if kind == "user":
            self._users.setdefault(domain, {})[name] = more
        elif kind == "no user":
            del self._users[domain][name]
        elif kind == "list":
            self._lists.setdefault(domain, {})[name] = []
        else:
            self._lists[domain][name].append(more)
