# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ssl

import pytest

from ansible_collections.messaging.migration.plugins.module_utils import _tls
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.imap_script import certificate


def test_old_tls_only_where_it_is_asked_for():
    modern, old = _tls.context(None), _tls.context(None, legacy=True)
    assert modern.minimum_version == ssl.TLSVersion.TLSv1_2 and old.minimum_version == ssl.TLSVersion.TLSv1
    assert all(context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname for context in (modern, old))


@pytest.mark.parametrize("legacy", [False, True])
def test_authorities_of_ones_own_stand_for_all_others(tmp_path, legacy):
    pem, _server = certificate(tmp_path)
    assert len(_tls.context(pem, legacy).get_ca_certs()) == 1
    with pytest.raises(OSError):
        _tls.context(str(tmp_path / "none.pem"), legacy)
