# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses

import pytest
import sqlalchemy as sa

from ansible_collections.messaging.migration.plugins.module_utils._ledger import directory_routes
from ansible_collections.messaging.migration.plugins.module_utils._model.directory_route import RESTORED, ROUTED, Route
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import ledger_fixture


@pytest.fixture
def ledger(tmp_path):
    opened = ledger_fixture.opened(tmp_path)
    yield opened
    opened.close()


def route(name, **more):
    return Route("ad", "target_address", f"cn={name}", name, f"{name}@x", "w1", ROUTED, {"targetAddress": []}, [{"targetAddress": ["SMTP:ä@y"]}], **more)


def test_what_is_written_is_read(ledger):
    anna, bo = route("anna"), route("bo", contact={"entry": "cn=c", "address": "SMTP:c@y"})
    directory_routes.save(ledger, [anna, bo])
    assert directory_routes.listed(ledger, "ad", "target_address") == [anna, bo] and None not in (anna.id, bo.id)
    assert directory_routes.listed(ledger, "ad", "mail_host") == directory_routes.listed(ledger, "other", "target_address") == []
    later = dataclasses.replace(anna, state=RESTORED, entry="cn=anna b")
    directory_routes.save(ledger, [later])
    assert directory_routes.listed(ledger, "ad", "target_address") == [later, bo]


def test_all_or_none(ledger):
    directory_routes.save(ledger, [route("anna")])
    with pytest.raises(sa.exc.IntegrityError):
        directory_routes.save(ledger, [route("bo"), route("anna")])
    assert [row.target for row in directory_routes.listed(ledger, "ad", "target_address")] == ["anna"]
