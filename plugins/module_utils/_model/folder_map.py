# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Names of folders: from the source's spelling to one that the target takes.

Names are split at the source's separator, made legal part by part and joined with the target's. The ledger keeps both
spellings, so the map is reversible however a name had to change.
"""

from __future__ import annotations

INBOX = "INBOX"
# Wildcards of LIST (RFC 9051, 6.3.9), and characters that common stores refuse in a mailbox name.
ILLEGAL = set('%*"\\')
SUBSTITUTE = "_"


def split(name: str, separator: str | None) -> list[str]:
    """Parts of a folder's path; a server without hierarchy gives one."""
    return name.split(separator) if separator else [name]


def is_inbox(name: str) -> bool:
    return name.upper() == INBOX


def legal_part(part: str, separator: str | None, strict: bool = False) -> str:
    """One part of a path as the target can store it. `strict` keeps letters, digits and a few marks only, for a target
    that refused the first form."""

    def keep(char: str) -> bool:
        if char == separator or char in ILLEGAL or ord(char) < 32 or ord(char) == 127:
            return False
        return not strict or char.isalnum() or char in " -_"

    cleaned = "".join(char if keep(char) else SUBSTITUTE for char in part)
    # Leading and trailing blanks are lost by some servers and refused by others.
    stripped = cleaned.strip(" ")
    return stripped or SUBSTITUTE


def target_name(
    source: str, source_separator: str | None, prefix: str, separator: str | None, taken=(), source_prefix: str = "", strict: bool = False
) -> str:
    """The target's name for the source folder `source`.

    `prefix` is the target's personal namespace (`INBOX.` or nothing), `taken` the target names in use for other
    folders of this mailbox (compared without case: some servers fold it). INBOX stays INBOX.
    """
    if is_inbox(source):
        return INBOX
    own = source[len(source_prefix):] if source_prefix and source.startswith(source_prefix) else source
    parts = split(own, source_separator)
    # Below INBOX the target's prefix already says INBOX.
    if len(parts) > 1 and is_inbox(parts[0]):
        parts = parts[1:]
    joiner = separator or "-"
    base = prefix + joiner.join(legal_part(part, separator, strict) for part in parts)
    used = {name.casefold() for name in taken} | {INBOX.casefold()}
    name, number = base, 1
    while name.casefold() in used:
        number += 1
        name = f"{base} ({number})"
    return name
