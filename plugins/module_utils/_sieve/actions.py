# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Actions of an inbox rule (exchangelib's Actions; EWS: RuleActionsType)."""

from __future__ import annotations

from .._model.keywords import keyword
from .language import Code, NotExpressible, Owner, quoted, smtp, strings

FLAGS, COPY, FILE = frozenset({"imap4flags"}), frozenset({"copy"}), frozenset({"fileinto"})
WITHOUT_ACTION = {
    "forward_as_attachment_to_recipients": "forwarding as an attachment", "mark_importance": "changing the importance",
    "send_sms_alert_to_recipients": "sending a short message to a telephone", "server_reply_with_message": "replying with a template",
}
FORWARDS = "forwarded mail goes on as it came, with its own sender and subject"


def commands(actions, owner: Owner) -> list[Code]:
    """In the order in which they take effect: what marks the message comes before what stores it. Raises NotExpressible."""
    for name, words in WITHOUT_ACTION.items():
        if getattr(actions, name):
            raise NotExpressible(f"the action of {words}")
    flags = (["\\Seen"] if actions.mark_as_read else []) + [keyword(name) for name in actions.assign_categories or () if name]
    found = [Code(f"addflag {strings(flags)};", FLAGS)] if flags else []
    if actions.copy_to_folder:
        found.append(Code(f"fileinto :copy {_folder(actions.copy_to_folder, owner)};", FILE | COPY))
    # Exchange keeps what it passes on.
    found += [
        Code(f"redirect :copy {quoted(address)};", COPY)
        for address in dict.fromkeys(smtp(actions.redirect_to_recipients or ()) + smtp(actions.forward_to_recipients or ()))
    ]
    if actions.move_to_folder:
        found.append(Code(f"fileinto {_folder(actions.move_to_folder, owner)};", FILE))
    if actions.delete:
        found.append(Code(f"fileinto {_named('deleteditems', owner)};", FILE))
    if actions.permanent_delete:
        found.append(Code("discard;"))
    if actions.stop_processing_rules:
        found.append(Code("stop;"))
    if not found:
        raise NotExpressible("a rule without an action")
    return found


def _folder(place, owner: Owner) -> str:
    folder = place.folder_id or place.distinguished_folder_id
    return _named(folder and folder.id, owner)


def _named(folder: str | None, owner: Owner) -> str:
    if not owner.folders.get(folder):
        raise NotExpressible("a folder that is not at the target")
    return quoted(owner.folders[folder])
