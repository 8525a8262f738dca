# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS gateway that makes a real IMAP server answer as a named server version answers.

    gateway.py --profile FILE --cert F --key F [--listen 0.0.0.0:993] [--backend 127.0.0.1:1143]
               [--journal /var/log/gateway/commands.jsonl] [--frozen /run/gateway/frozen]

Mail, folders and flags are those of the real server behind; the profile decides greeting, capabilities, login
forms and quirks. Messages stream through in both directions and are never looked into or kept.

A profile (JSON):
    greeting      text after "* OK "; {host} is this host's name; "pass" = the real server's. Bytes that are no UTF-8 are written as
                  Python's surrogate escapes: "\\udcfc" is byte FC
    capability    list of words, "pass" = the real server's. Only what the real server has, too, is offered,
                  and what is not offered is refused with BAD
    id            object for the ID answer; null = NIL; "pass" = the real server's
    login_forms   accepted user names, of {domain} {admin} {mailbox}; none = passed on as they are
    domains       what {domain} may be (any case)
    admins        accounts that are let in while ordinary users are frozen out, in whatever form they log in
    quirks        {name: setting}, names in QUIRKS
"""
from __future__ import annotations

import argparse
import asyncio
import base64
import binascii
import json
import os
import re
import signal
import socket
import ssl
import sys
import time
import traceback

CHUNK = 256 * 1024
LONGEST_LINE = 1024 * 1024
LONGEST_LOGIN = 64 * 1024
UNAVAILABLE = "Server Unavailable. 15"
NOT_CONNECTED = "User is authenticated but not connected."
# What a name at the real server has in place of a slash, which would separate names there.
SOLIDUS = "\uff0f"

LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n")
QUOTED = rb'"(?:[^"\\\r\n]|\\.)*"'
ARGUMENT = re.compile(rb'"((?:[^"\\\r\n]|\\.)*)"|([^\s"]+)')
COMMAND = re.compile(rb"([^\s+*]+) +((?:UID +)?[A-Za-z0-9.-]+)(?: +(.*?))?\r?\n", re.I | re.S)
CAPABILITY = re.compile(rb"^(\* |\S+ (?:OK|NO|BAD|PREAUTH|BYE) \[)CAPABILITY ([^\]\r\n]+)", re.M)

# Capabilities that ask nothing of the real server, so that they may be offered without it.
EMPTY_WORDS = {"IMAP4", "LOGIN-REFERRALS", "MAILBOX-REFERRALS", "AUTH=PLAIN", "AUTH=NTLM", "AUTH=GSSAPI"}
# Capabilities that cannot work through a gateway that reads the stream.
NEVER = re.compile(r"(?i)COMPRESS=|STARTTLS|LOGINDISABLED|AUTH=(?!PLAIN)")

NEEDS = {  # command -> capability without which it is refused
    "NAMESPACE": "NAMESPACE", "IDLE": "IDLE", "ID": "ID", "UID EXPUNGE": "UIDPLUS", "MOVE": "MOVE", "UID MOVE": "MOVE",
    "UNSELECT": "UNSELECT", "ENABLE": "ENABLE", "SORT": "SORT", "UID SORT": "SORT", "XLIST": "XLIST", "NOTIFY": "NOTIFY",
    "GETQUOTA": "QUOTA", "GETQUOTAROOT": "QUOTA", "SETQUOTA": "QUOTA", "GETACL": "ACL", "SETACL": "ACL", "DELETEACL": "ACL",
    "LISTRIGHTS": "ACL", "MYRIGHTS": "ACL", "GETMETADATA": "METADATA", "SETMETADATA": "METADATA", "GENURLAUTH": "URLAUTH",
    "UNAUTHENTICATE": "UNAUTHENTICATE",
}
USES = [  # command, what its arguments would hold, capability without which that is refused
    (re.compile("SELECT|EXAMINE"), re.compile(r"\(.*QRESYNC"), "QRESYNC"),
    (re.compile("SELECT|EXAMINE"), re.compile(r"\(.*CONDSTORE"), "CONDSTORE"),
    (re.compile("(UID )?FETCH"), re.compile(r"MODSEQ|CHANGEDSINCE"), "CONDSTORE"),
    (re.compile("(UID )?FETCH"), re.compile(r"BINARY[.\[]"), "BINARY"),
    (re.compile("(UID )?STORE"), re.compile(r"UNCHANGEDSINCE"), "CONDSTORE"),
    (re.compile("(UID )?SEARCH"), re.compile(r"^RETURN\b"), "ESEARCH"),
    (re.compile("STATUS"), re.compile(r"\bHIGHESTMODSEQ\b"), "CONDSTORE"),
    (re.compile("STATUS"), re.compile(r"[( ]SIZE\b"), "STATUS=SIZE"),
    (re.compile("LIST"), re.compile(r"^\(|\bRETURN\b"), "LIST-EXTENDED"),
]
NAMES_MAILBOX = {"SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "STATUS", "APPEND",
                 "GETACL", "SETACL", "DELETEACL", "MYRIGHTS", "LISTRIGHTS", "SETQUOTA", "GETQUOTA", "GETQUOTAROOT"}


def arguments(text: bytes) -> list[bytes]:
    """Atoms and quoted strings of a command, without their quotes."""
    return [bare or re.sub(rb"\\(.)", rb"\1", quoted) for quoted, bare in ARGUMENT.findall(text)]


class Dropped(Exception):
    """This session ends here, without more words."""


def wording(text: bytes) -> bytes:
    """Take the real server's own words out of its tagged answers."""
    text = re.sub(rb"(?m)^(\S+ OK )Pre-login capabilities listed[^\r\n]*", rb"\1CAPABILITY completed.", text) if b"Pre-login" in text else text
    return re.sub(rb"(?m)^(\S+ (?:OK|NO|BAD) [^\r\n]*?)\.? \([0-9. +]+ secs\)\.", rb"\1.", text) if b" secs)." in text else text


