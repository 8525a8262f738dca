# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The one table of the commands that this collection sends, for each release of the appliance's software.

The vendor's reference of the protocol (010-00898) is not public. `confirmed` forms were seen in what the vendor published, most of it his own
client. The others are how such a command would look by analogy with those: nobody has tried them, and they are sent only where the operator
has switched them on. Whoever holds the reference corrects them here, and nowhere else.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Form:
    """`words`: those in braces are replaced by arguments. `reads`: it changes nothing beyond the session."""

    words: tuple[str, ...]
    reads: bool = False
    confirmed: bool = True

    def filled(self, **arguments: str) -> list[str]:
        return [arguments[word[1:-1]] if word.startswith("{") else word for word in self.words]

    @property
    def verb(self) -> tuple[str, ...]:
        return tuple(word for word in self.words if word and not word.startswith("{"))


# No difference between releases is public. One that has another form gets its entry before this one, with the first release that has it.
RELEASES: tuple[tuple[tuple[int, ...], dict[str, Form]], ...] = (
    ((0,), {
        "version": Form(("VERSION",), reads=True),
        "license_status": Form(("LICENSE", "STATUS"), reads=True),
        "backup_status": Form(("BACKUP", "STATUS"), reads=True),
        "domain_set_current": Form(("DOMAIN", "SETCURRENT", "{domain}"), reads=True),
        # Pattern, start, count; all empty for all users. Answers name and full name.
        "user_list": Form(("USER", "LIST", "{pattern}", "{start}", "{count}"), reads=True),
        "user_add": Form(("USER", "ADD", "{user}", "{password}", "{full_name}")),
        "list_add": Form(("DL", "ADD", "{list}")),
        "list_entries": Form(("DLENTRY", "LIST", "{list}", "", "", ""), reads=True),
        "user_delete": Form(("USER", "DELETE", "{user}"), confirmed=False),
        "list_entry_add": Form(("DLENTRY", "ADD", "{list}", "{entry}"), confirmed=False),
    }),
)
NAMES = frozenset(name for _release, forms in RELEASES for name in forms)
UNCONFIRMED = frozenset(name for _release, forms in RELEASES for name, form in forms.items() if not form.confirmed)


def form(name: str, release: tuple[int, ...]) -> Form:
    """How a release has the command: as the newest one that is not newer than it."""
    return next(forms[name] for since, forms in sorted(RELEASES, reverse=True, key=lambda entry: entry[0]) if since <= release and name in forms)


def changes(words: list[str]) -> bool:
    """Whether these words are known to be a command that changes something."""
    upper = tuple(word.upper() for word in words)
    return any(not form.reads and upper[:len(form.verb)] == form.verb for _release, forms in RELEASES for form in forms.values())
