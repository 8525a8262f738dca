# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What an appliance tells of itself, its users and lists."""

from __future__ import annotations

from .._errors import MigrationError
from .._mirapoint.administration import Administration, Refused
from .._mirapoint.appliance import NOTHING_TOUCHED, page_size
from . import mirapoint

STATUS = ("version", "license_status", "backup_status")


def info(params: dict) -> dict:
    """The module mirapoint_info; see its RETURN."""
    page_size(params["page_size"])
    if params["most"] < 1:
        raise MigrationError(f"most is {params['most']}.", NOTHING_TOUCHED, "Make it 1 or more.")
    mirapoint.names("distribution_lists", params["distribution_lists"])
    with mirapoint.administered(params) as administration:
        status, refused = {}, {}
        for name in STATUS:
            try:
                status[name] = administration.status(name)
            except Refused as error:
                status[name], refused[name] = None, str(error)
        return {
            "changed": False, "host": administration.session.host, "admind_version": administration.session.version, **status, "refused": refused,
            **_users(administration, params), "distribution_lists": [_list(administration, name, params["most"]) for name in params["distribution_lists"]],
        }


def _users(administration: Administration, params: dict) -> dict:
    if params["user_pattern"] is None:
        return {"users": [], "users_truncated": False}
    found = administration.users(params["user_pattern"], params["page_size"], params["most"])
    users = [{"name": name, "full_name": full_name} for name, full_name in found.items()]
    return {"users": users[:params["most"]], "users_truncated": len(users) > params["most"]}


def _list(administration: Administration, name: str, most: int) -> dict:
    entries = administration.entries(name)
    return {"name": name, "exists": entries is not None, "entries": (entries or [])[:most], "entries_total": len(entries or [])}
