# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Life during a migration: the Internet sends mail, and users work in their old mailboxes.

    generator.py --config FILE --log /var/log/lab/live.jsonl --stop-file F [--rate 1.5] [--user-rate 1.5] [--time-limit 300]

FILE (JSON): {"domain": "example.test", "name_server": "10.89.70.2", "ca_file": "/etc/lab/ca.pem", "sender": "...", "seed": 1,
              "smtp_port": 25, "name_server_port": 53, "recipients": [mailbox, ...],
              "users": [{"host": "exchange55.example.test", "port": 993, "login": "EXAMPLE/anna.berg", "password": "..."}, ...]}
The sender asks the name server for the MX before every message and tries again until the message is taken, as any mail
server does. A message carries a token of its own in X-Lab-Live and Subject. The log (JSON lines) has for every message
{time, token, recipient, server, accepted_at, tries}, and for every act of a user {time, user, host, action, folder}.
SIGTERM or the stop file ends it: no new mail, the queue is still delivered. Exit code 1: something could not be delivered.
"""
from __future__ import annotations

import argparse
import contextlib
import email.utils
import imaplib
import json
import os
import random
import signal
import smtplib
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable

KEYWORDS = ["$Label1", "$Forwarded", "Custom", "LiveKeyword"]
MX, IN = 15, 1
# How long a mail server is given to answer, once it has let us in.
ANSWER_SECONDS = 180


# --- name service ----------------------------------------------------------------------------------------------

def mx_query(domain: str, number: int) -> bytes:
    question = b"".join(struct.pack("B", len(label)) + label.encode() for label in domain.split(".")) + b"\0"
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + question + struct.pack(">2H", MX, IN)


def read_name(packet: bytes, at: int) -> tuple[str, int]:
    """A name of a DNS packet, and where it ends; names may point back into the packet."""
    labels = []
    while length := packet[at]:
        if length >= 0xC0:
            pointer = struct.unpack_from(">H", packet, at)[0] & 0x3FFF
            return ".".join([*labels, read_name(packet, pointer)[0]]).rstrip("."), at + 2
        labels.append(packet[at + 1:at + 1 + length].decode("ascii"))
        at += 1 + length
    return ".".join(labels), at + 1


def read_mx(packet: bytes) -> list[str]:
    """Mail servers of a DNS answer, best first."""
    flags, questions, answers = struct.unpack_from(">3H", packet, 2)
    if flags & 0xF:
        raise OSError(f"name server answers with code {flags & 0xF}")
    at, found = 12, []
    for dummy in range(questions):
        at = read_name(packet, at)[1] + 4
    for dummy in range(answers):
        at = read_name(packet, at)[1]
        kind, dummy, dummy, length = struct.unpack_from(">2HIH", packet, at)
        if kind == MX:
            found.append((struct.unpack_from(">H", packet, at + 10)[0], read_name(packet, at + 12)[0]))
        at += 10 + length
    return [name for dummy, name in sorted(found)]


def mail_servers(domain: str, server: str, port: int) -> list[str]:
    number = random.randrange(65536)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(3)
        asked.connect((server, port))
        asked.send(mx_query(domain, number))
        packet = asked.recv(4096)
    if packet[:2] != struct.pack(">H", number):
        raise OSError("the name server answered another question")
    return read_mx(packet)


# --- what both share -------------------------------------------------------------------------------------------

class Log:
    def __init__(self, path: str) -> None:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        self.file = open(path, "a", buffering=1, encoding="utf-8")
        self.lock = threading.Lock()

    def __call__(self, **entry: object) -> None:
        with self.lock:
            self.file.write(json.dumps({"time": time.time(), **entry}) + "\n")


class Stop:
    def __init__(self, path: str) -> None:
        self.path, self.event = path, threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *dummy: self.event.set())

    def __bool__(self) -> bool:
        return self.event.is_set() or os.path.exists(self.path)

    def sleep(self, seconds: float) -> None:
        self.event.wait(seconds)


def draft(sender: str, recipient: str, subject: str, body: str, headers: str = "") -> bytes:
    return (f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\nDate: {email.utils.formatdate()}\r\n"
            f"Message-ID: {email.utils.make_msgid(domain='outside.test')}\r\n{headers}\r\n{body}\r\n").encode()


# --- the Internet ----------------------------------------------------------------------------------------------

class Sender:
    def __init__(self, config: dict, log: Log, stop: Stop, rate: float) -> None:
        self.config, self.log, self.stop, self.rate = config, log, stop, rate
        self.chance = random.Random(config.get("seed", 1))
        # Tokens of two runs must differ though their seed is the same.
        self.run_id = f"{int(time.time()):x}{os.getpid():x}"
        self.context = ssl.create_default_context(cafile=config["ca_file"])
        self.queue: list[dict] = []
        self.sent = self.failed = 0

    def run(self, time_limit: float) -> bool:
        """Send until told to stop, then empty the queue. False if something could not be delivered."""
        due, deadline = time.monotonic(), None
        while True:
            now = time.monotonic()
            if self.stop and deadline is None:
                deadline = now + time_limit
            if deadline is None and now >= due:
                self.queue.append(self.new_message())
                due = max(due, now - 1) + self.chance.uniform(0.5, 1.5) / self.rate
            for message in [message for message in self.queue if message["due"] <= now]:
                self.deliver(message)
            if deadline is not None and (not self.queue or now > deadline):
                break
            time.sleep(0.05)
        for message in self.queue:
            self.log(token=message["token"], recipient=message["recipient"], failed=message["error"], tries=message["tries"])
        return not self.queue and not self.failed

    def new_message(self) -> dict:
        self.sent += 1
        token = f"live-{self.run_id}-{self.sent:06d}"
        recipient = f"{self.chance.choice(self.config['recipients'])}@{self.config['domain']}"
        body = "\r\n".join(f"Line {line} of {token}" for line in range(self.chance.randint(1, 40)))
        return {"token": token, "recipient": recipient, "due": 0.0, "tries": 0, "error": "",
                "data": draft(self.config["sender"], recipient, f"Live mail {token}", body, f"X-Lab-Live: {token}\r\n")}

    def deliver(self, message: dict) -> None:
        message["tries"] += 1
        try:
            server = self.hand_over(message)
        except (OSError, smtplib.SMTPException) as error:
            message["error"] = f"{type(error).__name__}: {error}"
            if is_final(error):
                self.failed += 1
                self.queue.remove(message)
                self.log(token=message["token"], recipient=message["recipient"], failed=message["error"], tries=message["tries"])
            message["due"] = time.monotonic() + min(2 ** message["tries"], 15)
            return
        self.queue.remove(message)
        self.log(token=message["token"], recipient=message["recipient"], server=server, accepted_at=time.time(), tries=message["tries"])

    def hand_over(self, message: dict) -> str:
        servers = mail_servers(self.config["domain"], self.config["name_server"], self.config.get("name_server_port", 53))
        if not servers:
            raise OSError(f"{self.config['domain']} has no MX")
        error: Exception | None = None
        for server in servers:
            try:
                with contextlib.closing(smtplib.SMTP(server, self.config.get("smtp_port", 25), timeout=10)) as smtp:
                    smtp.starttls(context=self.context)
                    # Who goes before the answer comes sends again what may have been taken: doubled mail, and not the migration's (RFC 5321, 4.5.3.2.6).
                    smtp.sock.settimeout(ANSWER_SECONDS)
                    smtp.sendmail(self.config["sender"], [message["recipient"]], message["data"])
                    # The message is taken: whatever happens from here on, it must not be sent again.
                    with contextlib.suppress(OSError, smtplib.SMTPException):
                        smtp.quit()
                return server
            except (OSError, smtplib.SMTPException) as failure:
                if is_final(failure):
                    raise
                error = failure
        raise error


def is_final(error: Exception) -> bool:
    """Whether the server refused for good (5xx)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, dummy in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and not isinstance(error, smtplib.SMTPConnectError) and error.smtp_code >= 500


