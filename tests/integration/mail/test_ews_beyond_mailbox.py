# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies outside of a user's own mailbox, from Exchange by EWS: archives, recoverable items, public folders, shared mailboxes."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from servers.ews import PUBLIC_ADDRESS
from servers.exchange import Exchange
from servers.fixtures import Tools
from test_ews import ADDRESS, SAME, Site, content
from test_ews_items import CHANGED, CONTACT, EVENT, components, radicale

__all__ = ["radicale"]

BELOW = {"msgfolderroot": "", "archivemsgfolderroot": "Archive/", "publicfoldersroot": ""}
POST = "Subject: A post\r\nMessage-ID: <post@example.test>\r\nFrom: ben@example.test\r\n\r\nFor all to read\r\n".encode()


class Wide(Site):
    """`mailbox`: more that the inventory says of it."""

    def __init__(self, exchange: Exchange, target, ledger) -> None:
        super().__init__(exchange, target, ledger)
        self.mailbox: dict[str, t.Any] = {}

    def options(self, **more: t.Any) -> dict[str, t.Any]:
        made = super().options(**more)
        made["sources"][0]["mailboxes"][0] |= self.mailbox
        return made

    def path(self, folder: int) -> str:
        row = self.store.rows("SELECT parent, name, distinguished FROM folder WHERE id = ?", folder)[0]
        known = {"inbox": "INBOX", "recoverableitemsdeletions": "Deleted/For good"}
        if row["distinguished"] in known:
            return known[row["distinguished"]]
        above = self.store.rows("SELECT distinguished FROM folder WHERE id = ?", row["parent"])[0]["distinguished"]
        return f"{BELOW[above]}{row['name']}" if above in BELOW else f"{self.path(row['parent'])}/{row['name']}"

    def put(self, address: str, folder: str, number: int, **more: t.Any) -> str:
        day = datetime.datetime(2015, 6, 1 + number % 28, 12, 0, 0, tzinfo=datetime.timezone.utc)
        return self.store.add_message(address, folder, content(number), day, **more)

    def folders(self) -> set[str]:
        client = self.target.client("anna")
        names = {name for _flags, _separator, name in client.list_folders()}
        client.logout()
        return names


@pytest.fixture
def site(scratch, start, free_port, wait_for_port, servers, tmp_path) -> t.Iterator[Wide]:
    exchange = Exchange(scratch / "exchange", Tools(start, free_port, wait_for_port))
    yield Wide(exchange, servers.dovecot("new"), tmp_path / "ledger.sqlite")
    exchange.terminate()


@pytest.fixture
def archived(site):
    """Mail in the mailbox, in its archive, and deleted for good; both options are on for the whole server."""
    site.fill(3)
    site.store.create_archive(ADDRESS)
    for path in ("archive:Inbox", "archive:Projects", "archive:Projects/Alpha"):
        site.store.create_folder(ADDRESS, path)
        for number in range(8):
            site.put(ADDRESS, path, 50_000 + 100 * len(path) + number, read=number % 2 == 0)
    for number in range(5):
        site.put(ADDRESS, "recoverableitemsdeletions", 60_000 + number)
    site.ews |= {"archive": "Archive", "recoverable_items": "Deleted/For good"}
    return site


