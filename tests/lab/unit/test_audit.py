# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit has to fail whenever something is wrong: each test spoils one thing between two servers."""
from __future__ import annotations

import hashlib
import json
import pathlib
import subprocess
import sys

import audit
import pytest
from scripted_imap import Mail, ScriptedImap


def mail(number: int, body: str = "Body", token: str = "", flags: str = "\\Seen", date: str = "15-Feb-2019 03:04:05 +0200") -> Mail:
    live = f"X-Lab-Live: {token}\r\n" if token else ""
    return Mail(f"Message-ID: <{number}@example.test>\r\n{live}\r\n{body}\r\n".encode(), flags, date)


def source_folders() -> dict[str, list[Mail]]:
    return {"INBOX": [mail(1), mail(2), mail(2), mail(3, flags="\\Answered Custom")], "R&-D (old)": [mail(4), mail(5)], "R+D (old)": [mail(6)],
            "Archive &AOk-/2003": [mail(7)], "Projects": [mail(8)], "projects": [mail(9)], "100% sure": []}


def target_folders() -> dict[str, list[Mail]]:
    return {"INBOX": [mail(2), mail(1, flags="\\Seen \\Recent"), mail(3, flags="custom \\ANSWERED"), mail(2)], "INBOX.R+D (old)": [mail(6)],
            "INBOX.R&-D (old)": [mail(5), mail(4, date="15-Feb-2019 01:04:05 +0000")], "INBOX.Archive &AOk-.2003": [mail(7)],
            "INBOX.Archive &AOk-": [], "INBOX.Projects": [mail(8)], "INBOX.projects (2)": [mail(9)], "INBOX.100_ sure": []}


