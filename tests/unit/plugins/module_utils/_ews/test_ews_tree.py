# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import types

import exchangelib
import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._ews import tree
from ansible_collections.messaging.migration.plugins.module_utils._ews.services import Found
from ansible_collections.messaging.migration.plugins.module_utils._model.listing import LeftOut
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Ews, Mailbox, Server

ROLES = {"in": "inbox", "out": "outbox"}


def found(name, above="top", own=None, kind="IPF.Note", tag="t", total=0, hidden=False):
    return Found(name, above, own or name, kind, total, tag, hidden)


class Exchange:
    """`below`: what lies in each folder, by the folder's id or its well-known name, or the error instead of it."""

    def __init__(self) -> None:
        self.below: dict = {"msgfolderroot": [found("in", own="Posteingang"), found("out", own="Postausgang"), found("sub", "in", "a/b")]}
        self.known: dict = {}

    def tree(self, ews=(), **mailbox):
        account = types.SimpleNamespace(primary_smtp_address="anna@example.test")
        memory = types.SimpleNamespace(folders=lambda: self.known)
        return tree.Tree(Server("s", "h", protocol="ews", ews=Ews(**dict(ews))), Mailbox("anna", "anna", **mailbox), account, memory)

    def wanted(self, *arguments, **keywords):
        """id -> (name, kind, role), which are then what the catalogue has."""
        wanted = self.tree(*arguments, **keywords).wanted()
        self.known = {remote_id: types.SimpleNamespace(remote_id=remote_id, **columns) for remote_id, columns in wanted.items()}
        return {remote_id: tuple(columns.values()) for remote_id, columns in wanted.items()}


@pytest.fixture
def exchange(monkeypatch):
    server = Exchange()

    def listed(roots, deep=True):
        given = []
        for root in roots:
            below = server.below.get(root.id, [])
            if isinstance(below, Exception):
                raise below
            given += below
        return given

    def fake(**methods):
        return lambda account: types.SimpleNamespace(**methods)

    monkeypatch.setattr(tree, "classes", lambda: types.SimpleNamespace(
        folders=fake(listed=listed), folder=fake(found=lambda root: found("dump", "elsewhere", "Deletions")),
        well_known=fake(ids=lambda roots: [next((one for one, role in ROLES.items() if role == root.id), None) for root in roots]),
    ))
    return server


def test_a_mailbox(exchange):
    first = exchange.wanted()
    assert first == {"in": ("INBOX", "mail", "inbox"), "out": ("Postausgang", "nothing", "outbox"), "sub": ("INBOX/a\uff0fb", "mail", "")}
    # Later the roles are known, also of what is not moved.
    assert exchange.wanted() == first


@pytest.mark.parametrize("kind", [
    "RecipientCache", "GalContacts", "Company", "OrganizationalContacts", "PeopleCentricConversationBuddies", "MOC.QuickContacts", "MOC.ImContactList",
])
def test_what_only_looks_like_an_address_book_is_none(exchange, kind):
    exchange.below["msgfolderroot"] += [
        found("cache", kind=f"IPF.Contact.{kind}", total=40), found("other cache", kind="IPF.Contact", total=7, hidden=True),
        found("friends", kind="IPF.Contact", total=2), found("companies", kind="IPF.Contact.Companies", total=1),
    ]
    tree = exchange.tree()
    assert tree.wanted().keys() == {"in", "out", "sub", "friends", "companies"} and tree.left_out() == []


def test_what_is_left_out_and_holds_something_is_told(exchange, monkeypatch):
    monkeypatch.setitem(ROLES, "jour", "journal")
    exchange.below["msgfolderroot"] += [
        found("jour", own="Journal", kind="IPF.Journal", total=3), found("calls", "jour", kind="IPF.Journal", total=1),
        found("rss", own="RSS Feeds", kind="IPF.Note.OutlookHomepage"), found("news", "rss", "News", "IPF.Note.OutlookHomepage", total=5),
        found("page", own="Page", kind="IPF.Note.OutlookHomepage"), found("secret", own="Sécret", total=2, hidden=True),
        found("settings", kind="IPF.Configuration", total=9, hidden=True), found("bots", kind="IPF.StoreItem", total=9, hidden=True),
    ]
    tree = exchange.tree()
    assert tree.wanted().keys() == {"in", "out", "sub", "jour"}
    assert tree.left_out() == [
        LeftOut("Journal", "Journal", "journal", ("Journal", "Journal/calls")), LeftOut("RSS Feeds", "RSS Feeds", "feeds and web pages", ("RSS Feeds/News",)),
        LeftOut("S&AOk-cret", "Sécret", "what no user sees", ("S&AOk-cret",)),
    ]
    assert tree.entries()["RSS Feeds/News"] == 5


def test_a_default_folder_is_moved_even_if_it_is_hidden(exchange):
    exchange.below["msgfolderroot"][0] = found("in", hidden=True, total=4)
    tree = exchange.tree()
    assert "in" in tree.wanted() and tree.left_out() == []


