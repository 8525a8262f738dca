# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m servers.ews serve FOLDER --port 443 ... | fault FOLDER KIND ... | counts FOLDER | clear FOLDER. Passwords come from files."""

from __future__ import annotations

import argparse
import json
import pathlib
import sys

from .control import KINDS, Control
from .mirror import Dovecot
from .schema import VERSIONS
from .serving import Server, Settings
from .store import Store


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="servers.ews", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve")
    serve.add_argument("--address", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8443)
    serve.add_argument("--cert", type=pathlib.Path)
    serve.add_argument("--key", type=pathlib.Path)
    serve.add_argument("--name", help="host name that autodiscover tells")
    serve.add_argument("--version", choices=VERSIONS, default="2016")
    serve.add_argument("--processes", type=int, default=1)
    serve.add_argument("--gzip", action="store_true")
    serve.add_argument("--account", help="service account that impersonates everybody")
    serve.add_argument("--password-file", type=pathlib.Path)
    serve.add_argument("--imap-host", help="Dovecot whose mail is shown")
    serve.add_argument("--imap-port", type=int, default=143)
    serve.add_argument("--imap-admin")
    serve.add_argument("--imap-password-file", type=pathlib.Path)
    serve.add_argument("--imap-login", default="{mailbox}*{admin}")
    serve.add_argument("--domain", help="domain of the addresses that Dovecot is asked for")
    fault = commands.add_parser("fault")
    fault.add_argument("kind", choices=KINDS, help="; ".join(f"{kind}: {meaning}" for kind, meaning in KINDS.items()))
    fault.add_argument("--operation")
    fault.add_argument("--mailbox")
    fault.add_argument("--skip", type=int, default=0)
    fault.add_argument("--count", type=int, default=1)
    fault.add_argument("--detail", type=json.loads, default={}, help="what the kind may say more, in JSON")
    limit = commands.add_parser("limit")
    limit.add_argument("--delay", type=float, default=0)
    limit.add_argument("--concurrent", type=int, default=1000)
    commands.add_parser("counts")
    commands.add_parser("clear")
    for command in commands.choices.values():
        command.add_argument("folder", type=pathlib.Path)
    return parser.parse_args()


def secret(file: pathlib.Path) -> str:
    return file.read_text(encoding="utf-8").strip()


def serve(given: argparse.Namespace) -> None:
    if given.account:
        store = Store(given.folder)
        store.account(given.account, secret(given.password_file), impersonates=True)
        store.close()
    mirror = None
    if given.imap_host:
        mirror = Dovecot(given.imap_host, given.imap_port, given.imap_admin, secret(given.imap_password_file), given.imap_login, given.domain)
    Server(Settings(given.folder, given.address, given.port, given.cert, given.key, given.version, given.processes, given.gzip, mirror, given.name)).run()


def main() -> None:
    given = arguments()
    if given.command == "serve":
        serve(given)
        return
    control = Control(given.folder)
    if given.command == "fault":
        control.fault(given.kind, given.operation, given.mailbox, given.skip, given.count, **given.detail)
    elif given.command == "limit":
        control.limit(delay=given.delay, concurrent=given.concurrent)
    elif given.command == "counts":
        json.dump(control.counts(), sys.stdout, indent=2)
    else:
        control.clear()


if __name__ == "__main__":
    main()
