# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not mail in the lab: dealt as plain values, spelt as EWS takes them, and put into the Exchange of a host.

    office.py put --store /var/lib/ews < ORDERS      on the host; prints the ids of what was put, in order
    office.py change --store /var/lib/ews < CHANGES  [[id, {"subject": ...}], [id, null], ...]; null deletes
    office.py habits --store /var/lib/ews < HABITS   [{mailbox, rules: [...], reply: ...}], inbox rules and the automatic reply

A kind's values, all of them text, numbers or lists, so that they are their own expectation in the audit (office_audit.py):
event              summary, location, start, end (the zone's wall clock), zone, all_day, rule, changed, deleted, attendees, reminder
contact            name, given, family, company, email, mobile, city
distribution_list  name, members
task               summary, due, percent, state
note               text
"""
from __future__ import annotations

import argparse
import json
import pathlib
import random
import sys
from datetime import datetime, timedelta
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

# Windows' name of each zone; the first is where most of the users sit.
ZONES = {"Europe/Berlin": "W. Europe Standard Time", "America/New_York": "Eastern Standard Time", "Asia/Tokyo": "Tokyo Standard Time", "Etc/UTC": "UTC"}
DAYS = {"MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday", "SU": "Sunday"}
PEOPLE = [("Änne", "Groß"), ("Ben", "O'Hara"), ("Cleo", "Maier; née Tal"), ("日向", "山田"), ("Dmitri", "Иванов"), ("Eve", "Smith & Sons")]
ANSWERS = {"ACCEPTED": "Accept", "DECLINED": "Decline", "TENTATIVE": "Tentative", "NEEDS-ACTION": "NoResponseReceived"}
TASK_STATES = {"NEEDS-ACTION": "NotStarted", "IN-PROCESS": "InProgress", "COMPLETED": "Completed"}
KINDS = ("event", "contact", "distribution_list", "task", "note")


# --- deal ------------------------------------------------------------------------------------------------------

def deal(owner: str, seed: int = 1) -> dict[str, list[dict]]:
    """A user's office; the same for the same user and seed."""
    chance = random.Random(f"{seed} {owner}")
    return {"event": events(owner, chance), "contact": [contact(owner, number, chance) for number in range(chance.randint(4, 9))],
            "distribution_list": [{"name": f"Team of {owner}, all", "members": [["Ben, the other", "ben@outside.test"], ["Änne", "anne@outside.test"]]}],
            "task": [task(owner, number, chance) for number in range(4)],
            "note": [{"text": f"{text} ({owner})"} for text in ("Milk, bread; «Käse»", "Second\nline")]}


def event(summary: str, start: datetime, minutes: int, zone: str = "Europe/Berlin", **more) -> dict:
    return {"summary": summary, "location": "", "start": start.isoformat(), "end": (start + timedelta(minutes=minutes)).isoformat(), "zone": zone,
            "all_day": False, "rule": None, "changed": [], "deleted": [], "attendees": [], "reminder": None, **more}


def events(owner: str, chance: random.Random) -> list[dict]:
    monday = datetime(2026, 1, 5) + timedelta(weeks=chance.randrange(20))
    at = monday.replace(hour=chance.randint(8, 15), minute=chance.choice([0, 15, 30]))
    week = timedelta(weeks=1)
    fortnightly = event(f"Board of {owner}", at, 60, rule={"FREQ": "WEEKLY", "INTERVAL": 2, "COUNT": 10, "BYDAY": ["MO"]}, reminder=15, attendees=[
        ["ben@outside.test", "REQ-PARTICIPANT", "ACCEPTED"], ["cleo@outside.test", "OPT-PARTICIPANT", "DECLINED"],
    ])
    fortnightly["changed"] = [{"original": (at + 4 * week).isoformat(), "summary": "Board, moved", "start": (at + 4 * week + timedelta(hours=2)).isoformat(),
                               "end": (at + 4 * week + timedelta(hours=3)).isoformat()}]
    fortnightly["deleted"] = [(at + 8 * week).isoformat()]
    single = [event(f"Single {number}; of {owner}, «{chance.randrange(100)}»", at + timedelta(days=number, hours=number % 3), 45, zone,
                    location=chance.choice(["", "Room 1\\2", "Zürich, Büro"]), reminder=chance.choice([None, 0, 30]))
              for number, zone in enumerate(ZONES)]
    return [
        fortnightly, *single,
        event("Holiday", monday, 2 * 24 * 60, all_day=True),
        event("Birthday of Änne", monday.replace(month=2, day=28), 24 * 60, all_day=True, rule={"FREQ": "YEARLY", "BYMONTH": [2], "BYMONTHDAY": [28]}),
        event("Every day of a week", at, 30, "America/New_York", rule={"FREQ": "DAILY", "COUNT": 7}),
        event("Last Friday", at + timedelta(days=4), 90, rule={"FREQ": "MONTHLY", "BYDAY": ["-1FR"], "COUNT": 6}),
        # Over midnight, and the clock changes before the second time.
        event("Over midnight", datetime(2026, 3, 28, 23, 30), 90, rule={"FREQ": "WEEKLY", "BYDAY": ["SA"], "COUNT": 3}),
    ]


def contact(owner: str, number: int, chance: random.Random) -> dict:
    given, family = chance.choice(PEOPLE)
    return {"name": f"{given} {family} {number}", "given": given, "family": f"{family} {number}", "company": chance.choice(["", "Example, Inc. & Co"]),
            "email": f"{owner}.friend{number}@outside.test", "mobile": f"+49 170 {chance.randrange(10**6):06}",
            "city": chance.choice(["", "Köln", "São Paulo"])}


def task(owner: str, number: int, chance: random.Random) -> dict:
    state, percent = chance.choice([("NEEDS-ACTION", 0), ("IN-PROCESS", 40), ("COMPLETED", 100)])
    return {"summary": f"Task {number}, {owner}", "due": f"2026-0{number + 3}-1{number}", "percent": percent, "state": state}


# --- spelt for EWS ---------------------------------------------------------------------------------------------

def orders(owner: str, office: dict[str, list[dict]]) -> list[dict]:
    """What `put` takes, in the order of KINDS."""
    spell = {"event": (_event, "calendar"), "contact": (_contact, "contacts"), "distribution_list": (_list, "contacts"), "task": (_task, "tasks"),
             "note": (_note, "notes")}
    return [{"mailbox": owner, "folder": spell[kind][1], "xml": spell[kind][0](item), "occurrences": _occurrences(item) if kind == "event" else []}
            for kind in KINDS for item in office[kind]]


def tag(name: str, value: object) -> str:
    return f"<t:{name}>{escape(str(value))}</t:{name}>" if value != "" else ""


def instant(wall_clock: str, zone: str) -> str:
    return datetime.fromisoformat(wall_clock).replace(tzinfo=ZoneInfo(zone)).isoformat()


def _event(item: dict) -> str:
    zone, people = item["zone"], {"REQ-PARTICIPANT": "", "OPT-PARTICIPANT": ""}
    for address, role, answer in item["attendees"]:
        people[role] += f"<t:Attendee><t:Mailbox>{tag('EmailAddress', address)}</t:Mailbox>{tag('ResponseType', ANSWERS[answer])}</t:Attendee>"
    reminder = item["reminder"]
    return "".join((
        "<t:CalendarItem>", tag("Subject", item["summary"]), tag("ReminderIsSet", str(reminder is not None).lower()),
        tag("ReminderMinutesBeforeStart", 0 if reminder is None else reminder), tag("Start", instant(item["start"], zone)),
        tag("End", instant(item["end"], zone)), tag("IsAllDayEvent", str(item["all_day"]).lower()), tag("LegacyFreeBusyStatus", "Busy"),
        tag("Location", item["location"]), *(f"<t:{name}>{people[role]}</t:{name}>" for name, role in (
            ("RequiredAttendees", "REQ-PARTICIPANT"), ("OptionalAttendees", "OPT-PARTICIPANT")) if people[role]),
        _recurrence(item) if item["rule"] else "",
        f"<t:DeletedOccurrences>{''.join(_deleted(one, zone) for one in item['deleted'])}</t:DeletedOccurrences>" if item["deleted"] else "",
        f'<t:StartTimeZone Id="{ZONES[zone]}"/><t:EndTimeZone Id="{ZONES[zone]}"/></t:CalendarItem>'))


def _deleted(wall_clock: str, zone: str) -> str:
    return f"<t:DeletedOccurrence>{tag('Start', instant(wall_clock, zone))}</t:DeletedOccurrence>"


def _recurrence(item: dict) -> str:
    rule, start = item["rule"], item["start"][:10]
    interval, days = tag("Interval", rule.get("INTERVAL", 1)), rule.get("BYDAY", [])
    pattern = {
        "DAILY": lambda: f"<t:DailyRecurrence>{interval}</t:DailyRecurrence>",
        "WEEKLY": lambda: f"<t:WeeklyRecurrence>{interval}{tag('DaysOfWeek', ' '.join(DAYS[day] for day in days))}</t:WeeklyRecurrence>",
        "MONTHLY": lambda: f"<t:RelativeMonthlyRecurrence>{interval}{tag('DaysOfWeek', DAYS[days[0][2:]])}{tag('DayOfWeekIndex', 'Last')}"
                           "</t:RelativeMonthlyRecurrence>",
        "YEARLY": lambda: f"<t:AbsoluteYearlyRecurrence>{tag('DayOfMonth', rule['BYMONTHDAY'][0])}{tag('Month', 'February')}</t:AbsoluteYearlyRecurrence>",
    }[rule["FREQ"]]()
    count = rule.get("COUNT")
    end = (f"<t:NumberedRecurrence>{tag('StartDate', start)}{tag('NumberOfOccurrences', count)}</t:NumberedRecurrence>" if count
           else f"<t:NoEndRecurrence>{tag('StartDate', start)}</t:NoEndRecurrence>")
    return f"<t:Recurrence>{pattern}{end}</t:Recurrence>"


def _occurrences(item: dict) -> list[str]:
    zone = item["zone"]
    return ["".join(("<t:CalendarItem>", tag("Subject", one["summary"]), tag("Start", instant(one["start"], zone)), tag("End", instant(one["end"], zone)),
                     tag("OriginalStart", instant(one["original"], zone)), "</t:CalendarItem>")) for one in item["changed"]]


def _contact(item: dict) -> str:
    city = f"<t:PhysicalAddresses><t:Entry Key='Business'>{tag('City', item['city'])}</t:Entry></t:PhysicalAddresses>" if item["city"] else ""
    return "".join((
        "<t:Contact>", tag("Subject", item["name"]), tag("DisplayName", item["name"]), tag("GivenName", item["given"]), tag("CompanyName", item["company"]),
        f"<t:EmailAddresses><t:Entry Key='EmailAddress1'>{escape(item['email'])}</t:Entry></t:EmailAddresses>", city,
        f"<t:PhoneNumbers><t:Entry Key='MobilePhone'>{escape(item['mobile'])}</t:Entry></t:PhoneNumbers>", tag("Surname", item["family"]), "</t:Contact>"))


def _list(item: dict) -> str:
    members = "".join(f"<t:Member><t:Mailbox>{tag('Name', name)}{tag('EmailAddress', address)}<t:RoutingType>SMTP</t:RoutingType></t:Mailbox></t:Member>"
                      for name, address in item["members"])
    return f"<t:DistributionList>{tag('Subject', item['name'])}{tag('DisplayName', item['name'])}<t:Members>{members}</t:Members></t:DistributionList>"


def _task(item: dict) -> str:
    return (f"<t:Task>{tag('Subject', item['summary'])}{tag('DueDate', item['due'] + 'T00:00:00Z')}{tag('PercentComplete', item['percent'])}"
            f"{tag('Status', TASK_STATES[item['state']])}</t:Task>")


def _note(item: dict) -> str:
    return (f"<t:Message><t:ItemClass>IPM.StickyNote</t:ItemClass>{tag('Subject', item['text'].splitlines()[0])}"
            f"<t:Body BodyType='Text'>{escape(item['text'])}</t:Body></t:Message>")


RULE = ("<t:Rule><t:RuleId>{priority}</t:RuleId><t:DisplayName>{name}</t:DisplayName><t:Priority>{priority}</t:Priority><t:IsEnabled>true</t:IsEnabled>"
        "<t:Conditions>{conditions}</t:Conditions><t:Actions>{actions}</t:Actions></t:Rule>")
PROBE_OF_RULES = "Probe of rules"


def habits(owner: str) -> dict:
    """A rule that a script can say, one that none can, and a reply to whoever writes."""
    subject = f"<t:ContainsSubjectStrings>{tag('String', PROBE_OF_RULES)}</t:ContainsSubjectStrings>"
    return {
        "mailbox": owner,
        "rules": [RULE.format(priority=1, name="Probes", conditions=subject, actions="<t:MoveToFolder>{deleteditems}</t:MoveToFolder>"),
                  RULE.format(priority=2, name="Files", conditions="<t:HasAttachments>true</t:HasAttachments>", actions="<t:Delete>true</t:Delete>")],
        "reply": "<t:OofSettings><t:OofState>Enabled</t:OofState><t:ExternalAudience>All</t:ExternalAudience>"
                 "<t:InternalReply><t:Message>Back in May</t:Message></t:InternalReply>"
                 "<t:ExternalReply><t:Message>Out of office</t:Message></t:ExternalReply></t:OofSettings>",
    }


# --- on the host -----------------------------------------------------------------------------------------------

def put(store, given: list[dict]) -> list[str]:
    ids = []
    for order in given:
        if not store.row("SELECT 1 FROM mailbox WHERE address = ?", order["mailbox"]):
            store.create_mailbox(order["mailbox"])
        ids.append(store.add_item(order["mailbox"], order["folder"], order["xml"], order["occurrences"]))
    return ids


def change(store, given: list) -> list[str]:
    for item, changes in given:
        if changes is None:
            store.delete(item)
        else:
            store.change(item, **changes)
    return []


def set_habits(store, given: list[dict]) -> list[str]:
    from servers.ews import shapes

    for one in given:
        bin_ = store.row("SELECT * FROM folder WHERE id = ?", store.folder(one["mailbox"], "deleteditems"))
        store.set_rules(one["mailbox"], *(rule.replace("{deleteditems}", shapes.folder_id(bin_)) for rule in one["rules"]))
        store.set_oof(one["mailbox"], one["reply"])
    return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["put", "change", "habits"])
    parser.add_argument("--store", type=pathlib.Path, required=True)
    options = parser.parse_args()
    from servers.ews import Store  # where it is

    store = Store(options.store)
    with store.transaction():
        done = {"put": put, "change": change, "habits": set_habits}[options.verb](store, json.load(sys.stdin))
    json.dump(done, sys.stdout)


if __name__ == "__main__":
    main()
