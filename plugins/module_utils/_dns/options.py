# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import env_fallback

ZONE_OPTIONS: dict[str, t.Any] = {
    "zone": {"type": "str", "required": True},
    "name": {"type": "str"},
    "port": {"type": "int", "default": 53},
}

KEY_OPTIONS: dict[str, t.Any] = {
    "key_name": {"type": "str", "no_log": False},
    "key_secret": {"type": "str", "no_log": True, "fallback": (env_fallback, ["MIGRATION_TSIG_SECRET"])},
    "key_algorithm": {
        "type": "str",
        "default": "hmac-sha256",
        "no_log": False,
        "choices": ["hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"],
    },
}

MX_OPTIONS: dict[str, t.Any] = {
    "preference": {"type": "int", "required": True},
    "exchange": {"type": "str", "required": True},
}
