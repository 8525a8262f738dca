# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._job.server_info import identify


@pytest.mark.parametrize(
    ("greeting", "product", "version"),
    [
        ("* OK Microsoft Exchange IMAP4rev1 server version 5.5.2653.23 (mail.example.test) ready", "Microsoft Exchange", "5.5.2653.23"),
        ("* OK Microsoft Exchange IMAP4rev1 ... 5.5.2653.23 (mail.example.test) ...", "Microsoft Exchange", "5.5.2653.23"),
        ("* OK Microsoft Exchange 2000 IMAP4rev1 server version 6.0.6249.0 (mail.example.test) ready.", "Microsoft Exchange 2000", "6.0.6249.0"),
        ("* OK Microsoft Exchange 2000 IMAP4rev1 \ufffd\ufffd\ufffd 6.0.6249.0 (mail.example.test) \ufffd\ufffd.", "Microsoft Exchange 2000", "6.0.6249.0"),
        ("* OK Microsoft Exchange Server 2003 IMAP4rev1 .......... 6.5.6944.0 (a.example.test) ........", "Microsoft Exchange", "2003"),
        ("* OK Microsoft Exchange Server 2007 IMAP4 service ready", "Microsoft Exchange", "2007"),
        ("* OK The Microsoft Exchange IMAP4 service is ready.", "Microsoft Exchange 2010 or later", ""),
        ("* OK mail.example.test Mirapoint IMAP4 4.1.9-GA server ready", "Mirapoint", "4.1.9-GA"),
        ("* OK Authorized users only", "", ""),
    ],
)
def test_identify(greeting, product, version):
    assert identify(greeting) == (product, version)
