# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The automatic reply of somebody who is out of the office (exchangelib's OofSettings) by the extension vacation (RFC 5230)."""

from __future__ import annotations

import math
import re

from .._model.plain_text import plain_text
from .language import Code, Owner, joined, quoted, strings, when

NEEDS = frozenset({"vacation"})
MARKUP = re.compile(r"<(?:html|body|div|p|br|span|font)\b", re.IGNORECASE)
# Exchange replies to a sender once in the whole absence. Servers may shorten longer times (RFC 5230, 4.1).
MOST_DAYS = 30
NOT_TOLD_APART = "people outside get no reply: Sieve does not know who of them is a contact"


def reply(settings, owner: Owner) -> tuple[Code | None, list[str]]:
    """Commands, None where there is nothing to reply; and what became different, for the report."""
    inside, outside = (_text(message) for message in (settings.internal_reply, settings.external_reply))
    remarks = []
    if settings.external_audience != "All":
        remarks += [NOT_TOLD_APART] if settings.external_audience == "Known" and outside else []
        outside = ""
    if not inside and not outside:
        return None, remarks
    days = MOST_DAYS
    tests = []
    if settings.state == "Scheduled":
        tests = [when("ge", settings.start), when("lt", settings.end)]
        days = min(max(1, math.ceil((settings.end - settings.start).total_seconds() / 86400)), MOST_DAYS)
    from_inside = Code(f'address :domain :is "from" {strings(owner.colleagues)}')
    if inside == outside:
        branches = [([], inside)]
    else:
        branches = [([from_inside], inside), ([Code(f"not {from_inside.text}")], outside)]
    parts = [_branch(tests + more, text, days, owner) for more, text in branches if text]
    return Code("\n".join(part.text for part in parts), frozenset().union(*(part.needs for part in parts))), remarks


def _branch(tests: list[Code], text: str, days: int, owner: Owner) -> Code:
    test = joined("allof", tests) if tests else Code("true")
    return Code(f"if {test.text} {{\n    vacation :days {days} :addresses {strings(owner.addresses)} {quoted(text)};\n}}", test.needs | NEEDS)


def _text(message: str | None) -> str:
    """Exchange keeps replies as HTML, whoever wrote them."""
    message = message or ""
    return plain_text(message) if MARKUP.search(message) else message.strip()
