# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PST file that ExMerge would have written of a mailbox: mail, and an office as office.py deals it. A PST knows no MIME: mail is its properties."""
from __future__ import annotations

import base64
import pathlib
import random
import struct
import sys
import uuid
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import office

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "build" / "collections"))

from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.pst_file import Named, PstFile

# Sets of named properties (MS-OXPROPS, 1.3.2), and how an entry id begins that holds a name and an address (MS-OXCDATA, 2.2.5.1).
COMMON, APPOINTMENT, ADDRESS, TASK = (uuid.UUID(f"000620{number}-0000-0000-c000-000000000046") for number in ("08", "02", "04", "03"))
ONE_OFF = uuid.UUID("a41f2b81-a3be-1910-9d6e-00dd010f5402").bytes_le
EPOCH = datetime(1601, 1, 1)
WEEKDAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"]
ROLES, ANSWERS = {"REQ-PARTICIPANT": 1, "OPT-PARTICIPANT": 2}, {"ACCEPTED": 3, "DECLINED": 4, "TENTATIVE": 2, "NEEDS-ACTION": 0}
TASK_STATES = {"NEEDS-ACTION": 0, "IN-PROCESS": 1, "COMPLETED": 2}


def deal(owner: str, messages: int = 40, seed: int = 1) -> dict[str, list[dict]]:
    """An office, with those series only that `_pattern` can spell, and `message`: folder, subject, from, to, date, text, attachments, read."""
    dealt, chance = office.deal(owner, seed), random.Random(f"{seed} {owner} mail")
    dealt["event"] = [dict(item, changed=[]) for item in dealt["event"] if not item["rule"] or item["rule"]["FREQ"] == "WEEKLY"]
    dealt["message"] = [mail(number, chance) for number in range(messages)]
    return dealt


