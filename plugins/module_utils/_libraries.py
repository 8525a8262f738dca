# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

# Modules must be importable where the libraries are missing (documentation, sanity tests), and a
# missing one must be named to the user with the interpreter that lacks it. So each name here is
# the library, or a stand-in that raises MissingLibrary when it is first used.

from __future__ import annotations

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
    def __init__(self, library: str, import_traceback: str) -> None:
        self._library = library
        self._traceback = import_traceback

    def __getattr__(self, name: str) -> t.NoReturn:
        raise MissingLibrary(self._library, self._traceback)


try:
    import sqlalchemy
except ImportError:
    sqlalchemy = _StandIn("SQLAlchemy >= 2.0", traceback.format_exc())

try:
    import imapclient
except ImportError:
    imapclient = _StandIn("IMAPClient >= 3.0", traceback.format_exc())


# Loaded where they are asked for: most of what runs a thousand times a night does without. Name -> what to install, what to import.
LAZY = {
    "caldav": ("caldav >= 3.6", ("caldav", "caldav.lib.error", "caldav.lib.http_sync")),
    "dns": ("dnspython >= 2.6", tuple(f"dns{part}" for part in (
        "", ".exception", ".flags", ".message", ".name", ".query", ".rcode", ".rdata", ".rdataclass", ".rdatatype", ".resolver", ".tsig",
        ".tsigkeyring", ".update",
    ))),
    "exchangelib": ("exchangelib >= 5.5", ("exchangelib", "exchangelib.services")),
    "gssapi": ("gssapi", ("gssapi",)),
    "icalendar": ("icalendar >= 6.0", ("icalendar",)),
    "jinja2": ("Jinja2 >= 3.1", ("jinja2", "jinja2.sandbox")),
    "ldap3": ("ldap3 >= 2.9", ("ldap3", "ldap3.core.exceptions")),
    "pypff": ("libpff-python", ("pypff",)),
    "vobject": ("vobject >= 0.9.8", ("vobject",)),
}


def __getattr__(name: str) -> t.Any:
    if name not in LAZY:
        raise AttributeError(name)
    requirement, parts = LAZY[name]
    try:
        for part in parts:
            importlib.import_module(part)
    except ImportError:
        return _StandIn(requirement, traceback.format_exc())
    return sys.modules[name]
