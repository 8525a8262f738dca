# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the integration tests share.

Modules are run as a user runs them, by a playbook, against real servers in a temporary folder:

    def test_something(run_play, named):
        [first, second] = run_play(
            [
                {"messaging.migration.dns_mx": {"zone": "example.test", ...}},
                {"name": "Read it", "messaging.migration.dns_mx_info": {"zone": "{{ zone }}"}, "ignore_errors": True},
            ],
            {"zone": "example.test"},   # extra vars: secrets belong here
            check=False,                # True: --check
        )
        assert first["changed"]

run_play: one result (the module's own dictionary) for each task that ran, in order, with these keys added where the
    module has none of its own: task, changed, failed, skipped. A failed task ends the play as usual, its result is the last.
    Options: diff=True (--diff), env={...} (environment of the play), output=[] (a list that the console's text is appended to).
    A warning or deprecation fails the test.
named: BIND, primary and secondary of example.test (class Named):
    .server, .port, .key_name, .secret, .zone, .updates(), .secondary_asked, .stop_secondary().
free_port, wait_for_port, certificate: for further servers. scratch: a folder that users without rights can enter, for their data.
start: start(command, folder, ready) runs a server, waits until it is ready, ends it after the test.
"""

from __future__ import annotations

import base64
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import typing as t

import ansible_runner
import dns.flags
import dns.message
import dns.query
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / "build" / "collections"
# Workers that run side by side look for free ports in places of their own.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = range(20000 + 6000 * (_WORKER % 2), 26000 + 6000 * (_WORKER % 2))
# A test may also call the collection's Python itself, where a playbook can't do what it is about.
sys.path.insert(0, str(COLLECTIONS))


@pytest.fixture(scope="session", autouse=True)
def collections() -> pathlib.Path:
    """The work tree as an installed collection: a link, so that a change needs no build."""
    link = COLLECTIONS / "ansible_collections" / "messaging" / "migration"
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(ROOT, link.parent))
    return COLLECTIONS


class RunPlay(t.Protocol):
    def __call__(
        self,
        tasks: list[dict[str, t.Any]],
        extravars: dict[str, t.Any] | None = None,
        check: bool = False,
        diff: bool = False,
        env: dict[str, str] | None = None,
        output: list[str] | None = None,
    ) -> list[dict[str, t.Any]]: ...


@pytest.fixture
def run_play(collections: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> RunPlay:
    def play(tasks, extravars=None, check=False, diff=False, env=None, output=None):
        folder = tmp_path_factory.mktemp("play")
        runner = ansible_runner.run(
            private_data_dir=str(folder),
            playbook=[{"hosts": "localhost", "gather_facts": False, "tasks": tasks}],
            inventory={"all": {"hosts": {"localhost": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}},
            extravars=extravars or {},
            cmdline=" ".join(["--check"] * check + ["--diff"] * diff) or None,
            envvars={
                "ANSIBLE_COLLECTIONS_PATH": str(collections),
                "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
                "ANSIBLE_NOCOLOR": "1",
                "PATH": f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                **(env or {}),
            },
            quiet=True,
        )
        text = runner.stdout.read()
        if output is not None:
            output.append(text)
        results = []
        for event in runner.events:
            kind, data = event["event"], event.get("event_data", {})
            if kind in ("runner_on_ok", "runner_on_failed", "runner_on_skipped", "runner_on_unreachable"):
                failed = kind in ("runner_on_failed", "runner_on_unreachable")
                results.append({"task": data["task"], "changed": False, "failed": failed, "skipped": kind == "runner_on_skipped", **data.get("res", {})})
        assert results, f"No task ran:\n{text}"
        assert "[WARNING]" not in text and "[DEPRECATION" not in text, text
        for result in results:
            assert not result.get("warnings") and not result.get("deprecations"), result
        return results

    return play


@pytest.fixture
def free_port() -> t.Callable[..., int]:
    """A port that is free for TCP and UDP on all the given loopback addresses."""

    def find(*addresses: str) -> int:
        for _attempt in range(50):
            port = PORTS.start + secrets.randbelow(len(PORTS))
            try:
                for address in addresses or ("127.0.0.1",):
                    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                        with socket.socket(socket.AF_INET, kind) as probe:
                            probe.bind((address, port))
            except OSError:
                continue
            return port
        raise RuntimeError("No free port found.")

    return find


@pytest.fixture
def wait_for_port() -> t.Callable[[str, int], None]:
    def wait(address: str, port: int) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection((address, port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    return wait


@pytest.fixture
def scratch() -> t.Iterator[pathlib.Path]:
    """Servers that give up root must pass through the folder of their data, which tmp_path doesn't let them."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="migration-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


class Start(t.Protocol):
    def __call__(self, command: list[str], folder: pathlib.Path, ready: t.Callable[[], None]) -> subprocess.Popen: ...


@pytest.fixture
def start() -> t.Iterator[Start]:
    running: list[subprocess.Popen] = []

    def begin(command: list[str], folder: pathlib.Path, ready: t.Callable[[], None]) -> subprocess.Popen:
        log = folder / f"{pathlib.Path(command[0]).name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        running.append(process)
        try:
            ready()
        except OSError as error:
            raise RuntimeError(f"{command[0]} did not start:\n{log.read_text()}") from error
        return process

    yield begin
    for process in reversed(running):
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pathlib.Path]:
    """A certificate authority's certificate (ca) and one of *.example.test, localhost and 127.0.0.1 (cert, key) signed by it."""
    folder = tmp_path_factory.mktemp("certificate")
    ca, cert, key = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
    base = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run([*base, "-subj", "/CN=Test CA", "-keyout", folder / "ca-key.pem", "-out", ca], check=True, capture_output=True)
    names = "subjectAltName=DNS:*.example.test,DNS:localhost,IP:127.0.0.1"
    subject = ["-subj", "/CN=example.test", "-addext", names, "-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run([*base, "-CA", ca, "-CAkey", folder / "ca-key.pem", *subject, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return {"ca": ca, "cert": cert, "key": key}


NAMED_CONF = """
key migration { algorithm hmac-sha256; secret "%(secret)s"; };
key stranger { algorithm hmac-sha256; secret "%(stranger)s"; };
options {
  directory "%(folder)s";
  listen-on port %(listen)d { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  pid-file "%(folder)s/named.pid";
  session-keyfile "%(folder)s/session.key";
  dnssec-validation no;
};
controls { };
logging {
  channel console { stderr; };
  category default { console; };
  channel updates { file "%(folder)s/updates.log"; severity debug 3; print-category yes; };
  category update { updates; };
  category update-security { updates; };
};
zone "example.test" { %(zone)s };
"""

PRIMARY = """type primary; file "example.test.db"; update-policy { grant migration zonesub ANY; };
  notify explicit; also-notify { 127.0.0.1 port %(secondary_port)d; }; allow-transfer { any; };"""
SECONDARY = 'type secondary; file "example.test.db"; primaries { 127.0.0.1 port %(port)d; }; allow-notify { 127.0.0.1; };'

ZONE = """$TTL 300
@ IN SOA ns1 hostmaster 1 3600 600 86400 60
@ IN NS ns1
@ IN NS ns2
ns1 IN A 127.0.0.1
ns2 IN A 127.0.0.2
@ IN MX 10 Exchange2019
exchange2019 IN A 127.0.0.1
mirapoint IN A 127.0.0.1
mirapoint2 IN A 127.0.0.1
third IN A 127.0.0.3
deep.mail IN A 127.0.0.1
www IN CNAME mirapoint
policy IN TXT "v=spf1 mx" " -all"
"""


class Relay(threading.Thread):
    """Answers UDP at 127.0.0.2 with what 127.0.0.1 says at another port: BIND listens only on addresses of an interface."""

    def __init__(self, port: int, behind: int) -> None:
        super().__init__(daemon=True)
        self._behind = ("127.0.0.1", behind)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.2", port))
        self._open = True
        self.asked = threading.Event()

    def run(self) -> None:
        while True:
            question, asker = self._socket.recvfrom(4096)
            if not self._open:
                break
            self.asked.set()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as onward:
                onward.connect(self._behind)
                onward.send(question)
                self._socket.sendto(onward.recv(4096), asker)
        self._socket.close()

    def stop(self) -> None:
        self._open = False
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._socket.getsockname())
        self.join()


class Named:
    """BIND: the primary of example.test on 127.0.0.1, its secondary on 127.0.0.2, both on .port."""

    zone = "example.test"
    server = "127.0.0.1"
    key_name = "migration"

    def __init__(self, port: int, secret: str, stranger: str, folder: pathlib.Path, relay: Relay) -> None:
        self.port, self.secret, self.stranger = port, secret, stranger  # stranger: secret of a key of that name without rights
        self.secondary_asked = relay.asked  # set as soon as somebody asks the secondary
        self._log = folder / "updates.log"
        self._relay = relay

    def updates(self) -> list[str]:
        """What BIND logged about updates, tried or made, since it started."""
        return self._log.read_text().splitlines()

    def stop_secondary(self) -> None:
        if self._relay.is_alive():
            self._relay.stop()


def _wait_for_zone(wait_for_port: t.Callable[[str, int], None], port: int) -> None:
    """BIND listens before it has read its zones, and refuses what is asked until then."""
    wait_for_port("127.0.0.1", port)
    question, deadline = dns.message.make_query(Named.zone, "SOA"), time.monotonic() + 20
    while not dns.query.tcp(question, "127.0.0.1", port=port, timeout=5).flags & dns.flags.AA:
        assert time.monotonic() < deadline, f"named on port {port} does not know {Named.zone}"
        time.sleep(0.05)


@pytest.fixture
def named(tmp_path: pathlib.Path, start: Start, free_port: t.Callable[..., int], wait_for_port: t.Callable[[str, int], None]) -> t.Iterator[Named]:
    values: dict[str, t.Any] = {
        "port": free_port("127.0.0.1", "127.0.0.2"),
        "secondary_port": free_port(),
        "secret": base64.b64encode(secrets.token_bytes(32)).decode(),
        "stranger": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    for name, listen, zone in (("primary", values["port"], PRIMARY), ("secondary", values["secondary_port"], SECONDARY)):
        folder = tmp_path / name
        folder.mkdir()
        if zone is PRIMARY:
            (folder / "example.test.db").write_text(ZONE)
        (folder / "named.conf").write_text(NAMED_CONF % {**values, "folder": folder, "listen": listen, "zone": zone % values})
        start(["/usr/sbin/named", "-f", "-c", str(folder / "named.conf")], folder, lambda listen=listen: _wait_for_zone(wait_for_port, listen))
    relay = Relay(values["port"], values["secondary_port"])
    relay.start()
    yield (bind := Named(values["port"], values["secret"], values["stranger"], tmp_path / "primary", relay))
    bind.stop_secondary()
