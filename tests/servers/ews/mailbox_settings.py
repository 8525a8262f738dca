# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules, out-of-office, delegates, names, time zones, ids: what clients ask about a mailbox or before it."""

from __future__ import annotations

import json

from lxml import etree

from . import items, shapes
from .call import Call, problem
from .mime import text
from .schema import M, T
from .shapes import Failure

OOF_DISABLED = ("<t:OofSettings><t:OofState>Disabled</t:OofState><t:ExternalAudience>All</t:ExternalAudience><t:InternalReply/><t:ExternalReply/>"
                "</t:OofSettings>")


def _mailbox(call: Call, path: str) -> shapes.Row:
    """The one that the request names, else the caller's."""
    address = call.request.findtext(path)
    found = call.store.row("SELECT * FROM mailbox WHERE address = ?", address.lower()) if address else \
        call.store.row("SELECT * FROM mailbox WHERE id = ?", call.mailbox)
    if not found:
        raise Failure("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
    if found["id"] != call.mailbox and not call.account["full_access"]:
        raise Failure("ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    return found


def get_inbox_rules(call: Call) -> str:
    def work() -> str:
        rules = _mailbox(call, f"{M}MailboxSmtpAddress")["rules"]
        return f"<m:OutlookRuleBlobExists>false</m:OutlookRuleBlobExists>{f'<m:InboxRules>{rules}</m:InboxRules>' if rules else ''}"

    return call.whole(work)


def get_user_oof_settings(call: Call) -> str:
    name = "GetUserOofSettingsResponse"
    try:
        if call.busy:
            raise call.busy
        settings = _mailbox(call, f"{T}Mailbox/{T}Address")["oof"] or OOF_DISABLED
    except Failure as failure:
        return f'<m:{name}><m:ResponseMessage ResponseClass="Error">{problem(failure)}</m:ResponseMessage></m:{name}>'
    return (f'<m:{name}><m:ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:ResponseMessage>'
            f"{settings}<m:AllowExternalOof>All</m:AllowExternalOof></m:{name}>")


def get_delegate(call: Call) -> str:
    with_rights = call.request.get("IncludePermissions") in ("true", "1")

    def work() -> str:
        out = []
        for delegate in json.loads(_mailbox(call, f"{M}Mailbox/{T}EmailAddress")["delegates"] or "[]"):
            element = items.wrapped("home", delegate)[0]
            for rights in element.findall(f"{T}DelegatePermissions") if not with_rights else ():
                element.remove(rights)
            out.append('<m:DelegateUserResponseMessageType ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
                       f"{items.written(element).replace('t:DelegateUser>', 'm:DelegateUser>')}</m:DelegateUserResponseMessageType>")
        found = f"<m:ResponseMessages>{''.join(out)}</m:ResponseMessages>" if out else ""
        return f"{found}<m:DeliverMeetingRequests>DelegatesAndSendInformationToMe</m:DeliverMeetingRequests>"

    return call.whole(work)


def resolve_names(call: Call) -> str:
    def work(entry: etree._Element) -> str:
        wanted = (entry.text or "").lower()
        found = call.store.rows("SELECT * FROM mailbox WHERE address LIKE ? || '%' OR name LIKE ? || '%' ORDER BY address", wanted, wanted)
        if not found:
            raise Failure("ErrorNameResolutionNoResults", "No results were found.")
        boxes = "".join(
            f"<t:Resolution><t:Mailbox><t:Name>{text(one['name'])}</t:Name><t:EmailAddress>{text(one['address'])}</t:EmailAddress>"
            "<t:RoutingType>SMTP</t:RoutingType><t:MailboxType>Mailbox</t:MailboxType></t:Mailbox></t:Resolution>" for one in found)
        return f'<m:ResolutionSet TotalItemsInView="{len(found)}" IncludesLastItemInRange="true">{boxes}</m:ResolutionSet>'

    return call.each(call.request.findall(f"{M}UnresolvedEntry"), work)


def get_server_time_zones(call: Call) -> str:
    """Only the names: nothing that reads them wants the rules."""
    names = [one.text or "" for one in call.request.iterfind(f"{M}Ids/{T}Id")] or ["UTC"]
    return call.each([names], lambda asked: "<m:TimeZoneDefinitions>" + "".join(
        f'<t:TimeZoneDefinition Id="{text(name)}" Name="{text(name)}"/>' for name in asked) + "</m:TimeZoneDefinitions>")


def convert_id(call: Call) -> str:
    def work(given: etree._Element) -> str:
        raise Failure("ErrorInvalidIdMalformed", "Id is malformed.")

    return call.each(call.request.find(f"{M}SourceIds"), work)