def test_archive_and_recoverable_items_lie_in_folders_of_their_own(exchange):
    exchange.below["archivemsgfolderroot"] = [
        found("old", "archive root", "Inbox"), found("older", "old", "2010"), found("cal", "archive root", "K", "IPF.Appointment"),
    ]
    exchange.below["recoverableitemsdeletions"] = [found("deeper", "dump")]
    assert exchange.wanted({"archive": "Old/Archive", "recoverable_items": "Old/Gone"}).items() >= {
        "old": ("Old/Archive/Inbox", "mail", "archive"), "older": ("Old/Archive/Inbox/2010", "mail", "archive"),
        "cal": ("Old/Archive/K", "calendar", "archive"),
        "dump": ("Old/Gone", "mail", "recoverable"), "deeper": ("Old/Gone/deeper", "mail", "recoverable"),
    }.items()
    assert exchange.tree({"archive": "A", "recoverable_items": "B"}).tags == {
        "in": "t", "out": "t", "sub": "t", "old": "t", "older": "t", "cal": "t", "dump": None, "deeper": None,
    }
    assert "old" not in exchange.wanted({"archive": "A"}, archive="") and exchange.wanted({"archive": "A"}, archive="B")["old"][0] == "B/Inbox"


def test_who_had_a_name_first_keeps_it(exchange):
    exchange.below["archivemsgfolderroot"] = [found("old", "archive root", "Inbox"), found("older", "old", "2010")]
    assert exchange.wanted({"archive": "Archive"})["old"][0] == "Archive/Inbox"
    exchange.below["msgfolderroot"] += [found("mine", own="archive"), found("new", "mine", "INBOX"), found("newer", "new", "2010")]
    for _time in range(2):
        names = {remote_id: name for remote_id, (name, _kind, _role) in exchange.wanted({"archive": "Archive"}).items()}
        assert (names["old"], names["older"], names["new"]) == ("Archive/Inbox", "Archive/Inbox/2010", "archive/INBOX (2)")
        assert names["newer"] == "archive/INBOX (2)/2010" and len({name.casefold() for name in names.values()}) == len(names)
    # As soon as nobody else wants it, a folder is called as it should be; and a rename is a rename.
    exchange.below["archivemsgfolderroot"] = [found("old", "archive root", "Letters")]
    names = {remote_id: name for remote_id, (name, _kind, _role) in exchange.wanted({"archive": "Archive"}).items()}
    assert (names["old"], names["new"], names["newer"]) == ("Archive/Letters", "archive/INBOX", "archive/INBOX/2010")


@pytest.mark.parametrize("error", [
    exchangelib.errors.ErrorFolderNotFound("none"), exchangelib.errors.ErrorItemNotFound("none"),
    exchangelib.errors.TransportError("Unknown ResponseCode in ResponseMessage: ErrorArchiveMailboxNotEnabled"),
])
def test_without_an_archive(exchange, error):
    exchange.below["archivemsgfolderroot"] = error
    assert set(exchange.wanted({"archive": "A"})) == {"in", "out", "sub"}
    with pytest.raises(MigrationError, match="s/anna has no archive .*, although the inventory asks this mailbox for it"):
        exchange.tree(archive="A")
    exchange.below["archivemsgfolderroot"] = [found("old")]
    exchange.wanted({"archive": "A"})
    exchange.below["archivemsgfolderroot"] = error
    with pytest.raises(MigrationError, match="s/anna: the archive, which was moved before, is not there any more"):
        exchange.tree({"archive": "A"})


def test_trouble_is_no_missing_archive(exchange):
    exchange.below["archivemsgfolderroot"] = exchangelib.errors.ErrorMailboxStoreUnavailable("later")
    with pytest.raises(exchangelib.errors.ErrorMailboxStoreUnavailable):
        exchange.tree({"archive": "A"})
    exchange.below["archivemsgfolderroot"] = exchangelib.errors.ErrorSchemaValidation("archivemsgfolderroot is invalid")
    with pytest.raises(MigrationError, match="knows of no archive, which came with Exchange 2010 SP1"):
        exchange.tree({"archive": "A"})


def test_public_folders_are_walked_level_by_level(exchange):
    exchange.below |= {
        "publicfoldersroot": [found("team", own="Team"), found("other", own="Other")],
        "team": [found("plans", "team", "Plans"), found("c", "team", "C", "IPF.Contact")],
        "plans": [found("deep", "plans", "2014/15")],
    }
    assert exchange.wanted(public_folder="/team") == {
        "team": ("Team", "mail", "public"), "plans": ("Team/Plans", "mail", "public"), "c": ("Team/C", "contacts", "public"),
        "deep": ("Team/Plans/2014\uff0f15", "mail", "public"),
    }
    assert exchange.wanted(public_folder="/Team/Plans") == {"plans": ("Plans", "mail", "public"), "deep": ("Plans/2014\uff0f15", "mail", "public")}
    assert set(exchange.wanted(public_folder="/")) == {"team", "other", "plans", "c", "deep"}
    assert set(exchange.tree(public_folder="/").tags.values()) == {None}
    with pytest.raises(MigrationError, match="no public folder /Team/Offers; where Offers should be is C, Plans"):
        exchange.tree(public_folder="/Team/Offers")
