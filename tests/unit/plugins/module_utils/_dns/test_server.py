# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens on the wire, with a server on loopback that answers as told."""

from __future__ import annotations

import base64
import re
import time

import dns.flags
import dns.message
import dns.rcode
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._dns import key as keys
from ansible_collections.messaging.migration.plugins.module_utils._dns import read, server
from ansible_collections.messaging.migration.plugins.module_utils._dns.update import replace
from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.dns_script import LoopbackServer, respond

SECRET = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def at(loopback, timeout=20.0):
    return server.Server("ns1.example.test", ("127.0.0.1",), loopback.port, timeout)


def answering(*records, key=None, **how):
    def reply(wire, _tcp):
        return respond(dns.message.from_wire(wire, keyring=key and key.tsig), *records, **how).to_wire()

    return reply


def ask(loopback, **how):
    return read.read(at(loopback), "example.test.", "MX", **how)


def test_udp_unless_told_otherwise():
    with LoopbackServer(answering("10 A.Example.test.")) as loopback:
        found = ask(loopback)
        assert found == (("10 a.example.test.",), 300, True, None, "127.0.0.1")
        ask(loopback, tcp=True)
        assert [how for how, _wire in loopback.seen] == ["udp", "tcp"]


def test_a_truncated_answer_is_asked_for_again_by_tcp():
    def reply(wire, tcp):
        response = respond(dns.message.from_wire(wire), *["10 a.example.test."] * tcp)
        if not tcp:
            response.flags |= dns.flags.TC
        return response.to_wire()

    with LoopbackServer(reply) as loopback:
        assert ask(loopback).records == ("10 a.example.test.",)
        assert [how for how, _wire in loopback.seen] == ["udp", "tcp"]


def test_no_answer():
    with LoopbackServer(lambda wire, tcp: None) as loopback:
        started = time.monotonic()
        with pytest.raises(server.Unreachable, match=r"ns1.example.test \(127.0.0.1 port \d+\) gave no answer within 0.2 seconds"):
            read.read(at(loopback, 0.2), "example.test.", "MX")
        assert time.monotonic() - started < 2
        with pytest.raises(server.Unreachable, match="can't be reached"):
            ask(loopback, tcp=True)


def test_nobody_listens():
    with LoopbackServer(answering()) as loopback:
        pass
    with pytest.raises(server.Unreachable, match="can't be reached: .*Connection refused"):
        ask(loopback, tcp=True)


def test_the_next_address_is_asked():
    with LoopbackServer(answering("10 a.example.test.")) as loopback:
        both = at(loopback)._replace(addresses=("127.0.0.9", "127.0.0.1"))
        assert read.read(both, "example.test.", "MX", tcp=True).address == "127.0.0.1"


def test_garbage():
    with LoopbackServer(lambda wire, tcp: wire[:2] + b"\x80") as loopback:
        with pytest.raises(MigrationError, match="sent an answer that can't be used: "):
            ask(loopback, tcp=True)


@pytest.mark.parametrize(
    ("rcode", "text"),
    [
        (dns.rcode.REFUSED, "REFUSED. It doesn't serve this name"),
        (dns.rcode.SERVFAIL, "SERVFAIL. Its zone may be broken"),
        (dns.rcode.NOTAUTH, "NOTAUTH. It isn't responsible"),
        (dns.rcode.FORMERR, "FORMERR. Look into its log."),
    ],
)
def test_response_codes(rcode, text):
    with LoopbackServer(answering(rcode=rcode)) as loopback:
        with pytest.raises(MigrationError, match=re.escape(text)):
            ask(loopback, tcp=True)


def test_no_such_name_is_no_records():
    with LoopbackServer(answering(rcode=dns.rcode.NXDOMAIN)) as loopback:
        assert ask(loopback)[:3] == ((), None, True)


def test_alias_is_told():
    with LoopbackServer(answering("10 a.example.test.", alias="Other.example.test.")) as loopback:
        assert ask(loopback).alias_of == "other.example.test."


def test_signed_both_ways():
    key = keys.tsig_key("migration", SECRET, "hmac-sha256")
    with LoopbackServer(answering("10 a.example.test.", key=key)) as loopback:
        assert ask(loopback, key=key, tcp=True).records == ("10 a.example.test.",)
        dns.message.from_wire(loopback.seen[0][1], keyring=key.tsig)


def test_an_unsigned_answer_to_a_signed_question_is_refused():
    key = keys.tsig_key("migration", SECRET, "hmac-sha256")

    def reply(wire, _tcp):
        unsigned = dns.message.make_query("example.test.", "MX", id=int.from_bytes(wire[:2], "big"))
        return respond(unsigned, "10 attacker.example.test.").to_wire()

    with LoopbackServer(reply) as loopback:
        with pytest.raises(MigrationError, match="didn't sign its answer|requires a TSIG"):
            ask(loopback, key=key, tcp=True)


def test_an_update_without_answer_is_of_unknown_outcome():
    with LoopbackServer(lambda wire, tcp: None) as loopback:
        with pytest.raises(MigrationError, match="Whether it did is unknown; it did so wholly or not at all. Run this again"):
            replace(at(loopback), "127.0.0.1", None, "example.test.", "example.test.", "MX", (), ["10 a.example.test."], 300)


@pytest.mark.parametrize("secret", ["abc", "a b c d", "äöü", SECRET + "!", SECRET[:-1]])
def test_a_bad_secret_is_not_told(secret):
    with pytest.raises(MigrationError, match="The secret of key migration isn't base64") as caught:
        keys.tsig_key("migration", secret, "hmac-sha256")
    assert secret not in str(caught.value) and caught.value.__suppress_context__


def test_a_key_hides_its_secret():
    assert SECRET not in repr(keys.tsig_key("migration", SECRET, "hmac-sha256"))


def test_unknown_host():
    with pytest.raises(MigrationError, match="The address of nowhere.invalid can't be found"):
        server.named("nowhere.invalid", 53, 1)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters='"\\', min_codepoint=32), min_size=1, max_size=60), min_size=1, max_size=4))
def test_the_strings_of_a_text_record_are_one_text(parts):
    quoted = " ".join(f'"{part}"' for part in parts)
    assert read.canonical("TXT", quoted) == "".join(parts)


@given(st.integers(0, 65535), st.from_regex(r"\A[A-Za-z0-9]{1,10}(\.[A-Za-z0-9]{1,10}){0,3}\Z"))
def test_names_in_values_have_one_form(preference, name):
    assert read.canonical("MX", f"{preference}  {name}") == f"{preference} {name.lower()}."
    assert read.canonical("NS", name + ".") == name.lower() + "."


@pytest.mark.parametrize(("rdtype", "text"), [("A", "mirapoint"), ("A", ""), ("MX", "mirapoint.example.test"), ("MX", "x a.test"), ("AAAA", "127.0.0.1")])
def test_no_values(rdtype, text):
    with pytest.raises(ValueError, match=f"isn't the value of a {rdtype} record"):
        read.canonical(rdtype, text)
