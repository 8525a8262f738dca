# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 in a few processes that share one listening socket; a thread a connection."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import multiprocessing
import multiprocessing.sharedctypes
import os
import pathlib
import signal
import socket
import ssl
import threading
import time
import typing as t

from . import autodiscover, login
from .control import Control
from .mirror import Dovecot, Mirror
from .soap import Answer, Service
from .store import Store

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}
# Smaller answers, and those that are mostly base64 of MIME, are not worth the time.
GZIP_FROM = 20_000


@dataclasses.dataclass(frozen=True)
class Settings:
    folder: pathlib.Path
    address: str = "127.0.0.1"
    port: int = 0
    cert: pathlib.Path | None = None
    key: pathlib.Path | None = None
    version: str = "2016"
    processes: int = 1
    gzip: bool = False
    mirror: Dovecot | None = None
    # The host's name in what autodiscover says; the clients' Host header otherwise.
    name: str | None = None


class Server:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._busy = multiprocessing.get_context("fork").Value("i", 0)
        self._tls = None
        if settings.cert:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(settings.cert, settings.key)
        # Tables are made before there is anybody who could do it at the same time.
        Store(settings.folder).close()
        Control(settings.folder).close()
        self._socket = socket.create_server((settings.address, settings.port), backlog=256)
        self.port = self._socket.getsockname()[1]

    def run(self) -> None:
        """Until a signal ends it; the processes end with the first one."""
        children = []
        for _number in range(self._settings.processes):
            if child := os.fork():
                children.append(child)
                continue
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            self._accept()
        signal.signal(signal.SIGTERM, lambda *_: [os.kill(child, signal.SIGTERM) for child in children])
        for child in children:
            with contextlib.suppress(InterruptedError):
                os.waitpid(child, 0)

    def _accept(self) -> t.NoReturn:
        while True:
            connection, _peer = self._socket.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # A client that hangs up is no event.
        with contextlib.suppress(ConnectionError, ssl.SSLError), connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            store, control = Store(self._settings.folder), Control(self._settings.folder)
            mirror = Mirror(store, self._settings.mirror) if self._settings.mirror else None
            service = Service(store, control, self._settings.version, mirror)
            try:
                with stream:
                    Connection(stream, service, store, control, self._settings, self._busy).run()
            finally:
                store.close()
                control.close()
                if mirror:
                    mirror.close()


class Connection:
    def __init__(self, stream: socket.socket, service: Service, store: Store, control: Control, settings: Settings, busy: t.Any) -> None:
        self._stream, self._service, self._store, self._control, self._settings, self._busy = stream, service, store, control, settings, busy
        self._login = login.Login(store, settings.folder, settings.cert)
        self._reader = stream.makefile("rb", buffering=1 << 16)

    def run(self) -> None:
        while (line := self._reader.readline()).strip():
            method, path, _version = line.decode("latin-1").split()
            headers = {}
            while (line := self._reader.readline()).strip():
                name, _colon, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            if headers.get("expect", "").lower() == "100-continue":
                self._stream.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = self._body(headers)
            answer = self._answer(method, path.lower(), headers, body)
            if not self._send(answer, headers) or headers.get("connection", "").lower() == "close":
                break

    def _body(self, headers: dict[str, str]) -> bytes:
        if "chunked" not in headers.get("transfer-encoding", "").lower():
            return self._reader.read(int(headers.get("content-length", "0")))
        pieces = []
        while size := int(self._reader.readline().split(b";")[0], 16):
            pieces.append(self._reader.read(size))
            self._reader.readline()
        self._reader.readline()
        return b"".join(pieces)

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if method == "POST" and path.endswith(login.TOKENS):
            status, given = login.token(self._store, body)
            return Answer(status, given, (("Content-Type", "application/json"),))
        discover = path.startswith("/autodiscover/autodiscover.svc")
        if not discover and path != "/ews/exchange.asmx":
            return Answer(404, b"")
        account, challenge = self._login.account(headers.get("authorization", ""))
        if not account:
            return Answer(401, b"", challenge)
        if discover:
            scheme, host = "https" if self._settings.cert else "http", self._settings.name or headers.get("host", "")
            return Answer(200, autodiscover.answer(body, f"{scheme}://{host}/EWS/Exchange.asmx", self._settings.version))
        if method != "POST":
            return Answer(200, b"")
        limits = self._control.limits()
        with self._busy.get_lock():
            self._busy.value += 1
            busy = self._busy.value
        try:
            if delay := limits.get("delay"):
                time.sleep(delay)
            if busy > limits.get("concurrent", busy):
                return self._service.refused()
            return self._service.answer(account, body)
        finally:
            with self._busy.get_lock():
                self._busy.value -= 1

    def _send(self, answer: Answer, headers: dict[str, str]) -> bool:
        """Whether the connection still lives."""
        body, more = answer.body, ""
        if self._settings.gzip and len(body) >= GZIP_FROM and "gzip" in headers.get("accept-encoding", ""):
            body, more = gzip.compress(body, 1), "Content-Encoding: gzip\r\n"
        more += "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
        kind = "" if "Content-Type" in dict(answer.headers) else "Content-Type: text/xml; charset=utf-8\r\n"
        head = (f"HTTP/1.1 {answer.status} {REASONS[answer.status]}\r\n{kind}{more}"
                f"Content-Length: {len(body)}\r\n\r\n").encode("latin-1")
        if answer.cut is None:
            self._stream.sendall(head + body)
            return True
        self._stream.sendall(head + body[: answer.cut])
        return False
