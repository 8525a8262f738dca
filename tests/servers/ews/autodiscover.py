# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP autodiscover (MS-OXWSADISC): the URL of the web service for every user that is asked about."""

from __future__ import annotations

from . import schema
from .items import parsed
from .mime import text

NAMESPACE = "http://schemas.microsoft.com/exchange/2010/Autodiscover"
ANSWER = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{soap}" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>'
    '<h:ServerVersionInfo xmlns:h="{namespace}"><h:MajorVersion>{build[0]}</h:MajorVersion><h:MinorVersion>{build[1]}</h:MinorVersion>'
    "<h:MajorBuildNumber>{build[2]}</h:MajorBuildNumber><h:MinorBuildNumber>{build[3]}</h:MinorBuildNumber><h:Version>{version}</h:Version>"
    '</h:ServerVersionInfo></s:Header><s:Body><GetUserSettingsResponseMessage xmlns="{namespace}"><Response>'
    "<ErrorCode>NoError</ErrorCode><ErrorMessage/><UserResponses>{users}</UserResponses></Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>"
)
USER = ("<UserResponse><ErrorCode>NoError</ErrorCode><ErrorMessage>No error.</ErrorMessage><RedirectTarget/><UserSettingErrors/>"
        "<UserSettings>{}</UserSettings></UserResponse>")
SETTING = '<UserSetting xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="StringSetting"><Name>{}</Name><Value>{}</Value></UserSetting>'


def answer(request: bytes, url: str, version: str) -> bytes:
    known = schema.VERSIONS[version]
    users = ""
    for mailbox in parsed(request).iter(f"{{{NAMESPACE}}}Mailbox"):
        address = mailbox.text or ""
        settings = {"AutoDiscoverSMTPAddress": address, "InternalEwsUrl": url, "ExternalEwsUrl": url, "UserDisplayName": address.partition("@")[0],
                    "EwsSupportedSchemas": ", ".join(schema.SCHEMAS[: schema.SCHEMAS.index(known.schema) + 1])}
        users += USER.format("".join(SETTING.format(name, text(value)) for name, value in settings.items()))
    return ANSWER.format(soap=schema.SOAP, namespace=NAMESPACE, build=known.build, version=known.schema, users=users).encode()
