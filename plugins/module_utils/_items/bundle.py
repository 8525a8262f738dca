# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Many items in one file."""

from __future__ import annotations

import re

from .formats import Format

# A component at the top of a calendar; lines within it that look the same begin with a space, since they are folded.
COMPONENT = re.compile(rb"^BEGIN:(VTIMEZONE|VEVENT|VTODO|VJOURNAL)\r\n.*?^END:\1\r\n", re.DOTALL | re.MULTILINE)
ZONE = b"BEGIN:VTIMEZONE"
CARD = re.compile(rb"^BEGIN:VCARD\r\n.*?^END:VCARD\r\n", re.DOTALL | re.MULTILINE)


def bundled(form: Format, parts: list[bytes]) -> bytes:
    """`parts` in their order, as `form.write` made them: records one after the other, or one calendar, with each time zone once, since many
    programs read no more than the first calendar of a file."""
    if form.name == "ldif":
        return b"\n".join(parts)
    if form.name == "vcf" or not parts:
        return b"".join(parts)
    components = [found[0] for part in parts for found in COMPONENT.finditer(part)]
    # By the line with their names: zone data may have been renewed between two passes.
    zones = {component.split(b"\r\n")[1]: component for component in components if component.startswith(ZONE)}
    head = parts[0][:COMPONENT.search(parts[0]).start()]
    return b"".join([head, *zones.values(), *(component for component in components if not component.startswith(ZONE)), b"END:VCALENDAR\r\n"])


def pieces(form: Format, data: bytes) -> list[bytes]:
    """What a file, or one of the parts it was made of, holds besides its frame and time zones."""
    if form.name == "ldif":
        return [record + b"\n" for record in data.rstrip(b"\n").split(b"\n\n") if record]
    if form.name == "vcf":
        return CARD.findall(data)
    return [found[0] for found in COMPONENT.finditer(data) if not found[0].startswith(ZONE)]
