# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Options that several modules share; their documentation is in plugins/doc_fragments under the same names."""

from __future__ import annotations

from ansible.module_utils.basic import env_fallback

from ._ledger.store import DEFAULT_URL
from ._model.server import EWS_ACCESS, EWS_AUTH, MECHANISMS, PROFILES, PROTOCOLS, TLS
from ._model.site_filter import FUNCTION, KINDS, MESSAGE
from ._model.window import DAYS

MAILBOX = {
    "name": {"type": "str", "required": True},
    "target": {"type": "str"},
    "wave": {"type": "str", "default": "default"},
    "test": {"type": "bool", "default": False},
    "password": {"type": "str", "no_log": True},
    "target_password": {"type": "str", "no_log": True},
    "quota_mb": {"type": "int"},
    "priority": {"type": "int", "default": 0},
    "pst": {"type": "path"},
    "pst_items_only": {"type": "bool", "default": False},
    "archive": {"type": "str"},
    "recoverable_items": {"type": "str"},
    "public_folder": {"type": "str"},
    "address": {"type": "str"},
    "language": {"type": "str"},
}

WINDOW = {
    "days": {"type": "list", "elements": "str", "choices": list(DAYS), "default": list(DAYS)},
    "from": {"type": "str", "required": True},
    "to": {"type": "str", "required": True},
    "timezone": {"type": "str", "required": True},
    "connections": {"type": "int"},
    "bytes_per_second": {"type": "int"},
    "messages_per_second": {"type": "float"},
}

LIVE_PROBE = {
    "mailbox": {"type": "str", "required": True},
    "password": {"type": "str", "no_log": True},
    "latency_budget": {"type": "float", "default": 1.25},
    "interval": {"type": "float", "default": 0.2},
    "baseline_seconds": {"type": "float", "default": 30},
}

EWS = {
    "url": {"type": "str"},
    "auth": {"type": "str", "default": "ntlm", "choices": list(EWS_AUTH)},
    "access": {"type": "str", "default": "impersonation", "choices": list(EWS_ACCESS)},
    "tenant": {"type": "str"},
    "client_id": {"type": "str"},
    "client_secret": {"type": "str", "no_log": True},
    "token_url": {"type": "str", "no_log": False},
    "scope": {"type": "str"},
    "legacy_tls": {"type": "bool", "default": False},
    "archive": {"type": "str", "default": ""},
    "recoverable_items": {"type": "str", "default": ""},
    "public_folder_mailbox": {"type": "str"},
    "timezone": {"type": "str", "default": "UTC"},
}

FILTER = {
    "program": {"type": "list", "elements": "str"},
    "python": {"type": "path"},
    "function": {"type": "str", "default": FUNCTION},
    "timeout": {"type": "float", "default": 30},
    "processes": {"type": "int", "default": 1},
    "kinds": {"type": "list", "elements": "str", "default": [MESSAGE], "choices": list(KINDS)},
}

DAV = {
    "url": {"type": "str", "required": True},
    "principal": {"type": "str"},
    "login": {"type": "str", "default": "{mailbox}"},
    "admin": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "ca_file": {"type": "path"},
}

FILES = {
    "path": {"type": "path", "required": True},
    "formats": {
        "type": "dict",
        "default": {},
        "options": {
            "calendar": {"type": "str", "default": "ics", "choices": ["ics", "vcs"]},
            "contacts": {"type": "str", "default": "vcf", "choices": ["vcf", "ldif"]},
        },
    },
}

SIEVE = {
    "host": {"type": "str"},
    "port": {"type": "int", "default": 4190},
    "tls": {"type": "str", "default": "starttls", "choices": list(TLS)},
    "ca_file": {"type": "path"},
}

ALIASES = {
    "aliases": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"mailbox": {"type": "str", "required": True}, "addresses": {"type": "list", "elements": "str", "required": True}},
    },
}

