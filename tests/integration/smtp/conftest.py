# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail hosts: Postfix, which delivers to Dovecot by LMTP.

mail_host: takes mail for example.test, on .smtp with or without STARTTLS and on .smtps with TLS at once (class MailHost).
before_mail_host: before_mail_host(after=2) puts a Pause before it, which lets two messages through.
module: module("user_notice", options) runs one without a playbook; module.start(...) in the background.
"""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

import imapclient
import pytest

TESTS = pathlib.Path(__file__).resolve().parents[2]
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

from servers import fixtures

module = fixtures.module
USERS = ("anna.berg", "bo", "carla", "dora", "emil")

POSTFIX = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mirapoint.example.test
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
relay_domains = example.test
relay_recipient_maps =
transport_maps = inline:{{ {{example.test = lmtp:inet:127.0.0.1:{lmtp}}} }}
mynetworks = 192.0.2.1/32
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth}
smtpd_recipient_restrictions = check_recipient_access
    inline:{{ {{ gone@example.test = 550 5.1.1 Gone for good }}, {{ later@example.test = 450 4.2.0 Not now }} }}
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
import_environment = MAIL_CONFIG
"""

DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot-mail.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
auth_username_format = %Ln
auth_master_user_separator = *
mail_location = maildir:{folder}/mail/%u
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
passdb {{
  driver = passwd-file
  master = yes
  args = {folder}/masters
  result_success = continue
}}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/mail/%u
}}
service anvil {{
  chroot =
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {auth}
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""


class MailHost:
    def __init__(self, folder, ports, ca):
        self.smtp, self.smtps, self.imaps = ports["smtp"], ports["smtps"], ports["imaps"]
        self.ca = str(ca)
        self.maillog = folder / "maillog"

    def messages(self, user="anna.berg", part="HEADER"):
        """Headers, or all, of what is in the user's INBOX."""
        with imapclient.IMAPClient("localhost", self.imaps, ssl_context=ssl.create_default_context(cafile=self.ca)) as client:
            client.login(user, "annas-password")
            client.select_folder("INBOX", readonly=True)
            return [data[f"BODY[{part}]".encode()].decode() for data in client.fetch(client.search(), [f"BODY.PEEK[{part}]"]).values()]

    def settle(self):
        """Everything that Postfix took is delivered."""
        deadline = time.monotonic() + 30
        while subprocess.run(["postqueue", "-c", self.maillog.parent, "-j"], check=True, capture_output=True).stdout:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def transactions(self):
        """Mail transactions that Postfix began: the lines that give a client a queue file."""
        return [line for line in self.maillog.read_text().splitlines() if "smtpd[" in line and "client=" in line]


@pytest.fixture
def mail_host(scratch, start, free_port, wait_for_port, certificate):
    ports = {name: free_port() for name in ("smtp", "smtps", "lmtp", "imaps", "auth")}
    values = {"folder": scratch, **ports, **certificate}

    (scratch / "users").write_text("".join(f"{user}:{{PLAIN}}annas-password\n" for user in USERS))
    (scratch / "masters").write_text("migadmin:{PLAIN}masters-password\n")
    (scratch / "mail").mkdir()
    shutil.chown(scratch / "mail", "mail", "mail")
    (scratch / "dovecot.conf").write_text(DOVECOT.format(**values))
    start(["/usr/sbin/dovecot", "-F", "-c", str(scratch / "dovecot.conf")], scratch, lambda: wait_for_port("127.0.0.1", ports["imaps"]))

    (scratch / "main.cf").write_text(POSTFIX.format(**values))
    shutil.copy("/usr/share/postfix/master.cf.dist", scratch / "master.cf")
    (scratch / "spool").mkdir()
    (scratch / "data").mkdir()
    shutil.chown(scratch / "data", "postfix")
    changes = [["-MX", "smtp/inet"]]
    for name, more in (("smtp", ""), ("smtps", " -o smtpd_tls_wrappermode=yes")):
        service = f"127.0.0.1:{ports[name]}"
        changes.append(["-Me", f"{service}/inet={service} inet n - n - - smtpd{more}"])
    for change in [*changes, ["-F", "*/*/chroot=n"]]:
        subprocess.run(["postconf", "-c", scratch, *change], check=True)
    start(["/usr/sbin/postfix", "-c", str(scratch), "start-fg"], scratch, lambda: wait_for_port("127.0.0.1", ports["smtp"]))
    yield MailHost(scratch, ports, certificate["ca"])
    subprocess.run(["postfix", "-c", scratch, "stop"], check=True, capture_output=True)


class Pause:
    """Before a mail host, in clear text: lets `after` messages through, and of the next one, or of `step` before it, loses the host's answer."""

    def __init__(self, behind, after, step=b"\r\n.\r\n"):
        self._behind, self._left, self._step = behind, after, step
        self.paused, self._release = threading.Event(), threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _peer = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._carry, args=(client, socket.create_connection(("127.0.0.1", self._behind))), daemon=True).start()

    def _carry(self, client, server):
        with client, server, contextlib.suppress(OSError):
            threading.Thread(target=self._answers, args=(client, server), daemon=True).start()
            seen = b""
            while data := client.recv(65536):
                seen = seen[-len(self._step):] + data
                if seen.endswith(self._step):
                    seen = b""
                    self._left -= 1
                server.sendall(data)

    def _answers(self, client, server):
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if self._left < 0 and not self._release.is_set():
                    # The host has it; nobody hears of that.
                    self.paused.set()
                    self._release.wait()
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)

    def release(self):
        """The connection ends without the answer; later ones are left alone."""
        self._release.set()

    def close(self):
        self.release()
        self._listener.close()


@pytest.fixture
def before_mail_host(mail_host):
    placed = []

    def place(**settings):
        placed.append(pause := Pause(mail_host.smtp, **settings))
        return pause

    yield place
    for pause in placed:
        pause.close()
