# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service: a thread for each connection, one command at a time. Its moods are read from quirks.json before each command."""

from __future__ import annotations

import fnmatch
import json
import pathlib
import socketserver
import ssl
import sys
import threading
import time
import typing as t

from .backend import Backend, Refused
from .words import Malformed, command, line

# Where passwords stand, which the journal does not get.
PASSWORDS = {("LOGIN",): 1, ("USER", "ADD"): 1}
VERBS = (("LOGIN",), ("LOGOUT",), ("VERSION",), ("LICENSE", "STATUS"), ("BACKUP", "STATUS"), ("DOMAIN", "SETCURRENT"), ("USER", "ADD"), ("USER", "LIST"),
         ("USER", "DELETE"), ("DL", "ADD"), ("DLENTRY", "LIST"), ("DLENTRY", "ADD"))
MUTATING = ("USER ADD", "USER DELETE", "DL ADD", "DLENTRY ADD")
QUIRKS: dict[str, t.Any] = {
    # Last fields are literals; and whether a blank line follows those that end with a line end.
    "literals": False, "blank": True,
    # Verb -> argument -> text of a NO; "*" for any argument.
    "refuse": {},
    # Seconds before each answer; the command after whose answer a connection ends, and the one that is done but never answered, counted from 1.
    "delay": 0, "cut_after": 0, "lose_answer": 0,
    # Pages: the number of the first user, whether `start` means nothing, and how many users a page has at most.
    "first": 0, "ignores_start": False, "largest_page": 0,
}


class Settings(t.NamedTuple):
    folder: pathlib.Path
    address: str
    port: int
    admin: str
    password: str
    cert: pathlib.Path | None = None
    key: pathlib.Path | None = None
    name: str = "mirapoint.example.test"
    version: str = "4.4.4-GA"
    tls1: bool = False


