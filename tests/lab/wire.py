# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the migration stations changed on other servers in a span of time, counted where it arrives: on the wire."""

from __future__ import annotations

import json
import re

from lab import EWS_STORE, SOURCES, STATIONS, TARGET, on, read_by_ews

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


def messages(since: float, until: float) -> int:
    """Messages that the stations handed to a mail server."""
    count = 0
    for host in (*SOURCES, TARGET):
        log = on(host, "journalctl", "-o", "json", "-t", "postfix/smtpd", f"--since=@{since:.0f}", f"--until=@{until + 1:.0f}")
        for line in log.splitlines():
            entry = json.loads(line)
            if since <= int(entry["__REALTIME_TIMESTAMP"]) / 1e6 <= until and "client=" in entry["MESSAGE"]:
                count += any(f"[{address}]" in entry["MESSAGE"] for address in STATIONS)
    return count


class Watch:
    """Counts from its making on."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.since, self.updates, self.ews = clock(), dns_updates(), ews()

    def mutations(self) -> tuple[int, int]:
        """(commands and requests seen from the stations, changes of any kind). The first shows that the witnesses were awake."""
        until = self.clock()
        watched = [imap(self.since, until), dav(self.since, until), tuple(now - before for now, before in zip(ews(), self.ews))]
        seen, changing = (sum(counts) for counts in zip(*watched))
        return seen, changing + dns_updates() - self.updates + messages(self.since, until)
