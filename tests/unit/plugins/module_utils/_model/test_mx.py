# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model import mx

LABELS = st.from_regex(r"\A[a-z0-9_]([a-z0-9-]{0,20}[a-z0-9_])?\Z")
NAMES = st.lists(LABELS, min_size=1, max_size=6).map(".".join)
PREFERENCES = st.integers(0, 65535)
RECORDS = st.lists(st.fixed_dictionaries({"preference": PREFERENCES, "exchange": NAMES}), max_size=6)


def upper_some(name: str, mask: int) -> str:
    return "".join(char.upper() if mask >> index & 1 else char for index, char in enumerate(name))


@given(NAMES, st.integers(0), st.booleans())
def test_a_name_has_one_form(name, mask, dot):
    assert mx.host_name(upper_some(name, mask) + "." * dot) == name + "."
    assert mx.host_name(mx.host_name(name)) == mx.host_name(name)


@given(st.text())
def test_any_text_is_a_name_or_refused(text):
    try:
        name = mx.host_name(text)
    except ValueError:
        return
    assert name == "." or (name.endswith(".") and len(name) <= 254 and all(0 < len(label) <= 63 for label in name[:-1].split(".")))


@pytest.mark.parametrize("text", ["", "..", "a..b", ".a", "-a.test", "a-.test", "a b.test", "bücher.test", "a" * 64, "a.test.."])
def test_no_names(text):
    with pytest.raises(ValueError, match="isn't a DNS name"):
        mx.host_name(text)


@given(RECORDS, st.randoms())
def test_neither_order_nor_repetition_counts(records, random):
    shuffled = records + records
    random.shuffle(shuffled)
    assert mx.mx_set(shuffled) == mx.mx_set(records)
    assert mx.as_dicts(mx.mx_set(shuffled)) == mx.as_dicts(mx.mx_set(records))


@given(PREFERENCES, NAMES)
def test_text_and_back(preference, exchange):
    record = mx.Mx.of(preference, exchange)
    assert mx.Mx.from_text(str(record)) == record


@given(st.integers().filter(lambda number: not 0 <= number <= 65535))
def test_preference_out_of_range(preference):
    with pytest.raises(ValueError, match="must be from 0 to 65535"):
        mx.Mx.of(preference, "a.test")


def test_sorted_as_senders_try_them():
    records = mx.mx_set({"preference": p, "exchange": e} for p, e in [(100, "a.test"), (9, "b.test"), (9, "a.test")])
    assert mx.as_text(records) == "9 a.test., 9 b.test., 100 a.test."
    assert mx.zone_lines("x.test.", 60, records).splitlines()[0] == "x.test. 60 IN MX 9 a.test."
    assert mx.as_text([]) == "none" and mx.zone_lines("x.test.", None, []) == ""


@given(NAMES, NAMES)
def test_in_zone(name, zone):
    assert mx.in_zone(mx.host_name(f"{name}.{zone}"), mx.host_name(zone))
    assert mx.in_zone(mx.host_name(zone), mx.host_name(zone))
    assert not mx.in_zone(mx.host_name(f"x{zone}"), mx.host_name(zone))
    assert mx.in_zone(mx.host_name(name), ".")