LEDGER = {
    "migration": {"type": "str", "default": "default"},
    "ledger": {
        "type": "dict",
        "default": {},
        "options": {
            "url": {"type": "str", "default": DEFAULT_URL},
            "password": {"type": "str", "no_log": True, "fallback": (env_fallback, ["MIGRATION_LEDGER_PASSWORD"])},
        },
    },
}


def connection(mechanism: str, password_variable: str, protocols=("imap",)) -> dict:
    """Suboptions that describe a mail server and how to log in there."""
    return {
        "name": {"type": "str"},
        "protocol": {"type": "str", "default": "imap", "choices": list(protocols)},
        "host": {"type": "str", "required": True},
        "port": {"type": "int", "default": 993},
        "tls": {"type": "str", "default": "implicit", "choices": list(TLS)},
        "ca_file": {"type": "path"},
        "legacy_tls": {"type": "bool", "default": False},
        "timeout": {"type": "float", "default": 60},
        "login": {"type": "list", "elements": "str", "default": ["{mailbox}"]},
        "mechanism": {"type": "str", "default": mechanism, "choices": list(MECHANISMS)},
        "domain": {"type": "str", "default": ""},
        "admin": {"type": "str"},
        "password": {"type": "str", "no_log": True, "fallback": (env_fallback, [password_variable])},
        "connections": {"type": "int", "default": 4},
        "compress": {"type": "bool", "default": False},
    }


def source_connection() -> dict:
    return {
        **connection("login", "MIGRATION_SOURCE_PASSWORD", PROTOCOLS),
        "ews": {"type": "dict", "default": {}, "options": EWS},
        "pst_despite_password": {"type": "bool", "default": False},
        "profile": {"type": "str", "default": "imap", "choices": list(PROFILES)},
        "include_folders": {"type": "list", "elements": "str", "default": []},
        "exclude_folders": {"type": "list", "elements": "str", "default": []},
        "windows": {"type": "list", "elements": "dict", "default": [], "options": WINDOW},
        "bytes_per_second": {"type": "int", "default": 0},
        "messages_per_second": {"type": "float", "default": 0},
        "live_probe": {"type": "dict", "options": LIVE_PROBE},
        "filter": {"type": "dict", "options": FILTER},
    }


def sources() -> dict:
    return {
        "sources": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {**source_connection(), "mailboxes": {"type": "list", "elements": "dict", "required": True, "options": MAILBOX}},
        },
    }


def choice() -> dict:
    """Which of the mailboxes are meant."""
    return {
        "only": {"type": "list", "elements": "str"},
        "wave": {"type": "str"},
        "test_only": {"type": "bool", "default": False},
    }


def passes() -> dict:
    """How passes over mailboxes go about it."""
    return {
        "order": {"type": "str", "default": "oldest", "choices": ["oldest", "newest"]},
        "only_failed": {"type": "bool", "default": False},
        "on_foreign": {"type": "str", "default": "refuse", "choices": ["refuse", "keep"]},
        "fail_on_exceptions": {"type": "bool", "default": True},
        "progress_interval": {"type": "float", "default": 15},
    }


def target() -> dict:
    return {
        "target": {
            "type": "dict",
            "required": True,
            "options": {
                **connection("plain", "MIGRATION_TARGET_PASSWORD"), "quota_mb": {"type": "int", "default": 0},
                "dav": {"type": "dict", "options": DAV}, "files": {"type": "dict", "options": FILES}, "sieve": {"type": "dict", "options": SIEVE},
            },
        },
    }


def long_work(workers: int = 2) -> dict:
    """How long work is cut up and shared."""
    return {
        "workers": {"type": "int", "default": workers},
        "time_budget": {"type": "float", "default": 0},
        "lease_seconds": {"type": "float", "default": 120},
        "wait_for_window": {"type": "bool", "default": True},
        "round": {"type": "str"},
        "report_path": {"type": "path"},
    }
