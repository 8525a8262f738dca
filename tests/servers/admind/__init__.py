# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An appliance's administration service for the lab and the tests. It needs nothing but Python.

words: reading commands and writing answers. serving: the service and its moods. backend: what it administers, in a file. cyrus: the same on
a real Cyrus and Postfix. What the public says of the protocol is all it knows, and the commands that the collection takes for likely.
"""
