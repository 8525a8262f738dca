# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Holding what the IT staff wrote against what discovery found. No I/O."""

from __future__ import annotations

import json
import re

# A stated volume this far from the found one is worth a question.
VOLUME_TOLERANCE = 0.25
# What a server that is known as "2010 or later" can't be.
EARLIER = re.compile(r"\b(5\.5|2000|2003|2007)\b")
# Exchange 2003 gives its number in some of its greetings.
NUMBERS = {"2003": "6.5."}
# Words that tell no product from another.
ANY_PRODUCT = {"", "microsoft", "ms", "server", "imap", "mail"}
# Counts of a discovery by which it is another one: how much there is, and what the scope of work says of it. Some are also another thing
# when there are none any more, or some now: somebody was given a right, or lost it.
AMOUNTS = ("messages", "bytes", "unreadable_folders", "unlisted_folders", "items_untold", "rules_untold")
RIGHTS = AMOUNTS[2:]
# Of these there are so few that what users do on a day is a large share of them.
FEW = 100
FEW_AMOUNTS = ("left_out_folders", "events", "contacts", "tasks", "notes", "rules", "rules_left_out")


def differences(stated: dict, found: dict) -> list[dict]:
    """[{server, field, stated, found}] for one source server, `found` as the summary of its record has it; fields that the questionnaire leaves out
    are no difference."""
    result = []

    def note(field: str, said, is_) -> None:
        result.append({"server": found["name"], "field": field, "stated": said, "found": is_})

    mailboxes = found["mailboxes"] + found["unreachable"]
    if stated.get("mailboxes") not in (None, mailboxes):
        note("mailboxes", stated["mailboxes"], mailboxes)
    for field, amount in (("data_mb", found["bytes"]), ("largest_mailbox_mb", found["largest_mailbox_bytes"])):
        megabytes = round(amount / 1e6)
        said = stated.get(field)
        if said is not None and abs(said - megabytes) > VOLUME_TOLERANCE * max(said, megabytes) and abs(said - megabytes) > 1:
            note(field, said, megabytes)
    product, version = str(stated.get("product") or ""), str(stated.get("version") or "")
    # A file of Outlook tells nothing of the server that it came from.
    identified = "" if found["product"] == "PST file" else found["product"]
    if product and identified and not _words(product) & _words(identified):
        note("product", product, identified)
    if version and identified and _another(version, identified, found["version"]):
        note("version", f"{product} {version}".strip(), f"{identified} {found['version']}".strip())
    if found["unreachable"]:
        note("reachable mailboxes", mailboxes, found["mailboxes"])
    return result


def _words(product: str) -> set[str]:
    """What a product may be recognized by: stated and found, it is seldom written alike."""
    words = set(re.split(r"[^a-z]+", product.casefold()))
    return words - ANY_PRODUCT or words - {""}


def _another(stated: str, product: str, version: str) -> bool:
    if "later" in product:
        return bool(EARLIER.search(stated))
    return stated not in f"{product} {version}" and not version.startswith(NUMBERS.get(stated, "-"))


def material_change(recorded: str, found: dict, growth: float) -> bool:
    """Whether a new discovery says something else than the recorded document: another server, other mailboxes, or an amount that differs by more
    than the share `growth`, or of which there are none any more, or some now, where that is a matter of rights."""
    before = json.loads(recorded)
    for key in ("host", "product", "version", "profile", "capabilities"):
        if before.get(key) != found.get(key):
            return True
    for key in ("mailboxes", "unreachable"):
        if {m["name"] for m in before[key]} != {m["name"] for m in found[key]}:
            return True
    identity = ("name", "target", "wave", "test")
    if {tuple(m[k] for k in identity) for m in before["mailboxes"]} != {tuple(m[k] for k in identity) for m in found["mailboxes"]}:
        return True
    # Older records lack some of them.
    amounts = {key: (before["totals"].get(key, 0), found["totals"].get(key, 0)) for key in (*AMOUNTS, *FEW_AMOUNTS)}
    if any(bool(was) != bool(is_) for was, is_ in map(amounts.get, RIGHTS)):
        return True
    return any(abs(is_ - was) > growth * max(was, FEW if key in FEW_AMOUNTS else 1) for key, (was, is_) in amounts.items())
