# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast an EWS server gives content to a client that does nothing with it: the bound of whoever copies from there.

    python ews_bound.py URL ADMIN PASSWORD ADDRESS
"""

from __future__ import annotations

import base64
import http.client
import re
import sys
import urllib.parse

ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">'
    '<s:Header><t:RequestServerVersion Version="Exchange2016"/><t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>{address}'
    "</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></s:Header><s:Body>{body}</s:Body></s:Envelope>"
)
SYNC = (
    "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId><t:DistinguishedFolderId Id=\"inbox\"/>"
    "</m:SyncFolderId>{state}<m:MaxChangesReturned>512</m:MaxChangesReturned></m:SyncFolderItems>"
)
GET = (
    "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape>"
    "<m:ItemIds>{items}</m:ItemIds></m:GetItem>"
)
AT_ONCE = 10


def main() -> None:
    url, admin, password, address = sys.argv[1:]
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    headers = {"Authorization": "Basic " + base64.b64encode(f"{admin}:{password}".encode()).decode(), "Content-Type": "text/xml"}

    def ask(body: str) -> bytes:
        connection.request("POST", parts.path, ENVELOPE.format(address=address, body=body), headers)
        return connection.getresponse().read()

    ids: list[bytes] = []
    state, last = "", False
    while not last:
        answer = ask(SYNC.format(state=state))
        ids += re.findall(rb'<t:ItemId Id="([^"]+)"', answer)
        state = "<m:SyncState>" + re.search(rb"<m:SyncState>([^<]*)", answer)[1].decode() + "</m:SyncState>"
        last = b"<m:IncludesLastItemInRange>true" in answer
    for low in range(0, len(ids), AT_ONCE):
        ask(GET.format(items="".join(f'<t:ItemId Id="{one.decode()}"/>' for one in ids[low:low + AT_ONCE])))


if __name__ == "__main__":
    main()
