# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""How good a migrated mailbox is, by published thresholds. No I/O.

| grade | what verification found |
|---|---|
| perfect | every message, flag, date, folder and subscription as at the source, all content read back |
| good | the same content; flags or subscriptions of at most 1 in 1,000 messages differ, or only a sample was read back |
| investigate | up to 1 in 100 messages missing, doubled, altered or with another date, or more flags that differ |
| poor | more than that, or a folder is missing |

Events, contacts, tasks and notes have a grade of their own by the same shares, and the worse of the two counts: a calendar that is lost does not
vanish among messages. What was approved by name counts as if it were as at the source. Only perfect and good may cut over.
"""

from __future__ import annotations

PERFECT, GOOD, INVESTIGATE, POOR = "perfect", "good", "investigate", "poor"
GRADES = (PERFECT, GOOD, INVESTIGATE, POOR)
MAY_CUT_OVER = (PERFECT, GOOD)
# Shares of the messages at the source.
SLIGHT, SERIOUS = 0.001, 0.01
# What users lose, what they may notice, and what concerns a whole folder.
CONTENT = ("missing", "doubled", "altered", "dates_differ")
LOOKS = ("flags_differ", "subscriptions_differ")
FOLDERS = ("folders_missing",)
FAULTS = (*CONTENT, *LOOKS, *FOLDERS)
ITEM_FAULTS = ("missing", "doubled", "altered")


def grade(found: dict[str, int], messages: int, sampled: bool) -> str:
    """`found`: number of each of FAULTS; `messages` at the source; `sampled`: not all content was read back."""
    content, looks = sum(found[key] for key in CONTENT), sum(found[key] for key in LOOKS)
    return _grade(content, looks, found["folders_missing"], messages, sampled)


def grade_of_items(found: dict[str, dict[str, int]], folders_missing: int, items: int, sampled: bool) -> str:
    """`found`: kind of item -> number of each of ITEM_FAULTS; `items` at the source."""
    content = sum(counts[key] for counts in found.values() for key in ITEM_FAULTS)
    return _grade(content, 0, folders_missing, items, sampled)


def worse(one: str, other: str) -> str:
    return max(one, other, key=GRADES.index)


def _grade(content: int, looks: int, folders_missing: int, all_there_are: int, sampled: bool) -> str:
    if folders_missing or content > all_there_are * SERIOUS:
        return POOR
    if content or looks > all_there_are * SLIGHT:
        return INVESTIGATE
    return GOOD if looks or sampled else PERFECT
