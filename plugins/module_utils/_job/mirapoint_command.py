# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Any command of the administration protocol, for what no module of its own knows."""

from __future__ import annotations

import re

from .._errors import MigrationError
from .._mirapoint import commands
from .._mirapoint.appliance import NOTHING_TOUCHED
from .._mirapoint.session import Answer
from .._mirapoint.words import Secret
from . import mirapoint

# The session does the first two itself; the last never ends.
NOT_HERE = (("LOGIN",), ("LOGOUT",), ("EVENT", "WATCH"))
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def command(params: dict, check_mode: bool = False) -> dict:
    """The module mirapoint_command; see its RETURN."""
    words = _words(params["command"], params["secrets"] or {}, params["reads"])
    patterns = {name: [_pattern(name, text) for text in params[name]] for name in ("changed", "unchanged", "failed")}
    with mirapoint.administered(params) as administration:
        if check_mode and not params["reads"]:
            return {"changed": True, "sent": False, "ok": None, "text": "", "lines": [], "lines_total": 0}
        answer = administration.session.run(*words, reads=params["reads"])
        result = {
            "sent": True, "ok": answer.ok, "text": answer.text, "lines": answer.lines[:params["most"]], "lines_total": len(answer.lines),
        }
        said = "\n".join([*(" ".join(fields) for fields in answer.lines), answer.text])
        return {"changed": _changed(answer, said, patterns, params, administration.where, result), **result}


def _words(given: list[str], secrets: dict, reads: bool) -> list[str]:
    upper = tuple(word.upper() for word in given)
    if not given or not given[0]:
        raise MigrationError("command has no words.", NOTHING_TOUCHED, "Give it as a list, such as [LICENSE, STATUS].")
    for start in NOT_HERE:
        if upper[:len(start)] == start:
            raise MigrationError(f"command begins with {' '.join(start)}, which this module does not send.", NOTHING_TOUCHED, "Log in by the option server.")
    if reads and commands.changes(given):
        raise MigrationError(f"{' '.join(given[:2])} changes something, but reads is true.", NOTHING_TOUCHED, "Leave reads out.")
    words: list[str] = []
    for word in given:
        found = PLACEHOLDER.fullmatch(word)
        if found and found[1] not in secrets:
            raise MigrationError(f"command has {word}, and secrets has no {found[1]}.", NOTHING_TOUCHED, "Give it there, also where it is to be sent as it is.")
        words.append(Secret(secrets[found[1]]) if found else word)
    return words


def _pattern(option: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise MigrationError(f"{option} has {text!r}, which is no regular expression: {error}.", NOTHING_TOUCHED, "Correct it.") from error


def _changed(answer: Answer, said: str, patterns: dict[str, list], params: dict, where: str, result: dict) -> bool:
    def matches(name: str) -> bool:
        return any(pattern.search(said) for pattern in patterns[name])

    if matches("unchanged"):
        return False
    if not answer.ok or matches("failed"):
        raise MigrationError(
            f"{where} answers {'OK' if answer.ok else 'NO'} {answer.text}".rstrip() + f" to {' '.join(params['command'][:2])}.",
            "It was not done." if not answer.ok else "What of it was done is not known.", "Correct the command.", **result,
        )
    return not params["reads"] and (not patterns["changed"] or matches("changed"))
