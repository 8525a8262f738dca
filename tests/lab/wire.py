# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the migration stations changed on other servers in a span of time, counted where it arrives: on the wire."""

from __future__ import annotations

import json

from lab import SOURCES, STATIONS, TARGET, on

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


def dns_updates() -> int:
    """Updates that the name server has been asked for until now, granted or not."""
    return len(on("ns1", "sh", "-c", f"cat {UPDATES} 2>/dev/null || true").splitlines())


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
    """Counts between `begin` and `end`."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.since, self.updates = clock(), dns_updates()

    def mutations(self) -> tuple[int, int]:
        """(IMAP commands seen from the stations, changes of any kind). The first shows that the witnesses were awake."""
        until = self.clock()
        seen, changing = imap(self.since, until)
        return seen, changing + dns_updates() - self.updates + messages(self.since, until)
