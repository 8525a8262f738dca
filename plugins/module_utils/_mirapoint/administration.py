# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What can be done on an appliance: the commands of the table, sent and understood."""

from __future__ import annotations

import contextlib
import typing as t

from .._errors import MigrationError
from . import commands
from .appliance import NOTHING_TOUCHED, Appliance
from .session import Answer, Session
from .words import Secret


class Refused(Exception):
    """The server answered NO."""


class Administration:
    """Logged in. `allowed`: names of unconfirmed commands that may be sent. Errors: Refused for a NO, MigrationError."""

    def __init__(self, session: Session, allowed: frozenset[str] = frozenset()) -> None:
        self.session, self.allowed = session, allowed
        self.where = session.appliance.where

    def require(self, name: str, what_for: str) -> None:
        """Ends in an error where a command is needed that nobody confirmed and nobody switched on."""
        form = commands.form(name, self.session.release)
        if not form.confirmed and name not in self.allowed:
            raise MigrationError(
                f"{self.where}: {what_for} needs the command {' '.join(form.words)}, whose form is not public and not confirmed.", "Nothing was changed.",
                f"Try it at one example by mirapoint_command, then put {name} into unconfirmed_commands.",
            )

    def enter(self, domain: str) -> None:
        """From now on names are those of this domain."""
        self._done("domain_set_current", domain=domain)

    def status(self, name: str) -> list[str]:
        """The lines that one of the commands without arguments answers, or what follows its OK."""
        answer = self._done(name)
        return [" ".join(words) for words in answer.lines] or [answer.text]

    def users(self, pattern: str = "", page_size: int = 0, most: int | None = None) -> dict[str, str]:
        """Name -> full name; a page at a time where `page_size` is not 0, until there are more than `most`.

        Whether the server counts from 0 or from 1 is not known. So a page begins at the number of users seen, and one may come twice: the end is
        where a page has nothing new.
        """
        if not page_size:
            return dict(map(_user, self._done("user_list", pattern=pattern, start="", count="").lines))
        found: dict[str, str] = {}
        while most is None or len(found) <= most:
            start = str(len(found)) if found else ""
            answer = self._answer("user_list", pattern=pattern, start=start, count=str(page_size))
            page = dict(map(_user, answer.lines))
            fresh = page.keys() - found.keys()
            if not answer.ok or len(page) > 1 and not fresh:
                raise MigrationError(
                    f"{self.where} does not take USER LIST with start {start or 'empty'} and count {page_size} as it is meant: "
                    f"{answer.text if not answer.ok else 'it tells users again'}.",
                    "Nothing was changed.", "Set page_size to 0, by which all users are asked for at once.",
                )
            if not fresh:
                break
            found |= page
        return found

    def entries(self, name: str) -> list[str] | None:
        """Of a distribution list; None where the server refuses, which is how it says that there is none."""
        answer = self._answer("list_entries", list=name)
        return [words[0] for words in answer.lines if words] if answer.ok else None

    def add_user(self, user: str, password: str, full_name: str) -> bool:
        """False: the user was there already."""
        return self._added("user_add", user=user, password=Secret(password), full_name=full_name)

    def delete_user(self, user: str) -> None:
        self._done("user_delete", user=user)

    def add_list(self, name: str) -> bool:
        """False: the list was there already."""
        return self._added("list_add", list=name)

    def add_entry(self, name: str, entry: str) -> bool:
        """False: the entry was there already."""
        return self._added("list_entry_add", list=name, entry=entry)

    def _added(self, name: str, **arguments: str) -> bool:
        answer = self._answer(name, **arguments)
        if not answer.ok and not answer.exists:
            raise Refused(answer.text or "no reason given")
        return answer.ok

    def _done(self, name: str, **arguments: str) -> Answer:
        answer = self._answer(name, **arguments)
        if not answer.ok:
            raise Refused(answer.text or "no reason given")
        return answer

    def _answer(self, name: str, **arguments: str) -> Answer:
        self.require(name, "this")
        form = commands.form(name, self.session.release)
        return self.session.run(*form.filled(**arguments), reads=form.reads)


def _user(words: list[str]) -> tuple[str, str]:
    return (words[0] if words else ""), (words[1] if len(words) > 1 else "")


@contextlib.contextmanager
def administration(appliance: Appliance, domain: str | None = None, allowed: frozenset[str] = frozenset()) -> t.Iterator[Administration]:
    """Logged in, within a domain where one is given; logged out at the end."""
    session = Session(appliance)
    try:
        session.login()
        logged_in = Administration(session, allowed)
        if domain:
            try:
                logged_in.enter(domain)
            except Refused as error:
                raise MigrationError(f"{appliance.where} refuses the domain {domain}: {error}.", NOTHING_TOUCHED, "Correct domain.") from error
        yield logged_in
    finally:
        session.close()
