# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Driving the lab of molecule/lab: its hosts, its mail, the life in it, and its independent witnesses."""

from __future__ import annotations

import imaplib
import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import time

import dns.message
import dns.query
import dns.rdatatype
import ldap3
import yaml

import exmerge
import office
import office_audit
from people import SUFFIX, People

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "molecule" / "lab"
BUILD = ROOT / "build" / "lab"
SOURCES = ("exchange55", "exchange2000", "exchange2003", "exchange2019")
EWS_STORE = "/var/lib/ews"
# What a server that is read by IMAP shows beside mail to its first users; it stays there.
SHOWN = ("Calendar", "Contacts", "Public Folders/News")
SHOWN_TO = 3
# So many users of a server that is read by EWS have inbox rules and an automatic reply.
HABITS = 5
TARGET = "mirapoint"
STATION_HOSTS = ("station1", "station2")
STATIONS = {"10.89.70.31", "10.89.70.32"}
DIRECTORY = "dc1"
ADDRESSES = {TARGET: "10.89.70.20", DIRECTORY: "10.89.70.3"}
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
        "ANSIBLE_VAULT_PASSWORD_FILE": str(SCENARIO / "vault_password.sh"),
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


def mailboxes(name: str, pst: bool = False) -> list[dict]:
    """Who has a mailbox on a source server, as people.yml has them, with `address`; those in PST files, or the others."""
    return [{**person, "address": f"{person['name']}@{DOMAIN}"} for person in People().by_server[name] if bool(person.get("pst")) == pst]


def read_by_ews(name: str) -> bool:
    return source_server(name).get("protocol") == "ews"


def source_kinds() -> dict[str, list[str]]:
    """Source server -> by what its mailboxes are read."""
    return {name: ["ews" if read_by_ews(name) else "imap", *(["pst"] if mailboxes(name, pst=True) else [])] for name in SOURCES}


def secrets() -> dict:
    return yaml.safe_load((BUILD / "secrets.yml").read_text(encoding="utf-8"))


def with_shown(name: str) -> list[dict]:
    """Mailboxes as corpus.py deals them."""
    return [{**mailbox, "shown": SHOWN if number < SHOWN_TO and not read_by_ews(name) else ()} for number, mailbox in enumerate(mailboxes(name))]


def fill() -> dict:
    """Deal the corpus and load it into the source servers; returns what lies where."""
    inventory = BUILD / "mailboxes.json"
    inventory.write_text(json.dumps({name: with_shown(name) for name in SOURCES}), encoding="utf-8")
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
    Office().fill()
    return json.loads((BUILD / "corpus.json").read_text(encoding="utf-8"))