def mail(number: int, chance: random.Random) -> dict:
    when = datetime(2001, 1, 1, tzinfo=timezone.utc) + timedelta(minutes=chance.randrange(10**6))
    attachments = [[f"plän {n}.bin", base64.b64encode(chance.randbytes(chance.randint(1, 9000))).decode()] for n in range(number % 4 // 2)]
    return {"folder": chance.choice(["INBOX", "Projekte", "Projekte/Älter"]), "subject": f"Message {number}: «Grüße» {chance.randrange(1000)}",
            "from": f"friend{number}@outside.test", "to": ["archive55@example.test", "Ben <ben@outside.test>"][:1 + number % 2], "date": when.isoformat(),
            "text": "".join(f"Line {line} of {number}, ä€\n" for line in range(chance.randint(1, 60))), "attachments": attachments, "read": number % 3 > 0}


def write(dealt: dict[str, list[dict]], path: pathlib.Path) -> None:
    pst = PstFile()
    mail_folders = {"INBOX": pst.folder("Inbox", container_class="IPF.Note"), "Projekte": pst.folder("Projekte", container_class="IPF.Note")}
    mail_folders["Projekte/Älter"] = pst.folder("Älter", mail_folders["Projekte"], "IPF.Note")
    folders = {kind: pst.folder(name, container_class=f"IPF.{of}") for kind, name, of in (
        ("event", "Calendar", "Appointment"), ("contact", "Contacts", "Contact"), ("task", "Tasks", "Task"), ("note", "Notes", "StickyNote"))}
    for item in dealt["message"]:
        pst.message(mail_folders[item["folder"]], *_message(item))
    for item in dealt["event"]:
        pst.message(folders["event"], *_event(item))
    for item in dealt["contact"]:
        pst.message(folders["contact"], _contact(item))
    for item in dealt["distribution_list"]:
        pst.message(folders["contact"], {0x001A: "IPM.DistList", Named(ADDRESS, 0x8053): item["name"],
                                         Named(ADDRESS, 0x8054): [_one_off(name, address) for name, address in item["members"]]})
    for item in dealt["task"]:
        pst.message(folders["task"], {
            0x001A: "IPM.Task", 0x0037: item["summary"], Named(TASK, 0x8101): TASK_STATES[item["state"]], Named(TASK, 0x8102): item["percent"] / 100,
            Named(TASK, 0x8105): datetime.fromisoformat(item["due"]).replace(tzinfo=timezone.utc)})
    for item in dealt["note"]:
        pst.message(folders["note"], {0x001A: "IPM.StickyNote", 0x0037: item["text"].splitlines()[0], 0x1000: item["text"].replace("\n", "\r\n")})
    pst.write(path)


def _message(item: dict) -> tuple[dict, list, list]:
    when = datetime.fromisoformat(item["date"])
    properties = {0x0037: item["subject"], 0x0C1A: item["from"], 0x0C1E: "SMTP", 0x0C1F: item["from"], 0x0042: item["from"], 0x0064: "SMTP",
                  0x0065: item["from"], 0x0039: when, 0x0E06: when, 0x1000: item["text"].replace("\n", "\r\n"), 0x0E07: int(item["read"])}
    recipients = [{0x3001: to.partition(" <")[0], 0x3002: "SMTP", 0x3003: to.rpartition("<")[2].rstrip(">"), 0x0C15: 1} for to in item["to"]]
    return properties, recipients, [{0x3705: 1, 0x3707: name, 0x3701: base64.b64decode(data)} for name, data in item["attachments"]]


def _event(item: dict) -> tuple[dict, list]:
    start, end = (datetime.fromisoformat(item[name]).replace(tzinfo=ZoneInfo(item["zone"])).astimezone(timezone.utc) for name in ("start", "end"))
    zone = _zone(office.ZONES[item["zone"]])
    properties = {
        0x001A: "IPM.Appointment", 0x0037: item["summary"], Named(APPOINTMENT, 0x820D): start, Named(APPOINTMENT, 0x820E): end,
        Named(APPOINTMENT, 0x8215): item["all_day"], Named(APPOINTMENT, 0x8208): item["location"], Named(APPOINTMENT, 0x825E): zone,
        Named(COMMON, 0x8503): item["reminder"] is not None, Named(COMMON, 0x8501): item["reminder"] or 0,
        Named(APPOINTMENT, 0x8217): int(bool(item["attendees"])),
    }
    if item["rule"]:
        properties |= {Named(APPOINTMENT, 0x8223): True, Named(APPOINTMENT, 0x8216): _pattern(item), Named(APPOINTMENT, 0x8260): zone}
    recipients = [{0x3001: address, 0x3002: "SMTP", 0x3003: address, 0x0C15: ROLES[role], 0x5FFF: ANSWERS[answer]}
                  for address, role, answer in item["attendees"]]
    return properties, recipients


def _zone(name: str) -> bytes:
    """A time zone's definition (MS-OXOCAL, 2.2.1.41) that has its name only."""
    return struct.pack("<BBHHH", 2, 1, 6 + 2 * len(name), 2, len(name)) + name.encode("utf-16-le") + struct.pack("<H", 0)


def _minutes(when: datetime) -> int:
    return int((when - EPOCH).total_seconds() // 60)


def _pattern(item: dict) -> bytes:
    """AppointmentRecurrencePattern (MS-OXOCAL, 2.2.1.44.5) of a weekly series."""
    rule, start, end = item["rule"], datetime.fromisoformat(item["start"]), datetime.fromisoformat(item["end"])
    midnight, interval = start.replace(hour=0, minute=0), rule.get("INTERVAL", 1)
    deleted = [_minutes(datetime.fromisoformat(one).replace(hour=0, minute=0)) for one in item["deleted"]]
    # Weeks are counted from the one, beginning on Sunday, that holds the first occurrence.
    first_week = _minutes(midnight - timedelta(days=(midnight.weekday() + 1) % 7)) % (interval * 7 * 24 * 60)
    last = midnight + timedelta(weeks=interval * (rule["COUNT"] - 1))
    days = sum(1 << WEEKDAYS.index(day) for day in rule["BYDAY"])
    begin = _minutes(start) - _minutes(midnight)
    return (
        struct.pack("<5H3I", 0x3004, 0x3004, 0x200B, 1, 0, first_week, interval, 0) + struct.pack("<I", days)
        + struct.pack("<4I", 0x2022, rule["COUNT"], 0, len(deleted)) + struct.pack(f"<{len(deleted)}I", *deleted)
        + struct.pack("<3I", 0, _minutes(midnight), _minutes(last))
        + struct.pack("<4IH2I", 0x3006, 0x3009, begin, begin + _minutes(end) - _minutes(start), 0, 0, 0)
    )


def _one_off(name: str, address: str) -> bytes:
    return bytes(4) + ONE_OFF + struct.pack("<HH", 0, 0x8000) + f"{name}\0SMTP\0{address}\0".encode("utf-16-le")


def _contact(item: dict) -> dict:
    return {0x001A: "IPM.Contact", 0x3001: item["name"], 0x0037: item["name"], 0x3A06: item["given"], 0x3A11: item["family"], 0x3A16: item["company"],
            0x3A1C: item["mobile"], Named(ADDRESS, 0x8082): "SMTP", Named(ADDRESS, 0x8083): item["email"], Named(ADDRESS, 0x8080): item["name"],
            Named(ADDRESS, 0x8046): item["city"]}
