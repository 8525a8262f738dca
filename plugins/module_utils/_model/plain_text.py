# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""HTML as plain text, for bodies of items and automatic replies: where a line ends, what a list is, and nothing of the looks."""

from __future__ import annotations

import html.parser
import re

UNSEEN = ("head", "script", "style", "title")
BLOCKS = ("address", "blockquote", "div", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "pre", "table", "tr", "ul")
# Blocks that an empty line follows.
PARAGRAPHS = ("p", "h1", "h2", "h3", "h4", "h5", "h6")
# Blanks of HTML; a no-break space is none of them.
BLANKS = re.compile(r"[ \t\r\n\f]+")


class _Text(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = self._as_is = 0

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self._unseen += tag in UNSEEN
        self._as_is += tag == "pre"
        if tag == "br":
            self.parts.append("\n")
        elif tag in BLOCKS or tag == "p":
            self._new_line()
            self.parts += ["- "] if tag == "li" else []
        elif tag in ("td", "th") and self.parts and not self.parts[-1].endswith("\n"):
            self.parts.append("\t")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in UNSEEN))
        self._as_is = max(0, self._as_is - (tag == "pre"))
        if tag in BLOCKS or tag == "p":
            self._new_line()
            self.parts += ["\n"] if tag in PARAGRAPHS else []

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        text = data if self._as_is else BLANKS.sub(" ", data)
        if not self._as_is and (not self.parts or self.parts[-1].endswith(("\n", " ", "\t"))):
            text = text.lstrip(" ")
        self.parts += [text] if text else []

    def _new_line(self) -> None:
        if self.parts and not self.parts[-1].endswith("\n"):
            self.parts.append("\n")


def plain_text(markup: str) -> str:
    """The text of an HTML document or a piece of one, with "\\n" for line ends and no more than one empty line in a row."""
    reader = _Text()
    reader.feed(markup)
    reader.close()
    lines = "".join(reader.parts).replace("\r\n", "\n").replace("\xa0", " ").split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")
