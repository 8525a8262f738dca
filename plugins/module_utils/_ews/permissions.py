# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Permissions of folders as the server sends them: exchangelib 5.6.0 looks for two of their elements under names that no server uses
(types.xsd: PermissionLevel, CanCreateSubFolders), and finds "None" and false."""

from __future__ import annotations

from .._libraries import exchangelib


def corrected() -> None:
    """Have exchangelib read them, from now on in this process. To be called before a folder's `permission_set` is asked for."""
    for kind in (exchangelib.properties.Permission, exchangelib.properties.CalendarPermission):
        _named(kind, "can_create_subfolders", "CanCreateSubFolders")
    _named(exchangelib.properties.Permission, "permission_level", "PermissionLevel")


def _named(kind: type, field: str, element: str) -> None:
    found = kind.get_field_by_fieldname(field)
    found.field_uri = found.field_uri_postfix = element
