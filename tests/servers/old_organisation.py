# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site of Exchange 5.5 as its directory is described: two mailboxes, one without an SMTP address, a custom recipient and a list."""

from __future__ import annotations

NAME = "o=Example"
SITE = f"ou=Berlin,{NAME}"
RECIPIENTS = f"cn=Recipients,{SITE}"
ENTRIES = [
    (NAME, {"objectClass": ["organization"], "o": ["Example"]}),
    (SITE, {"objectClass": ["organizationalUnit"], "ou": ["Berlin"]}),
    (RECIPIENTS, {"objectClass": ["applicationProcess"], "cn": ["Recipients"]}),
    (f"cn=anna,{RECIPIENTS}", {
        "objectClass": ["organizationalPerson", "exchangeRecipient"], "cn": ["Anna Berg", "anna"], "sn": ["Berg"], "uid": ["annab"],
        "mail": ["Anna.Berg@example.test"], "otherMailbox": ["smtp$berg@example.test", "MS$EXAMPLE/BERLIN/ANNA"], "MDB-Use-Defaults": ["FALSE"],
        "DXA-Task": ["51200"], "Home-MDB": [f"cn=Microsoft Private MDB,cn=EXCH55,cn=Servers,cn=Configuration,{SITE}"], "Assoc-NT-Account": ["EXAMPLE\\aberg"],
        "Alt-Recipient": [f"cn=remote,{RECIPIENTS}"], "Deliver-And-Redirect": ["TRUE"],
    }),
    (f"cn=bo,{RECIPIENTS}", {
        "objectClass": ["organizationalPerson", "exchangeRecipient"], "cn": ["bo"], "sn": ["Bo"], "uid": ["bo"], "Hide-From-Address-Book": ["TRUE"],
        "Home-MDB": [f"cn=Microsoft Private MDB,cn=EXCH55,cn=Servers,cn=Configuration,{SITE}"],
    }),
    (f"cn=remote,{RECIPIENTS}", {
        "objectClass": ["Remote-Address"], "cn": ["remote"], "uid": ["remote"], "mail": ["remote@example.test"], "Target-Address": ["SMTP:r@elsewhere.test"],
    }),
    (f"cn=all,{RECIPIENTS}", {
        "objectClass": ["groupOfNames", "exchangeRecipient"], "cn": ["all"], "uid": ["all"], "mail": ["all@example.test"],
        "member": [f"cn={name},{RECIPIENTS}" for name in ("anna", "bo", "remote")],
    }),
]
