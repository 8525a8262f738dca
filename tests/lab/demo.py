# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole migration in the lab: four Exchange servers to a Mirapoint, six phases, while mail comes in and users work.

Ends with 0 only if the independent audit finds every message at the target, once, unchanged, and if mail for every address of everybody reaches
those whom it is for. The lab keeps running afterwards, to look around (podman exec -it station1 bash); `make clean` takes it away.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import pathlib
import sys
import time

import addresses
import lab
from phases import Run, play
from wire import Watch

PHASES = (
    ("collect_information", "Phase 1, information collection"),
    ("approve_scope", "Phase 2, migration approval"),
    ("prepare_environment", "Phase 3, setup"),
    ("test_migration", "Phase 3, test migration"),
    ("copy_mailboxes", "Phase 4, bulk data copy"),
    ("sync_changes", "Phase 5, incremental data synchronization"),
    ("cut_over", "Phase 6, cut-over"),
)
LIVE_FROM = "copy_mailboxes"
# Where a migration changes something; one of which nothing was seen has no witness.
CHANGED = ("imap", "dav", "target_directory", "administration", "active_directory", "dns", "smtp")
WAYS = ("administration", "directory", "imap")
KINDS_OF_ADDRESSES = ("alias", "list", "imceaex")
# Calendars and notes change after this one.
OFFICE_CHANGES_AFTER = "copy_mailboxes"
# Mail goes on coming for a while after the cut-over: it has to be at the target.
AFTERLIFE_SECONDS = 8
# What the account leader signs, and the variable that takes the signature.
SIGNED = {"approve_scope": ("scope_of_work.md", "approve_scope_signature"), "cut_over": ("cut_over_plan_all.md", "cut_over_signature")}