@pytest.mark.parametrize("new_ids", [False, True], ids=["same_ids", "new_ids"])
def test_archive_and_recoverable_items_with_moves_between_them(archived, direct, new_ids):
    site = archived
    site.store.set(new_ids_on_move=new_ids)
    copied, verified = direct([("mailbox_copy", site.options()), ("mailbox_verify", site.options())])
    assert (copied["failed"], copied["messages"], verified["perfect"]) == (False, 4 * 3 + 3 * 8 + 5, 1), copied
    assert site.differences() == SAME
    inbox, old, dumped = (site.store.items(ADDRESS, folder) for folder in ("inbox", "archive:Inbox", "recoverableitemsdeletions"))
    site.store.move(inbox[0], ADDRESS, "archive:Projects/Alpha")
    site.store.move(old[0], ADDRESS, "sentitems")
    site.store.move(dumped[0], ADDRESS, "inbox")
    site.store.move(inbox[1], ADDRESS, "recoverableitemsdeletions")
    site.store.change(old[1], flag="Flagged")
    site.store.change(dumped[1], read=False)
    site.store.delete(dumped[2])
    site.put(ADDRESS, "archive:Inbox", 70_000)
    site.put(ADDRESS, "recoverableitemsdeletions", 70_001)
    reads = site.control.requests("GetItem", ADDRESS)
    synced, again, verified = direct([("mailbox_sync", site.options(max_rounds=1)), ("mailbox_sync", site.options()), ("mailbox_verify", site.options())])
    assert site.differences() == SAME
    assert (synced["messages"], synced["moved"], synced["deleted"], synced["flags"]) == (2, 4, 1, 2), synced
    # Two new messages are read, and two that are not listed any more are asked for in one request.
    assert site.control.requests("GetItem", ADDRESS) - reads <= 2 + 2
    assert not again["changed"] and verified["perfect"] == 1, again


def test_discovery_counts_the_archive(archived, direct):
    found, = direct([("mailbox_info", {"sources": archived.options()["sources"]})])
    assert (found["servers"][0]["messages"], found["servers"][0]["unreachable"]) == (4 * 3 + 3 * 8 + 5, 0), found
    preview, = direct([("mailbox_copy", archived.options())], check=True)
    assert preview["messages"] == 4 * 3 + 3 * 8 + 5 and not archived.at_target(), preview
    archived.mailbox = {"archive": ""}
    without, = direct([("mailbox_info", {"sources": archived.options()["sources"]})])
    assert without["servers"][0]["messages"] == 4 * 3 + 5, without


def test_a_folder_of_the_mailbox_that_is_called_as_one_of_the_archive(archived, direct):
    site = archived
    assert not direct([("mailbox_copy", site.options())])[0]["failed"]
    # What was there first keeps its name.
    site.store.create_folder(ADDRESS, "Archive")
    site.store.create_folder(ADDRESS, "Archive/INBOX")
    site.put(ADDRESS, "Archive/INBOX", 80_000)
    synced, again, verified = direct([("mailbox_sync", site.options(max_rounds=1)), ("mailbox_sync", site.options()), ("mailbox_verify", site.options())])
    assert (synced["messages"], synced["deleted"], again["changed"], verified["perfect"]) == (1, 0, False, 1), synced
    here = site.at_target()
    assert sum(count for (folder, *_rest), count in here.items() if folder == "Archive/Inbox") == 8
    assert sum(count for (folder, *_rest), count in here.items() if folder == "Archive/INBOX (2)") == 1


def test_what_waits_to_be_sent_stays(site, direct):
    site.fill(1)
    waiting = site.put(ADDRESS, "outbox", 1)
    results = direct([("mailbox_copy", site.options()), ("mailbox_sync", site.options())])
    assert [(result["failed"], result["messages"]) for result in results] == [(False, 4), (False, 0)] and not results[1]["changed"], results
    assert "Outbox" not in site.folders()
    site.store.move(waiting, ADDRESS, "sentitems")
    synced, = direct([("mailbox_sync", site.options(max_rounds=1))])
    assert synced["messages"] == 1 and site.differences() == SAME, synced


def test_a_mailbox_without_archive(site, direct):
    site.fill(2)
    site.ews |= {"archive": "Archive"}
    copied, = direct([("mailbox_copy", site.options())])
    assert (copied["failed"], copied["messages"]) == (False, 8) and site.differences() == SAME
    site.mailbox = {"archive": "Archive"}
    refused, = direct([("mailbox_sync", site.options())])
    assert refused["failed"] and f"exchange/{ADDRESS} has no archive (ErrorFolderNotFound" in refused["msg"], refused["msg"]
    assert site.differences() == SAME


def test_an_archive_that_vanishes_takes_nothing_away(archived, direct):
    site = archived
    assert not direct([("mailbox_copy", site.options())])[0]["failed"]
    before = site.at_target()
    site.store.remove_archive(ADDRESS)
    refused, = direct([("mailbox_sync", site.options(on_emptied="mirror"))])
    assert refused["failed"] and "the archive, which was moved before, is not there any more" in refused["msg"], refused["msg"]
    assert site.at_target() == before
    # Its operator says so.
    site.mailbox = {"archive": ""}
    synced, = direct([("mailbox_sync", site.options(on_emptied="mirror"))])
    assert (synced["failed"], synced["deleted"]) == (False, 24), synced
    assert site.differences() == SAME