class Office:
    """Calendars, contacts, tasks and notes: in the Exchange of servers that are read by EWS, and in PST files on the stations, with their mail."""

    def __init__(self) -> None:
        self.manifest = BUILD / "office.json"

    def dealt(self) -> list[dict]:
        """[{server, name, target, password, dealt: {kind: [...]}, ids: [...]}], as it has to be by now."""
        return json.loads(self.manifest.read_text(encoding="utf-8"))

    def fill(self) -> None:
        filled = []
        for server in SOURCES:
            for mailbox in mailboxes(server, pst=True):
                dealt = exmerge.deal(mailbox["name"])
                exmerge.write(dealt, BUILD / f"{mailbox['name']}.pst")
                for station in STATION_HOSTS:
                    on(station, "mkdir", "-p", str(pathlib.PurePath(mailbox["pst"]).parent))
                    copy = ["podman", "cp", BUILD / f"{mailbox['name']}.pst", f"{station}:{mailbox['pst']}"]
                    subprocess.run(copy, env=environment(), check=True)
                filled.append(self._entry(server, mailbox, dealt, []))
            for mailbox in mailboxes(server) if read_by_ews(server) else ():
                dealt = office.deal(mailbox["name"])
                filled.append(self._entry(server, mailbox, dealt, self._ews(server, "put", office.orders(mailbox["address"], dealt))))
            if read_by_ews(server):
                self._ews(server, "habits", [office.habits(mailbox["address"]) for mailbox in mailboxes(server)[:HABITS]])
        self._keep(filled)

    def live(self) -> None:
        """What users do while a migration runs: an event gets another name, another one comes, a note is thrown away."""
        filled = self.dealt()
        for entry in (entry for entry in filled if entry["ids"]):
            dealt, ids = entry["dealt"], entry["ids"]
            place = next(number for number, item in enumerate(dealt["event"]) if item["summary"].startswith("Single 0"))
            dealt["event"][place]["summary"] += ", renamed"
            note = sum(len(dealt[kind]) for kind in office.KINDS) - 1
            self._ews(entry["server"], "change", [[ids[place], {"subject": dealt["event"][place]["summary"]}], [ids[note], None]])
            dealt["note"].pop()
            new = dict(dealt["event"][place], summary="New while it runs")
            address = next(mailbox["address"] for mailbox in mailboxes(entry["server"]) if mailbox["name"] == entry["name"])
            self._ews(entry["server"], "put", office.orders(address, {**dict.fromkeys(office.KINDS, ()), "event": [new]}))
            dealt["event"].append(new)
            entry["ids"] = []
        self._keep(filled)

    @staticmethod
    def _entry(server: str, mailbox: dict, dealt: dict, ids: list[str]) -> dict:
        return {"server": server, "name": mailbox["name"], "target": mailbox["target"], "password": mailbox["target_password"], "dealt": dealt, "ids": ids}

    @staticmethod
    def _ews(server: str, verb: str, orders: list) -> list[str]:
        done = on(server, "env", "PYTHONPATH=/opt", "python3", "/opt/lab/office.py", verb, "--store", EWS_STORE, given=json.dumps(orders))
        return json.loads(done)

    def _keep(self, filled: list[dict]) -> None:
        self.manifest.write_text(json.dumps(filled, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def audit(self) -> dict:
        secret = secrets()
        return office_audit.audit({
            "host": ADDRESSES[TARGET], "port": 993, "ca_file": str(BUILD / "ca" / "ca.pem"), "admin": "cyrus", "password": secret["target_admin_password"],
            "dav": f"https://{ADDRESSES[TARGET]}",
        }, self.dealt())


def send(recipient: str, subject: str) -> None:
    """One message from outside, by way of the MX."""
    words = f"From: friend@outside.test\nTo: {recipient}@{DOMAIN}\nSubject: {subject}\nMessage-ID: <{time.time()}@outside.test>\n\nText\n"
    host = mx()[0].split()[1].rstrip(".")
    on("outside", "python3", "-c", "import smtplib, ssl, sys\n"
       f"smtp = smtplib.SMTP({host!r}, 25)\nsmtp.starttls(context=ssl.create_default_context(cafile={CA!r}))\n"
       f"smtp.sendmail('friend@outside.test', ['{recipient}@{DOMAIN}'], sys.stdin.read())\nsmtp.quit()", given=words)


def subjects(target: str, folder: str) -> list[str]:
    """What lies in a folder of the target."""
    imap = at_target(target)
    imap.select(f'"{folder}"', readonly=True)
    found = [answer[1].partition(b":")[2].strip().decode(errors="replace") for answer in imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
             if isinstance(answer, tuple)]
    imap.logout()
    return found


class Life:
    """The generator on the host `outside`: mail comes in and users work while the phases run."""

    log = "/var/log/lab/live.jsonl"
    stop_file = "/var/tmp/stop"

    def __init__(self, rate: float = 1.0, user_rate: float = 1.0) -> None:
        everybody = [(source_server(name), mailbox) for name in SOURCES for mailbox in mailboxes(name)]
        config = {
            "domain": DOMAIN, "name_server": NAME_SERVER, "ca_file": CA, "sender": "friend@outside.test", "seed": 1,
            # What is forwarded would be at two places.
            "recipients": [mailbox["name"] for _server, mailbox in everybody if "forward" not in mailbox],
            "users": [
                {"host": server["host"], "port": 993, "login": f"EXAMPLE/{mailbox['name']}", "password": f"lab-{mailbox['name']}", "left_alone": tops()}
                for server, mailbox in everybody
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


def active_directory() -> ldap3.Connection:
    """Logged in as administrator, with the directory's own words on itself."""
    return _directory(DIRECTORY, f"administrator@{DOMAIN}", secrets()["directory_password"])


def _directory(host: str, user: str, password: str) -> ldap3.Connection:
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(BUILD / "ca" / "ca.pem"))
    server = ldap3.Server(ADDRESSES[host], 636, use_ssl=True, tls=tls, get_info=ldap3.DSA)
    return ldap3.Connection(server, user, password, auto_bind=True, raise_exceptions=True)


def provisioned() -> dict[str, int]:
    """Way -> accounts that were made by it, by the books of the target's own services."""
    journal = on(TARGET, "sh", "-c", "cat /var/lib/admind/accounts.jsonl 2>/dev/null || true").splitlines()
    administered = {name for kind, _domain, name, _more in map(json.loads, journal) if kind == "user"}
    with _directory(TARGET, f"cn=admin,{SUFFIX}", secrets()["target_admin_password"]) as ldap:
        ldap.search(f"ou=people,{SUFFIX}", "(uid=*)", attributes=["uid"])
        listed = {uid for entry in ldap.entries for uid in entry.uid.values}
    imap = at_target("cyrus")
    mailboxes_ = {line.rpartition(b"user.")[2].rstrip(b'"').decode() for line in imap.list('""', "user.%")[1]}
    imap.logout()
    return {"administration": len(administered & mailboxes_), "directory": len(listed & mailboxes_), "imap": len(mailboxes_ - administered - listed)}


def routes() -> dict[str, str]:
    """Who in Active Directory has another address to which his mail goes, and which; contacts have one anyway."""
    with active_directory() as ldap:
        ldap.search(SUFFIX, "(&(objectClass=user)(targetAddress=*))", attributes=["mail", "targetAddress"])
        return {entry.mail.value: entry.targetAddress.value for entry in ldap.entries}


def initial_passwords() -> dict[str, str]:
    """What is handed out to users, by the file that the migration made for that."""
    path = BUILD / "records" / "initial_passwords.yml"
    done = subprocess.run(["ansible-vault", "view", path], env=environment(), capture_output=True, text=True, check=True)
    return yaml.safe_load(done.stdout)["initial_passwords"]


def imap_at_target() -> imaplib.IMAP4_SSL:
    return imaplib.IMAP4_SSL(ADDRESSES[TARGET], 993, ssl_context=ssl.create_default_context(cafile=str(BUILD / "ca" / "ca.pem")), timeout=60)


def at_target(user: str) -> imaplib.IMAP4_SSL:
    """Logged in by the administrator for a user, or for himself."""
    imap, secret = imap_at_target(), secrets()["target_admin_password"]
    imap.authenticate("PLAIN", lambda _: f"{user}\0cyrus\0{secret}".encode())
    return imap


def quota_mb(imap: imaplib.IMAP4_SSL, target: str) -> float:
    """What the administrator sees of a mailbox, 0 for no limit."""
    answer = b" ".join(line for _kind, lines in [imap.getquotaroot(f"user.{target}")] for part in lines for line in part if line)
    found = re.search(rb"STORAGE \d+ (\d+)", answer)
    return int(found[1]) / 1024 if found else 0


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
                "password": secret["source_admin_password"], "mailboxes": mailboxes(name), "read_by": "ews" if read_by_ews(name) else "imap",
                "left_out": [] if read_by_ews(name) else tops(),
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
    add_office(findings, Office().audit())
    output.write_text(json.dumps(findings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return findings


def add_office(findings: dict, found: dict) -> None:
    """What is not mail, and mail out of PST files, beside the mail that IMAP shows: per server and kind."""
    none = dict.fromkeys(office_audit.COUNTS, 0)
    kinds = {name: {"message": {**none, "source": counts["messages_at_source"], "target": counts["messages_at_target"],
                                **{kind: counts[kind] for kind in ("missing", "doubled", "altered")}}}
             for name, counts in findings["servers"].items()}
    for name, by_kind in found["servers"].items():
        for kind, counts in by_kind.items():
            have = kinds[name].get(kind, none)
            kinds[name][kind] = {count: have[count] + counts[count] for count in counts}
    findings["kinds"] = kinds
    findings["findings"] += found["findings"][:50]
    findings["findings_in_all"] += len(found["findings"])
    findings["clean"] = findings["clean"] and not found["findings"] and bool(found["servers"])


def tops() -> list[str]:
    return sorted({name.partition("/")[0] for name in SHOWN})


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
