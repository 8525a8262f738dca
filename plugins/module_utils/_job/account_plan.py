# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The account plan: who gets which account at the target, written down once all that stands against it is settled."""

from __future__ import annotations

import collections
import csv
import dataclasses
import io
import json
import pathlib

from .. import _files
from .._errors import MigrationError
from .._ledger import accounts, directory_routes, mailboxes
from .._ledger.store import NoLedger, open_ledger
from .._model.account_plan import EXPLAINED, Conflict, Known, Plan, in_order, plan
from .._model.account_rules import COLUMNS, Override, Rules, by_entry
from .._model.directory import EXPLAINED as REMARKS
from .._model.directory_route import as_before
from .directory import MOST_SHOWN, directories
from .report_file import write

# Lines of a diff.
MOST_LINES = 100


def account_plan(params: dict, check_mode: bool = False) -> dict:
    """The module account_plan; see its RETURN."""
    rules, overrides = _rules(params), _overrides(params["overrides_path"])
    path = pathlib.Path(params["path"])
    before = _written(path)
    known = _known(params)
    found = directories(params, (rules.wave_attribute,) if rules.wave_attribute else ())
    found = [as_before(directory, known["routes"]) for directory in found]
    try:
        said = by_entry(overrides, found)
    except ValueError as error:
        raise MigrationError(f"{params['overrides_path']}, {error}", "Nothing was touched.", "Correct that file.") from error
    made = plan(found, rules, known["mailboxes"], said)
    remarks = [{"directory": directory.name, **dataclasses.asdict(remark)} for directory in found for remark in directory.remarks]
    result = _result(made, remarks, None if check_mode else params["report_path"])
    if made.blocked:
        raise MigrationError(
            f"{len(made.blocked)} conflicts have to be settled first, such as {_told(made.blocked[0])}.",
            "Nothing was written but the report." if result["report_path"] else "Nothing was written.",
            "Settle them in the directory, by the rules, or by lines of overrides_path; report_path has all of them.", **{**result, "changed": False},
        )
    if not made.accounts:
        raise MigrationError(
            f"None of {sum(len(directory.people) for directory in found)} users in the directories has a mailbox that moves.",
            "Nothing was written but the report." if result["report_path"] else "Nothing was written.",
            "Check base and filter, the rights of the account that reads, and overrides_path.", **{**result, "changed": False},
        )
    content = {"accounts": made.accounts, "lists": made.lists, "redirects": made.redirects}
    changed = {"ledger": known["accounts"] != made.accounts, "file": before != content}
    if not check_mode:
        _write(params, path, content, changed)
    return {**result, "changed": any(changed.values()), "plan_path": str(path), "diff": _diff(before, content)}


def _known(params: dict) -> dict:
    """What the ledger has: the mailboxes that are to move, the accounts of the plan before, and what sends mail of users to the other side."""
    try:
        ledger = open_ledger(params.get("ledger") or {}, params["migration"], create=False)
    except NoLedger:
        return {"mailboxes": [], "accounts": [], "routes": []}
    try:
        return {
            "mailboxes": [Known(row.server, row.name, row.target) for row in mailboxes.listed(ledger)],
            "accounts": sorted(accounts.listed(ledger), key=in_order),
            "routes": directory_routes.in_force(ledger),
        }
    finally:
        ledger.close()


def _rules(params: dict) -> Rules:
    try:
        return Rules.from_options(params)
    except ValueError as error:
        raise MigrationError(str(error), "Nothing was touched.", "Correct the option.") from error


