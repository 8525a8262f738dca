# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mailbox from Exchange to IMAP as one would write it with exchangelib: every item with all its fields, one APPEND each.

    python exchangelib_loop.py URL ADMIN PASSWORD ADDRESS IMAP_PORT IMAP_USER IMAP_PASSWORD
"""

from __future__ import annotations

import sys

import exchangelib
import imapclient


def main() -> None:
    url, admin, password, address, port, user, user_password = sys.argv[1:]
    configuration = exchangelib.Configuration(
        service_endpoint=url, credentials=exchangelib.Credentials(admin, password), auth_type=exchangelib.transport.BASIC,
    )
    account = exchangelib.Account(address, config=configuration, access_type=exchangelib.IMPERSONATION)
    target = imapclient.IMAPClient("127.0.0.1", port, ssl=False)
    target.login(user, user_password)
    for item in account.inbox.all():
        target.append("INBOX", item.mime_content, [imapclient.SEEN] if item.is_read else [], item.datetime_received)
    target.logout()


if __name__ == "__main__":
    main()
