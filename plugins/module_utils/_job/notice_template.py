# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Templates of notices: one a language, Jinja2, with the blocks subject, text, and html where there is to be HTML as well."""

from __future__ import annotations

import functools
import typing as t

from .._errors import MigrationError
from .._libraries import jinja2
from .._model.notice import Text


class NoticeTemplate:
    def __init__(self, source: str, what: str) -> None:
        """`what` names it to the operator."""
        self.what = what
        self._source = source
        missing = {"subject", "text"} - self._plain.blocks.keys()
        if missing:
            raise MigrationError(
                f"The {what} has no block {sorted(missing)[0]}.", "Nothing was sent.", "It needs the blocks subject and text, and may have html.",
            )

    def of(self, variables: dict[str, t.Any], who: str) -> Text:
        """For one user, whom `who` names."""
        try:
            text = Text(*(
                "".join(template.blocks[name](template.new_context(variables))) if name in template.blocks else ""
                for name, template in (("subject", self._plain), ("text", self._plain), ("html", self._html))
            ))
        # It is the site's own: it may do anything wrong.
        except Exception as error:
            raise MigrationError(
                f"The {self.what} can't be used for {who}: {type(error).__name__}: {error}.", "Who was sent the notice before keeps it; nobody else was.",
                "Correct the template, or give what it asks for in values or date.",
            ) from error
        if not text.subject.strip() or not text.text.strip():
            raise MigrationError(f"The {self.what} leaves subject or text of {who} empty.", "Nothing was sent to this user.", "Correct the template.")
        return text

    def _compiled(self, autoescape: bool):
        environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined, autoescape=autoescape, trim_blocks=True, lstrip_blocks=True,
        )
        try:
            return environment.from_string(self._source)
        except jinja2.TemplateSyntaxError as error:
            raise MigrationError(f"The {self.what}, line {error.lineno}: {error.message}.", "Nothing was sent.", "Correct the template.") from error

    @functools.cached_property
    def _plain(self):
        return self._compiled(False)

    @functools.cached_property
    def _html(self):
        return self._compiled(True)
