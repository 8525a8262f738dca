# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:

    DOCUMENTATION = r"""
options:
  migration:
    description:
      - Name of the migration. A ledger that belongs to another one is refused.
    type: str
    default: default
  ledger:
    description:
      - The database of record of this migration.
    type: dict
    default: {}
    suboptions:
      url:
        description:
          - SQLAlchemy URL of the database, without a password.
          - SQLite needs nothing but an existing folder. Use PostgreSQL (C(postgresql+psycopg://user@host/database?sslmode=verify-full))
            when several stations share the work.
        type: str
        default: sqlite:////var/lib/messaging_migration/ledger.sqlite
      password:
        description:
          - Password for the database. Default is the environment variable E(MIGRATION_LEDGER_PASSWORD).
        type: str
requirements:
  - SQLAlchemy >= 2.0
  - psycopg >= 3.1 (PostgreSQL only)
"""
