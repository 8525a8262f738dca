# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Text as every format takes it."""

from __future__ import annotations

import hashlib
import re

# Control characters that no format allows (RFC 5545, 3.1; RFC 2426, 4), line ends that some readers know and others don't, and halves of
# surrogate pairs, which UTF-8 can't hold.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")


class NotExpressible(ValueError):
    """An item that a format has no words for; the text says why."""


def plain(text: str) -> str:
    """With "\\n" for line ends, and without what can't be written."""
    return FORBIDDEN.sub("", LINE_END.sub("\n", text))


def one_line(text: str) -> str:
    return " ".join(plain(text).split())


def parameter(text: str) -> str:
    """For the value of a property's parameter, where a double quote can't stand (RFC 5545, 3.1; RFC 2425, 5.8.2), and where some readers take
    a backslash for the beginning of something else."""
    return one_line(text).replace('"', "'").replace("\\", "/")


def resource_name(uid: str, extension: str) -> str:
    """The name of an item's resource at the target: the same for the same UID, whatever characters that has and how long it is."""
    return f"{hashlib.sha256(uid.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}.{extension}"