def test_what_old_servers_do_not_know(scratch, start, free_port, wait_for_port, servers, tmp_path, direct):
    exchange = Exchange(scratch / "exchange", Tools(start, free_port, wait_for_port), version="2007")
    site = Wide(exchange, servers.dovecot("new"), tmp_path / "ledger.sqlite")
    site.ews |= {"archive": "Archive"}
    refused, = direct([("mailbox_copy", site.options())])
    assert refused["failed"] and "the server knows of no archive, which came with Exchange 2010 SP1" in refused["msg"], refused["msg"]
    exchange.terminate()


@pytest.fixture
def public(site):
    """Public folders below /Team, one beside it, and an inventory that asks for the former."""
    store = site.store
    store.create_public_folders()
    for path, kind in (("Team", "IPF.Note"), ("Team/Plans", "IPF.Note"), ("Team/Plans/2014", "IPF.Note"), ("Team/Meetings", "IPF.Appointment"),
                       ("Team/People", "IPF.Contact"), ("Other", "IPF.Note")):
        store.create_folder(PUBLIC_ADDRESS, path, kind)
    for folder, number in (("Team", 0), ("Team/Plans", 100), ("Team/Plans/2014", 200)):
        for each in range(6):
            site.put(PUBLIC_ADDRESS, folder, number + each, read=each % 2 == 0)
    site.post = store.add_message(PUBLIC_ADDRESS, "Team", POST, datetime.datetime(2016, 1, 1, tzinfo=datetime.timezone.utc), item_class="IPM.Post")
    store.add_item(PUBLIC_ADDRESS, "Team/Meetings", EVENT, [CHANGED])
    store.add_item(PUBLIC_ADDRESS, "Team/People", CONTACT)
    site.ews |= {"public_folder_mailbox": "public@example.test"}
    site.mailbox = {"name": "team", "public_folder": "/team"}
    return site


def with_dav(site, radicale, **more):
    options = site.options(**more)
    options["target"]["dav"] = {"url": radicale.url, "login": "{mailbox}", "password": radicale.password, "ca_file": radicale.ca_file}
    return options


def test_public_folders(public, radicale, direct):
    site = public

    def options(**more):
        return with_dav(site, radicale, **more)

    copied, verified = direct([("mailbox_copy", options()), ("mailbox_verify", options())])
    assert (copied["failed"], copied["messages"], copied["other_items"], verified["perfect"]) == (False, 19, 2, 1), copied
    assert site.differences() == SAME
    assert set(components(radicale, "VEVENT")) == {"Board meeting"}
    cards = [text for resources in radicale.stored("anna").values() for text in resources.values() if text.startswith("BEGIN:VCARD")]
    assert len(cards) == 1 and "cleo@example.test" in cards[0]
    assert not direct([("mailbox_sync", options())])[0]["changed"]
    plans = site.store.items(PUBLIC_ADDRESS, "Team/Plans")
    site.store.move(plans[0], PUBLIC_ADDRESS, "Team/Plans/2014")
    site.store.move(plans[1], PUBLIC_ADDRESS, site.store.folder(PUBLIC_ADDRESS, "Team"))
    site.store.delete(plans[2])
    site.store.change(plans[3], flag="Flagged")
    site.put(PUBLIC_ADDRESS, "Team", 900)
    site.store.rename_folder(site.store.folder(PUBLIC_ADDRESS, "Team/Plans/2014"), "Two thousand and fourteen")
    site.store.delete(site.store.items(PUBLIC_ADDRESS, "Team/Meetings")[0])
    synced, again, verified = direct([("mailbox_sync", options(max_rounds=1)), ("mailbox_sync", options()), ("mailbox_verify", options())])
    assert site.differences() == SAME
    assert (synced["messages"], synced["moved"], synced["deleted"], synced["flags"], synced["other_items"]) == (1, 2, 1, 1, 1), synced
    assert not again["changed"] and verified["perfect"] == 1 and not components(radicale, "VEVENT")
    # Nobody asked for what public folders do not offer.
    assert not site.control.requests("SyncFolderItems") and "Other" not in site.folders()


