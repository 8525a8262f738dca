# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model.password import CAPITAL, DIGITS, SMALL, password


def test_each_has_all_classes_and_no_look_alikes():
    made = {password(14) for _number in range(500)}
    assert len(made) == 500
    for one in made:
        assert len(one) == 14 and not set(one) & set("iloIO01") and all(set(one) & set(kind) for kind in (SMALL, CAPITAL, DIGITS))
    assert set("".join(made)) == set(SMALL + CAPITAL + DIGITS)


def test_symbols_that_a_site_asks_for():
    for _number in range(100):
        made = password(8, "-+")
        assert len(made) == 8 and set(made) & set("-+")


@pytest.mark.parametrize(("length", "symbols", "text"), [
    (7, "", "length is 7"), (129, "", "from 8 to 128"), (14, "a", "'a'"), (14, "- ", "' '"), (14, "ä", "'ä'"), (14, "\x7f", "'.x7f'"),
])
def test_refused(length, symbols, text):
    with pytest.raises(ValueError, match=text):
        password(length, symbols)
