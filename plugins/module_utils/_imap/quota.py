# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Quotas of mailboxes, as the administrator sees and sets them (RFC 9208, and RFC 2087 before it)."""

from __future__ import annotations

import dataclasses

from .._model.folder_names import wire_name
from .session import REFUSED, Session
from .wire import quoted, values

STORAGE = b"STORAGE"


@dataclasses.dataclass(frozen=True)
class Quota:
    """Of a mailbox's own root. `limit_kb`: of what its messages may take, in KiB, None for no limit; `others`: limits of other resources."""

    limit_kb: int | None = None
    used_kb: int = 0
    others: tuple[tuple[bytes, int], ...] = ()


def quotas(session: Session, names: list[str]) -> list[tuple[Quota | None, str]]:
    """In one round trip, for each mailbox; None and the server's words where it says no."""
    commands = [b"GETQUOTAROOT " + quoted(wire_name(name)) for name in names]
    return [
        (_own(wire_name(name), responses), "") if answer.ok else (None, answer.text)
        for name, (responses, answer) in zip(names, session.wire.burst(commands), strict=True)
    ]


def set_quotas(session: Session, wanted: dict[str, tuple[Quota, int | None]]) -> dict[str, str]:
    """In one round trip: `wanted` is what a mailbox has now, and the limit in KiB that it gets. Other resources keep theirs, which a server would
    drop if they were not named. Mailbox -> the server's words where it refuses."""
    commands = []
    for name, (quota, limit) in wanted.items():
        limits = [*([(STORAGE, limit)] if limit is not None else []), *quota.others]
        commands.append(b"SETQUOTA %s (%s)" % (quoted(wire_name(name)), b" ".join(b"%s %d" % one for one in limits)))
    return {name: answer.text for name, (_responses, answer) in zip(wanted, session.wire.burst(commands), strict=True) if not answer.ok}


def _own(name: bytes, responses: list[list]) -> Quota:
    """Roots of others, such as that of a whole domain, are left out."""
    limits: dict[bytes, tuple[int, int]] = {}
    for parts in responses:
        if parts[0][:8].upper() == b"* QUOTA ":
            try:
                root, told = values(parts, 8)
                if not isinstance(told, list):
                    raise TypeError
                if bytes(root or b"") == name:
                    limits |= {bytes(resource).upper(): (int(used), int(limit)) for resource, used, limit in zip(told[::3], told[1::3], told[2::3])}
            except (TypeError, ValueError) as error:
                raise REFUSED(f"what the server says of a quota is no quota: {parts[0].strip()!r}") from error
    used, limit = limits.pop(STORAGE, (0, None))
    return Quota(limit, used, tuple((resource, most) for resource, (_used, most) in sorted(limits.items())))
