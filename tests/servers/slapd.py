# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenLDAP on loopback ports, with and without TLS, filled before it starts: ten thousand entries take it seconds.

    python3 -m servers.slapd FOLDER --password-file FILE --cert FILE --key FILE

makes it in FOLDER, empty but for ou=people, and becomes it, at the ports of LDAP; what is in FOLDER already is kept. It tells each operation.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import secrets
import shutil
import subprocess

from . import exchange_schema, organisation

SUFFIX = "dc=example,dc=test"
# What has to be there before anything else.
ROOT = [
    (SUFFIX, {"objectClass": ["dcObject", "organization"], "dc": ["example"], "o": ["Example"]}),
    (f"cn=reader,{SUFFIX}", {"objectClass": ["organizationalRole", "simpleSecurityObject"], "cn": ["reader"], "userPassword": ["@PASSWORD@"]}),
]
CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/misc.schema
{schema}
pidfile {folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {certificate[cert]}
TLSCertificateKeyFile {certificate[key]}
{databases}
"""
# `reader` is an ordinary account, which gets no more than 100 entries of a search.
DATABASE = """
database mdb
suffix "{suffix}"
rootdn "cn=admin,{suffix}"
rootpw {password}
directory {folder}/{name}
maxsize 1073741824
dbnosync
limits dn.exact="cn=reader,{suffix}" size=100
index objectClass,mailNickname,department eq,pres
"""


def made(folder: pathlib.Path, certificate: dict[str, pathlib.Path], password: str, trees: dict[str, str]) -> pathlib.Path:
    """Its configuration, and its databases beside it. `trees`: suffix -> LDIF, in which @PASSWORD@ stands for the password."""
    folder.mkdir()
    databases = []
    for number, suffix in enumerate(trees):
        (folder / f"db{number}").mkdir()
        databases.append(DATABASE.format(suffix=suffix, password=password, folder=folder, name=f"db{number}"))
    config = folder / "slapd.conf"
    config.write_text(CONFIG.format(schema=exchange_schema.slapd(), folder=folder, certificate=certificate, databases="\n".join(databases)))
    for suffix, ldif in trees.items():
        (folder / "tree.ldif").write_text(ldif.replace("@PASSWORD@", password))
        subprocess.run(["/usr/sbin/slapadd", "-q", "-f", config, "-b", suffix, "-l", folder / "tree.ldif"], check=True, capture_output=True)
    return config


class Slapd:
    def __init__(self, folder: pathlib.Path, tools, certificate: dict[str, pathlib.Path], trees: dict[str, str]) -> None:
        self.port, self.tls_port, self.password, self.ca_file = tools.free_port(), tools.free_port(), secrets.token_hex(12), str(certificate["ca"])
        config = made(folder, certificate, self.password, trees)
        addresses = f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}"
        command = ["/usr/sbin/slapd", "-d", "0", "-f", str(config), "-h", addresses]
        tools.start(command, folder, lambda: tools.wait_for_port("127.0.0.1", self.port))

    def option(self, suffix: str = SUFFIX, **more) -> dict:
        """As a module wants it; by TLS unless `more` says otherwise."""
        return {
            "name": "slapd", "host": "127.0.0.1", "port": self.tls_port, "ca_file": self.ca_file, "user": f"cn=admin,{suffix}",
            "password": self.password, "base": suffix, **more,
        }


def main() -> None:
    parser = argparse.ArgumentParser(prog="servers.slapd")
    parser.add_argument("folder", type=pathlib.Path)
    for name in ("password-file", "cert", "key"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    given = parser.parse_args()
    folder, done = given.folder / "server", given.folder / "made"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        people = (f"ou=people,{SUFFIX}", {"objectClass": ["organizationalUnit"], "ou": ["people"]})
        made(folder, {"cert": given.cert, "key": given.key}, given.password_file.read_text().strip(), {SUFFIX: organisation.ldif([*ROOT, people])})
        done.touch()
    os.execv("/usr/sbin/slapd", ["slapd", "-d", "stats", "-f", str(folder / "slapd.conf"), "-h", "ldap:/// ldaps:///"])


if __name__ == "__main__":
    main()
