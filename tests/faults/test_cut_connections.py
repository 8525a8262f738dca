# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection breaks at the worst byte: inside a message that is read, inside one that is written, and after the target has
stored mail but before it could say so. The module recovers in the same run; the next one finds nothing to do."""

from __future__ import annotations

import threading

import pytest
from servers import mail
from servers.dovecot import BARE

FULL = ""
PIPELINED = "imap_capability = IMAP4rev1 LITERAL+ UIDPLUS CONDSTORE NAMESPACE UNSELECT CHILDREN"
PLAIN = f"imap_capability = {BARE}"


@pytest.fixture
def between(servers, pair, relay, request):
    """Relays on both sides; the target offers what the test asks for."""
    if request.param:
        pair.target.configure(request.param)
        pair.target.reload()
    pair.from_source = relay(pair.source)
    pair.to_target = relay(pair.target, bare=request.param == PLAIN)
    pair.source_port, pair.target_port = pair.from_source.port, pair.to_target.port
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 130, 1500)
    client.multiappend("INBOX", [mail.message(1, seed="twin")] * 3)
    client.create_folder("Sent")
    mail.fill(client, "Sent", 30, 1500)
    client.logout()
    return pair


def recovers(pair, module, relay):
    source = pair.before()
    copied = module("mailbox_copy", pair.options(workers=1))
    assert not copied["failed"] and copied["finished"], copied
    assert relay.broken.is_set(), (copied, relay.commands)
    # One to see, one that broke, one that went on.
    assert relay.count("LOGIN") + relay.count("AUTHENTICATE") >= 3
    assert pair.findings() == {}
    again = module("mailbox_sync", pair.options(workers=1))
    assert not again["failed"] and not again["changed"], again
    assert pair.findings() == {}
    assert pair.before() == source


@pytest.mark.parametrize("between", [FULL], indirect=True, ids=["multiappend"])
def test_cut_inside_a_message_that_is_read(between, module):
    between.from_source.cut_given(after=110, at=700)
    recovers(between, module, between.from_source)


@pytest.mark.parametrize("between", [FULL], indirect=True, ids=["multiappend"])
def test_cut_again_and_again(between, module):
    """Also at a message that has just been asked for alone: that is bad luck, and the message is well."""
    relay = between.from_source

    def cut():
        # So many messages come between.
        for after in (110, 0, 0, 4, 0, 9):
            relay.cut_given(after=after, at=700)
            assert relay.broken.wait(60)

    cutting = threading.Thread(target=cut)
    cutting.start()
    copied = module("mailbox_copy", between.options(workers=1))
    cutting.join()
    assert relay.broken.is_set() and relay.count("LOGIN") >= 8
    assert not copied["failed"] and copied["messages"] == 163 and copied["exceptions_open"] == 0, copied
    assert between.findings() == {}
    assert not module("mailbox_sync", between.options(workers=1))["changed"]


@pytest.mark.parametrize("between", [FULL, PIPELINED, PLAIN], indirect=True, ids=["multiappend", "pipelined", "bare"])
def test_cut_inside_a_message_that_is_written(between, module):
    between.to_target.cut_sent(after=40, at=700)
    recovers(between, module, between.to_target)


@pytest.mark.parametrize(("between", "after"), [(FULL, 0), (PIPELINED, 57), (PLAIN, 57)], indirect=["between"], ids=["multiappend", "pipelined", "bare"])
def test_stored_but_never_confirmed(between, module, after):
    between.to_target.lose_answer("APPEND", after=after)
    recovers(between, module, between.to_target)


@pytest.mark.parametrize("between", [FULL], indirect=True, ids=["multiappend"])
def test_last_answer_of_a_mailbox_lost(between, module):
    # One batch of INBOX, one of Sent: after the last one nothing else would make the pass look again.
    between.to_target.lose_answer("APPEND", after=1)
    recovers(between, module, between.to_target)