class Ends:
    def __init__(self, tmp_path: pathlib.Path) -> None:
        self.folder = tmp_path
        self.source, self.target = ScriptedImap({"anna": source_folders()}), ScriptedImap({"annaberg": target_folders()}, "INBOX.", ".")
        self.here, self.there = self.source.mailboxes["anna"], self.target.mailboxes["annaberg"]
        self.live: list[dict] = []
        self.approved: list[str] = []
        self.read_by = "imap"

    def audit(self) -> dict:
        (self.folder / "live.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in self.live), encoding="utf-8")
        end = {"host": "127.0.0.1", "tls": False, "admin": "admin", "password": "secret"}
        mailboxes = [{"name": "anna", "target": "annaberg"}]
        config = {"live_log": str(self.folder / "live.jsonl"), "approved": self.approved,
                  "sources": [{**end, "name": "old", "port": self.source.port, "login": "{mailbox}", "mailboxes": mailboxes,
                               "read_by": self.read_by}],
                  "target": {**end, "port": self.target.port, "mechanism": "plain", "login": "{target}"}}
        (self.folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        files = ["--config", self.folder / "config.json", "--output", self.folder / "audit.json"]
        done = subprocess.run([sys.executable, audit.__file__, *files, "--workers", "1"], check=False, capture_output=True, text=True)
        assert not done.stderr
        result = json.loads((self.folder / "audit.json").read_text(encoding="utf-8"))
        assert done.returncode == (0 if result["clean"] else 1)
        return result

    def found(self) -> dict:
        """What is counted, zeros left out."""
        totals = self.audit()["totals"]
        return {kind: totals[kind] for kind in audit.KINDS if totals[kind]}


@pytest.fixture(name="ends")
def _ends(tmp_path):
    ends = Ends(tmp_path)
    with ends.source, ends.target:
        yield ends


def test_clean(ends):
    result = ends.audit()
    assert result["clean"] and not result["findings"]
    assert result["totals"]["messages_at_source"] == result["totals"]["messages_at_target"] == 10
    assert result["totals"]["folders_at_source"] == 7


def test_nothing_seen_is_not_clean(ends):
    for folders in (ends.here, ends.there):
        for messages in folders.values():
            messages.clear()
    assert not ends.audit()["clean"]


def test_missing(ends):
    ends.there["INBOX"].remove(mail(1, flags="\\Seen \\Recent"))
    assert ends.found() == {"missing": 1}


def test_approved_to_stay_behind(ends):
    ends.there["INBOX.Projects"].clear()
    ends.approved.append(hashlib.sha256(mail(8).data).hexdigest())
    result = ends.audit()
    assert result["clean"] and result["totals"]["approved"] == 1


def test_one_of_two_copies_missing(ends):
    ends.there["INBOX"].remove(mail(2))
    assert ends.found() == {"missing": 1}


def test_doubled(ends):
    ends.there["INBOX"] += [mail(1), mail(2)]
    assert ends.found() == {"doubled": 2}


def test_doubled_in_another_folder(ends):
    ends.there["INBOX.Projects"].append(mail(1))
    assert ends.found() == {"doubled": 1}


def test_altered(ends):
    ends.there["INBOX.Projects"][0] = mail(8, "Another body")
    result = ends.audit()
    assert result["totals"]["altered"] == 1 and result["totals"]["missing"] == result["totals"]["extra"] == 0
    assert result["findings"][0]["message"] == "<8@example.test>" and result["findings"][0]["folder"] == "Projects"


def test_misplaced(ends):
    ends.there["INBOX"].append(ends.there["INBOX.Projects"].pop())
    assert ends.found() == {"misplaced": 1}


def test_flags_and_dates(ends):
    ends.there["INBOX"][0] = mail(2, flags="")
    ends.there["INBOX.Projects"][0] = mail(8, date="15-Feb-2019 03:04:05 +0000")
    assert ends.found() == {"flags_differ": 1, "dates_differ": 1}


def test_flags_and_dates_of_copies_swapped(ends):
    ends.here["INBOX"][1:3] = [mail(2, flags=""), mail(2, date="16-Feb-2019 00:00:00 +0000")]
    ends.there["INBOX"][:] = [mail(1), mail(3, flags="Custom \\Answered"), mail(2), mail(2, flags="", date="16-Feb-2019 00:00:00 +0000")]
    assert ends.found() == {"flags_differ": 2}


def test_keyword_lost(ends):
    ends.there["INBOX"][2] = mail(3, flags="\\Answered")
    assert ends.found() == {"flags_differ": 1}


def test_folder_missing(ends):
    del ends.there["INBOX.R+D (old)"]
    del ends.there["INBOX.100_ sure"]
    assert ends.found() == {"missing": 1, "folders_missing": 2}


def test_merged_folders_are_one_too_few(ends):
    ends.there["INBOX.R&-D (old)"] += ends.there.pop("INBOX.R+D (old)")
    assert ends.found() == {"misplaced": 1, "folders_missing": 1}


def test_subscription(ends):
    ends.target.unsubscribed.add("INBOX.Projects")
    assert ends.found() == {"subscriptions_differ": 1}


def test_extra_and_probe(ends):
    ends.there["INBOX"] += [mail(99), Mail(b"Message-ID: <migration-probe.1@example.test>\r\n\r\n")]
    assert ends.found() == {"extra": 1}


def test_live_mail(ends):
    ends.live = [{"token": f"t{number}", "recipient": "anna@example.test", "accepted_at": 1.0} for number in range(4)]
    ends.live.append({"token": "t9", "recipient": "anna@example.test", "failed": "550"})
    ends.here["INBOX"].append(mail(50, token="t0"))
    # t0 was copied, t1 came to the target after the flip, t2 came twice, t3 never
    ends.there["INBOX"] += [mail(50, token="t0"), mail(51, token="t1"), mail(52, "One", token="t2"), mail(52, "Two", token="t2")]
    totals = ends.audit()["totals"]
    assert (totals["live_messages_sent"], totals["live_messages_at_target"]) == (4, 2)
    assert {kind: totals[kind] for kind in audit.KINDS if totals[kind]} == {"live_missing": 1, "live_doubled": 1, "live_undelivered": 1}


def test_unreadable(ends):
    ends.target.mailboxes.clear()
    assert ends.found() == {"unreadable": 1}


@pytest.mark.parametrize(("name", "separator", "prefix", "normal"), [
    ("INBOX", ".", "INBOX.", ("inbox",)),
    ("INBOX.Q3_Report v1_0", ".", "INBOX.", ("q3_report_v1_0",)),
    ("Q3.Report v1.0", "/", "", ("q3_report_v1_0",)),
    ("INBOX/below", "/", "", ("below",)),
    ("trailing space ", "/", "", ("trailing_space",)),
    ("Ünïcødé/日本", "/", "", ("ünïcødé", "日本")),
])
def test_normal_form(name, separator, prefix, normal):
    assert audit.normal_form(name, separator, prefix) == normal


def parts(boundary: str, inner: str = "inner", text: str = "Body") -> Mail:
    return Mail((
        f'Message-ID: <p@example.test>\r\nContent-Type: multipart/mixed; boundary="{boundary}"\r\n\r\nBefore\r\n--{boundary}\r\n'
        f"Content-Type: multipart/alternative; boundary={inner}\r\n\r\n--{inner}\r\n\r\n{text} with boundary=x\r\n--{inner}--\r\n--{boundary}--\r\nAfter\r\n"
    ).encode(), "\\Seen \\Answered $Forwarded $Label1", "15-Feb-2019 03:04:05 +0200")


def given_by_ews(boundary: str, text: str = "Body") -> Mail:
    return parts(boundary, f"{boundary}.", text)._replace(flags="\\Seen $Forwarded =24Label1")


@pytest.mark.parametrize(("text", "found"), [("Body", {}), ("Bodies", {"altered": 1})])
def test_boundaries_do_not_count_where_exchange_makes_them_anew(ends, text, found):
    ends.read_by = "ews"
    ends.here["INBOX"].append(parts("outer"))
    ends.there["INBOX"].append(given_by_ews("_000_1_", text))
    assert ends.found() == found


def test_boundaries_count_elsewhere(ends):
    ends.here["INBOX"].append(parts("outer"))
    ends.there["INBOX"].append(parts("other"))
    assert ends.found() == {"altered": 1}
