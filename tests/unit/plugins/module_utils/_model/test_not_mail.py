# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model.listing import Aside, Folder, LeftOut
from ansible_collections.messaging.migration.plugins.module_utils._model.not_mail import parted, unlisted


def listed(*paths: str, separator: str | None = "/") -> list[Folder]:
    return [Folder(path, path, separator, True, True) for path in paths]


def names(folders) -> list[str]:
    return [folder.path for folder in folders]


@pytest.mark.parametrize(
    ("top", "holds"),
    [("Calendar", "calendar"), ("Kontakte", "contacts"), ("TÂCHES", "tasks"), ("メモ", "notes"), ("Дневник", "journal"),
     ("Öffentliche Ordner", "public folders"), ("Public Folders", "public folders"), ("Other users", "mailboxes of others")],
)
def test_left_out_with_all_below(top, holds):
    mail, left_out = parted(listed("INBOX", top, f"{top}/A", f"{top}/A/B", "Mine"), exchange=True)
    assert names(mail) == ["INBOX", "Mine"]
    assert left_out == [LeftOut(top, top, holds, (top, f"{top}/A", f"{top}/A/B"))]


def test_only_at_the_top_and_only_of_exchange():
    folders = listed("INBOX", "INBOX/Calendar", "Projects/Notes", "Calendars", "Sent Items", "Outbox", "Deleted Items/Contacts")
    assert parted(folders, exchange=True) == (folders, [])
    assert parted(listed("Calendar"), exchange=False) == (listed("Calendar"), [])


def test_a_folder_that_the_server_marks_as_mail():
    journal = dataclasses.replace(listed("Journal")[0], for_mail=True)
    assert parted([journal], exchange=True) == ([journal], [])


def test_below_a_prefix_with_another_separator():
    folders = listed("INBOX", "INBOX.Notes", "INBOX.Notes.Old", "INBOX.Own", separator=".")
    mail, [left_out] = parted(folders, exchange=True, prefix="INBOX.")
    assert names(mail) == ["INBOX", "INBOX.Own"] and left_out.names == ("INBOX.Notes", "INBOX.Notes.Old")


def test_the_longer_path_holds():
    folders = listed("Notes", "Notes/Old", "Jobs", "Jobs/Old", "Jobs/Old/Keep", "Jobs/Older")
    mail, left_out = parted(folders, True, include=["NOTES", "/jobs/old/keep/"], exclude=["jobs/old", "Notes/Old"])
    assert names(mail) == ["Notes", "Jobs", "Jobs/Old/Keep", "Jobs/Older"]
    assert left_out == [LeftOut("Notes/Old", "Notes/Old", "not wanted", ("Notes/Old",)), LeftOut("Jobs/Old", "Jobs/Old", "not wanted", ("Jobs/Old",))]


def test_an_inbox_is_never_left_out():
    mail, left_out = parted(listed("INBOX", "INBOX/Below"), False, exclude=["inbox"])
    assert names(mail) == ["INBOX"] and [one.names for one in left_out] == [("INBOX/Below",)]


def test_mere_names_are_told_by_what_is_below_them():
    top, below = (dataclasses.replace(folder, selectable=not number) for number, folder in enumerate(listed("Public Folders/All", "Public Folders/")))
    assert parted([below], exchange=True)[1] == []
    assert parted([below, top], exchange=True)[1] == [LeftOut("Public Folders/", "Public Folders", "public folders", ("Public Folders/All",))]


def test_names_that_are_neither_gone_nor_mail():
    aside = Aside((LeftOut("Public Folders", "Public Folders", "public folders", ("Public Folders/All",)),), {"Old ": "its name"})
    assert aside.names == {"Public Folders", "Public Folders/All", "Old "}


def test_unlisted():
    assert unlisted(listed("INBOX", "A", "A/B/C/D", "a/b/x", "E/F")) == ["A/B", "A/B/C", "E"]
    assert unlisted(listed("A", "A/B", "c.d")) == unlisted(listed("A.B", separator=None)) == []
