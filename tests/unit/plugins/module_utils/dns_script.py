# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Name servers for tests: a script of expected questions and their answers, and a real server on loopback."""

from __future__ import annotations

import collections
import socket
import struct
import threading
import typing as t

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Call = t.Callable[[t.Any, str, bool], t.Any]


def respond(question, *records, rdtype=None, ttl=300, rcode=dns.rcode.NOERROR, authoritative=True, alias=None):
    """The response to a question; alias: the name that a CNAME leads to."""
    response = dns.message.make_response(question)
    response.set_rcode(rcode)
    if authoritative:
        response.flags |= dns.flags.AA
    asked = question.question[0]
    name = asked.name
    if alias:
        response.answer.append(dns.rrset.from_text(name, ttl, "IN", "CNAME", alias))
        name = alias
    if records:
        response.answer.append(dns.rrset.from_text(name, ttl, "IN", rdtype or dns.rdatatype.to_text(asked.rdtype), *records))
    return response


def query(text: str, *records: str, at: str | None = None, tcp: bool | None = None, **how) -> Call:
    """Expect a query for "NAME TYPE", at that address, and answer it with records."""

    def call(message, address, by_tcp):
        asked = message.question[0]
        assert f"{asked.name} {dns.rdatatype.to_text(asked.rdtype)}" == text
        assert at in (None, address) and tcp in (None, by_tcp)
        return respond(message, *records, **how)

    return call


def update(*sections: list[str], rcode: int = dns.rcode.NOERROR) -> Call:
    """Expect an update whose prerequisites and changes, as text, are these two lists; answer with the code."""

    def call(message, _address, by_tcp):
        assert by_tcp
        assert tuple([str(rrset) for rrset in section] for section in (message.prerequisite, message.update)) == sections
        response = dns.message.make_response(message)
        response.set_rcode(rcode)
        return response

    return call


def fails(error: Exception) -> Call:
    """Expect any message, and fail as the network would."""

    def call(_message, _address, _by_tcp):
        raise error

    return call


class Script:
    """Takes the place of _dns.server.send; done() asserts that everything expected was asked."""

    def __init__(self, *calls: Call) -> None:
        self._calls = collections.deque(calls)

    def send(self, message, address, port, timeout, tcp):
        assert self._calls, f"Unexpected: {message.to_text()}"
        return dns.message.from_wire(self._calls.popleft()(message, address, tcp).to_wire())

    def done(self) -> None:
        assert not self._calls


def _on_one_port() -> tuple[socket.socket, socket.socket]:
    """By UDP and by TCP. A port that is free for the one may be taken for the other."""
    for _attempt in range(50):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        try:
            return udp, socket.create_server(udp.getsockname())
        except OSError:
            udp.close()
    raise OSError("no port of 127.0.0.1 is free for both UDP and TCP")


class LoopbackServer:
    """Answers by `reply(wire, tcp) -> wire or None` on UDP and TCP of 127.0.0.1; None gives no answer (TCP: closes)."""

    def __init__(self, reply: t.Callable[[bytes, bool], bytes | None]) -> None:
        self._reply = reply
        self._udp, self._tcp = _on_one_port()
        self.port = self._udp.getsockname()[1]
        self.seen: list[tuple[str, bytes]] = []

    def __enter__(self) -> LoopbackServer:
        self._threads = [threading.Thread(target=serve, daemon=True) for serve in (self._serve_udp, self._serve_tcp)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error) -> None:
        # An empty message tells each thread to end.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join(5)
        self._udp.close()
        self._tcp.close()

    def _serve_udp(self) -> None:
        while True:
            wire, peer = self._udp.recvfrom(65535)
            if not wire:
                return
            self.seen.append(("udp", wire))
            if (answer := self._reply(wire, False)) is not None:
                self._udp.sendto(answer, peer)

    def _serve_tcp(self) -> None:
        while True:
            connection, _peer = self._tcp.accept()
            with connection, connection.makefile("rb") as stream:
                size = stream.read(2)
                if not size:
                    return
                wire = stream.read(struct.unpack("!H", size)[0])
                self.seen.append(("tcp", wire))
                if (answer := self._reply(wire, True)) is not None:
                    connection.sendall(struct.pack("!H", len(answer)) + answer)
