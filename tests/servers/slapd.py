# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenLDAP on loopback ports, with and without TLS, filled before it starts: ten thousand entries take it seconds."""

from __future__ import annotations

import pathlib
import secrets
import subprocess

from . import exchange_schema

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


class Slapd:
    def __init__(self, folder: pathlib.Path, tools, certificate: dict[str, pathlib.Path], trees: dict[str, str]) -> None:
        """`trees`: suffix -> LDIF, in which @PASSWORD@ stands for the password."""
        self.port, self.tls_port, self.password, self.ca_file = tools.free_port(), tools.free_port(), secrets.token_hex(12), str(certificate["ca"])
        folder.mkdir()
        databases = []
        for number, suffix in enumerate(trees):
            (folder / f"db{number}").mkdir()
            databases.append(DATABASE.format(suffix=suffix, password=self.password, folder=folder, name=f"db{number}"))
        config = folder / "slapd.conf"
        config.write_text(CONFIG.format(schema=exchange_schema.slapd(), folder=folder, certificate=certificate, databases="\n".join(databases)))
        for suffix, ldif in trees.items():
            (folder / "tree.ldif").write_text(ldif.replace("@PASSWORD@", self.password))
            subprocess.run(["/usr/sbin/slapadd", "-q", "-f", config, "-b", suffix, "-l", folder / "tree.ldif"], check=True, capture_output=True)
        addresses = f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}"
        command = ["/usr/sbin/slapd", "-d", "0", "-f", str(config), "-h", addresses]
        tools.start(command, folder, lambda: tools.wait_for_port("127.0.0.1", self.port))

    def option(self, suffix: str = SUFFIX, **more) -> dict:
        """As a module wants it; by TLS unless `more` says otherwise."""
        return {
            "name": "slapd", "host": "127.0.0.1", "port": self.tls_port, "ca_file": self.ca_file, "user": f"cn=admin,{suffix}",
            "password": self.password, "base": suffix, **more,
        }