# --- users -----------------------------------------------------------------------------------------------------

class User:
    """One session of a user. Messages with a live token are never deleted nor copied: each has to arrive once."""

    def __init__(self, user: dict, context: ssl.SSLContext, chance: random.Random) -> None:
        self.chance = chance
        self.imap = imaplib.IMAP4_SSL(user["host"], user.get("port", 993), ssl_context=context, timeout=20)
        self.imap.login(user["login"], user["password"])
        self.folders = [line.rsplit(b' "/" ', 1)[1].decode() for line in self.imap.list()[1]
                        if isinstance(line, bytes) and b' "/" ' in line and b"\\noselect" not in line.lower()]
        self.folders = [name for name in self.folders if name.strip('"').split("/")[0] not in user.get("left_alone", ())]
        self.folder = ""

    def open(self) -> list[str]:
        self.folder = self.chance.choice(["INBOX", *self.folders])
        self.answered(self.imap.select(self.folder))
        return self.answered(self.imap.uid("SEARCH", "ALL"))[0].decode().split()

    @staticmethod
    def answered(answer: tuple[str, list]) -> list:
        if answer[0] != "OK":
            raise imaplib.IMAP4.error(f"{answer[1]}")
        return answer[1]

    def some(self, uids: list[str], live: bool = True) -> str | None:
        uid = self.chance.choice(uids) if uids else None
        if uid and not live:
            parts = self.answered(self.imap.uid("FETCH", uid, "(BODY.PEEK[HEADER.FIELDS (X-Lab-Live)])"))
            if any(b"live-" in part[1] for part in parts if isinstance(part, tuple)):
                return None
        return uid

    def store(self, *flags: str) -> bool:
        uid = self.some(self.open())
        if uid:
            self.answered(self.imap.uid("STORE", uid, self.chance.choice(["+FLAGS", "+FLAGS", "-FLAGS"]), f"({' '.join(flags)})"))
        return bool(uid)

    def read(self) -> bool:
        uid = self.some(self.open())
        if uid:
            self.answered(self.imap.uid("FETCH", uid, "(BODY[])"))
        return bool(uid)

    def flag(self) -> bool:
        return self.store("\\Flagged")

    def answer(self) -> bool:
        return self.store("\\Answered", "\\Seen")

    def keyword(self) -> bool:
        return self.store(self.chance.choice(KEYWORDS))

    def _transfer(self, away: bool, live: bool) -> bool:
        uid, to = self.some(self.open(), live), self.chance.choice(self.folders)
        if not uid or to == self.folder:
            return False
        self.answered(self.imap.uid("COPY", uid, to))
        if away:
            self._remove(uid)
        return True

    def _remove(self, uid: str) -> None:
        self.answered(self.imap.uid("STORE", uid, "+FLAGS", "(\\Deleted)"))
        self.answered(self.imap.expunge())

    def copy(self) -> bool:
        return self._transfer(away=False, live=False)

    def move(self) -> bool:
        # Without MOVE a freeze between COPY and EXPUNGE would leave a live message twice.
        if "MOVE" not in self.imap.capabilities:
            return self._transfer(away=True, live=False)
        uid, to = self.some(self.open()), self.chance.choice(self.folders)
        if uid and to != self.folder:
            self.answered(self.imap.uid("MOVE", uid, to))
        return bool(uid)

    def delete(self) -> bool:
        uid = self.some(self.open(), live=False)
        if uid:
            self._remove(uid)
        return bool(uid)

    def create_folder(self) -> bool:
        self.folder = f'"New folder {self.chance.randrange(10**6)}"'
        self.answered(self.imap.create(self.folder))
        self.imap.subscribe(self.folder)
        self.folders.append(self.folder)
        return True

    def rename_folder(self) -> bool:
        made = [folder for folder in self.folders if folder.startswith(('"New folder', '"Renamed'))]
        if not made:
            return False
        self.folder = self.chance.choice(made)
        self.answered(self.imap.rename(self.folder, f'"Renamed {self.chance.randrange(10**6)}"'))
        self.folders.remove(self.folder)
        return True

    def append_draft(self) -> bool:
        self.folder = self.chance.choice([folder for folder in self.folders if "Drafts" in folder] or ["INBOX"])
        message = draft("me@example.test", "you@outside.test", "Draft", f"Not finished {self.chance.random()}")
        self.answered(self.imap.append(self.folder, "(\\Draft \\Seen)", imaplib.Time2Internaldate(time.time()), message))
        return True


