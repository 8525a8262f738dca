# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small IMAP server on loopback that holds what a test puts into it: {mailbox: {folder: [Mail, ...]}}."""
from __future__ import annotations

import base64
import re
import socketserver
import threading
from typing import NamedTuple

CAPABILITY = b"IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ UIDPLUS CONDSTORE NAMESPACE IDLE ID COMPRESS=DEFLATE MULTIAPPEND CHILDREN"
LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n$")


class Mail(NamedTuple):
    data: bytes
    flags: str = "\\Seen"
    date: str = "15-Feb-2019 03:04:05 +0200"


class _Client(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")

    def handle(self) -> None:
        self.say(b"* OK [CAPABILITY %s] Scripted ready." % CAPABILITY)
        while line := self.rfile.readline():
            if line == b"DONE\r\n":
                self.say(self.idle_tag + b" OK Idle completed.")
                continue
            arguments = []
            while found := LITERAL.search(line):
                if not found[2]:
                    if b"/refused" in line:
                        break
                    self.say(b"+ OK")
                arguments.append(self.rfile.read(int(found[1])))
                line = line[:found.start()] + b'"literal"' + self.rfile.readline()
            tag, name, *rest = line.split(None, 2)
            rest = rest[0].strip() if rest else b""
            if name.upper() == b"UID":
                name, *rest = rest.split(None, 1)
                rest = rest[0] if rest else b""
            self.server.seen.append((name.decode().upper(), rest, arguments))
            getattr(self, name.decode().lower(), self.noop)(tag, rest, arguments)
            if name.upper() == b"LOGOUT":
                return

    def done(self, tag: bytes, text: bytes = b"Completed") -> None:
        self.say(tag + b" OK " + text)

    def noop(self, tag, rest, arguments):
        self.done(tag)

    def capability(self, tag, rest, arguments):
        self.say(b"* CAPABILITY " + CAPABILITY)
        self.done(tag)

    def id(self, tag, rest, arguments):
        self.say(b'* ID ("name" "Scripted")')
        self.done(tag)

    def _enter(self, tag, mailbox, password):
        if password != "secret" or mailbox not in self.server.mailboxes:
            self.say(tag + b" NO [AUTHENTICATIONFAILED] Authentication failed.")
            return
        self.folders = self.server.mailboxes[mailbox]
        self.done(tag, b"[CAPABILITY %s] Logged in" % CAPABILITY)

    def login(self, tag, rest, arguments):
        user, password = [word.strip('"') for word in rest.decode().split()]
        self._enter(tag, user, password)

    def authenticate(self, tag, rest, arguments):
        self.say(b"+ ")
        authzid, authcid, password = base64.b64decode(self.rfile.readline()).decode().split("\0")
        self._enter(tag, authzid or authcid, password)

    def namespace(self, tag, rest, arguments):
        self.say(b'* NAMESPACE (("%s" "%s")) NIL NIL' % (self.server.prefix.encode(), self.server.separator.encode()))
        self.done(tag)

    def list(self, tag, rest, arguments):
        for name in self.folders:
            self.say(b'* LIST (\\HasNoChildren \\Sent) "%s" "%s"' % (self.server.separator.encode(), name.encode()))
        self.done(tag)

    def lsub(self, tag, rest, arguments):
        for name in self.folders:
            if name not in self.server.unsubscribed:
                self.say(b'* LSUB () "%s" "%s"' % (self.server.separator.encode(), name.encode()))
        self.done(tag)

    def examine(self, tag, rest, arguments):
        self.selected = self.folders[re.match(r'"([^"]*)"|(\S+)', rest.decode())[0].strip('"')]
        self.say(b"* %d EXISTS" % len(self.selected))
        self.say(b"* OK [HIGHESTMODSEQ 7] Highest")
        self.done(tag, b"[READ-ONLY] Selected")

    select = examine

    def search(self, tag, rest, arguments):
        self.say(b"* SEARCH " + " ".join(str(uid + 1) for uid in range(len(self.selected))).encode())
        self.done(tag)

    def fetch(self, tag, rest, arguments):
        first, dummy, last = rest.split()[0].decode().partition(":")
        for uid in range(int(first), min(int(last or first), len(self.selected)) + 1):
            mail = self.selected[uid - 1]
            self.say(b'* %d FETCH (UID %d FLAGS (%s) INTERNALDATE "%s" RFC822.SIZE %d BODY[] {%d}\r\n%s)' % (
                uid, uid, mail.flags.encode(), mail.date.encode(), len(mail.data), len(mail.data), mail.data))
        self.done(tag)

    def append(self, tag, rest, arguments):
        if b"/refused" in rest:
            self.say(tag + b" NO [TRYCREATE] No such folder")
        else:
            self.done(tag, b"[APPENDUID 1 5] Append completed (0.001 + 0.000 secs).")

    def idle(self, tag, rest, arguments):
        self.idle_tag = tag
        self.say(b"+ idling")

    def logout(self, tag, rest, arguments):
        self.say(b"* BYE Logging out")
        self.done(tag)


class ScriptedImap(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, mailboxes: dict[str, dict[str, list[Mail]]], prefix: str = "", separator: str = "/") -> None:
        super().__init__(("127.0.0.1", 0), _Client)
        self.mailboxes, self.prefix, self.separator = mailboxes, prefix, separator
        self.unsubscribed: set[str] = set()
        self.seen: list[tuple[str, bytes, list[bytes]]] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def __exit__(self, *dummy: object) -> None:
        self.shutdown()
        self.server_close()
