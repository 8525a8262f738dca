# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Exchange, and exchangelib before it.

exchange: exchange(version="2016", ...) starts one (class servers.exchange.Exchange); ended with the test.
account: account(exchange, "anna.berg@example.test") opens a mailbox by impersonation, without retries.
wire: what went over the wire while the test ran: wire.requests, wire.responses, bodies of SOAP as lxml elements.
schema: Microsoft's messages.xsd, see tests/foreign_files.py; without it the test is skipped.
"""

from __future__ import annotations

import io
import pathlib
import sys
import typing as t

import exchangelib
from lxml import etree
import pytest
import requests.adapters
import urllib3

ROOT = pathlib.Path(__file__).resolve().parents[3]
if str(ROOT / "tests") not in sys.path:
    sys.path.insert(0, str(ROOT / "tests"))

from exchangelib.protocol import BaseProtocol
from foreign_files import EWS_SCHEMA
from servers.exchange import Exchange
from servers.fixtures import Tools

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
XML_IMPORT = b'<xs:import namespace="http://www.w3.org/XML/1998/namespace"/>'


@pytest.fixture
def exchange(scratch, start, free_port, wait_for_port) -> t.Iterator[t.Callable[..., Exchange]]:
    running: list[Exchange] = []

    def begin(**settings: t.Any) -> Exchange:
        running.append(server := Exchange(scratch / f"exchange{len(running)}", Tools(start, free_port, wait_for_port), **settings))
        return server

    yield begin
    for server in running:
        server.terminate()


@pytest.fixture
def account() -> t.Iterator[t.Callable[..., exchangelib.Account]]:
    opened: list[exchangelib.Account] = []

    def open_mailbox(server: Exchange, address: str, name: str | None = None, password: str | None = None) -> exchangelib.Account:
        credentials = exchangelib.Credentials(name or server.admin, password or server.password)
        config = exchangelib.Configuration(service_endpoint=server.url, credentials=credentials, auth_type=exchangelib.BASIC)
        opened.append(account := exchangelib.Account(address, config=config, access_type=exchangelib.IMPERSONATION, autodiscover=False))
        return account

    yield open_mailbox
    for account in opened:
        account.protocol.close()


class Wire:
    def __init__(self) -> None:
        self.requests: list[etree._Element] = []
        self.responses: list[etree._Element] = []


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    seen = Wire()

    class Adapter(requests.adapters.HTTPAdapter):
        def send(self, request, *arguments, **keywords):
            response = super().send(request, *arguments, **keywords)
            seen.requests.append(etree.fromstring(request.body).find(f"{SOAP}Body")[0])
            if response.status_code == 200:
                seen.responses.append(etree.fromstring(response.content).find(f"{SOAP}Body")[0])
                # Attachments are read from here.
                response.raw = urllib3.HTTPResponse(io.BytesIO(response.content), preload_content=False)
            return response

    monkeypatch.setattr(BaseProtocol, "HTTP_ADAPTER_CLS", Adapter)
    return seen


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory):
    if not (EWS_SCHEMA / "messages.xsd").exists():
        pytest.skip("Microsoft's EWS schema is not here: name its folder in EWS_SCHEMA.")
    xmlschema = pytest.importorskip("xmlschema")
    copy = tmp_path_factory.mktemp("schema")
    for file in EWS_SCHEMA.glob("*.xsd"):
        (copy / file.name).write_bytes(file.read_bytes().replace(XML_IMPORT, XML_IMPORT.replace(b"/>", b' schemaLocation="xml.xsd"/>')))
    return xmlschema.XMLSchema(copy / "messages.xsd", validation="lax")
