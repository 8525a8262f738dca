# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is PRIVATE to the collection: it may change at any time.

"""Values as filters get them, looked at once: Ansible's containers render what is in them anew at each look, which with thousands of accounts
takes most of a filter's time."""

from __future__ import annotations

import typing as t


def plain(value: t.Any) -> t.Any:
    """The same in dictionaries and lists of Python."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value
