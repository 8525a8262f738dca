# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""exchangelib's Contact and DistributionList."""

from __future__ import annotations

from .._libraries import exchangelib
from .._model.item_kinds import Contact, DistributionList, PostalAddress
from . import common
from .common import Reading, day, moment, smtp, text

FIELDS = (
    *common.FIELDS, "display_name", "given_name", "middle_name", "surname", "complete_name", "generation", "nickname", "file_as", "email_addresses",
    "phone_numbers", "physical_addresses", "company_name", "department", "job_title", "profession", "office", "manager", "assistant_name",
    "spouse_name", "children", "birthday", "wedding_anniversary", "business_homepage", "im_addresses",
)
# Exchange 2007 does not tell the members (they are in the schema from 2010 on): there they need ExpandDL.
LIST_FIELDS = (*(name for name in common.FIELDS if name != "attachments"), "display_name", "members")
PHONES = {
    "AssistantPhone": "assistant", "BusinessFax": "work_fax", "BusinessPhone": "work", "BusinessPhone2": "work", "Callback": "callback", "CarPhone": "car",
    "CompanyMainPhone": "company", "HomeFax": "home_fax", "HomePhone": "home", "HomePhone2": "home", "Isdn": "isdn", "MobilePhone": "mobile",
    "OtherFax": "other_fax", "OtherTelephone": "other", "Pager": "pager", "PrimaryPhone": "primary", "RadioPhone": "radio", "Telex": "telex",
    "TtyTddPhone": "tty",
}
ADDRESSES = {"Business": "work", "Home": "home", "Other": "other"}
# So Outlook names it; a mark of its own (IsContactPhoto) came with Exchange 2010.
PICTURE = "contactpicture.jpg"


def contact(item, reading: Reading) -> Contact:
    names = item.complete_name
    body, _html = common.bodies(item)
    photo, others = _photo(common.attachments(item, reading), item)
    return Contact(
        uid=item.id, name=text(item.display_name), given=text(item.given_name), middle=text(item.middle_name), family=text(item.surname),
        prefix=text(names and names.title), suffix=text(item.generation or names and names.suffix), nickname=text(item.nickname),
        file_as=text(item.file_as), emails=tuple(_emails(item, reading)), phones=tuple(_phones(item)), addresses=tuple(_addresses(item)),
        organization=text(item.company_name), department=text(item.department), title=text(item.job_title), profession=text(item.profession),
        office=text(item.office), manager=text(item.manager), assistant=text(item.assistant_name), spouse=text(item.spouse_name),
        children=tuple(item.children or ()), birthday=day(item.birthday), anniversary=day(item.wedding_anniversary), url=text(item.business_homepage),
        ims=tuple(one.im_address for one in _in_order(item.im_addresses) if one.im_address), body=body, categories=common.categories(item),
        sensitivity=common.sensitivity(item), photo=photo, attachments=others, modified=moment(item.last_modified_time),
    )


def distribution_list(item, reading: Reading) -> DistributionList:
    body, _html = common.bodies(item)
    return DistributionList(
        uid=item.id, name=text(item.display_name), members=tuple(_members(item, reading)), body=body, categories=common.categories(item),
        modified=moment(item.last_modified_time),
    )


def _in_order(entries) -> list:
    """exchangelib keeps entries as the server sent them; their labels count them."""
    return sorted(entries or (), key=lambda one: one.label)


def _emails(item, reading: Reading):
    for one in _in_order(item.email_addresses):
        address = smtp(one.email)
        if address:
            yield address, ""
        elif one.email:
            reading.lose(f"an address that is none of SMTP: {one.email}")


def _phones(item):
    for one in _in_order(item.phone_numbers):
        if one.phone_number:
            yield PHONES[one.label], text(one.phone_number)


def _addresses(item):
    for one in _in_order(item.physical_addresses):
        place = PostalAddress(ADDRESSES[one.label], text(one.street), text(one.city), text(one.state), text(one.zipcode), text(one.country))
        if any((place.street, place.city, place.region, place.code, place.country)):
            yield place


def _photo(found, item):
    marked = {one.name for one in item.attachments or () if isinstance(one, exchangelib.FileAttachment) and one.is_contact_photo}
    photos = [one for one in found if one.name in marked or one.name.lower() == PICTURE]
    return (photos[0].content if photos else None), tuple(one for one in found if one not in photos[:1])


def _members(item, reading: Reading):
    if item.members is None:
        reading.lose("members of the distribution list: the server does not tell them")
    for one in item.members or ():
        address, name = smtp(one.mailbox.email_address), text(one.mailbox.name)
        if not address:
            reading.lose(f"the address of a member: {one.mailbox.email_address or name}")
        if address or name:
            yield name, address
