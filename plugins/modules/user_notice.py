#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: user_notice
short_description: Tell users of the migration by mail, each of them once
version_added: 0.1.0
description:
  - Sends one kind of notice to each user, in his language, through a mail host that passes it on.
  - The ledger knows who was sent what. A notice of a kind is sent to a user once, also when this is killed and run again.
  - That a message is about to be sent is written down before. Where this was killed, or the connection ended, before the mail host said that it
    took the message, nobody knows whether it did. Such a notice is unsure - it is not sent again, and the module fails in the end and tells its
    Message-ID, until O(on_unsure) says what to do.
  - What the mail host refuses is told with its words, and tried again by the next run. The module then fails in the end. After 20 refusals in a row it
    stops.
  - All that can be known to be wrong is refused before anything is sent - a user without an address, a language without a template, a template
    that asks for something that is not there.
  - Public folders in O(sources) have no user, and are left out.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._source
  - messaging.migration._source.choice
  - messaging.migration._ledger
attributes:
  check_mode:
    support: full
    details:
      - Counts who would be told, and tries the templates; does not connect to the mail host.
  diff_mode:
    support: none
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  kind:
    description:
      - What users are told, such as V(announcement), V(day_before) or V(done). A user gets each kind once. What is to be said again, since
        a date has changed or the migration was taken back, is another kind.
      - Small letters, digits and underscores.
    type: str
    required: true
  templates:
    description:
      - A template for each language, by the language - its text, not its path. It is Jinja2 with a block C(subject), a block C(text), and a block
        C(html) if the message is to have HTML as well, in which values are escaped.
      - It may use C(user) (with C(mailbox), C(target), C(server), C(wave), C(full_name), C(address) and C(language)), C(migration), C(date), which is
        a date of Python if O(date) is given, and C(values). What it uses must be there.
      - It can't reach anything else of this host.
    type: dict
    required: true
  default_language:
    description:
      - Language of users for whom O(sources[].mailboxes[].language) is not given.
    type: str
    default: en
  address_template:
    description:
      - Address of users for whom neither O(sources[].mailboxes[].address) is given, nor the ledger has an account of
        M(messaging.migration.account_plan), and whose mailbox is not called by an address. It may have C({mailbox}) and C({target}).
    type: str
    default: "{mailbox}"
  date:
    description:
      - Day on which mailboxes move, as V(2026-05-12), for templates.
    type: str
  values:
    description:
      - What else templates may use, as C(values), for example C(values.contact).
    type: dict
    default: {}
  sender:
    description:
      - Address of the sender. Refusals to deliver go there.
    type: str
    required: true
  sender_name:
    description:
      - Name of the sender, as users see it.
    type: str
  reply_to:
    description:
      - Address to which users answer, if not to O(sender).
    type: str
  server:
    description:
      - Mail host that takes the messages.
    type: dict
    required: true
    suboptions:
      host:
        description: Host name; with TLS its certificate must be valid for it.
        type: str
        required: true
      port:
        description: TCP port. Default is 587, or 465 with O(server.tls=implicit), or 25 with O(server.tls=none).
        type: int
      tls:
        description:
          - How the connection is encrypted. Certificates are always verified.
          - V(none) sends in clear text, and takes no password.
        type: str
        default: starttls
        choices: [starttls, implicit, none]
      ca_file:
        description: File with the certificates that are trusted, PEM. Default is the system's.
        type: path
      user:
        description: Name for logging in. Default is not to log in.
        type: str
      password:
        description: Password for logging in.
        type: str
      timeout:
        description: How long to wait for each answer, in seconds.
        type: float
        default: 60
  per_minute:
    description:
      - Messages that may be sent in a minute, evenly, by one run after the other; V(0) for no limit.
    type: float
    default: 120
  on_unsure:
    description:
      - What to do with notices of earlier runs of which it is not known whether they were sent, after a look into the mail host's log.
      - V(tell) only tells of them. V(send) sends them again, so that users may have them twice. V(count_as_sent) takes them as sent.
      - To say it for some users, name them in O(only).
    type: str
    default: tell
    choices: [tell, send, count_as_sent]
  time_budget:
    description:
      - How long to work, in seconds; V(0) until everything is done. It ends after a message.
    type: float
    default: 0
  progress_interval:
    description:
      - How soon to show how far it is, in seconds. Each further time takes twice as long, up to two minutes, since the module is called again each time.
    type: float
    default: 15
  round:
    description:
      - Name of this run. Who was refused in it is tried again only by another one. Default is a new name.
    type: str
  report_path:
    description:
      - File on this host that gets the state of each user's notice, with Message-ID and the mail host's words, as JSON. Not written in check mode.
    type: path
requirements:
  - Jinja2 >= 3.1
seealso:
  - module: messaging.migration.mailbox_discover
  - module: messaging.migration.smtp_probe
