# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and tell what would change, without changing anything.
  diff_mode:
    description: Returns details of what has changed, or would change in C(check_mode), when in diff mode.
  idempotent:
    description: When run again with the same options, and nothing else has changed meanwhile, changes nothing and says so.
"""

    # Should be used together with the standard fragment.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Only reads, so it does the same in check mode.
  diff_mode:
    support: N/A
    details:
      - Only reads.
  idempotent:
    support: full
    details:
      - Only reads.
"""

    # Should be used together with the standard fragment.
    ACTIONGROUP_MIGRATION = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/messaging.migration.migration) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - messaging.migration.migration
"""
