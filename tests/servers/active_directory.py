# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Samba as a domain controller: a real Active Directory, with the attributes of Exchange added to its schema.

    python3 -m servers.active_directory FOLDER --address A --password-file FILE --cert FILE --key FILE --entries FILE

makes it in FOLDER, with the entries [[name, {attribute: [value, ...]}], ...] of a JSON file, and becomes it; what is in FOLDER already is kept.

It serves LDAP alone, as one process. Its ports can't be chosen, so it wants an address of its own.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import random
import secrets
import shutil
import subprocess
import typing as t

from . import exchange_schema, organisation

SUFFIX = "DC=example,DC=test"
LINKS = ("member", "altRecipient", "publicDelegates", "authOrig", "dLMemSubmitPerms")
SCHEMA = f"CN=Schema,CN=Configuration,{SUFFIX}"
CONFIG = """
[global]
  realm = EXAMPLE.TEST
  workgroup = EXAMPLE
  netbios name = DC1
  server role = active directory domain controller
  server services = ldap
  bind interfaces only = yes
  interfaces = {address}/8
  ldap server require strong auth = no
  dsdb:schema update allowed = true
  tls keyfile = {key}
  tls certfile = {cert}
  tls cafile =
  private dir = {folder}/private
  state directory = {folder}/state
  cache directory = {folder}/cache
  lock directory = {folder}
  pid directory = {folder}
  binddns dir = {folder}/bind-dns
  ncalrpc dir = {folder}/ncalrpc
  winbindd socket directory = {folder}/winbindd
  ntp signd socket directory = {folder}/ntp_signd
  log file = {folder}/log.%m
"""
# Debian's own Python has Samba's modules. What comes by standard input is LDIF in parts, each of which is written as a whole.
LOADER = """
import sys
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
lp = LoadParm(filename_for_non_global_lp=sys.argv[1])
known = sys.argv[2:] == ["known"]
def opened():
    return SamDB(session_info=system_session(), lp=lp, url=lp.private_path("sam.ldb"))
if known:
    found = opened().search(base=%(schema)r, expression="(objectClass=attributeSchema)", attrs=["lDAPDisplayName"])
    print(" ".join(str(one["lDAPDisplayName"]) for one in found))
else:
    for part in sys.stdin.read().split("\\0"):
        samdb = opened()
        samdb.transaction_start()
        samdb.modify_ldif(part, ["relax:0"])
        samdb.transaction_commit()
""" % {"schema": SCHEMA}


@dataclasses.dataclass(frozen=True)
class Domain:
    """In a folder of its own: made once, then served by `command`. Others' eyes on its key are refused."""

    folder: pathlib.Path
    address: str
    cert: pathlib.Path
    key: pathlib.Path

    @property
    def command(self) -> list[str]:
        return ["/usr/sbin/samba", "-F", "--debug-stdout", "-M", "single", "-s", str(self._config)]

    @property
    def _config(self) -> pathlib.Path:
        return self.folder / "smb.conf"

    def make(self, password: str, entries: t.Iterable[organisation.Entry]) -> None:
        """`password` is the administrator's; Windows wants letters of three kinds."""
        self._provision(password)
        self._config.write_text(CONFIG.format(folder=self.folder, address=self.address, cert=self.cert, key=self.key))
        attributes, classes = exchange_schema.active_directory(SCHEMA, set(self._load("known").split()))
        entries = list(entries)
        self._load(parts=[attributes, classes, organisation.ldif(_added(entries), skip=("cn", "ou", *LINKS)), organisation.ldif(_linked(entries))])

    def _provision(self, password: str) -> None:
        command = [
            "samba-tool", "domain", "provision", "--realm=EXAMPLE.TEST", "--domain=EXAMPLE", "--server-role=dc", "--dns-backend=NONE", "--host-name=DC1",
            f"--adminpass={password}", f"--targetdir={self.folder}", "--option=vfs objects = acl_xattr xattr_tdb", "--option=interfaces = lo",
            "--option=bind interfaces only = yes",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"Samba made no domain:\n{done.stdout}{done.stderr}")
        for name in ("ncalrpc", "winbindd"):
            (self.folder / name).mkdir(exist_ok=True)

    def _load(self, *arguments: str, parts: t.Iterable[str] = ()) -> str:
        command = ["/usr/bin/python3", "-c", LOADER, str(self._config), *arguments]
        done = subprocess.run(command, input="\0".join(parts), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"Samba's database was not filled:\n{done.stdout}{done.stderr}")
        return done.stdout


class ActiveDirectory:
    """On the loopback interface, for a test."""

    user = "administrator@example.test"

    def __init__(self, folder: pathlib.Path, tools, entries: t.Iterable[organisation.Entry]) -> None:
        # Away from 127.0.0.1, which other servers have.
        self.host = f"127.{random.randint(64, 127)}.{random.randint(1, 254)}.{random.randint(1, 254)}"
        self.password = f"Aa1-{secrets.token_hex(12)}"
        self.ca_file = str(folder / "cert.pem")
        certificate = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=dc1.example.test",
            "-addext", f"subjectAltName=IP:{self.host}", "-keyout", "key.pem", "-out", "cert.pem",
        ]
        subprocess.run(certificate, check=True, capture_output=True, cwd=folder)
        (folder / "key.pem").chmod(0o600)
        domain = Domain(folder, self.host, folder / "cert.pem", folder / "key.pem")
        domain.make(self.password, entries)
        tools.start(domain.command, folder, lambda: tools.wait_for_port(self.host, 636))

    def option(self, **more) -> dict:
        """As a module wants it."""
        return {"name": "ad", "host": self.host, "ca_file": self.ca_file, "user": self.user, "password": self.password, **more}


def _added(entries: list[organisation.Entry]) -> t.Iterator[organisation.Entry]:
    return ((name, {"changetype": ["add"], **attributes}) for name, attributes in entries)


def _linked(entries: list[organisation.Entry]) -> t.Iterator[organisation.Entry]:
    """What names other entries, which must be there."""
    for name, attributes in entries:
        for link in LINKS:
            if link in attributes:
                yield name, {"changetype": ["modify"], "add": [link], link: attributes[link]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="servers.active_directory")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--address", required=True)
    for name in ("password-file", "cert", "key", "entries"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    given = parser.parse_args()
    domain = Domain(given.folder / "domain", given.address, given.cert, given.key)
    made = given.folder / "made"
    if not made.exists():
        # What was begun and not finished is no domain.
        shutil.rmtree(domain.folder, ignore_errors=True)
        domain.folder.mkdir()
        domain.make(given.password_file.read_text().strip(), list(map(tuple, json.loads(given.entries.read_text()))))
        made.touch()
    os.execv(domain.command[0], domain.command)


if __name__ == "__main__":
    main()
