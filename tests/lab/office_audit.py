# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Independent audit of what is not mail, and of mail that was rebuilt: what was dealt (office.py, exmerge.py) against what the target's servers give.

Knows nothing of the collection; calendars and cards are read by libraries. Everything is compared field by field, and counted per copy.
"""
from __future__ import annotations

import base64
import email
import email.policy
import imaplib
import json
import ssl
from collections import Counter
from datetime import date, datetime, timezone
from xml.etree import ElementTree

import icalendar
import requests
import vobject

from audit import decoded

CALDAV, CARDDAV = "urn:ietf:params:xml:ns:caldav", "urn:ietf:params:xml:ns:carddav"
QUERY = ('<?xml version="1.0"?><X:{query} xmlns:D="DAV:" xmlns:X="{space}"><D:prop><X:{data}/></D:prop>'
         '{filter}</X:{query}>')
COUNTS = ("source", "target", "converted", "missing", "doubled", "altered")


class Dav:
    """A user's calendars and contacts, as he himself sees them."""

    def __init__(self, url: str, user: str, password: str, ca_file: str) -> None:
        self.url, self.user = url, user
        self.session = requests.Session()
        self.session.auth, self.session.verify, self.session.trust_env = (user, password), ca_file, False

    def ask(self, method: str, path: str, body: str) -> ElementTree.Element:
        answer = self.session.request(method, self.url + path, data=body.encode(), headers={"Depth": "1", "Content-Type": "application/xml"}, timeout=60)
        answer.raise_for_status()
        return ElementTree.fromstring(answer.content)

    def objects(self, home: str, space: str, query: str, data: str, chosen: str) -> list[str]:
        found, kind = [], f"{{{space}}}{'calendar' if space == CALDAV else 'addressbook'}"
        listed = self.ask("PROPFIND", home, '<D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/></D:prop></D:propfind>')
        for response in listed.iter("{DAV:}response"):
            if response.find(f".//{{DAV:}}resourcetype/{kind}") is not None:
                asked = QUERY.format(query=query, space=space, data=data, filter=chosen)
                found += [one.text for one in self.ask("REPORT", response.findtext("{DAV:}href"), asked).iter(f"{{{space}}}{data}") if one.text]
        return found

    def calendars(self) -> list[str]:
        return self.objects(f"/dav/calendars/user/{self.user}/", CALDAV, "calendar-query", "calendar-data",
                            '<X:filter><X:comp-filter name="VCALENDAR"/></X:filter>')

    def cards(self) -> list[str]:
        return self.objects(f"/dav/addressbooks/user/{self.user}/", CARDDAV, "addressbook-query", "address-data", "<X:filter/>")


# --- what the target has, in the words of what was dealt ---------------------------------------------------------

def read_office(dav: Dav) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {"event": [], "contact": [], "distribution_list": [], "task": [], "note": []}
    for text in dav.calendars():
        parts = icalendar.Calendar.from_ical(text).walk()
        events = [part for part in parts if part.name == "VEVENT"]
        if events:
            found["event"].append(read_event(events))
        found["task"] += [read_task(part) for part in parts if part.name == "VTODO"]
        found["note"] += [{"text": str(part.get("DESCRIPTION", ""))} for part in parts if part.name == "VJOURNAL"]
    for text in dav.cards():
        card = vobject.readOne(text)
        kind = "distribution_list" if "x-addressbookserver-kind" in card.contents else "contact"
        found[kind].append(read_list(card) if kind == "distribution_list" else read_contact(card))
    return found


def wall_clock(value: date | datetime) -> str:
    return value.replace(tzinfo=None).isoformat() if isinstance(value, datetime) else f"{value.isoformat()}T00:00:00"