class Service(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 50

    def __init__(self, settings: Settings, backend: Backend) -> None:
        self.settings, self.backend = settings, backend
        self.journal_lock = threading.Lock()
        self.context = None
        if settings.cert:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(settings.cert, settings.key)
            if settings.tls1:
                self.context.minimum_version = self.context.maximum_version = ssl.TLSVersion.TLSv1
                self.context.set_ciphers("DEFAULT:@SECLEVEL=0")
        super().__init__((settings.address, settings.port), Connection)

    def handle_error(self, request, client_address) -> None:
        """Clients that go away, or speak no TLS, are none of its business; everything else is told."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def quirks(self) -> dict[str, t.Any]:
        path = self.settings.folder / "quirks.json"
        return {**QUIRKS, **(json.loads(path.read_text(encoding="utf-8")) if path.exists() else {})}

    def journal(self, verb: tuple[str, ...], arguments: list[str]) -> None:
        hidden = PASSWORDS.get(verb)
        told = ["***" if number == hidden else argument for number, argument in enumerate(arguments)]
        with self.journal_lock, (self.settings.folder / "commands.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"command": " ".join(verb), "arguments": told}) + "\n")


class Connection(socketserver.StreamRequestHandler):
    server: Service

    def setup(self) -> None:
        if self.server.context:
            self.request.settimeout(10)
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
            self.request.settimeout(None)
        super().setup()
        self.domain, self.logged_in, self.count = "", False, 0

    def handle(self) -> None:
        try:
            self._serve()
        finally:
            self.server.backend.settle()

    def _serve(self) -> None:
        settings = self.server.settings
        self.wfile.write(f"* OK {settings.name} admind {settings.version} server ready\r\n".encode())
        while True:
            try:
                words = command(self.rfile)
            except (Malformed, UnicodeDecodeError) as error:
                self.wfile.write(f"* BAD {error}\r\n".encode())
                return
            if not words:
                return
            quirks = self.server.quirks()
            tag, verb, arguments = _verb(words)
            self.count += 1
            self.server.journal(verb, arguments)
            time.sleep(quirks["delay"])
            answer = self._answer(tag, verb, arguments, quirks)
            if self.count == quirks["lose_answer"]:
                return
            self.wfile.write(answer)
            if verb == ("LOGOUT",) or self.count == quirks["cut_after"]:
                return

    def _answer(self, tag: str, verb: tuple[str, ...], arguments: list[str], quirks: dict[str, t.Any]) -> bytes:
        refusals = quirks["refuse"].get(" ".join(verb), {})
        try:
            said = refusals.get(arguments[0] if arguments else "", refusals.get("*"))
            if said:
                raise Refused(said)
            if not self.logged_in and verb not in (("LOGIN",), ("LOGOUT",), ("VERSION",)):
                raise Refused("Not logged in")
            lines, text = self._done(verb, arguments, quirks)
        except Refused as error:
            return f"{tag} NO {error}\r\n".encode()
        rows = b"".join(line(tag, fields, quirks["literals"] or "\n" in fields[-1], quirks["blank"]) for fields in lines)
        return rows + f"{tag} OK {text}".rstrip().encode() + b"\r\n"

    def _done(self, verb: tuple[str, ...], arguments: list[str], quirks: dict[str, t.Any]) -> tuple[list[list[str]], str]:
        """Lines of the answer, and what follows OK."""
        backend = self.server.backend
        try:
            match verb, arguments:
                case ("LOGIN",), [user, password]:
                    if (user, password) != (self.server.settings.admin, self.server.settings.password):
                        raise Refused("Login failed")
                    self.logged_in = True
                    return [["session-4711"]], ""
                case ("LOGOUT",), []:
                    return [], ""
                case ("VERSION",), []:
                    return [], self.server.settings.version
                case ("LICENSE", "STATUS"), []:
                    return [["User", "10000"]], ""
                case ("BACKUP", "STATUS"), []:
                    return [["Backup-10000", "Error"], ["Backup-10000", "Done"]], ""
                case ("DOMAIN", "SETCURRENT"), [domain]:
                    self.domain = domain
                    return [], ""
                case ("USER", "ADD"), [user, password, full_name]:
                    backend.add_user(self.domain, user, password, full_name)
                    return [], ""
                case ("USER", "LIST"), [pattern, start, count]:
                    return _page(backend.users(self.domain), pattern, start, count, quirks), ""
                case ("USER", "DELETE"), [user]:
                    backend.delete_user(self.domain, user)
                    return [], ""
                case ("DL", "ADD"), [name]:
                    backend.add_list(self.domain, name)
                    return [], ""
                case ("DLENTRY", "LIST"), [name, _pattern, _start, _count]:
                    return [[entry] for entry in backend.entries(self.domain, name)], ""
                case ("DLENTRY", "ADD"), [name, entry]:
                    backend.add_entry(self.domain, name, entry)
                    return [], ""
        except ValueError as error:
            raise Refused(f"Bad argument: {error}") from error
        raise Refused("Unknown command or wrong number of arguments")


def _verb(words: list[str]) -> tuple[str, tuple[str, ...], list[str]]:
    """Tag, verb, arguments; verbs are known in any case."""
    tag, rest = words[0], words[1:]
    upper = tuple(word.upper() for word in rest[:2])
    for verb in VERBS:
        if upper[:len(verb)] == verb:
            return tag, verb, rest[len(verb):]
    return tag, upper, rest[2:]


def _page(users: dict[str, str], pattern: str, start: str, count: str, quirks: dict[str, t.Any]) -> list[list[str]]:
    found = sorted(name for name in users if fnmatch.fnmatchcase(name, pattern or "*"))
    first = 0 if quirks["ignores_start"] or not start else max(int(start) - quirks["first"], 0)
    found = found[first:first + int(count)] if count else found[first:]
    return [[name, users[name]] for name in found[:quirks["largest_page"] or None]]
