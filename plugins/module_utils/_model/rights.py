# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Permissions of Exchange's folders as rights of IMAP (RFC 4314), and what has no counterpart there.

Exchange's levels are sums of single permissions (MS-OXCPERM, 2.2.7); rights are l lookup, r read, s keep seen, w other flags, i insert,
p post, k make folders, x delete the folder, t mark as deleted, e expunge, a administer. Exchange knows rights over what one wrote oneself;
IMAP doesn't, and those are not given: nobody gets more than he had.
"""

from __future__ import annotations

import dataclasses
import typing as t

RIGHTS = "lrswipkxtea"
LEVELS = {
    "Owner": RIGHTS, "PublishingEditor": "lrswipkte", "Editor": "lrswipte", "PublishingAuthor": "lrsipk", "Author": "lrsip",
    "NoneditingAuthor": "lrsip", "Reviewer": "lrs", "Contributor": "lip", "None": "", "FreeBusyTimeOnly": "", "FreeBusyTimeAndSubjectAndLocation": "",
}
OWN_ITEMS = "changing or deleting only what one wrote oneself"
LOST_BY_LEVEL = {
    "PublishingAuthor": OWN_ITEMS, "Author": OWN_ITEMS, "NoneditingAuthor": OWN_ITEMS, "FreeBusyTimeOnly": "seeing when the calendar is free",
    "FreeBusyTimeAndSubjectAndLocation": "seeing when the calendar is free, with subjects and places",
}
# Everybody who logs in; IMAP's word means also those who don't, where a server lets them in.
DISTINGUISHED = {"Default": "anyone", "Anonymous": "anonymous"}
FOLDERS = ("inbox", "calendar", "contacts", "tasks", "notes", "journal")


# What RFC 2086 had one letter for; c may also mean deleting the folder, so it needs both.
OLD = {"d": "te", "c": "kx"}


@dataclasses.dataclass(frozen=True)
class Lost:
    """`who` as in the rights, or what Exchange calls somebody without an address."""

    who: str
    what: str


class Granted(t.NamedTuple):
    """`rights`: SMTP address, "anyone" or "anonymous" -> RFC 4314 rights; nobody without any is there."""

    rights: dict[str, str]
    lost: list[Lost]


def of_folder(permission_set) -> Granted:
    """`permission_set` of a folder as exchangelib has it, for mail or for a calendar; None where the server tells none."""
    granted = Granted({}, [])
    for one in [*(permission_set.permissions or ()), *(permission_set.calendar_permissions or ())] if permission_set else ():
        level = getattr(one, "calendar_permission_level", None) or getattr(one, "permission_level", None)
        rights, lost = _rights(level if level not in ("None", "Custom") else None, one)
        _grant(granted, one.user_id, rights, lost)
    for name in (permission_set.unknown_entries or ()) if permission_set else ():
        granted.lost.append(Lost(str(name), "all rights: Exchange does not know any more who that is"))
    return granted


def of_delegates(delegates) -> dict[str, Granted]:
    """One of FOLDERS -> what a user's delegates (exchangelib's DelegateUser) may do in that folder. What concerns no folder is with inbox."""
    found = {folder: Granted({}, []) for folder in FOLDERS}
    for delegate in delegates:
        for folder, granted in found.items():
            level = getattr(delegate.delegate_permissions, f"{folder}_folder_permission_level", None) or "None"
            rights, lost = _rights(level, None)
            _grant(granted, delegate.user_id, rights, lost)
        lost = ["sending on behalf of the user"]
        lost += ["seeing private items"] if delegate.view_private_items else []
        lost += ["getting copies of the user's invitations"] if delegate.receive_copies_of_meeting_messages else []
        found["inbox"].lost.extend(Lost(_name(delegate.user_id)[0], what) for what in lost)
    return found


def in_order(letters) -> str:
    return "".join(letter for letter in f"{RIGHTS}cd" if letter in letters)


def for_old_server(letters: str) -> tuple[str, str]:
    """As RFC 2086 spells them, and those that it has no letter for: nobody gets more than he had."""
    kept = [letter for letter in letters if letter not in "texk"] + [old for old, new in OLD.items() if set(new) <= set(letters)]
    spoken_for = set().union(*(OLD[letter] for letter in kept if letter in OLD))
    return in_order(kept), in_order(set(letters) & set("texk") - spoken_for)


def _rights(level: str | None, permission) -> tuple[str, list[str]]:
    """By the level; without one by the single permissions."""
    if level == "Custom":
        return "", ["a delegate's own mixture of rights: the folder's permissions have it"]
    if level is not None:
        return LEVELS[level], [LOST_BY_LEVEL[level]] if level in LOST_BY_LEVEL else []
    if permission.is_folder_owner:
        # An owner can give himself everything.
        return RIGHTS, []
    given = {
        "l": permission.is_folder_visible, "rs": permission.read_items == "FullDetails", "w": permission.edit_items == "All", "ip": permission.can_create_items,
        "k": permission.can_create_subfolders, "te": permission.delete_items == "All",
    }
    rights = "".join(right for right in RIGHTS if any(right in letters for letters, has in given.items() if has))
    lost = [OWN_ITEMS] if "Owned" in (permission.edit_items, permission.delete_items) else []
    partly = permission.read_items not in (None, "None", "FullDetails")
    return rights, lost + [LOST_BY_LEVEL["FreeBusyTimeOnly"]] if partly else lost


def _grant(granted: Granted, user, rights: str, lost: list[str]) -> None:
    name, has_address = _name(user)
    if rights and not has_address:
        lost = [f"all rights ({rights}): there is no address to give them to"]
    elif rights:
        granted.rights[name] = rights
    granted.lost.extend(Lost(name, what) for what in lost)


def _name(user) -> tuple[str, bool]:
    """How a user is called, and whether a server can be told of him so."""
    known = DISTINGUISHED.get(user.distinguished_user) or user.primary_smtp_address
    return known or user.display_name or user.external_user_identity or user.sid or "somebody", bool(known)