def test_public_folders_that_are_not_there_or_vanish(public, direct):
    site = public
    assert not direct([("mailbox_copy", site.options())])[0]["failed"]
    before = site.at_target()
    site.mailbox["public_folder"] = "/Team/Plan"
    refused, = direct([("mailbox_sync", site.options())])
    assert "there is no public folder /Team/Plan; where Plan should be is Meetings, People, Plans" in refused["msg"], refused["msg"]
    site.mailbox["public_folder"] = "/Team"
    site.store.delete_folder(site.store.folder(PUBLIC_ADDRESS, "Team"))
    refused, = direct([("mailbox_sync", site.options())])
    assert "there is no public folder /Team" in refused["msg"] and site.at_target() == before


def test_items_that_the_pages_of_a_list_leave_out_are_not_taken_for_deleted(public, direct):
    """While a list is read page by page something is deleted, and what follows it moves to a page that was read already."""
    site = public
    with site.store.transaction():
        for number in range(1020):
            site.put(PUBLIC_ADDRESS, "Team/Plans", 2000 + number)
    assert not direct([("mailbox_copy", site.options())])[0]["failed"]
    plans = site.store.items(PUBLIC_ADDRESS, "Team/Plans")
    # /Team has one page; that of /Team/Plans has been given when these go.
    fault = site.control.fault("deletes", "FindItem", skip=2, items=plans[6:10])
    synced, = direct([("mailbox_sync", site.options(max_rounds=1))])
    assert site.control.seen(fault) == 1
    assert (synced["failed"], synced["messages"], synced["deleted"]) == (False, 0, 0), synced
    later, again = direct([("mailbox_sync", site.options(max_rounds=1)), ("mailbox_sync", site.options())])
    assert (later["messages"], later["deleted"], again["changed"]) == (0, 4, False), later
    assert site.differences() == SAME


@pytest.mark.parametrize("access", ["impersonation", "delegation"])
def test_a_shared_mailbox(site, radicale, direct, access):
    """Its own account is disabled; the service account opens it, with its calendar and contacts."""
    site.fill(4)
    site.store.create_archive(ADDRESS)
    site.put(ADDRESS, site.store.create_folder(ADDRESS, "archive:Inbox"), 90_000)
    site.store.add_item(ADDRESS, "calendar", EVENT, [CHANGED])
    site.store.add_item(ADDRESS, "contacts", CONTACT)
    site.store.account(ADDRESS, "its own", ADDRESS, disabled=True)
    site.store.account(site.exchange.admin, site.exchange.password, impersonates=access == "impersonation", full_access=access == "delegation")
    site.ews |= {"access": access, "archive": "Archive"}
    site.mailbox = {"password": "its own"}
    refused, = direct([("mailbox_copy", with_dav(site, radicale))])
    assert refused["failed"] and "refuses the login" in refused["msg"], refused["msg"]
    site.mailbox = {}
    copied, verified = direct([("mailbox_copy", with_dav(site, radicale)), ("mailbox_verify", with_dav(site, radicale))])
    assert (copied["failed"], copied["messages"], copied["other_items"], verified["perfect"]) == (False, 17, 2, 1), copied
    assert site.differences() == SAME and set(components(radicale, "VEVENT")) == {"Board meeting"}
    site.store.move(site.store.items(ADDRESS, "inbox")[0], ADDRESS, "archive:Inbox")
    synced, again = direct([("mailbox_sync", with_dav(site, radicale, max_rounds=1)), ("mailbox_sync", with_dav(site, radicale))])
    assert (synced["moved"], again["changed"]) == (1, False) and site.differences() == SAME
    # The other way in is not open to this account.
    site.ews["access"] = {"impersonation": "delegation", "delegation": "impersonation"}[access]
    refused, = direct([("mailbox_sync", with_dav(site, radicale))])
    assert refused["failed"] and "the account may not open this mailbox" in refused["msg"], refused["msg"]
