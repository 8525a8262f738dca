# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations

import gc
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ._errors import MigrationError
from ._libraries import MissingLibrary


def run(module: AnsibleModule, job: t.Callable[[], dict[str, t.Any]]) -> t.NoReturn:
    """The one place where a module ends: with the job's result, or with its error in the user's words."""
    try:
        result = job()
    except MigrationError as error:
        module.fail_json(msg=str(error), **error.facts)
    except MissingLibrary as error:
        module.fail_json(msg=missing_required_lib(error.library), exception=error.traceback)
    # Python's last search for garbage in all that was loaded takes longer than many a job.
    gc.freeze()
    module.exit_json(**result)
