# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model.plain_text import plain_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain &lt;text&gt;", "plain <text>"),
        ("<p>One\r\n two</p><p>Three</p>", "One two\n\nThree"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<ul><li>x</li><li>y</li></ul>after", "- x\n- y\nafter"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"),
        ("<html><head><title>t</title><style>p {}</style></head><body>b</body></html>", "b"),
        ("<b>bold</b> <i>italic</i>&nbsp;end", "bold italic end"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<p>&nbsp;</p><p>&nbsp;</p><p>x</p>", "x"),
        ("<p>a</p><p>&nbsp;</p><p>&nbsp;</p><p>b</p>", "a\n\nb"),
        ("<script>1 < 2</script>c", "c"),
        ("", ""),
    ],
)
def test_text_of_html(markup, text):
    assert plain_text(markup) == text


@given(st.text())
def test_anything_is_read(markup):
    assert "\n\n\n" not in plain_text(markup)
