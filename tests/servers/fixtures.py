# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures that the tests in integration/mail and in faults share; both conftest.py import them from here.

pair: two Dovecots, .source and .target, and the options of modules that work between them (class Pair).
module: module("mailbox_copy", options) runs one without a playbook and returns its result; module.start(...) in the background.
relay: relay(server) puts a Relay before it; closed after the test.
servers: what starts further servers: servers.dovecot("name"), servers.cyrus(), servers.courier([users]), servers.postgresql(), servers.gateway(...).
"""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from . import mail
from .courier import Courier
from .cyrus import Cyrus
from .dovecot import Dovecot
from .gateway import Gateway
from .module import Run
from .postgresql import PostgreSQL
from .relay import Relay


class Tools(t.NamedTuple):
    start: t.Callable
    free_port: t.Callable
    wait_for_port: t.Callable


class Servers:
    def __init__(self, folder: pathlib.Path, tools: Tools) -> None:
        self._folder, self._tools = folder, tools
        self._dovecots: list[Dovecot] = []

    def dovecot(self, name: str, **settings: t.Any) -> Dovecot:
        self._dovecots.append(server := Dovecot(self._folder / name, self._tools, **settings))
        return server

    def postgresql(self) -> PostgreSQL:
        return PostgreSQL(self._folder / "postgresql", self._tools)

    def cyrus(self) -> Cyrus:
        return Cyrus(self._folder / "cyrus", self._tools)

    def courier(self, users: list[str]) -> Courier:
        return Courier(self._folder / "courier", self._tools, users)

    def gateway(self, certificate, profile: str, behind: int, **settings: t.Any) -> Gateway:
        return Gateway(self._folder / f"gateway-{behind}", self._tools, certificate, profile, behind, **settings)

    def end(self) -> None:
        """Told all at once: each takes a second, and `start` waits for one after the other."""
        for server in self._dovecots:
            server.terminate()


@pytest.fixture
def servers(scratch, start, free_port, wait_for_port) -> t.Iterator[Servers]:
    yield (running := Servers(scratch, Tools(start, free_port, wait_for_port)))
    running.end()


class Pair:
    """`mailboxes` is what moves: change it before `options` is called."""

    def __init__(self, source: Dovecot, target: Dovecot, ledger: pathlib.Path) -> None:
        self.source, self.target, self.ledger = source, target, ledger
        self.mailboxes: list[dict[str, t.Any]] = [{"name": "anna.berg", "target": "anna"}]
        # Relays stand here when there are some.
        self.source_port, self.target_port = source.port, target.port
        # In playbooks these are templates.
        self.source_password, self.target_password = source.password, target.password
        self.ledger_options: dict[str, str] = {"url": f"sqlite:///{ledger}"}

    def options(self, **more: t.Any) -> dict[str, t.Any]:
        """What mailbox_copy, mailbox_sync and mailbox_verify need."""
        return {**self.ledger_only(), "sources": [self.source_option()], "target": self.target_option(), **more}

    def source_option(self, **more: t.Any) -> dict[str, t.Any]:
        return self.source.option(self.source_password, self.source_port, name="old", mailboxes=self.mailboxes, **more)

    def target_option(self, **more: t.Any) -> dict[str, t.Any]:
        """By SASL PLAIN, so that both ways to act for a mailbox are used."""
        return self.target.option(self.target_password, self.target_port, **{"name": "new", "mechanism": "plain", "login": ["{mailbox}"], **more})

    def ledger_only(self, **more: t.Any) -> dict[str, t.Any]:
        return {"migration": "example", "ledger": self.ledger_options, **more}

    def findings(self) -> dict[str, int]:
        """What an independent comparison of both ends complains about; empty when all is perfect."""
        return mail.findings({"old": (self.source, self.mailboxes)}, self.target)

    def before(self) -> dict[str, t.Any]:
        """The source's mailboxes with everything in them, to be compared later."""
        return {mailbox["name"]: mail.snapshot(self.source, mailbox["name"]) for mailbox in self.mailboxes}


@pytest.fixture
def pair(servers: Servers, tmp_path: pathlib.Path) -> Pair:
    return Pair(servers.dovecot("old"), servers.dovecot("new"), tmp_path / "ledger.sqlite")


class Module:
    def __init__(self, collections: pathlib.Path) -> None:
        self._collections = collections
        self._running: list[Run] = []

    def start(self, name: str, options: dict[str, t.Any], check: bool = False) -> Run:
        self._running.append(run := Run(self._collections, name, options, check))
        return run

    def __call__(self, name: str, options: dict[str, t.Any], check: bool = False) -> dict[str, t.Any]:
        return self.start(name, options, check).result()

    def end(self) -> None:
        for run in self._running:
            if run.running:
                run.kill()


@pytest.fixture
def module(collections: pathlib.Path) -> t.Iterator[Module]:
    yield (runner := Module(collections))
    runner.end()


@pytest.fixture
def relay() -> t.Iterator[t.Callable[..., Relay]]:
    placed: list[Relay] = []

    def place(server: Dovecot, **settings: t.Any) -> Relay:
        placed.append(before := Relay(server.port, **settings))
        return before

    yield place
    for before in placed:
        before.close()