def read_event(parts: list) -> dict:
    series = next(part for part in parts if "RECURRENCE-ID" not in part)
    start = series.decoded("DTSTART")
    excluded = series.get("EXDATE", [])
    reminders = [int(-alarm.decoded("TRIGGER").total_seconds() // 60) for alarm in series.walk("VALARM")]
    return {
        "summary": str(series["SUMMARY"]), "location": str(series.get("LOCATION", "")), "start": wall_clock(start), "end": wall_clock(end_of(series)),
        "zone": zone_of(series["DTSTART"]), "all_day": not isinstance(start, datetime), "rule": read_rule(series.get("RRULE")),
        "changed": [{"original": wall_clock(part.decoded("RECURRENCE-ID")), "summary": str(part["SUMMARY"]), "start": wall_clock(part.decoded("DTSTART")),
                     "end": wall_clock(end_of(part))} for part in parts if "RECURRENCE-ID" in part],
        "deleted": sorted(wall_clock(one.dt) for dates in (excluded if isinstance(excluded, list) else [excluded]) for one in dates.dts),
        "attendees": sorted([str(one).partition(":")[2], str(one.params.get("ROLE", "")), str(one.params.get("PARTSTAT", ""))]
                            for one in as_list(series.get("ATTENDEE"))),
        "reminder": reminders[0] if len(reminders) == 1 else reminders or None,
    }


def end_of(part) -> date | datetime:
    if "DTEND" in part:
        return part.decoded("DTEND")
    start, length = part.decoded("DTSTART"), part.decoded("DURATION")
    # Hours are hours, whatever the clock does (RFC 5545, 3.3.6).
    return (start.astimezone(timezone.utc) + length).astimezone(start.tzinfo) if isinstance(start, datetime) else start + length


def as_list(value) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]


def zone_of(value) -> str:
    if not isinstance(value.dt, datetime):
        return ""
    return str(value.params.get("TZID") or ("Etc/UTC" if value.dt.utcoffset() is not None else "floating"))


def read_rule(rule) -> dict | None:
    if rule is None:
        return None
    plain = {name: [str(one) if name in ("FREQ", "BYDAY") else int(one) if str(one).lstrip("-").isdigit() else str(one) for one in as_list(value)]
             for name, value in rule.items() if name != "WKST"}
    plain = {name: value[0] if name in ("FREQ", "INTERVAL", "COUNT") else value for name, value in plain.items()}
    return {name: value for name, value in plain.items() if (name, value) != ("INTERVAL", 1)}


def read_task(part) -> dict:
    return {"summary": str(part["SUMMARY"]), "due": part.decoded("DUE").isoformat() if "DUE" in part else "", "state": str(part.get("STATUS", "NEEDS-ACTION")),
            "percent": int(part.get("PERCENT-COMPLETE", 0))}


def read_contact(card) -> dict:
    def value(name: str, of=lambda line: line.value) -> str:
        return of(getattr(card, name)) if name in card.contents else ""
    return {"name": card.fn.value, "given": card.n.value.given, "family": card.n.value.family, "company": value("org", lambda line: line.value[0]),
            "email": value("email"), "mobile": value("tel"), "city": value("adr", lambda line: line.value.city)}


def read_list(card) -> dict:
    return {"name": card.fn.value, "members": sorted([line.params.get("X-CN", [""])[0], line.value.partition(":")[2]]
                                                     for line in card.contents.get("x-addressbookserver-member", []))}


def read_mail(config: dict, target: str) -> list[dict]:
    """Mail of a mailbox in the words of exmerge.py."""
    imap = imaplib.IMAP4_SSL(config["host"], config["port"], ssl_context=ssl.create_default_context(cafile=config["ca_file"]), timeout=60)
    imap.authenticate("PLAIN", lambda _: f"{target}\0{config['admin']}\0{config['password']}".encode())
    found = []
    for line in imap.list()[1]:
        marks, name = line.partition(b")")[0], line.rpartition(b' "')[2].rstrip(b'"') if line.endswith(b'"') else line.rpartition(b" ")[2]
        if b"\\Noselect" in marks:
            continue
        imap.select(f'"{name.decode()}"', readonly=True)
        for answer in imap.fetch("1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")[1]:
            if isinstance(answer, tuple):
                found.append(read_message(decoded(name.decode()), answer[0], answer[1]))
    imap.logout()
    return found


def read_message(folder: str, around: bytes, data: bytes) -> dict:
    message = email.message_from_bytes(data, policy=email.policy.default)
    body = message.get_body(("plain",))
    name = folder.removeprefix("INBOX.").replace(".", "/")
    return {
        "folder": name, "subject": str(message["Subject"]), "from": message["From"].addresses[0].addr_spec,
        "to": [f"{one.display_name} <{one.addr_spec}>" if one.display_name not in ("", one.addr_spec) else one.addr_spec for one in message["To"].addresses],
        "date": message["Date"].datetime.astimezone(timezone.utc).isoformat(), "text": body.get_content().replace("\r\n", "\n"),
        "attachments": [[part.get_filename(), base64.b64encode(part.get_content()).decode()] for part in message.iter_attachments()],
        "read": b"\\Seen" in around,
    }


# --- comparing -------------------------------------------------------------------------------------------------

IDENTITY = {"event": "summary", "contact": "email", "distribution_list": "name", "task": "summary", "note": "text", "message": "subject"}


def expected(kind: str, item: dict) -> dict:
    """What was dealt, without what has no meaning."""
    if kind == "event":
        return dict(item, zone="" if item["all_day"] else item["zone"], attendees=sorted(item["attendees"]), deleted=sorted(item["deleted"]))
    return dict(item, members=sorted(item["members"])) if kind == "distribution_list" else item


def compare(kind: str, dealt: list[dict], there: list[dict]) -> tuple[dict[str, int], list[dict]]:
    """Counts (COUNTS), and what was found: {kind, finding, item, source, target}."""
    ours, theirs = (Counter(json.dumps(item, sort_keys=True, ensure_ascii=False) for item in side)
                    for side in ([expected(kind, item) for item in dealt], there))
    lacking, surplus = list((ours - theirs).elements()), list((theirs - ours).elements())
    counts, findings = dict.fromkeys(COUNTS, 0), []
    by_name: dict[str, list[str]] = {}
    for text in surplus:
        by_name.setdefault(json.loads(text)[IDENTITY[kind]], []).append(text)
    for text in lacking:
        name = json.loads(text)[IDENTITY[kind]]
        other = by_name[name].pop() if by_name.get(name) else None
        finding = "missing" if other is None else "altered"
        counts[finding] += 1
        findings.append({"kind": kind, "finding": finding, "item": name, "source": text, "target": other})
    for name, texts in by_name.items():
        counts["doubled"] += len(texts)
        findings += [{"kind": kind, "finding": "doubled", "item": name, "source": None, "target": text} for text in texts]
    counts |= {"source": len(dealt), "target": len(there), "converted": len(there)}
    return counts, findings


def audit(config: dict, mailboxes: list[dict]) -> dict:
    """`mailboxes`: [{name, server, target, password, dealt: {kind: [...]}}]. Counts per server and kind, and findings."""
    servers: dict[str, dict[str, dict[str, int]]] = {}
    findings = []
    for mailbox in mailboxes:
        there = read_office(Dav(config["dav"], mailbox["target"], mailbox["password"], config["ca_file"]))
        if "message" in mailbox["dealt"]:
            there["message"] = read_mail(config, mailbox["target"])
        for kind, dealt in mailbox["dealt"].items():
            counts, found = compare(kind, dealt, there[kind])
            total = servers.setdefault(mailbox["server"], {}).setdefault(kind, dict.fromkeys(COUNTS, 0))
            for name in COUNTS:
                total[name] += counts[name]
            findings += [dict(one, mailbox=mailbox["name"]) for one in found]
    return {"servers": servers, "findings": findings}
