# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Driving the lab of molecule/lab: its hosts, its mail, the life in it, and its independent witnesses."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import dns.message
import dns.query
import dns.rdatatype
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "molecule" / "lab"
BUILD = ROOT / "build" / "lab"
SOURCES = ("exchange55", "exchange2003", "exchange2019")
TARGET = "mirapoint"
STATIONS = {"10.89.70.31", "10.89.70.32"}
NAME_SERVER = "10.89.70.2"
DOMAIN = "example.test"
CA = "/etc/lab/ca.pem"


def environment() -> dict[str, str]:
    """What every Ansible process of the lab needs; the same as the Makefile gives."""
    collections = ROOT / "build" / "collections"
    link = collections / "ansible_collections" / "messaging" / "migration"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.symlink_to("../../../..")
    return {
        **os.environ,
        "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_HOME": str(ROOT / "build" / "ansible"),
        "CONTAINERS_CONF": str(SCENARIO / "containers.conf"),
        "ANSIBLE_FORCE_COLOR": "0",
    }


def molecule(action: str, log: pathlib.Path) -> None:
    with log.open("a", encoding="utf-8") as output:
        done = subprocess.run(["molecule", action, "-s", "lab"], cwd=ROOT, env=environment(), stdout=output, stderr=output, check=False)
    if done.returncode:
        sys.exit(f"molecule {action} failed; see {log}\n" + "".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[-30:]))


