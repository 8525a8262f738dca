# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import functools

import hypothesis
import pytest
import sqlalchemy as sa

from ansible_collections.messaging.migration.plugins.module_utils._ledger import store

# A busy host is no failing test.
hypothesis.settings.register_profile("steady", deadline=None, max_examples=50, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _quick_commits(monkeypatch):
    """Ledgers of tests need not outlive a power cut: waiting for the disk took most of the time."""

    @functools.wraps(store._engine)
    def engine(url):
        made = engine.__wrapped__(url)
        if url.get_backend_name() == "sqlite":
            sa.event.listen(made, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
        return made

    monkeypatch.setattr(store, "_engine", engine)
