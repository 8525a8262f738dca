# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items that come as XML of types.xsd: what is kept of them in columns, and what as XML."""

from __future__ import annotations

import base64
import typing as t

from lxml import etree

from . import schema
from .mime import properties
from .schema import T

PARSER = etree.XMLParser(resolve_entities=False, huge_tree=True)
# What the server says itself, whatever a client sends.
OWN = {"MimeContent", "ItemId", "ParentFolderId", "ItemClass", "DateTimeReceived", "Size", "Categories", "IsDraft", "HasAttachments", "DateTimeCreated",
       "LastModifiedTime", "Flag", "IsRead", "Attachments", "EffectiveRights"}
TRUTH = ("true", "1")


def parsed(xml: str | bytes) -> etree._Element:
    return etree.fromstring(xml, PARSER)


def wrapped(element: str, inner: str) -> etree._Element:
    """The kept XML of an item as an element again."""
    return parsed(f'<t:{element} xmlns:t="{schema.TYPES}" xmlns:m="{schema.MESSAGES}">{inner}</t:{element}>')


def written(element: etree._Element) -> str:
    """With the prefix t and no declaration: its place is inside an answer that declares it."""
    opening = f' xmlns:t="{schema.TYPES}"'
    home = etree.Element(f"{T}home", nsmap={"t": schema.TYPES, "m": schema.MESSAGES})
    home.append(copied(element))
    etree.cleanup_namespaces(home, keep_ns_prefixes=["t", "m"])
    text = etree.tostring(home, encoding="unicode", with_tail=False)
    return text[text.index(">") + 1: text.rindex("</")].replace(opening, "")


def copied(element: etree._Element) -> etree._Element:
    """A deep copy in which every name of types.xsd has the prefix t."""
    made = etree.Element(element.tag, element.attrib, nsmap={"t": schema.TYPES})
    made.text = element.text
    made.extend([copied(child) for child in element if isinstance(child.tag, str)])
    for child, original in zip(made, [child for child in element if isinstance(child.tag, str)]):
        child.tail = original.tail
    return made


def name(element: etree._Element) -> str:
    return etree.QName(element).localname


def tag_of(uri: etree._Element) -> int | None:
    tag = uri.get("PropertyTag")
    return None if tag is None else int(tag, 0)


class Parts(t.NamedTuple):
    """`columns` of the table item, `attachments` as (XML without id and content, content), the MIME if it came with one."""

    columns: dict[str, t.Any]
    attachments: list[tuple[str, bytes]]
    mime: bytes | None


def taken_apart(item: etree._Element) -> Parts:
    element = name(item)
    ranks = schema.RANKS[element]
    children = {name(child): child for child in item if isinstance(child.tag, str) and name(child) != "ExtendedProperty"}
    unknown = sorted(set(children) - set(ranks))
    if unknown:
        raise ValueError(f"{element} has no property {', '.join(unknown)}.")

    def value(of: str) -> str | None:
        return children[of].text if of in children else None

    mime = base64.b64decode(value("MimeContent") or "") or None
    columns: dict[str, t.Any] = {"element": element, "class": value("ItemClass") or schema.CLASSES[element]}
    if element in schema.MAIL and element != "PostItem":
        # Exchange looks at the class, not at how the client called it.
        columns["element"] = schema.element_of(columns["class"])
    kept = {of: written(child) for of, child in children.items() if of not in OWN}
    if mime and columns["element"] in schema.MAIL:
        kept = {**properties(mime), **kept}
    extended = []
    for extra in item.findall(f"{T}ExtendedProperty"):
        uri, given = extra[0], extra[1].text
        if (tag := tag_of(uri)) == 0x1081:
            columns["verb"] = int(given)
        elif tag == 0x300B:
            columns["search_key"] = given
        elif tag == 0x1090:
            columns["flag"] = flag_element({"1": "Complete", "2": "Flagged"}.get(given, "NotFlagged"))
        elif tag != 0x0E08:
            extended.append(written(extra))
    columns["xml"] = "".join([*kept.values(), *extended])
    for column, of in (("received", "DateTimeReceived"), ("created", "DateTimeCreated"), ("modified", "LastModifiedTime")):
        if of in children:
            columns[column] = value(of)
    for column, of in (("is_read", "IsRead"), ("is_draft", "IsDraft")):
        if of in children:
            columns[column] = value(of) in TRUTH
    if "Categories" in children:
        columns["categories"] = "".join(written(child) for child in children["Categories"])
    if "Flag" in children:
        columns["flag"] = written(children["Flag"])
    attached = [attachment(child) for child in children.get("Attachments", ())]
    columns["attached"] = bool(attached)
    return Parts({**columns, **shown(columns["xml"], element)}, attached, mime)


def shown(xml: str, element: str) -> dict[str, t.Any]:
    """The columns that only repeat what the XML says."""
    item = wrapped(element, xml)
    return {"subject": item.findtext(f"{T}Subject"), "message_id": item.findtext(f"{T}InternetMessageId")}


def flag_element(status: str) -> str:
    return "" if status == "NotFlagged" else f"<t:Flag><t:FlagStatus>{status}</t:FlagStatus></t:Flag>"


def attachment(given: etree._Element) -> tuple[str, bytes]:
    """A file's content in bytes, an item's in XML; both elements without their content and id."""
    content = given.find(f"{T}Content")
    inner = [child for child in given if name(child) in schema.ELEMENTS]
    data = written(inner[0]).encode() if inner else base64.b64decode(content.text or "")
    shell = copied(given)
    for child in list(shell):
        if name(child) in {"Content", "AttachmentId", "Size", *schema.ELEMENTS}:
            shell.remove(child)
    return written(shell), data