def on(host: str, *command: str, given: str | None = None, check: bool = True) -> str:
    """Run a command on a host of the lab and return what it printed."""
    done = subprocess.run(
        ["podman", "exec", "-i", host, *command], env=environment(), input=given, capture_output=True, text=True, check=False
    )
    if check and done.returncode:
        raise RuntimeError(f"{host}: {' '.join(command)} ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def source_server(name: str) -> dict:
    """The inventory's own words on a source server, secrets and templates left as they stand."""
    return yaml.safe_load((SCENARIO / "inventory" / "host_vars" / name / "source_server.yml").read_text(encoding="utf-8"))["source_server"]


def secrets() -> dict:
    return yaml.safe_load((BUILD / "secrets.yml").read_text(encoding="utf-8"))


def fill() -> dict:
    """Deal the corpus and load it into the source servers; returns what lies where."""
    inventory = BUILD / "mailboxes.json"
    inventory.write_text(json.dumps({name: source_server(name)["mailboxes"] for name in SOURCES}), encoding="utf-8")
    corpus = ROOT / "tests" / "lab" / "corpus.py"
    subprocess.run(
        [sys.executable, corpus, "deal", "--inventory", inventory, "--cache", ROOT / "build" / "corpus", "--output", BUILD, "--without", "refused"],
        check=True,
    )
    password = secrets()["source_admin_password"]
    loads = []
    for name in SOURCES:
        subprocess.run(["podman", "cp", BUILD / "corpus" / f"{name}.tar", f"{name}:/var/tmp/corpus.tar"], env=environment(), check=True)
        on(name, "sh", "-c", "umask 077; cat > /var/tmp/password", given=password)
        load = ["python3", "/opt/lab/corpus.py", "load", "--archive", "/var/tmp/corpus.tar", "--password-file", "/var/tmp/password"]
        loads.append((name, subprocess.Popen(["podman", "exec", name, *load], env=environment(), stdout=subprocess.DEVNULL)))
    for name, load in loads:
        if load.wait():
            sys.exit(f"the corpus could not be loaded into {name}")
        on(name, "rm", "-f", "/var/tmp/corpus.tar", "/var/tmp/password")
    return json.loads((BUILD / "corpus.json").read_text(encoding="utf-8"))


class Life:
    """The generator on the host `outside`: mail comes in and users work while the phases run."""

    log = "/var/log/lab/live.jsonl"
    stop_file = "/var/tmp/stop"

    def __init__(self, rate: float = 1.0, user_rate: float = 1.0) -> None:
        mailboxes = [(source_server(name), mailbox["name"]) for name in SOURCES for mailbox in source_server(name)["mailboxes"]]
        config = {
            "domain": DOMAIN, "name_server": NAME_SERVER, "ca_file": CA, "sender": "friend@outside.test", "seed": 1,
            "recipients": [mailbox for _server, mailbox in mailboxes],
            "users": [
                {"host": server["host"], "port": server["port"], "login": f"EXAMPLE/{mailbox}", "password": f"lab-{mailbox}"}
                for server, mailbox in mailboxes
            ],
        }
        on("outside", "sh", "-c", "mkdir -p /var/log/lab; cat > /var/tmp/generator.json", given=json.dumps(config))
        on("outside", "rm", "-f", self.stop_file, self.log)
        self.process = subprocess.Popen(
            ["podman", "exec", "outside", "python3", "/opt/lab/generator.py", "--config", "/var/tmp/generator.json", "--log", self.log,
             "--stop-file", self.stop_file, "--rate", str(rate), "--user-rate", str(user_rate)],
            env=environment(),
        )

    def end(self) -> None:
        """No new mail; what is queued is delivered. A message that could not be delivered fails the run."""
        on("outside", "touch", self.stop_file)
        if self.process.wait(timeout=400):
            raise RuntimeError("the generator could not deliver all its mail")


def mx() -> list[str]:
    """MX records of the customer's zone, as its name server gives them."""
    answer = dns.query.udp(dns.message.make_query(DOMAIN, "MX"), NAME_SERVER, timeout=5)
    return sorted(str(record) for rrset in answer.answer if rrset.rdtype == dns.rdatatype.MX for record in rrset)


def audit(output: pathlib.Path, live: bool) -> dict:
    """The independent audit, run on `outside`."""
    secret = secrets()
    config = {
        "ca_file": CA,
        "live_log": Life.log if live else None,
        "sources": [
            {
                "name": name, "host": f"{name}.{DOMAIN}", "port": 993, "mechanism": "login", "admin": "migadmin", "login": "EXAMPLE/migadmin/{mailbox}",
                "password": secret["source_admin_password"], "mailboxes": source_server(name)["mailboxes"],
            }
            for name in SOURCES
        ],
        "target": {
            "name": TARGET, "host": f"{TARGET}.{DOMAIN}", "port": 993, "mechanism": "plain", "admin": "cyrus", "login": "{target}",
            "password": secret["target_admin_password"],
        },
    }
    on("outside", "sh", "-c", "umask 077; cat > /var/tmp/audit.json", given=json.dumps(config))
    on("outside", "python3", "/opt/lab/audit.py", "--config", "/var/tmp/audit.json", "--output", "/var/tmp/findings.json", check=False)
    findings = json.loads(on("outside", "cat", "/var/tmp/findings.json"))
    on("outside", "rm", "-f", "/var/tmp/audit.json", "/var/tmp/findings.json")
    output.write_text(json.dumps(findings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return findings


def frozen_at() -> float:
    """When the first source server was frozen, by the clock of its file system."""
    return min(float(on(name, "stat", "-c", "%.Y", "/run/gateway/frozen")) for name in SOURCES)


def probe_arrived_at() -> float:
    """When the target's mail server handed the probe over, by its own log."""
    entries = [json.loads(line) for line in on(TARGET, "journalctl", "-o", "json", "-t", "postfix/cleanup", "-t", "postfix/lmtp").splitlines()]
    ids = {entry["MESSAGE"].split(":")[0] for entry in entries if "message-id=<migration-probe." in entry["MESSAGE"]}
    times = [
        int(entry["__REALTIME_TIMESTAMP"]) / 1e6 for entry in entries
        if entry["MESSAGE"].split(":")[0] in ids and "status=sent" in entry["MESSAGE"]
    ]
    return max(times)


def fresh(folder: pathlib.Path) -> pathlib.Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def wait_until(condition, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.5)