def _overrides(path: str | None) -> list[Override]:
    """The operator's file: CSV with the columns of account_rules.COLUMNS, of which only the first has to be there."""
    if not path:
        return []
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8-sig")
        header, *lines = list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise MigrationError(f"{path} can't be read: {error}.", "Nothing was touched.", "Give a CSV file in UTF-8 in overrides_path.") from error
    columns = [name.strip().casefold() for name in header]
    wrong = sorted(set(columns) - set(COLUMNS)) or sorted({name for name in columns if columns.count(name) > 1})
    if wrong or "who" not in columns:
        raise MigrationError(
            f"{path} has {f'a column {wrong[0]!r}' if wrong else 'no column who'}.", "Nothing was touched.",
            f"Its first line names each of its columns once: who, and any of {', '.join(COLUMNS[1:])}.",
        )
    found = []
    for number, line in enumerate(lines, 2):
        if not any(map(str.strip, line)):
            continue
        try:
            if len(line) != len(columns):
                raise ValueError(f"line {number}: it has {len(line)} values for {len(columns)} columns.")
            found.append(Override.from_row(number, dict(zip(columns, map(str.strip, line)))))
        except ValueError as error:
            raise MigrationError(f"{path}, {error}", "Nothing was touched.", "Correct that line.") from error
    return found


def _written(path: pathlib.Path) -> dict:
    """The plan of the last time, empty when there is none."""
    if not path.parent.is_dir():
        raise MigrationError(f"The folder {path.parent} does not exist.", "Nothing was touched.", "Create it, or correct path.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))["account_plan"] if path.exists() else {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MigrationError(
            f"{path} is there, and is no account plan: {error}.", "Nothing was touched.", "Correct path, or move that file away.",
        ) from error


def _result(made: Plan, remarks: list[dict], report_path: str | None) -> dict:
    conflicts = [{**dataclasses.asdict(conflict), "blocking": conflict.blocking} for conflict in made.conflicts]
    return {
        "accounts": len(made.accounts),
        "lists": len(made.lists),
        "redirects": len(made.redirects),
        "waves": dict(sorted(collections.Counter(account["wave"] for account in made.accounts).items())),
        "conflicts": dict(sorted(collections.Counter(conflict.what for conflict in made.conflicts).items())),
        "blocking": len(made.blocked),
        "conflict_examples": conflicts[:MOST_SHOWN],
        "remarks": dict(sorted(collections.Counter(remark["what"] for remark in remarks).items())),
        "report_path": write(report_path, {"conflicts": conflicts, "remarks": remarks, "explained": {**EXPLAINED, **REMARKS}}),
    }


def _write(params: dict, path: pathlib.Path, content: dict, changed: dict[str, bool]) -> None:
    if changed["ledger"]:
        ledger = open_ledger(params.get("ledger") or {}, params["migration"])
        try:
            accounts.write(ledger, content["accounts"])
        finally:
            ledger.close()
    if changed["file"]:
        # JSON is YAML as well, so this can be loaded as variables.
        text = json.dumps({"account_plan": content}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        try:
            _files.write(path, text.encode(), 0o640)
        except OSError as error:
            raise MigrationError(f"{path} can't be written: {error}.", "The ledger has the plan.", "Correct path, then run again.") from error


def _diff(before: dict, after: dict) -> dict:
    """A line for each account, list and redirected address that is new, gone or other."""
    sides = [_lines(before), _lines(after)]
    return {"before": _cut(sides[0] - sides[1]), "after": _cut(sides[1] - sides[0])}


def _lines(written: dict) -> set[str]:
    """Members of a list have a line each: one that comes or goes is seen, and the list may be long."""
    found = set()
    for kind, entries in written.items():
        for entry in entries:
            found.add(f"{kind}: {json.dumps({key: value for key, value in entry.items() if key != 'members'}, sort_keys=True, ensure_ascii=False)}")
            found |= {f"member of {entry['primary']}: {member}" for member in entry.get("members", ())}
    return found


def _cut(lines: set[str]) -> str:
    shown = sorted(lines)[:MOST_LINES]
    more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return "".join(f"{line}\n" for line in shown + more)


def _told(conflict: Conflict) -> str:
    return f"{conflict.what} ({EXPLAINED[conflict.what]}): {conflict.who}{f', {conflict.detail}' if conflict.detail else ''}"
