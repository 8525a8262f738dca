# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""One Sieve script from a user's inbox rules and automatic reply, and the list of what it is not.

A rule is there as a whole or not at all: half a rule might move or delete what the user wants to see.
"""

from __future__ import annotations

import dataclasses
import functools

from . import absence
from .actions import FORWARDS, commands
from .conditions import condition
from .language import Code, NotExpressible, Owner, comment

TITLE = "# Inbox rules and automatic reply as they were in Exchange."
ABSENCE = "automatic reply"


@dataclasses.dataclass(frozen=True)
class Remark:
    """`moved`: the rule is in the script, but acts a little differently."""

    rule: str
    moved: bool
    text: str


@dataclasses.dataclass(frozen=True)
class Script:
    """`text` with "\\n" for line ends, empty where there is nothing to do."""

    text: str
    remarks: tuple[Remark, ...]


def script(rules, settings, owner: Owner) -> Script:
    """`rules`: exchangelib's Rule objects (`account.rules`), `settings`: its OofSettings, or None. The same input gives the same text."""
    # The reply comes first: a rule that stops the others does not stop it.
    entries = [(ABSENCE, functools.partial(_absence, settings, owner))]
    entries += [(rule.display_name or "", functools.partial(_rule, rule, owner)) for rule in sorted(rules, key=lambda rule: rule.priority)]
    parts, needs, remarks = [], set(), []
    for name, translation in entries:
        try:
            code, texts = translation()
        except NotExpressible as error:
            remarks.append(Remark(name, False, str(error)))
            continue
        remarks += [Remark(name, code is not None, text) for text in texts]
        if code:
            parts.append(f"{comment(name)}\n{code.text}\n")
            needs |= code.needs
    require = "require [" + ", ".join(f'"{name}"' for name in sorted(needs)) + "];\n" if needs else ""
    return Script("\n".join([f"{TITLE}\n{require}", *parts]) if parts else "", tuple(remarks))


def _absence(settings, owner: Owner) -> tuple[Code | None, list[str]]:
    if settings is None:
        return None, []
    if settings.state == settings.DISABLED:
        return None, ["it is switched off, and its text was not moved"] if settings.internal_reply or settings.external_reply else []
    code, remarks = absence.reply(settings, owner)
    return code and _offered(code, owner), remarks


def _rule(rule, owner: Owner) -> tuple[Code, list[str]]:
    if not rule.is_enabled:
        raise NotExpressible("it is switched off")
    try:
        if rule.is_in_error or rule.is_not_supported:
            raise NotExpressible("Exchange itself can't run it any more, or tells only a part of it")
        test, found = condition(rule, owner), commands(rule.actions, owner)
        body = "".join(f"    {one.text}\n" for one in found)
        code = _offered(Code(f"if {test.text} {{\n{body}}}", test.needs.union(*(one.needs for one in found))), owner)
    except NotExpressible as error:
        if rule.actions and rule.actions.stop_processing_rules:
            raise NotExpressible(f"{error}; the rules after it see the mail that it kept from them") from error
        raise
    return code, [FORWARDS] if rule.actions.forward_to_recipients else []


def _offered(code: Code, owner: Owner) -> Code:
    missing = sorted(code.needs - owner.extensions)
    if missing:
        raise NotExpressible(f"the target's Sieve lacks {', '.join(missing)}")
    return code
