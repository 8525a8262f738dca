# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Why an item is an exception: the words that the ledger and the report use."""

from __future__ import annotations

TOO_LARGE = "too_large"
REFUSED = "refused_by_target"
NO_CONTENT = "no_content_at_source"
ALTERED = "altered_by_target"
FLAG_DROPPED = "flag_dropped"
FOLDER_REFUSED = "folder_refused"
FOLDER_KEPT = "folder_kept"
FOLDER_NOT_MAIL = "folder_not_mail"
FOLDER_UNREADABLE = "folder_unreadable"
NOT_CONVERTED = "not_converted"
PART_DROPPED = "part_dropped"
CHANGED_AT_TARGET = "changed_at_target"
REBUILT = "rebuilt"
REMOVED = "removed_at_target"
FILTER_FAILED = "filter_failed"
LEFT_OUT = "left_out_by_filter"

# Of these the item itself is not at the target; the next pass tries again.
NOT_MOVED = (TOO_LARGE, REFUSED, NO_CONTENT, NOT_CONVERTED, FILTER_FAILED, LEFT_OUT)

EXPLAINED = {
    TOO_LARGE: "larger than the target accepts",
    REFUSED: "refused by the target",
    NO_CONTENT: "the source server lists it but does not give its content",
    ALTERED: "stored by the target with other bytes than were sent",
    FLAG_DROPPED: "moved, but the target does not store one of its flags",
    FOLDER_REFUSED: "the target refuses the folder's name",
    FOLDER_KEPT: "deleted at the source, but the target's folder holds mail of somebody else, or is not to be removed there, and was kept",
    FOLDER_NOT_MAIL: "left out with all below it, since it holds no mail of the mailbox's own, or is not wanted",
    FOLDER_UNREADABLE: "the source server lists the folder but does not open it",
    NOT_CONVERTED: "can't be expressed in a format that the target takes",
    PART_DROPPED: "moved, but the target's format has no place for a part of it",
    CHANGED_AT_TARGET: "changed at the source, but its user had changed it at the target as well, and that was kept",
    FILTER_FAILED: "the site's filter failed, so it was not moved",
    LEFT_OUT: "left out by the site's filter, which counts as approved",
    REMOVED: "moved, and removed at the target since",
    REBUILT: "moved, rebuilt from its properties because the source can't render it",
}
