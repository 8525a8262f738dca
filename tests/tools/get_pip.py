# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the bootstrap script that ansible-test downloads for its virtual environments.

ansible-test looks into its cache before it asks the network. There, under the name get_pip_X_Y.py, this file installs
pip X.Y from the wheel beside it, which came from the package index that the machine is set up for.
"""

from __future__ import annotations

import pathlib
import sys

here = pathlib.Path(__file__).resolve()
version = here.stem.removeprefix("get_pip_").replace("_", ".")
wheel = here.with_name(f"pip-{version}-py3-none-any.whl")
sys.path.insert(0, str(wheel))

from pip._internal.cli.main import main

# get-pip.py's own options; pip does not know them.
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(main(["install", "--no-index", f"--find-links={here.parent}", *wanted]))