class Demo:
    def __init__(self, build: pathlib.Path) -> None:
        self.build = lab.fresh(build)
        self.records = build / "records"
        self.variables = {
            "approve_scope_output": str(self.records),
            "cut_over_output": str(self.records),
            "user_settings_output": str(self.records),
            "report_output": str(build / "report.html"),
        }
        self.phases: list[dict] = []
        self.mutations = self.commands = 0
        # What the same witnesses see where something is done indeed.
        self.changes: collections.Counter[str] = collections.Counter()
        self.life: lab.Life | None = None

    def run(self) -> dict:
        self.make_lab()
        mx_before = lab.mx()
        try:
            for name, title in PHASES:
                if name == LIVE_FROM:
                    say("Life begins: mail comes in, users work on the source servers")
                    self.life = lab.Life()
                self.phase(name, title)
                if name == OFFICE_CHANGES_AFTER:
                    lab.Office().live()
            say("Life goes on for a while, then the last mail is delivered")
            time.sleep(AFTERLIFE_SECONDS)
        finally:
            if self.life:
                self.life.end()
        say("Audit: every message, event, contact, task and note of every mailbox, by a program that knows nothing of the migration")
        findings = lab.audit(self.build / "audit.json", live=True)
        say("Every phase again: nothing may change")
        again = self.must(self.again())
        say("Mail from outside for every alias, every list, and every name that old mail has")
        reached = addresses.probe()
        self.must(play("report", self.build, quiet=True, **self.variables))
        totals = findings["totals"]
        summary = {
            "source_servers": len(lab.SOURCES),
            "sources": lab.source_kinds(),
            "items": total_of_kinds(findings["kinds"]),
            "items_by_server": findings["kinds"],
            **{key: totals[key] for key in (
                "mailboxes", "messages_at_source", "messages_at_target", "missing", "doubled", "altered", "misplaced", "flags_differ",
                "dates_differ", "subscriptions_differ", "folders_missing", "extra", "live_messages_sent", "live_messages_at_target",
            )},
            "addresses": reached["counts"],
            "addresses_not_reached": reached["findings"][:10],
            "provisioned": lab.provisioned(),
            "exceptions_open": self.exceptions_open(),
            "downtime_seconds": round(lab.probe_arrived_at() - lab.frozen_at(), 1),
            "mx_before": mx_before,
            "mx_after": lab.mx(),
            "phases": self.phases,
            "second_run_changed": len(again.changed),
            "second_run_changed_tasks": again.changed,
            "second_run_seconds": again.seconds,
            "check_mode_mutations": self.mutations,
            "check_mode_commands_seen": self.commands,
            "changes_seen": dict(self.changes),
            "audit_clean": findings["clean"],
            "audit_findings": findings["findings"][:10],
        }
        (self.build / "summary.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return summary

    def again(self) -> Run:
        """All phases once more, in one go."""
        playbook = self.build / "again.yml"
        playbook.write_text("---\n" + "".join(
            f"- name: {title}\n  ansible.builtin.import_playbook: messaging.migration.{name}\n" for name, title in PHASES
        ), encoding="utf-8")
        return play("again", self.build, playbook=str(playbook), quiet=True, **self.variables)

    def make_lab(self) -> None:
        say("The lab: four source servers, their directory, a target server, a name server, two migration stations, the outside world")
        log = self.build / "molecule.log"
        # `create` prepares the hosts, too.
        for action in ("destroy", "create"):
            print(f"    molecule {action}", flush=True)
            lab.molecule(action, log)
        dealt = lab.fill()
        count = sum(folder["messages"] for server in dealt.values() for mailbox in server.values() for folder in mailbox.values())
        print(f"    {count} messages in {sum(len(server) for server in dealt.values())} mailboxes", flush=True)

    def phase(self, name: str, title: str) -> None:
        """First in check mode, with all wires watched, then for real; a document that wants a signature gets it in between."""
        say(title)
        watch = Watch(time.time)
        print("    (check mode)", flush=True)
        self.must(play(name, self.build, check=True, quiet=True, **self.variables))
        seen, mutations = watch.mutations()
        self.commands += seen
        self.mutations += mutations
        watch = Watch(time.time)
        run = play(name, self.build, **self.variables)
        seconds = run.seconds
        if not run.ok and name in SIGNED:
            self.sign(name)
            run = play(name, self.build, **self.variables)
            seconds += run.seconds
        self.changes.update({wire: changing for wire, (_seen, changing) in watch.counts().items()})
        self.phases.append({"name": name, "seconds": round(seconds, 1), "ok": run.ok})
        self.must(run)

    def sign(self, name: str) -> None:
        """The account leader reads the document and signs its SHA-256."""
        document, variable = SIGNED[name]
        digest = hashlib.sha256((self.records / document).read_bytes()).hexdigest()
        print(f"    Ada Lead signs {document} ({digest[:16]}...)", flush=True)
        self.variables[variable] = {"name": "Ada Lead", "role": "account leader", "sha256": digest}

    def must(self, run: Run) -> Run:
        if not run.ok:
            sys.exit(f"messaging.migration.{run.name} failed: {run.message}\nIts output is in {self.build}.")
        return run

    def exceptions_open(self) -> int:
        """From the data beside the report, which the last run of the playbook `report` fetched."""
        report = json.loads((self.build / "report.json").read_text(encoding="utf-8"))
        return sum(entry["state"] == "open" for entry in report["exceptions"])


def total_of_kinds(servers: dict) -> dict[str, dict[str, int]]:
    total: dict[str, dict[str, int]] = {}
    for kinds in servers.values():
        for kind, counts in kinds.items():
            total[kind] = {name: total.get(kind, {}).get(name, 0) + count for name, count in counts.items()}
    return total


def faults(summary: dict) -> list[str]:
    """What is not as it has to be, in words; empty for a good migration."""
    zero = ("missing", "doubled", "altered", "misplaced", "flags_differ", "dates_differ", "subscriptions_differ", "folders_missing", "extra",
            "exceptions_open", "second_run_changed", "check_mode_mutations")
    wrong = [f"{key} is {summary[key]}" for key in zero if summary[key]]
    if not summary["audit_clean"]:
        wrong.append(f"the audit is not clean: {json.dumps(summary['audit_findings'][:3], ensure_ascii=False)}")
    wrong += [f"{key} of {kind}s is {counts[key]}" for kind, counts in summary["items"].items() for key in ("missing", "doubled", "altered") if counts[key]]
    empty = [kind for kind in ("message", *lab.office.KINDS) if not summary["items"].get(kind, {}).get("source")]
    if summary["source_servers"] != 4 or summary["mailboxes"] < 36 or not summary["messages_at_source"] or empty:
        wrong.append(f"the lab was not filled {' '.join(empty)}".strip())
    if not summary["check_mode_commands_seen"]:
        wrong.append("the witnesses of check mode saw nothing")
    wrong += [f"nobody saw what the migration changed by {wire}" for wire in CHANGED if not summary["changes_seen"].get(wire)]
    if summary["changes_seen"].get("ews"):
        wrong.append("the migration changed something by EWS")
    if not summary["live_messages_sent"] or summary["live_messages_sent"] != summary["live_messages_at_target"]:
        wrong.append(f"{summary['live_messages_at_target']} of {summary['live_messages_sent']} live messages are at the target")
    for kind in KINDS_OF_ADDRESSES:
        sent, delivered = (summary["addresses"].get(kind, {}).get(count, 0) for count in ("sent", "delivered"))
        if not sent or sent != delivered:
            wrong.append(f"{delivered} of {sent} messages to addresses of kind {kind} reached those whom they are for")
    wrong += [f"no account was made by way {way}" for way in WAYS if not summary["provisioned"].get(way)]
    if summary["mx_before"] == summary["mx_after"] or not all("mirapoint" in record for record in summary["mx_after"]):
        wrong.append(f"the MX records are {summary['mx_after']}")
    return wrong


def say(text: str) -> None:
    print(f"\n=== {text}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=lab.ROOT / "build" / "demo")
    options = parser.parse_args()
    began = time.monotonic()
    summary = Demo(options.build).run()
    wrong = faults(summary)
    print(f"\n{json.dumps({key: value for key, value in summary.items() if key not in ('phases', 'audit_findings')}, indent=1)}")
    print(f"\nTook {(time.monotonic() - began) / 60:.1f} minutes.\nReport:  {options.build / 'report.html'}\nSummary: {options.build / 'summary.json'}")
    if wrong:
        sys.exit("NOT GOOD: " + "; ".join(wrong))
    print("Everything is at the target, once and unchanged.")


if __name__ == "__main__":
    main()
