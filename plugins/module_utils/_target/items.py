# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What every target for items that are not mail does. dav.py and files.py are two.

formats: kind of item -> name of the format (_items/formats.py) in which the target takes it; other kinds it does not take.
batch: so many items are moved between two looks at the clock and two commits to the ledger.
make_folder(folder, known) -> (place, new): have a place for an ItemFolder; `known` is where the ledger has it, or None. `new`: nothing of ours
    is in it. Raises ItemRefused.
put(place, name, kind, data) -> etag or None: have these bytes under that name, whatever was there. Raises ItemRefused.
delete(place, name, etag): remove it, if it still has that etag (None: anyhow). What is gone already is no error.
listed(place) -> {name: etag or None}: what is there, of whoever. An etag changes when its item does, and only then.
contents(place, names) -> {name: bytes}: what is there under these names, as the server gives it back.
close()
"""

from __future__ import annotations


class ItemRefused(Exception):
    """The target does not take this item (or this folder), and says why; others it may take."""
