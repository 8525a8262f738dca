# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

# Modules must be importable where the libraries are missing (documentation, sanity tests), and a
# missing one must be named to the user with the interpreter that lacks it. So each name here is
# the library, or a stand-in that loads it, or raises MissingLibrary, when it is first used.

from __future__ import annotations

import gc
import importlib
import sys
import traceback
import typing as t

__all__ = ("MissingLibrary", "imapclient", "sqlalchemy")


class MissingLibrary(Exception):
    """A library that a job needs isn't installed for the interpreter that runs the module."""

    def __init__(self, library: str, import_traceback: str) -> None:
        super().__init__(f"the Python library {library} is missing")
        self.library = library
        self.traceback = import_traceback


class _StandIn:
    """For the module `name`, with the `parts` that are used of it; `requirement` is what to install."""

    def __init__(self, requirement: str, name: str, parts: tuple[str, ...] = ()) -> None:
        self._requirement, self._name, self._to_load = requirement, name, (name, *parts)

    def __getattr__(self, attribute: str) -> t.Any:
        if self._to_load:
            self._load()
        return getattr(sys.modules[self._name], attribute)

    def _load(self) -> None:
        try:
            for part in self._to_load:
                importlib.import_module(part)
        except ImportError as error:
            raise MissingLibrary(self._requirement, traceback.format_exc()) from error
        self._to_load = ()


# What is loaded is no garbage, and looking for some in between takes a fifth of the time.
gc.disable()
try:
    import sqlalchemy
except ImportError:
    sqlalchemy = _StandIn("SQLAlchemy >= 2.0", "sqlalchemy")

try:
    import imapclient
except ImportError:
    imapclient = _StandIn("IMAPClient >= 3.0", "imapclient")
gc.freeze()
gc.enable()

# Most of what runs a thousand times a night does without these. Name -> what to install, and parts of it that are used.
LAZY: dict[str, tuple[str, tuple[str, ...]]] = {
    "caldav": ("caldav >= 3.6", ("caldav.lib.error", "caldav.lib.http_sync")),
    "dns": ("dnspython >= 2.6", tuple(f"dns.{part}" for part in (
        "exception", "flags", "message", "name", "query", "rcode", "rdata", "rdataclass", "rdatatype", "resolver", "tsig", "tsigkeyring", "update",
    ))),
    "exchangelib": ("exchangelib >= 5.5", ("exchangelib.services",)),
    "gssapi": ("gssapi", ()),
    "icalendar": ("icalendar >= 6.0", ()),
    "jinja2": ("Jinja2 >= 3.1", ("jinja2.sandbox",)),
    "ldap3": ("ldap3 >= 2.9", ("ldap3.core.exceptions",)),
    "pypff": ("libpff-python", ()),
    "vobject": ("vobject >= 0.9.8", ()),
}


def __getattr__(name: str) -> t.Any:
    if name not in LAZY:
        raise AttributeError(name)
    requirement, parts = LAZY[name]
    return _StandIn(requirement, name, parts)
