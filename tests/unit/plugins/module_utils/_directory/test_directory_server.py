# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._directory.server import servers
from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError

AD = {"host": "dc1.example.com", "user": "reader@example.com", "password": "secret"}


@pytest.mark.parametrize(("options", "word"), [
    ({"host": None}, "no host"),
    ({"password": None}, "user and password"),
    ({"user": ""}, "user and password"),
    ({"kind": "exchange_5_5"}, "base"),
    ({"path": "/tmp/x.csv"}, "exchange_5_5_csv"),
    ({"kind": "exchange_5_5_csv"}, "path"),
    ({"kind": "exchange_5_5_csv", "path": "/tmp/x.csv"}, "either a file"),
    ({"tls": "none", "ca_file": "/tmp/ca.pem"}, "no meaning"),
    ({"page_size": 0}, "page_size"),
    ({"range_size": 1001}, "range_size"),
    ({"timeout": 0}, "timeout"),
])
def test_what_makes_no_sense_is_refused(options, word):
    with pytest.raises(MigrationError, match=word) as refused:
        servers([{**AD, **options}])
    assert "secret" not in str(refused.value)


def test_names_are_given_once():
    with pytest.raises(MigrationError, match=r"named dc1\.example\.com"):
        servers([AD, AD])
    with pytest.raises(MigrationError, match="no directory"):
        servers([])


@pytest.mark.parametrize(("tls", "port"), [("implicit", 636), ("starttls", 389), ("none", 389)])
def test_the_port_goes_with_the_encryption(tls, port):
    [server] = servers([{**AD, "tls": tls, "port": None}])
    assert server.port == port and "secret" not in repr(server)
