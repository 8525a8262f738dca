# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail from outside for every address that anybody may still write to, and who got it: by the mailboxes of the target, and by its log for those outside.

What is expected is in people.yml, of which the migration knows nothing.
"""
from __future__ import annotations

import json
import re
import time
from collections import Counter, defaultdict

import lab
from people import People, Probe

# Reads {host, ca_file, messages: [[number, recipient, text], ...]}, prints {number: the server's refusal}.
SENDER = """
import json, smtplib, ssl, sys
given, refused = json.load(sys.stdin), {}
smtp = smtplib.SMTP(given["host"], 25)
smtp.starttls(context=ssl.create_default_context(cafile=given["ca_file"]))
for number, recipient, text in given["messages"]:
    try:
        smtp.sendmail("friend@outside.test", [recipient], text)
    except smtplib.SMTPRecipientsRefused as error:
        refused[number] = str(error)
smtp.quit()
json.dump(refused, sys.stdout)
"""
SUBJECT = "Address probe"


def probe(seconds: float = 60) -> dict:
    """{"counts": {kind: {"sent", "delivered"}}, "findings": [...]}; delivered is what all of its recipients have once, and nobody else."""
    run, probes = f"{time.time():.0f}", People().probes()
    refused = _send(run, probes)
    _wait_until_delivered(seconds)
    targets = {target for one in probes for target in one.targets}
    inside, outside = _mailboxes(run, targets), _handed_over(run)
    counts, findings = {one.kind: {"sent": 0, "delivered": 0} for one in probes}, []
    for number, one in enumerate(probes):
        got = Counter({target: inside[target][number] for target in targets if inside[target][number]})
        arrived = got == Counter(one.targets) and outside[number] == Counter(one.outside)
        counts[one.kind]["sent"] += 1
        counts[one.kind]["delivered"] += arrived
        if not arrived:
            findings.append({"kind": one.kind, "address": one.address, "expected": sorted(one.targets | one.outside),
                             "got": sorted((got + outside[number]).elements()), "refused": refused.get(str(number), "")})
    return {"counts": counts, "findings": findings}


def _send(run: str, probes: list[Probe]) -> dict[str, str]:
    messages = [[number, one.address, f"From: friend@outside.test\nTo: {one.address}\nSubject: {SUBJECT} {run}.{number}.\n"
                 f"Message-ID: <{run}.{number}.probe@outside.test>\n\nDoes it arrive?\n"] for number, one in enumerate(probes)]
    host = lab.mx()[0].split()[1].rstrip(".")
    return json.loads(lab.on("outside", "python3", "-c", SENDER, given=json.dumps({"host": host, "ca_file": lab.CA, "messages": messages})))


def _wait_until_delivered(seconds: float) -> None:
    """What is still in the queue then was not delivered, and is counted so."""
    deadline = time.monotonic() + seconds
    while lab.on(lab.TARGET, "postqueue", "-j").strip() and time.monotonic() < deadline:
        time.sleep(0.5)


def _mailboxes(run: str, targets: set[str]) -> dict[str, Counter]:
    """Target -> how often it has each message."""
    subject = re.compile(rf"{SUBJECT} {run}\.(\d+)\.")
    return {target: Counter(int(found[1]) for found in map(subject.search, lab.subjects(target, "INBOX")) if found) for target in targets}


def _handed_over(run: str) -> dict[int, Counter]:
    """Message -> addresses outside that it went to, by the log of the target's mail server."""
    log = [json.loads(line)["MESSAGE"] for line in lab.on(
        lab.TARGET, "journalctl", "-o", "json", "-t", "postfix/cleanup", "-t", "postfix/discard").splitlines()]
    numbers = {line.split(":")[0]: int(found[1]) for line in log if (found := re.search(rf"message-id=<{run}\.(\d+)\.probe@", line))}
    handed: dict[int, Counter] = defaultdict(Counter)
    for line in log:
        to = re.search(r": to=<([^>]*)>.*status=sent", line)
        if to and line.split(":")[0] in numbers:
            handed[numbers[line.split(":")[0]]][to[1]] += 1
    return handed
