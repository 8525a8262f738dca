# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import multiprocessing

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions, mailboxes
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened, with_folder, with_mailboxes

BOUNDS = {"s1": 10, "s2": 10}


@pytest.fixture
def ledger(tmp_path):
    return opened(tmp_path)


def claim(ledger, owner="w1", names=None, kind="copy", round_="r1", seconds=60.0, bounds=None):
    claimed, others = mailboxes.claim(ledger, names, kind, round_, owner, seconds, bounds or BOUNDS)
    assert len(claimed) <= 1
    return claimed[0][0].name if claimed else None, others


def release(ledger, row_id, owner, **columns):
    mailboxes.close_passes(ledger, owner, [(0, {"seconds": 1.0}, row_id, columns)])


def test_register_tells_whether_anything_changed(ledger):
    boxes = [Mailbox("anna", "a", wave="first"), Mailbox("ben", "b")]
    assert mailboxes.register(ledger, "s1", boxes)
    assert not mailboxes.register(ledger, "s1", boxes)
    assert mailboxes.register(ledger, "s1", [Mailbox("anna", "a", wave="second", test=True), boxes[1]])
    row = mailboxes.find(ledger, "s1", "anna")
    assert (row.target, row.wave, row.test) == ("a", "second", True)
    assert [row.name for row in mailboxes.listed(ledger)] == ["anna", "ben"]
    assert [row.name for row in mailboxes.listed(ledger, [("s1", "ben"), ("s2", "anna")])] == ["ben"]
    assert mailboxes.find(ledger, "s2", "anna") is None


def test_two_mailboxes_never_share_a_target(ledger):
    with_mailboxes(ledger, "anna")
    with pytest.raises(MigrationError, match="Two mailboxes have the same target .found while registering s2.. Nothing was touched"):
        mailboxes.register(ledger, "s2", [Mailbox("ben", "b"), Mailbox("anna", "anna-at-target")])
    assert [row.server for row in mailboxes.listed(ledger)] == ["s1"]


def test_a_target_moves_only_before_the_copy(ledger):
    [row] = with_mailboxes(ledger, "anna")
    assert mailboxes.register(ledger, "s1", [Mailbox("anna", "elsewhere")])
    mailboxes.set_values(ledger, row.id, copied_at=1.0)
    with pytest.raises(MigrationError, match="Mailbox s1/anna was copied to elsewhere; the inventory now says third"):
        mailboxes.register(ledger, "s1", [Mailbox("anna", "third")])
    assert mailboxes.find(ledger, "s1", "anna").target == "elsewhere"


def targets(ledger) -> dict:
    return {f"{row.server}/{row.name}": row.target for row in mailboxes.listed(ledger)}


def test_a_corrected_name_takes_the_place_of_the_wrong_one(ledger):
    mailboxes.register(ledger, "s1", [Mailbox("ana.berg", "anna.berg"), Mailbox("ben", "ben")])
    # A pass that failed at the login has moved nothing.
    assert claim(ledger, names=[("s1", "ana.berg")]) == ("ana.berg", 0)
    release(ledger, mailboxes.find(ledger, "s1", "ana.berg").id, "w1", round="r1", failure="no such user")
    assert mailboxes.register(ledger, "s1", [Mailbox("anna.berg", "anna.berg"), Mailbox("ben", "ben")])
    assert targets(ledger) == {"s1/anna.berg": "anna.berg", "s1/ben": "ben"}


def test_targets_that_were_swapped_before_the_copy(ledger):
    mailboxes.register(ledger, "s1", [Mailbox("anna", "a"), Mailbox("ben", "b"), Mailbox("carl", "c")])
    assert mailboxes.register(ledger, "s1", [Mailbox("anna", "b"), Mailbox("ben", "a"), Mailbox("dora", "c"), Mailbox("carl", "d")])
    assert targets(ledger) == {"s1/anna": "b", "s1/ben": "a", "s1/carl": "d", "s1/dora": "c"}


def test_a_mailbox_moves_to_another_server(ledger):
    mailboxes.register(ledger, "s2", [Mailbox("anna", "a"), Mailbox("ben", "b")])
    assert mailboxes.register_all(ledger, [("s1", [Mailbox("anna", "a")], "imap"), ("s2", [Mailbox("ben", "b")], "imap")])
    assert targets(ledger) == {"s1/anna": "a", "s2/ben": "b"}


def test_what_is_no_longer_named_stays_once_something_was_done_for_it(ledger):
    copied, begun, odd, held, _idle = with_mailboxes(ledger, "copied", "begun", "odd", "held", "idle")
    mailboxes.set_values(ledger, copied.id, copied_at=5.0)
    with_folder(ledger, begun.id)
    exceptions.raise_exception(ledger, odd.id, "INBOX", 1, "too_large", "")
    assert claim(ledger, names=[("s1", held.name)]) == ("held", 0)
    with_mailboxes(ledger, "other", server="s2")
    assert mailboxes.register(ledger, "s1", [])
    assert list(targets(ledger)) == ["s1/begun", "s1/copied", "s1/held", "s1/odd", "s2/other"]
    assert not mailboxes.register(ledger, "s1", [])


def test_who_holds_a_target_is_told(ledger):
    with_mailboxes(ledger, "anna")
    with pytest.raises(MigrationError, match="In the ledger anna-at-target belongs to s1/anna: .*; if that server left the inventory .* empty list"):
        mailboxes.register(ledger, "s2", [Mailbox("anna", "anna-at-target")])
    mailboxes.register_all(ledger, [("s1", [], "imap"), ("s2", [Mailbox("anna", "anna-at-target")], "imap")])
    assert targets(ledger) == {"s2/anna": "anna-at-target"}


