# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: address_table
short_description: Accounts and addresses of the account plan, by the ways in which the target gets them
version_added: 0.1.0
author:
  - the messaging.migration contributors (@messaging-migration)
description:
  - Takes the account plan that M(messaging.migration.account_plan) wrote, and tells which accounts are made by which way, and for each address whom it
    has to reach and by which way the target is told so. Each address is told once. Role mirapoint_accounts goes by it.
  - Accounts are those whose mailbox is in O(sources). Their addresses are the primary one, all others, and those under which old mail knows their
    users. The name of the account at O(domain) is an address by itself.
  - Of accounts that are made by V(administration) addresses are distribution lists of one entry. Of those made by V(directory) they are left to the
    attribute for them, if it has a name (O(alias_attribute)). All others are lines of a file.
  - A forward is a line of that file as well, but for an account of V(directory) that keeps no copy, whose entry has it.
options:
  _input:
    description: The account plan, a file on the controller. Empty for none - then all mailboxes are made by IMAP, and there are no addresses.
    type: path
    required: true
  sources:
    description: Source servers with their mailboxes, as the inventory has them.
    type: list
    elements: dict
    required: true
  domain:
    description: Domain of the accounts.
    type: str
    required: true
  way:
    description: How accounts are made.
    type: str
    default: imap
    choices: [imap, administration, directory]
  ways:
    description: The same for single source servers, by their name.
    type: dict
    default: {}
  lists_by:
    description: How lists and redirected addresses are made. Default is V(administration) where any source server is of that way, else V(file).
    type: str
    choices: [administration, file]
  old_by:
    description:
      - How addresses are made under which old mail knows its senders (C(old_addresses)) - as their owner's other addresses, by the file, or not at all, as
        where a filter of the source server rewrites old mail. They are long, and a target may refuse them.
    type: str
    default: like_others
    choices: [like_others, file, none]
  administration:
    description: Whether it is known how the administration protocol is reached.
    type: bool
    default: false
  directory:
    description: Whether it is known how the directory is reached.
    type: bool
    default: false
  alias_attribute:
    description: The directory's attribute for further addresses; empty for none.
    type: str
    default: ""
  unconfirmed_commands:
    description: Names of unconfirmed commands that may be sent, as M(messaging.migration.mirapoint_distribution_list) has them.
    type: raw
    default: []
"""

EXAMPLES = r"""
- name: Tell how many addresses there are, and of which kind
  ansible.builtin.debug:
    msg: "{{ table.addresses }}"
  vars:
    sources: "{{ groups['source_servers'] | map('extract', hostvars, 'source_server') | list }}"
    table: "{{ '/srv/migration/account_plan.yml' | messaging.migration.address_table(sources=sources, domain='example.com', lists_by='file') }}"
"""

RETURN = r"""
_value:
  description:
    - C(problems) are reasons, in words, why this must not be carried out. All else is right only where there are none.
    - C(mailboxes) are all mailboxes of O(sources) as M(messaging.migration.imap_mailbox) takes them.
    - C(users) are the accounts of V(administration) as M(messaging.migration.mirapoint_user) takes them, without passwords. C(directory) are those
      of V(directory) as M(messaging.migration.directory_account) takes them. C(accounts) counts them by way, C(beside) those that are not in
      O(sources).
    - C(lists) are C(domain) and C(lists), as M(messaging.migration.mirapoint_distribution_list) takes them.
    - C(text) is the file, with C(lines) lines, in the form of Postfix's virtual alias maps.
    - C(addresses) counts them by what they are - C(alias), C(old), C(list), C(redirect), C(forward) - and C(by_way) by how they are made.
  type: dict