# --- quirks: one small function each, chosen by the profile ---------------------------------------------------
# A quirk looks at a command, at response text or at a login; never at a message. Its setting is what the profile gives for it.

SIZE = re.compile(QUOTED + rb"|RFC822\.SIZE (\d+)")


def estimated_size(text: bytes) -> bytes:
    """Exchange tells an estimate as RFC822.SIZE (KB Q191504; MS-STANXIMAP 2.2.25)."""
    def estimate(found: re.Match) -> bytes:
        return found[0] if found[1] is None else b"RFC822.SIZE %d" % (int(found[1]) * 41 // 40 + 7)
    return SIZE.sub(estimate, text) if b"RFC822.SIZE" in text else text


def status_trailing_blank(text: bytes) -> bytes:
    """Exchange 2003 ends a STATUS response with a blank."""
    return re.sub(rb"(?m)^(\* STATUS [^\r\n]*\))\r\n", rb"\1 \r\n", text) if b"* STATUS " in text else text


def hidden_slash(text: bytes) -> bytes:
    """Exchange 5.5 shows no folder that has a slash in its name (KB 234395)."""
    def kept(found: re.Match) -> bytes:
        return b"" if SOLIDUS in decoded(found[1]) else found[0]
    return re.sub(rb"(?m)^\* (?:LIST|LSUB) \([^)\r\n]*\) \S+ ([^\r\n]*)\r\n", kept, text) if b"* L" in text else text


def decoded(name: bytes) -> str:
    """Modified UTF-7 (RFC 3501, 5.1.3)."""
    def letters(found: re.Match) -> str:
        packed = found[1].replace(",", "/")
        return base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-16-be", "replace") if packed else "&"
    return re.sub("&([^-]*)-", letters, name.decode("latin-1"))


def partial_overrun(line: bytes, more: int) -> bytes:
    """Exchange 5.5 gives more bytes of a message than were asked for (KB 194998)."""
    return re.sub(rb"(\]<\d+\.)(\d+)>", lambda found: found[1] + b"%d>" % (int(found[2]) + more), line)


def longest_command(session: Session, name: str, line: bytes, most: int) -> str | None:
    """Exchange takes commands of 10,240 bytes (Set-ImapSettings, MaxCommandSize); the words are Exchange Online's (nextcloud/mail issue 6038)."""
    return "Command Error. 10" if len(line) > most else None


def throttle(session: Session, name: str, line: bytes, setting: dict) -> str | None:
    """Exchange 2010 and later refuse now and then, here every so many FETCHes of a connection, and say when to come again."""
    if name not in ("FETCH", "UID FETCH"):
        return None
    session.fetches += 1
    return None if session.fetches % setting["every"] else f"Request is throttled. Suggested Backoff Time: {setting['milliseconds']} milliseconds"


def trailing_blank(session: Session, name: str, line: bytes, setting: str) -> str | None:
    """Exchange 2007 drops the connection when a folder is opened whose name ends with a blank (imapsync issue 154)."""
    if name in ("SELECT", "EXAMINE") and arguments(line)[2:3] and arguments(line)[2].endswith(b" "):
        raise Dropped
    return None


def errors_allowed(session: Session, text: bytes, most: int) -> None:
    """Exchange 2010 and later close a connection at which some ten commands were answered with an error (imapsync's FAQ.Exchange)."""
    session.errors += len(re.findall(rb"(?m)^[^*+\s]\S* (?:NO|BAD) ", text))
    if session.errors >= most:
        session.closing = "Connection closed. 14"


def connections_per_user(session: Session, mailbox: str, most: int) -> str | None:
    """Exchange 2007 and later let a mailbox have 16 (Set-ImapSettings, MaxConnectionsPerUser). What they say to one more is not known."""
    return UNAVAILABLE if sum(other.login.lower() == mailbox.lower() for other in session.gateway.sessions) >= most else None


def login_lies(session: Session, setting: bool) -> bool:
    """Exchange may say OK to a login that is wrong, and then opens no folder (imapsync's FAQ.Exchange)."""
    session.lying = setting
    return setting


def no_namespace(session: Session, name: str, line: bytes, setting: str) -> str | None:
    """Exchange 2003 advertises NAMESPACE and drops the connection when asked."""
    if name != "NAMESPACE":
        return None
    if setting == "drop connection":
        raise Dropped
    return "Command is not valid."


# Response text as it would be said; commands as they are understood; why a command is refused, or None; what a response leads to.
RESPONSE_QUIRKS = {"estimated_size": estimated_size, "status_trailing_blank": status_trailing_blank, "hidden_slash": hidden_slash}
REQUEST_QUIRKS = {"partial_overrun": partial_overrun}
COMMAND_QUIRKS = {"longest_command": longest_command, "no_namespace": no_namespace, "throttle": throttle, "trailing_blank": trailing_blank}
HEARING_QUIRKS = {"errors_allowed": errors_allowed}
LOGIN_QUIRKS = {"connections_per_user": connections_per_user, "login_lies": login_lies}
QUIRKS = {**RESPONSE_QUIRKS, **REQUEST_QUIRKS, **COMMAND_QUIRKS, **HEARING_QUIRKS, **LOGIN_QUIRKS}


# --- profile ---------------------------------------------------------------------------------------------------

class Profile:
    def __init__(self, settings: dict) -> None:
        unknown = set(settings.get("quirks", {})) - set(QUIRKS)
        if unknown:
            raise SystemExit(f"unknown quirks: {', '.join(sorted(unknown))}; known: {', '.join(sorted(QUIRKS))}")
        self.greeting = settings.get("greeting", "pass")
        self.capability = settings.get("capability", "pass")
        self.id = settings.get("id", "pass")
        self.domains = {domain.lower() for domain in settings.get("domains", [])}
        self.admins = {admin.lower() for admin in settings.get("admins", [])}
        self.quirks = {name: setting for name, setting in settings.get("quirks", {}).items() if setting}
        self.login_forms = [self._form(form) for form in settings.get("login_forms", [])]

    @staticmethod
    def _form(form: str) -> re.Pattern:
        parts = re.split(r"\{(domain|admin|mailbox)\}", form)
        return re.compile("".join(rf"(?P<{part}>[^/\\@#*]+)" if number % 2 else re.escape(part) for number, part in enumerate(parts)))

    def parse(self, user: str) -> tuple[str, str] | None:
        """(administrator or "", mailbox) of a user name, None if this version does not know its form."""
        if not self.login_forms:
            return "", user
        for form in self.login_forms:
            found = form.fullmatch(user)
            parts = found.groupdict() if found else {}
            if found and ("domain" not in parts or not self.domains or parts["domain"].lower() in self.domains):
                return parts.get("admin", ""), parts["mailbox"]
        return None

    @property
    def passes(self) -> bool:
        return self.capability == "pass"


# --- one client ------------------------------------------------------------------------------------------------

class Session:
    def __init__(self, gateway: Gateway, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self.gateway, self.profile = gateway, gateway.profile
        self.client, self.to_client = client, to_client
        self.address = to_client.get_extra_info("peername")[0]
        self.task = asyncio.current_task()
        self.login = self.admin = self.selected = self.closing = ""
        self.lying, self.errors, self.fetches = False, 0, 0
        self.offered: set[str] = set()
        self.refused: dict[bytes, bytes] = {}
        self.awaited: tuple[re.Pattern, asyncio.Future] | None = None
        self.between_responses = True
        self.rewriters = [self._capability]
        if not self.profile.passes:
            self.rewriters += [self._extensions, wording]
        if self.profile.id != "pass":
            self.rewriters.append(self._id)
        self.rewriters += [RESPONSE_QUIRKS[name] for name in self.profile.quirks if name in RESPONSE_QUIRKS]

    @property
    def ordinary(self) -> bool:
        return bool(self.login) and not self.admin

    async def run(self) -> None:
        try:
            self.backend, self.to_backend = await asyncio.open_connection(*self.gateway.backend, limit=LONGEST_LINE)
        except OSError as error:
            self.say("* BYE Server unavailable.")
            self.gateway.note(f"{self.address}: backend: {error}")
            return
        try:
            greeting = await self.backend.readline()
            if self.profile.greeting != "pass":
                greeting = b"* OK " + self.profile.greeting.replace("{host}", self.gateway.host).encode("utf-8", "surrogateescape") + b"\r\n"
            self.to_client.write(self.rewritten(greeting))
            if await self.log_in():
                both = [asyncio.create_task(self.commands()), asyncio.create_task(self.answers())]
                try:
                    done = (await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED))[0]
                    for task in done:
                        task.result()
                finally:
                    for task in both:
                        task.cancel()
                    await asyncio.gather(*both, return_exceptions=True)
        finally:
            self.to_backend.close()

    def say(self, line: str) -> None:
        self.to_client.write(line.encode() + b"\r\n")

    def freeze(self) -> None:
        if self.between_responses:
            self.say("* BYE " + UNAVAILABLE)
        self.task.cancel()

    def journal(self, command: str, mailbox: str = "", login: str = "", admin: str = "") -> None:
        self.gateway.journal({"time": time.time(), "client": self.address, "login": login or self.login, "admin": admin or self.admin,
                              "command": command, "mailbox": mailbox})

    # -- before login: the gateway talks itself --

    async def log_in(self) -> bool:
        while True:
            line = await self.whole_command()
            found = COMMAND.fullmatch(line)
            if not found:
                if not line:
                    return False
                self.say("* BAD Command is not valid.")
                continue
            tag, name, rest = found[1].decode(), found[2].decode().upper(), found[3] or b""
            if name in ("CAPABILITY", "NOOP", "LOGOUT", "ID"):
                self.journal(name)
                for answer in await self.ask(line):
                    self.to_client.write(self.rewritten(answer))
                if name == "LOGOUT":
                    return False
            elif self.lying:
                self.journal(name)
                self.say(f"{tag} BAD {NOT_CONNECTED}")
            elif name in ("LOGIN", "AUTHENTICATE"):
                credentials = self.of_login(rest) if name == "LOGIN" else await self.of_plain(rest)
                if credentials is None:
                    self.journal(name)
                    self.say(f"{tag} BAD {name} is not valid.")
                elif await self.proved(tag, name, *credentials):
                    return True
            else:
                self.journal(name)
                self.say(f"{tag} BAD Command received in invalid state.")
            await self.to_client.drain()

    async def whole_command(self) -> bytes:
        """A command with its literals turned into quoted strings, bounded: nobody is logged in yet."""
        command = b""
        while True:
            line = await self.client.readline()
            found = LITERAL.search(line, max(0, len(line) - 24))
            if not found:
                return command + line
            if int(found[1]) > LONGEST_LOGIN or len(command) > LONGEST_LOGIN:
                raise Dropped
            if not found[2]:
                self.say("+ Ready for additional command text.")
            literal = await self.client.readexactly(int(found[1]))
            command += line[:found.start()] + b'"' + re.sub(rb'(["\\])', rb"\\\1", literal) + b'"'

    async def ask(self, command: bytes, tag: bytes = b"") -> list[bytes]:
        """The real server's lines, up to the tagged one or an invitation to go on."""
        self.to_backend.write(command)
        answers, tag = [], (tag or command.split(b" ", 1)[0]) + b" "
        while True:
            line = await self.backend.readline()
            if not line.endswith(b"\n"):
                self.say("* BYE Server unavailable.")
                raise Dropped
            answers.append(line)
            if line.startswith(tag) or line.startswith(b"+"):
                return answers

    @staticmethod
    def of_login(rest: bytes) -> tuple[str | None, str, bytes] | None:
        words = arguments(rest)
        return (None, words[0].decode(errors="replace"), words[1]) if len(words) == 2 else None

    async def of_plain(self, rest: bytes) -> tuple[str | None, str, bytes] | None:
        """SASL PLAIN (RFC 4616); its initial response (RFC 4959) only where SASL-IR is offered."""
        mechanism, *initial = rest.split()
        if mechanism.upper() != b"PLAIN" or initial and not self.profile.passes and "SASL-IR" not in self.profile.capability:
            return None
        if not initial:
            self.say("+ ")
            initial = [(await self.client.readline()).strip()]
        try:
            authzid, authcid, password = base64.b64decode(initial[0], validate=True).split(b"\0")
        except (binascii.Error, ValueError):
            return None
        return authzid.decode(errors="replace"), authcid.decode(errors="replace"), password

    async def proved(self, tag: str, name: str, authzid: str | None, authcid: str, password: bytes) -> bool:
        """Log in at the real server by PLAIN, whose authorization identity Dovecot takes as the master user's mailbox."""
        who = self.profile.parse(authcid)
        whose = self.profile.parse(authzid) if authzid else None
        if who is None or authzid and whose is None:
            self.journal(name, login=authzid or authcid)
            self.say(f"{tag} NO {name} failed.")
            return False
        if whose:
            admin, mailbox = who[1], whose[1]
        else:
            admin, mailbox = who
        acts_for_other = admin if admin.lower() != mailbox.lower() else ""
        admin = acts_for_other or (mailbox if mailbox.lower() in self.profile.admins else "")
        self.journal(name, login=mailbox, admin=admin)
        if not admin and self.gateway.is_frozen():
            self.say(f"{tag} NO {UNAVAILABLE}")
            return False
        most = self.profile.quirks.get("connections_per_user")
        if most and (refusal := connections_per_user(self, mailbox, most)):
            self.say(f"{tag} NO {refusal}")
            return False
        answer = (await self.ask(b"gateway1 AUTHENTICATE PLAIN\r\n"))[-1]
        if answer.startswith(b"+"):
            identity = (mailbox if acts_for_other else "").encode() + b"\0" + (acts_for_other or mailbox).encode() + b"\0" + password
            answer = (await self.ask(base64.b64encode(identity) + b"\r\n", b"gateway1"))[-1]
        if not answer.startswith(b"gateway1 OK") and login_lies(self, self.profile.quirks.get("login_lies", False)):
            self.say(f"{tag} OK {name} completed.")
            return False
        if not answer.startswith(b"gateway1 OK"):
            self.to_client.write(self.rewritten(answer.replace(b"gateway1", tag.encode(), 1)))
            return False
        self.login, self.admin = mailbox, admin
        capability = b"".join(await self.ask(b"gateway2 CAPABILITY\r\n"))
        self.gateway.backend_has = {word.upper() for word in CAPABILITY.search(capability)[2].decode().split()}
        self.offered = {word.upper() for word in CAPABILITY.search(self.rewritten(capability))[2].decode().split()}
        if self.profile.passes:
            self.to_client.write(self.rewritten(answer.replace(b"gateway1", tag.encode(), 1)))
        else:
            self.say(f"{tag} OK {name} completed.")
        return True

    # -- after login: client to server --

    async def commands(self) -> None:
        while line := await self.client.readline():
            found = COMMAND.fullmatch(line)
            if not found:  # DONE of an IDLE, or what the real server shall judge
                self.to_backend.write(line)
                continue
            tag, name, rest = found[1], " ".join(found[2].decode().upper().split()), found[3] or b""
            named_by_literal = name in NAMES_MAILBOX and rest.startswith(b"{")
            if not named_by_literal:
                self.note(name, rest)
            refusal = self.refusal(name, rest, line)
            if refusal:
                # A NOOP takes its place, so that the refusal comes in order and never amid another response.
                self.refused[tag] = refusal.encode()
                self.to_backend.write(tag + b" NOOP\r\n")
                await self.swallow(line)
            else:
                for quirk, setting in self.profile.quirks.items():
                    line = REQUEST_QUIRKS[quirk](line, setting) if quirk in REQUEST_QUIRKS else line
                await self.forward(tag, name, line, named_by_literal)
            await self.to_backend.drain()

    def note(self, name: str, rest: bytes) -> None:
        mailbox = self.selected
        if name in NAMES_MAILBOX:
            mailbox = b"".join(arguments(rest)[:1]).decode(errors="replace")
        if name in ("SELECT", "EXAMINE"):
            self.selected = mailbox
        self.journal(name, mailbox)
        if name in ("CLOSE", "UNSELECT"):
            self.selected = ""

    def refusal(self, name: str, rest: bytes, line: bytes) -> str | None:
        for quirk, setting in self.profile.quirks.items():
            if quirk in COMMAND_QUIRKS:
                refusal = COMMAND_QUIRKS[quirk](self, name, line, setting)
                if refusal:
                    return refusal
        if name in ("COMPRESS", "STARTTLS", "LOGIN", "AUTHENTICATE"):
            return "Command is not valid."
        if self.profile.passes:
            return None
        if name in NEEDS and NEEDS[name] not in self.offered:
            return "Command is not valid."
        bare = re.sub(QUOTED, b'""', rest).decode(errors="replace").upper()
        if any(capability not in self.offered and command.fullmatch(name) and argument.search(bare) for command, argument, capability in USES):
            return "Command Argument Error."
        if bare.endswith("+}") and "LITERAL+" not in self.offered:
            return "Command Argument Error."
        return None

    async def swallow(self, line: bytes) -> None:
        """What follows a refused command unasked: its non-synchronising literals."""
        while (found := LITERAL.search(line, max(0, len(line) - 24))) and found[2]:
            await self.copy(int(found[1]), None)
            line = await self.client.readline()

    async def forward(self, tag: bytes, name: str, line: bytes, named_by_literal: bool) -> None:
        literals = 0
        while True:
            found = LITERAL.search(line, max(0, len(line) - 24))
            if not found:
                self.to_backend.write(line)
                return
            literals += 1
            if name == "APPEND" and literals > 1 and not self.profile.passes and "MULTIAPPEND" not in self.offered:
                raise Dropped
            if found[2]:
                self.to_backend.write(line)
            elif not await self.invited(tag, line):
                return
            if named_by_literal and literals == 1:
                literal = await self.client.readexactly(int(found[1]))
                self.note(name, b'"' + re.sub(rb'(["\\])', rb"\\\1", literal) + b'"')
                self.to_backend.write(literal)
            else:
                await self.copy(int(found[1]), self.to_backend)
            line = await self.client.readline()

    async def invited(self, tag: bytes, line: bytes) -> bool:
        """Whether the real server says "+" to a synchronising literal: else the client sends another command next."""
        answer = asyncio.get_running_loop().create_future()
        self.awaited = re.compile(rb"^(?:(\+)|%s )" % re.escape(tag), re.M), answer
        self.to_backend.write(line)
        return await answer

    async def copy(self, left: int, to: asyncio.StreamWriter | None) -> None:
        while left:
            chunk = await self.client.read(min(left, CHUNK))
            if not chunk:
                raise Dropped
            left -= len(chunk)
            if to:
                to.write(chunk)
                await to.drain()

    # -- after login: server to client --

    async def answers(self) -> None:
        rest = b""
        while chunk := await self.backend.read(CHUNK):
            text, start, out, inside = rest + chunk, 0, [], -1
            while found := LITERAL.search(text, start):
                out.append(self.rewritten(text[start:found.end()]))
                start = found.end() + int(found[1])
                out.append(text[found.end():start])
                inside = start - len(text)  # what of this literal is still to come
                if inside >= 0:
                    break
            end = max(start, text.rfind(b"\r\n", start) + 2)
            if end > start:
                out.append(self.rewritten(text[start:end]))
            rest = text[end:]
            self.to_client.write(b"".join(out))
            self.between_responses = not rest and inside < 0
            await self.to_client.drain()
            if self.closing and self.between_responses:
                self.say("* BYE " + self.closing)
                return
            while inside > 0:
                chunk = await self.backend.read(min(inside, CHUNK))
                if not chunk:
                    return
                inside -= len(chunk)
                self.to_client.write(chunk)
                await self.to_client.drain()

    def rewritten(self, text: bytes) -> bytes:
        """Response text (whole lines, or up to a literal) as this version would say it."""
        if self.awaited and (found := self.awaited[0].search(text)):
            answer, self.awaited = self.awaited[1], None
            if not answer.done():
                answer.set_result(bool(found[1]))
        for rewriter in self.rewriters:
            text = rewriter(text)
        if self.refused:
            text = re.sub(rb"(?m)^(\S+) OK [^\r\n]*", self._refuse, text)
        for quirk, setting in self.profile.quirks.items():
            if quirk in HEARING_QUIRKS:
                HEARING_QUIRKS[quirk](self, text, setting)
        return text

    def _refuse(self, found: re.Match) -> bytes:
        refusal = self.refused.pop(found[1], None)
        return found[0] if refusal is None else found[1] + b" BAD " + refusal

    def _capability(self, text: bytes) -> bytes:
        return CAPABILITY.sub(self._capabilities, text) if b"CAPABILITY" in text else text

    def _capabilities(self, found: re.Match) -> bytes:
        backend = found[2].decode().split()
        if self.profile.passes:
            words = [word for word in backend if not NEVER.match(word)]
        else:
            # What the real server has is only known once somebody has logged in.
            has = {word.upper() for word in backend} if self.login else self.gateway.backend_has
            words = [word for word in self.profile.capability if not has or word.upper() in has | EMPTY_WORDS]
        return found[1] + b"CAPABILITY " + " ".join(words).encode()

    def _extensions(self, text: bytes) -> bytes:
        """Take out what extensions that are not offered put into the answers to ordinary commands."""
        if "CONDSTORE" not in self.offered and b"MODSEQ" in text:
            text = re.sub(rb"(?m)^\* OK \[(?:HIGHESTMODSEQ|NOMODSEQ)[^\r\n]*\r\n", b"", text)
        if "OBJECTID" not in self.offered and b"MAILBOXID" in text:
            text = re.sub(rb"(?m)^\* OK \[MAILBOXID[^\r\n]*\r\n|(?<= )\[MAILBOXID [^\]\r\n]*\] ", b"", text)
        if "UIDPLUS" not in self.offered and b"UID " in text:
            text = re.sub(rb"(?m)^(\S+ OK )\[(?:APPENDUID|COPYUID) [^\]\r\n]*\] ?", rb"\1", text)
        if b"* LIST (" in text:
            kept = rb"\\(?:Noselect|Noinferiors|Marked|Unmarked" + (rb"|HasChildren|HasNoChildren)" if "CHILDREN" in self.offered else rb")")
            text = re.sub(rb"(?m)^(\* LIST \()([^)\r\n]*)", lambda found: found[1] + b" ".join(re.findall(rb"(?i)" + kept, found[2])), text)
        return text

    def _id(self, text: bytes) -> bytes:
        if b"* ID " not in text:
            return text
        fields = " ".join(f'"{name}" "{value}"' for name, value in (self.profile.id or {}).items())
        answer = b"* ID " + (f"({fields})" if fields else "NIL").encode()
        return re.sub(rb"(?m)^\* ID [^\r\n]*", lambda found: answer, text)


# --- the gateway -------------------------------------------------------------------------------------------------

class Gateway:
    def __init__(self, profile: Profile, backend: tuple[str, int], journal: str, frozen: str) -> None:
        self.profile, self.backend, self.frozen = profile, backend, frozen
        self.host = socket.getfqdn()
        self.sessions: set[Session] = set()
        self.backend_has: set[str] = set()
        os.makedirs(os.path.dirname(journal) or ".", exist_ok=True)
        self._journal = open(journal, "a", buffering=1, encoding="utf-8")

    def journal(self, entry: dict) -> None:
        self._journal.write(json.dumps(entry) + "\n")

    @staticmethod
    def note(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def is_frozen(self) -> bool:
        return os.path.exists(self.frozen)

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(0.25)
            if self.is_frozen():
                for session in [session for session in self.sessions if session.ordinary]:
                    session.freeze()

    async def serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """One client. Whatever goes wrong here ends this session and no other."""
        session = Session(self, client, to_client)
        self.sessions.add(session)
        try:
            await session.run()
        except (Dropped, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass  # the ordinary ends of a session
        except Exception:
            self.note(f"{session.address}: {traceback.format_exc()}")
        finally:
            self.sessions.discard(session)
            to_client.close()

    async def run(self, listen: tuple[str, int], cert: str, key: str) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(cert, key)
        server = await asyncio.start_server(self.serve, *listen, ssl=context, limit=LONGEST_LINE, backlog=200)
        watcher = asyncio.create_task(self.watch())
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        self.note(f"gateway: {listen[0]}:{listen[1]} -> {self.backend[0]}:{self.backend[1]}")
        await stopped.wait()
        watcher.cancel()
        server.close()


def address(text: str) -> tuple[str, int]:
    host, port = text.rsplit(":", 1)
    return host, int(port)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", required=True)
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--listen", type=address, default=("0.0.0.0", 993))
    parser.add_argument("--backend", type=address, default=("127.0.0.1", 1143))
    parser.add_argument("--journal", default="/var/log/gateway/commands.jsonl")
    parser.add_argument("--frozen", default="/run/gateway/frozen")
    options = parser.parse_args()
    with open(options.profile, encoding="utf-8") as file:
        profile = Profile(json.load(file))
    asyncio.run(Gateway(profile, options.backend, options.journal, options.frozen).run(options.listen, options.cert, options.key))


if __name__ == "__main__":
    main()
