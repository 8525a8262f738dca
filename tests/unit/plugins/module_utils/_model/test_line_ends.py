# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model.line_ends import as_sent

BODIES = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a"]), max_size=12).map(b"".join)


class Pieces:
    """As a large message is read back."""

    def __init__(self, body: bytes, size: int) -> None:
        self.body, self.size = body, size

    def pieces(self):
        for start in range(0, len(self.body), self.size):
            yield self.body[start:start + self.size]


@given(BODIES, st.integers(1, 5))
def test_what_was_sent_is_among_them_however_it_is_cut(stored, size):
    bare = stored.replace(b"\r\n", b"\n")
    wanted = tuple(hashlib.sha256(form).digest() for form in (stored.removesuffix(b"\r\n"), bare, bare.removesuffix(b"\n")))
    assert as_sent(stored) == as_sent(Pieces(stored, size)) == wanted


def test_by_example():
    sent = hashlib.sha256(b"a: b\n\ntext").digest()
    assert sent in as_sent(b"a: b\n\ntext\r\n") and sent in as_sent(b"a: b\r\n\r\ntext") and sent in as_sent(b"a: b\r\n\r\ntext\r\n")
    assert sent not in as_sent(b"a: b\r\n\r\ntexts")