ACTIONS: dict[Callable[[User], bool], int] = {  # and how often
    User.read: 8, User.flag: 4, User.answer: 4, User.keyword: 3, User.move: 3, User.delete: 2, User.copy: 2,
    User.append_draft: 2, User.create_folder: 1, User.rename_folder: 1}


def work(config: dict, log: Log, stop: Stop, rate: float) -> None:
    """Users come, do a few things and go, until told to stop or until all are refused (their server is frozen)."""
    chance = random.Random(config.get("seed", 1) + 1)
    context = ssl.create_default_context(cafile=config["ca_file"])
    users = list(config.get("users", []))
    while users and not stop:
        who = chance.choice(users)
        try:
            user = User(who, context, chance)
        except (OSError, imaplib.IMAP4.error) as error:
            log(user=who["login"], host=who["host"], action="refused", folder="", detail=str(error))
            if isinstance(error, imaplib.IMAP4.error) and not isinstance(error, imaplib.IMAP4.abort):
                users.remove(who)
            stop.sleep(1)
            continue
        for action in chance.choices(list(ACTIONS), ACTIONS.values(), k=5):
            detail = {}
            try:
                done = action(user)
            except (OSError, imaplib.IMAP4.error) as error:
                done, detail = False, {"detail": str(error)}
            log(user=who["login"], host=who["host"], action=action.__name__, folder=user.folder, done=done, **detail)
            if detail or stop:
                break
            stop.sleep(chance.uniform(0.5, 1.5) / rate)
        with contextlib.suppress(OSError, imaplib.IMAP4.error):  # frozen or gone: the session has ended either way
            user.imap.logout()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True)
    parser.add_argument("--log", default="/var/log/lab/live.jsonl")
    parser.add_argument("--stop-file", required=True)
    parser.add_argument("--rate", type=float, default=1.5, help="messages a second")
    parser.add_argument("--user-rate", type=float, default=1.5, help="acts of users a second")
    parser.add_argument("--time-limit", type=float, default=300, help="seconds to deliver what is queued at the end")
    options = parser.parse_args()
    with open(options.config, encoding="utf-8") as file:
        config = json.load(file)
    log, stop = Log(options.log), Stop(options.stop_file)
    users = threading.Thread(target=work, args=(config, log, stop, options.user_rate), daemon=True)
    users.start()
    delivered = Sender(config, log, stop, options.rate).run(options.time_limit)
    users.join(30)
    sys.exit(0 if delivered else 1)


if __name__ == "__main__":
    main()