"""

import collections
import json

from ansible.errors import AnsibleFilterError

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._mirapoint.appliance import switched_on
from ansible_collections.messaging.migration.plugins.module_utils._model.address_table import (
    ADMINISTRATION, DIRECTORY, FILE, IMAP, LIKE_OTHERS, LISTS_BY, OLD_BY, WAYS, Table, Ways, distribution_lists, table, text,
)

# What makes an entry of a list; see the table of commands.
ADDS_ENTRIES = "list_entry_add"
MOST_NAMED = 5


class FilterModule:
    def filters(self):
        return {"address_table": address_table}


def address_table(
    path, sources, domain, way=IMAP, ways=None, lists_by="", old_by=LIKE_OTHERS, administration=False, directory=False, alias_attribute="",
    unconfirmed_commands=None,
):
    """See DOCUMENTATION."""
    plan, ways = _read(path), ways or {}
    try:
        accounts, lists, redirects = (plan[part] for part in ("accounts", "lists", "redirects")) if plan else ([], [], [])
        mailboxes = {(source.get("name") or source["host"], mailbox["name"]): mailbox for source in sources for mailbox in source["mailboxes"]}
        names = {(server, name.casefold()) for server, name in mailboxes}
        servers = {source.get("name") or source["host"] for source in sources}
        used = {ways.get(server, way) for server in servers}
        lists_by = lists_by or (ADMINISTRATION if ADMINISTRATION in used else FILE)
        chosen = [account for account in accounts if _mailbox(account) in names]
        rules = Ways(domain, way, ways, lists_by, bool(alias_attribute), old_by)
        made = table(chosen, lists, redirects, rules)
        by_way = {name: [account for account in chosen if rules.of(account) == name] for name in WAYS}
        forwarded = {entry.address for entry in made.by(DIRECTORY) if entry.kind == "forward"}
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(
            f"The account plan, or a source server, is not as it should be: {type(error).__name__}: {error}. Nothing was touched. Plan anew.",
        ) from error
    problems = _unknown(way, ways, servers, lists_by, old_by)
    if not plan:
        problems += [f"there is no account plan, without which all accounts are made by {IMAP}"] if used - {IMAP} else []
    elif not problems:
        problems = _lacking(used, made, domain, bool(administration), bool(directory), unconfirmed_commands or [])
    return {
        "problems": problems,
        "mailboxes": _mailboxes(mailboxes, chosen),
        "users": [{"name": account["target"], "full_name": account["full_name"]} for account in by_way[ADMINISTRATION]],
        # A forward that the table does not have leads nowhere, or is told otherwise.
        "directory": [_entry(account, rules.own(account["target"]) in forwarded, old_by == LIKE_OTHERS) for account in by_way[DIRECTORY]],
        "accounts": {name: len(found) for name, found in by_way.items()},
        "beside": len(accounts) - len(chosen),
        "lists": distribution_lists(made.by(ADMINISTRATION)),
        "text": text(made.by(FILE)),
        "lines": len([entry for entry in made.by(FILE) if entry.to]),
        "addresses": dict(sorted(collections.Counter(entry.kind for entry in made.entries).items())),
        "by_way": dict(sorted(collections.Counter(entry.way for entry in made.entries).items())),
    }


def _read(path: str) -> dict:
    """Not by a lookup: Ansible goes through each value of a variable, which takes longer with thousands of accounts than all that is done here."""
    if not path:
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)["account_plan"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"{path} is no account plan: {error}. Nothing was touched. Correct the path, or plan anew.") from error


def _entry(account: dict, forwards: bool, has_old: bool) -> dict:
    return {**account, "forward_to": account["forward_to"] if forwards else "", "old_addresses": account["old_addresses"] if has_old else []}


def _mailbox(account: dict) -> tuple[str, str]:
    return account["server"], account["mailbox"].casefold()


def _unknown(way: str, ways: dict, servers: set[str], lists_by: str, old_by: str) -> list[str]:
    """Words that nobody knows."""
    found = [f"way is {way!r}, not one of {', '.join(WAYS)}"] if way not in WAYS else []
    found += [f"the way of {server} is {one!r}, not one of {', '.join(WAYS)}" for server, one in sorted(ways.items()) if one not in WAYS]
    found += [f"ways has {server}, which is no source server" for server in sorted(ways.keys() - servers)]
    found += [f"lists_by is {lists_by!r}, not one of {', '.join(LISTS_BY)}"] if lists_by not in LISTS_BY else []
    return found + ([f"old_by is {old_by!r}, not one of {', '.join(OLD_BY)}"] if old_by not in OLD_BY else [])


def _lacking(used: set[str], made: Table, domain: str, administration: bool, directory: bool, commands) -> list[str]:
    """What it can't be carried out without."""
    found = []
    by_protocol = [entry for entry in made.by(ADMINISTRATION) if entry.to]
    if (ADMINISTRATION in used or by_protocol) and not administration:
        found.append("it is not said how the administration protocol is reached")
    if DIRECTORY in used and not directory:
        found.append("it is not said how the directory is reached")
    if not domain:
        found.append("the domain of the accounts is not said")
    try:
        if by_protocol and ADDS_ENTRIES not in switched_on(commands):
            found.append(
                f"addresses by the administration protocol need {ADDS_ENTRIES}, a command that is not confirmed and not switched on in "
                "unconfirmed_commands; lists_by: file, and another way, do without it"
            )
    except MigrationError as error:
        found.append(f"{error.what} {error.next_step}".strip().removesuffix("."))
    if made.clashes:
        more = f", and {len(made.clashes) - MOST_NAMED} more" if len(made.clashes) > MOST_NAMED else ""
        found.append(f"mail would reach the wrong one at {'; '.join(made.clashes[:MOST_NAMED])}{more}: give one of them another name in the account plan")
    return found


def _mailboxes(mailboxes: dict[tuple[str, str], dict], accounts: list[dict]) -> list[dict]:
    """By their name at the target, with the quota that the inventory gives, or else the plan."""
    planned = {_mailbox(account): account["quota_mb"] for account in accounts}
    found = {}
    for (server, name), mailbox in mailboxes.items():
        quota = mailbox.get("quota_mb")
        quota = planned.get((server, name.casefold())) if quota is None else quota
        found[mailbox.get("target") or name] = {} if quota is None else {"quota_mb": quota}
    return [{"name": name, **quota} for name, quota in sorted(found.items())]
