# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m servers.admind serve FOLDER --admin NAME --password-file FILE [--cert FILE --key FILE] [--imap-port ...]"""

from __future__ import annotations

import argparse
import pathlib
import shlex

from .backend import Backend, Files
from .cyrus import CyrusPostfix, Servers
from .serving import Service, Settings


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="servers.admind", description=__doc__)
    serve = parser.add_subparsers(dest="command", required=True).add_parser("serve")
    serve.add_argument("folder", type=pathlib.Path, help="gets accounts.jsonl and commands.jsonl; quirks.json there makes it moody")
    serve.add_argument("--address", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=10143)
    serve.add_argument("--cert", type=pathlib.Path, help="with it TLS from the first byte")
    serve.add_argument("--key", type=pathlib.Path)
    serve.add_argument("--admin", required=True)
    serve.add_argument("--password-file", type=pathlib.Path, required=True)
    serve.add_argument("--name", default="mirapoint.example.test", help="host name that it greets with")
    serve.add_argument("--version", default="4.4.4-GA")
    serve.add_argument("--tls1", action="store_true", help="nothing newer than TLS 1.0")
    serve.add_argument("--imap-port", type=int, help="Cyrus on whose mailboxes it acts")
    serve.add_argument("--imap-host", default="127.0.0.1")
    serve.add_argument("--imap-admin", default="cyrus")
    serve.add_argument("--imap-password-file", type=pathlib.Path)
    serve.add_argument("--domain", default="", help="the first mail domain")
    serve.add_argument("--addresses", type=pathlib.Path, help="map for virtual_alias_maps that gets the lists")
    serve.add_argument("--made", type=shlex.split, default=["postmap"], help="command that is called with the map when it was written")
    serve.add_argument("--set-password", type=shlex.split, default=[], help="command that gets a user as its last argument and his password as input")
    return parser.parse_args()


def secret(file: pathlib.Path) -> str:
    return file.read_text(encoding="utf-8").strip()


def backend(given: argparse.Namespace) -> Backend:
    if given.imap_port is None:
        return Files(given.folder)
    return CyrusPostfix(given.folder, Servers(
        given.imap_host, given.imap_port, given.imap_admin, secret(given.imap_password_file), given.domain, given.addresses, tuple(given.made),
        tuple(given.set_password),
    ))


def main() -> None:
    given = arguments()
    settings = Settings(
        given.folder, given.address, given.port, given.admin, secret(given.password_file), given.cert, given.key, given.name, given.version,
        given.tls1,
    )
    with Service(settings, backend(given)) as service:
        service.serve_forever()


if __name__ == "__main__":
    main()