def test_the_largest_comes_first_and_nobody_gets_what_is_held(ledger):
    small, large = with_mailboxes(ledger, "small", "large")
    mailboxes.set_values(ledger, large.id, source_bytes=10)
    assert claim(ledger, "w1") == ("large", 0)
    assert claim(ledger, "w2") == ("small", 0)
    assert claim(ledger, "w3") == (None, 2)


def test_a_released_mailbox_is_through_or_free_again(ledger):
    [row] = with_mailboxes(ledger, "anna")
    claim(ledger)
    release(ledger, row.id, "w1")
    assert claim(ledger) == ("anna", 0)
    release(ledger, row.id, "w1", round="r1", copied_at=5.0)
    assert claim(ledger) == (None, 0)
    assert mailboxes.find(ledger, "s1", "anna").copied_at == 5.0


def test_what_is_copied_needs_no_other_copy_but_another_sync(ledger):
    [row] = with_mailboxes(ledger, "anna")
    mailboxes.set_values(ledger, row.id, copied_at=5.0, round="r1")
    assert claim(ledger, round_="r2") == (None, 0)
    assert claim(ledger, kind="sync", round_="r1") == (None, 0)
    assert claim(ledger, kind="sync", round_="r2") == ("anna", 0)


def test_a_lease_that_ends_is_taken_over_and_the_first_owner_learns_it(ledger):
    [row] = with_mailboxes(ledger, "anna")
    assert claim(ledger, "w1", seconds=-1) == ("anna", 0)
    # Late, but nobody came: it goes on.
    assert mailboxes.keep(ledger, row.id, "w1", -1)
    assert claim(ledger, "w2") == ("anna", 0)
    assert not mailboxes.keep(ledger, row.id, "w1", 60)
    release(ledger, row.id, "w1", round="r1", copied_at=1.0)
    kept = mailboxes.find(ledger, "s1", "anna")
    assert (kept.lease_owner, kept.round, kept.copied_at) == ("w2", None, None)
    assert mailboxes.keep(ledger, row.id, "w2", 60)


def test_a_server_is_not_asked_for_more_connections_than_it_has(ledger):
    with_mailboxes(ledger, "a1", "a2", "a3")
    with_mailboxes(ledger, "b1", server="s2")
    bounds = {"s1": 2, "s2": 2}
    assert [claim(ledger, f"w{n}", bounds=bounds)[0] for n in range(4)] == ["a1", "a2", "b1", None]
    release(ledger, mailboxes.find(ledger, "s1", "a1").id, "w0", round="r1")
    assert claim(ledger, "w5", bounds=bounds)[0] == "a3"


def test_only_chosen_mailboxes(ledger):
    with_mailboxes(ledger, "anna", "ben")
    names = [("s1", "ben")]
    assert claim(ledger, names=names) == ("ben", 0)
    assert claim(ledger, "w2", names=names) == (None, 1)


def test_more_names_than_a_statement_has_room_for(ledger):
    with_mailboxes(ledger, "anna")
    names = [("s1", f"user{number}") for number in range(40_000)] + [("s1", "anna")]
    assert [row.name for row in mailboxes.listed(ledger, names)] == ["anna"]
    assert claim(ledger, names=names) == ("anna", 0)


def _claims(folder, owner, pipe):
    ledger, mine = opened(folder), []
    while True:
        claimed, _others = mailboxes.claim(ledger, None, "copy", "r1", owner, 60, BOUNDS)
        if not claimed:
            pipe.send(mine)
            return
        mine += [row.name for row, _number in claimed]


def test_claimers_at_the_same_time_never_get_the_same_mailbox(ledger, tmp_path):
    names = [f"user{number:02d}" for number in range(20)]
    with_mailboxes(ledger, *names)
    mailboxes.register(ledger, "s2", [Mailbox("other", "other")])
    context, taken, claimers = multiprocessing.get_context("fork"), [], []
    for number in range(3):
        here, there = context.Pipe(duplex=False)
        claimer = context.Process(target=_claims, args=(tmp_path, f"w{number}", there))
        claimer.start()
        claimers.append((claimer, here))
    for claimer, here in claimers:
        taken += here.recv()
        claimer.join(30)
    assert sorted(taken) == sorted([*names, "other"])


def test_priority_comes_before_size(ledger):
    _plain, large = with_mailboxes(ledger, "plain", "large")
    mailboxes.set_values(ledger, large.id, source_bytes=10)
    with_mailboxes(ledger, "chief", priority=5)
    assert [claim(ledger, f"w{number}")[0] for number in range(3)] == ["chief", "large", "plain"]


def test_small_mailboxes_are_taken_together_but_for_the_last_ones(ledger):
    for row in with_mailboxes(ledger, *(f"user{number:02d}" for number in range(40))):
        mailboxes.set_values(ledger, row.id, source_messages=5)

    def taken():
        return [row.name for row, _number in mailboxes.claim(ledger, None, "copy", "r1", "w1", 60, BOUNDS)[0]]

    assert [len(taken()) for _number in range(4)] == [16, 16, 1, 1]
    assert mailboxes.keep(ledger, 1, "w1", 60)


def test_a_closed_server_is_not_waited_for(ledger):
    with_mailboxes(ledger, "a1", "a2")
    assert claim(ledger, bounds={"s1": 0}) == (None, 0)
    assert claim(ledger, bounds={"s1": 1}) == ("a1", 0)
    assert claim(ledger, "w2", bounds={"s1": 1}) == (None, 2)
