# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the migration stations changed on other servers in a span of time, counted where it arrives: on the wire."""

from __future__ import annotations

import json
import re

from lab import EWS_STORE, SOURCES, STATIONS, TARGET, active_directory, on, read_by_ews
from people import SUFFIX

# IMAP commands that change a server's state (RFC 9051, RFC 4314, RFC 9208, RFC 6851, RFC 5464).
CHANGING = {
    "APPEND", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "STORE", "COPY", "MOVE", "EXPUNGE", "CLOSE", "REPLACE",
    "UID STORE", "UID COPY", "UID MOVE", "UID EXPUNGE", "UID REPLACE", "SETACL", "DELETEACL", "SETQUOTA", "SETMETADATA", "SETANNOTATION",
}
JOURNAL = "/var/log/gateway/commands.jsonl"
UPDATES = "/var/log/named/updates.log"


def imap(since: float, until: float) -> tuple[int, int]:
    """(commands that the stations gave, how many of them change something) on all mail servers."""
    seen = changing = 0
    for host in (*SOURCES, TARGET):
        for line in on(host, "cat", JOURNAL).splitlines():
            entry = json.loads(line)
            if entry["client"] in STATIONS and since <= entry["time"] <= until:
                seen += 1
                changing += entry["command"].upper() in CHANGING
    return seen, changing


# Operations of EWS that look and do no more.
EWS_LOOKS = ("Get", "Find", "Sync", "Resolve", "Convert")


def ews() -> tuple[int, int]:
    """(requests that were made by EWS until now, how many of them change something). Only stations make any."""
    counts: dict[str, int] = {}
    for host in filter(read_by_ews, SOURCES):
        for operation, count in json.loads(on(host, "env", "PYTHONPATH=/opt", "python3", "-m", "servers.ews", "counts", EWS_STORE)).items():
            counts[operation] = counts.get(operation, 0) + count
    return sum(counts.values()), sum(count for operation, count in counts.items() if not operation.startswith(EWS_LOOKS))


def dns_updates() -> int:
    """Updates that the name server has been asked for until now, granted or not."""
    return len(on("ns1", "sh", "-c", f"cat {UPDATES} 2>/dev/null || true").splitlines())


DAV_REQUEST = re.compile(r'\[(?P<client>[0-9.]+)\] .*"(?P<method>[A-Z]+) /dav/')
DAV_LOOKS = {"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"}


def dav(since: float, until: float) -> tuple[int, int]:
    """(requests of the stations, how many of them change something) for calendars and contacts."""
    log = on(TARGET, "journalctl", "-o", "json", "-t", "cyrus/https", f"--since=@{since:.0f}", f"--until=@{until + 1:.0f}")
    methods = []
    for entry in map(json.loads, log.splitlines()):
        found = DAV_REQUEST.search(str(entry["MESSAGE"]))
        if found and found["client"] in STATIONS and since <= int(entry["__REALTIME_TIMESTAMP"]) / 1e6 <= until:
            methods.append(found["method"])
    return len(methods), sum(method not in DAV_LOOKS for method in methods)


SMTP_SESSION = re.compile(r"disconnect from \S+\[(?P<client>[0-9.]+)\].* data=(?P<messages>\d+)")


def messages(since: float, until: float) -> int:
    """Messages that the stations handed to a mail server."""
    count = 0
    for host in (*SOURCES, TARGET):
        log = on(host, "journalctl", "-o", "json", "-t", "postfix/smtpd", f"--since=@{since:.0f}", f"--until=@{until + 1:.0f}")
        for line in log.splitlines():
            entry = json.loads(line)
            # How a session ended; who only asks whether a recipient is known hands over no data.
            found = SMTP_SESSION.match(str(entry["MESSAGE"]))
            if found and found["client"] in STATIONS and since <= int(entry["__REALTIME_TIMESTAMP"]) / 1e6 <= until:
                count += int(found["messages"])
    return count


ADMINISTRATION_LOOKS = ("LOGIN", "LOGOUT", "VERSION", "LICENSE STATUS", "BACKUP STATUS", "DOMAIN SETCURRENT", "USER LIST", "DL LIST", "DLENTRY LIST")


def administration() -> tuple[int, int]:
    """(commands of the administration protocol until now, how many of them change something). Only stations give any."""
    journal = on(TARGET, "sh", "-c", "cat /var/lib/admind/commands.jsonl 2>/dev/null || true").splitlines()
    commands = [json.loads(line)["command"] for line in journal]
    return len(commands), sum(command not in ADMINISTRATION_LOOKS for command in commands)


LDAP_CLIENT = re.compile(r"conn=(\d+) fd=\d+ ACCEPT from IP=([0-9.]+):")
LDAP_OPERATION = re.compile(r"conn=(\d+) op=\d+ (BIND|SRCH|CMP|ADD|MOD|DEL|MODRDN|PASSMOD) ")
LDAP_LOOKS = ("BIND", "SRCH", "CMP")


def target_directory(since: float, until: float) -> tuple[int, int]:
    """(operations of the stations, how many of them change something) in the target's own directory. The mail server reads there, too."""
    clients, operations = {}, []
    for entry in map(json.loads, on(TARGET, "journalctl", "-o", "json", "-u", "directory", "-t", "slapd").splitlines()):
        text = str(entry["MESSAGE"])
        if client := LDAP_CLIENT.search(text):
            clients[client[1]] = client[2]
        operation = LDAP_OPERATION.search(text)
        if operation and clients.get(operation[1]) in STATIONS and since <= int(entry["__REALTIME_TIMESTAMP"]) / 1e6 <= until:
            operations.append(operation[2])
    return len(operations), sum(operation not in LDAP_LOOKS for operation in operations)


DELETED = ("1.2.840.113556.1.4.417", True, None)


def last_change() -> int:
    """Active Directory numbers its changes."""
    with active_directory() as ldap:
        return int(ldap.server.info.other["highestCommittedUSN"][0])


def directory_changes(since: int) -> int:
    """Entries of Active Directory that were added, changed or deleted after that change, but for whom it notes that he logged in."""
    with active_directory() as ldap:
        ldap.search(SUFFIX, f"(&(uSNChanged>={since + 1})(!(sAMAccountName=Administrator)))", attributes=["cn"], controls=[DELETED])
        return len([one for one in ldap.response if one["type"] == "searchResEntry"])


class Watch:
    """Counts from its making on."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.since, self.updates, self.ews, self.administration, self.change = clock(), dns_updates(), ews(), administration(), last_change()

    def counts(self) -> dict[str, tuple[int, int]]:
        """Wire -> (commands and requests seen from the stations, how many of them change something). Of some, changes are all that is seen."""
        until = self.clock()
        changes = {"dns": dns_updates() - self.updates, "smtp": messages(self.since, until), "active_directory": directory_changes(self.change)}
        return {
            "imap": imap(self.since, until), "dav": dav(self.since, until), "target_directory": target_directory(self.since, until),
            "ews": more_than(self.ews, ews()), "administration": more_than(self.administration, administration()),
            **{wire: (count, count) for wire, count in changes.items()},
        }

    def mutations(self) -> tuple[int, int]:
        """(all that was seen, changes of any kind). The first shows that the witnesses were awake."""
        seen, changing = (sum(counts) for counts in zip(*self.counts().values()))
        return seen, changing


def more_than(before: tuple[int, int], now: tuple[int, int]) -> tuple[int, int]:
    return now[0] - before[0], now[1] - before[1]
