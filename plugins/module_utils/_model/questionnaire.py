# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Holding what the IT staff wrote against what discovery found. No I/O."""

from __future__ import annotations

import json

# A stated volume this far from the found one is worth a question.
VOLUME_TOLERANCE = 0.25


def differences(stated: dict, found: dict) -> list[dict]:
    """[{server, field, stated, found}] for one source server; fields that the questionnaire leaves out are no difference."""
    totals = found["totals"]
    result = []

    def note(field: str, said, is_) -> None:
        result.append({"server": found["name"], "field": field, "stated": said, "found": is_})

    mailboxes = totals["mailboxes"] + len(found["unreachable"])
    if stated.get("mailboxes") not in (None, mailboxes):
        note("mailboxes", stated["mailboxes"], mailboxes)
    for field, amount in (("data_mb", totals["bytes"]), ("largest_mailbox_mb", totals["largest_mailbox_bytes"])):
        megabytes = round(amount / 1e6)
        said = stated.get(field)
        if said is not None and abs(said - megabytes) > VOLUME_TOLERANCE * max(said, megabytes) and abs(said - megabytes) > 1:
            note(field, said, megabytes)
    version, product = str(stated.get("version") or ""), found["product"]
    text = f"{product} {found['version']}"
    if version and product and "later" not in product and version not in text:
        note("version", f"{stated.get('product', '')} {version}".strip(), text.strip())
    if found["unreachable"]:
        note("reachable mailboxes", mailboxes, totals["mailboxes"])
    return result


def material_change(recorded: str, found: dict, growth: float) -> bool:
    """Whether a new discovery says something else than the recorded document: another server, other mailboxes, or a
    volume that differs by more than the share `growth`."""
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
    return any(
        abs(found["totals"][key] - before["totals"][key]) > growth * max(before["totals"][key], 1) for key in ("messages", "bytes")
    )
