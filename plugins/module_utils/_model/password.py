# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Passwords that people read and type: letters and digits that nobody takes for one another, by the system's source of randomness."""

from __future__ import annotations

import secrets

SMALL, CAPITAL, DIGITS = "abcdefghjkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789"
LEAST_LENGTH, MOST_LENGTH = 8, 128


def password(length: int, symbols: str = "") -> str:
    """One with something of each class, which is what servers ask for; all such passwords are equally likely.

    Raises ValueError with a text for the operator.
    """
    if not LEAST_LENGTH <= length <= MOST_LENGTH:
        raise ValueError(f"length is {length}; it must be from {LEAST_LENGTH} to {MOST_LENGTH}.")
    wrong = sorted({symbol for symbol in symbols if symbol.isalnum() or not "!" <= symbol <= "~"})
    if wrong:
        raise ValueError(f"symbols has {wrong[0]!r}; it can have printable ASCII that is no letter, digit or blank.")
    classes = [SMALL, CAPITAL, DIGITS, *([symbols] if symbols else [])]
    alphabet = "".join(dict.fromkeys("".join(classes)))
    while True:
        made = "".join(secrets.choice(alphabet) for _number in range(length))
        if all(set(made) & set(kind) for kind in classes):
            return made