"""

EXAMPLES = r"""
- name: Tell all users that their mailboxes will move
  messaging.migration.user_notice:
    kind: announcement
    sources: "{{ groups['source_servers'] | map('extract', hostvars, 'source_server') | list }}"
    migration: example
    templates:
      en: "{{ lookup('ansible.builtin.file', 'templates/en/announcement.j2') }}"
      de: "{{ lookup('ansible.builtin.file', 'templates/de/announcement.j2') }}"
    address_template: "{mailbox}@example.com"
    date: "2026-05-12"
    values:
      contact: helpdesk@example.com
    sender: helpdesk@example.com
    sender_name: Help desk
    server:
      host: smtp.example.com
      user: migration
      password: "{{ vault_smtp_password }}"
    report_path: /var/lib/messaging_migration/announcement.json

# A template, en/announcement.j2
#
# {% block subject %}Your mailbox moves on {{ date.strftime('%d %B %Y') }}{% endblock %}
# {% block text %}
# Your mailbox {{ user.mailbox }} moves. Questions: {{ values.contact }}
# {% endblock %}

- name: Send to Anna again, since the mail host never got it
  messaging.migration.user_notice:
    kind: announcement
    sources: "{{ groups['source_servers'] | map('extract', hostvars, 'source_server') | list }}"
    migration: example
    only: [exchange1/anna.berg]
    on_unsure: send
    templates:
      en: "{{ lookup('ansible.builtin.file', 'templates/en/announcement.j2') }}"
    address_template: "{mailbox}@example.com"
    date: "2026-05-12"
    values:
      contact: helpdesk@example.com
    sender: helpdesk@example.com
    server:
      host: smtp.example.com
"""

RETURN = r"""
users:
  description: Users who are meant.
  returned: success
  type: int
  sample: 9812
sent:
  description: Notices that this round sent, or would send in check mode.
  returned: success
  type: int
  sample: 312
sent_before:
  description: Users who had this notice already.
  returned: success
  type: int
  sample: 9500
refused:
  description: Users whose notice the mail host refused the last time it was tried. The module fails where this round tried.
  returned: success
  type: int
  sample: 0
unsure:
  description: Users of whom nobody knows whether their notice was sent. The module fails where there is one.
  returned: success
  type: int
  sample: 0
finished:
  description: Whether all were tried in this round.
  returned: success
  type: bool
  sample: true
round:
  description: Name of this run.
  returned: success
  type: str
  sample: notice-4f1c0a9b2e77
failures:
  description: The first 20 that were refused in this round, C(server), C(mailbox) and C(reason); also returned when the module fails.
  returned: success
  type: list
  elements: dict
  sample: []
unsure_notices:
  description: The first 20 that are unsure; also returned when the module fails because of them.
  returned: success
  type: list
  elements: dict
  sample:
    - server: exchange1
      mailbox: anna.berg
      message_id: <notice.0f3a5c77e1b2d4968a10@example.com>
      tried_at: "2026-05-01T08:00:12+00:00"
  contains:
    server:
      description: Source server.
      type: str
      returned: success
    mailbox:
      description: Mailbox there.
      type: str
      returned: success
    message_id:
      description: Message-ID, by which it is found in the mail host's log.
      type: str
      returned: success
    tried_at:
      description: When it was tried, UTC in ISO 8601.
      type: str
      returned: success
progress:
  description: How far it is.
  returned: success
  type: list
  elements: dict
  sample:
    - server: smtp.example.com
      kind: announcement
      users: 9812
      users_done: 9812
      eta_seconds: 0.0
  contains:
    server:
      description: The mail host.
      type: str
      returned: success
    kind:
      description: The notice.
      type: str
      returned: success
    users:
      description: Users who are meant.
      type: int
      returned: success
    users_done:
      description: Users for whom there is nothing left to do in this round.
      type: int
      returned: success
    eta_seconds:
      description: Seconds until all are done, V(null) while that is not known.
      type: float
      returned: success
report_path:
  description: File with the state of each user's notice; V(null) when none was asked for, in check mode, and while it is not finished.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/announcement.json
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.notices import notify
from ..module_utils._options import LEDGER, choice, sources
from ..module_utils._run import run


def main():
    server = {
        "host": {"type": "str", "required": True},
        "port": {"type": "int"},
        "tls": {"type": "str", "default": "starttls", "choices": ["starttls", "implicit", "none"]},
        "ca_file": {"type": "path"},
        "user": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "timeout": {"type": "float", "default": 60},
    }
    module = AnsibleModule(
        argument_spec={
            **sources(),
            **choice(),
            **LEDGER,
            "kind": {"type": "str", "required": True},
            "templates": {"type": "dict", "required": True},
            "default_language": {"type": "str", "default": "en"},
            "address_template": {"type": "str", "default": "{mailbox}"},
            "date": {"type": "str"},
            "values": {"type": "dict", "default": {}},
            "sender": {"type": "str", "required": True},
            "sender_name": {"type": "str"},
            "reply_to": {"type": "str"},
            "server": {"type": "dict", "required": True, "options": server},
            "per_minute": {"type": "float", "default": 120},
            "on_unsure": {"type": "str", "default": "tell", "choices": ["tell", "send", "count_as_sent"]},
            "time_budget": {"type": "float", "default": 0},
            "progress_interval": {"type": "float", "default": 15},
            "round": {"type": "str"},
            "report_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    run(module, lambda: notify(module.params, module.check_mode))


if __name__ == "__main__":
    main()
