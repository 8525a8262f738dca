# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inbox rules of Exchange, where a real server delivers mail by the script that we make of them."""

from __future__ import annotations

import datetime

import exchangelib
import pytest
from exchangelib import properties as ews

from ansible_collections.messaging.migration.plugins.module_utils._errors import LoginRefused, MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._sieve import conditions, upload
from ansible_collections.messaging.migration.plugins.module_utils._sieve.language import Owner
from ansible_collections.messaging.migration.plugins.module_utils._sieve.script import script

FOLDERS = {"P": "Projects/Größe", "L": "Lists", "deleteditems": "Trash"}
UTC = exchangelib.UTC


def mail(subject, body="Hello", **headers):
    lines = {"From": "Sender <sender@elsewhere.test>", "To": "anna@example.org", "Subject": subject, "Message-ID": f"<{subject}@elsewhere.test>", **headers}
    return "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in lines.items()) + f"\n{body}\n"


def rule(name, priority, conditions=None, actions=None, exceptions=None):
    return ews.Rule(
        display_name=name, priority=priority, is_enabled=True, conditions=ews.Conditions(**conditions) if conditions else None,
        exceptions=ews.Exceptions(**exceptions) if exceptions else None, actions=ews.Actions(**actions),
    )


def to(folder, kind=ews.MoveToFolder):
    return kind(folder_id=ews.FolderId(id=folder))


def address(text):
    return ews.Address(email_address=text)


@pytest.fixture
def moved(sieve):
    """Makes the rules those of anna, and returns the script with what was remarked."""

    def move(*rules, settings=None):
        session = sieve.session("anna")
        made = script(rules, settings, Owner(("anna@example.org", "anna@old.test"), FOLDERS, session.extensions))
        assert upload.upload(session, made.text) == (upload.ACTIVE, True)
        session.close()
        sieve.folder("anna", "Projects", "Projects/Größe", "Lists", "Trash")
        return made

    return move


def test_mail_lands_where_the_rule_says(sieve, moved):
    moved(
        rule("Plans", 1, {"contains_subject_strings": ["plan"]}, {
            "move_to_folder": to("P"), "mark_as_read": True, "assign_categories": ["Büro"], "stop_processing_rules": True,
        }, {"from_addresses": [address("boss@example.org")]}),
        rule("Lists", 2, {"sent_to_addresses": [address("list@example.org")]}, {"copy_to_folder": to("L", ews.CopyToFolder)}),
        rule("Junk", 3, {"contains_subject_or_body_strings": ["casino"]}, {"delete": True}),
        rule("Gone", 4, {"importance": "Low", "not_sent_to_me": True}, {"permanent_delete": True}),
        rule("On", 5, {"within_size_range": ews.WithinSizeRange(minimum_size=50)}, {"redirect_to_recipients": [address("bob@example.org")]}),
    )
    for message in (
        mail("The Plan"), mail("plan of the boss", From="boss@example.org"), mail("to the list", Cc="list@example.org"),
        mail("Win", "in our Casino"), mail("nobody", To="other@example.org", Importance="low"), mail("mine", Importance="low"),
        mail("large", "x" * 72 + "\n" + ("y" * 72 + "\n") * 800), mail("plan to the list", To="list@example.org"),
    ):
        sieve.deliver("anna", message)
    found = {folder: sorted(messages) for folder, messages in sieve.found("anna").items()}
    marked = ("B=C3=BCro", "\\Seen")
    assert found == {
        "INBOX": [("large", ()), ("mine", ()), ("plan of the boss", ()), ("to the list", ())],
        "Projects/Größe": [("The Plan", marked), ("plan to the list", marked)],
        "Lists": [("to the list", ())],
        "Trash": [("Win", ())],
    }
    [passed_on] = sieve.sent
    assert "bob@example.org" in passed_on.split("\n")[0] and "Subject: large" in passed_on


def test_the_mailbox_owner_is_found_by_all_addresses(sieve, moved):
    moved(
        rule("Only me", 1, {"sent_only_to_me": True}, {"move_to_folder": to("P")}),
        rule("Copies", 2, {"sent_cc_me": True}, {"move_to_folder": to("L")}),
    )
    for message in (
        mail("alone", To="ANNA@old.test"), mail("two", To="anna@example.org, bob@example.org"), mail("copy", To="bob@example.org", Cc="anna@example.org"),
    ):
        sieve.deliver("anna", message)
    found = {folder: [subject for subject, _flags in messages] for folder, messages in sieve.found("anna").items()}
    assert found == {"Projects/Größe": ["alone"], "Lists": ["copy"], "INBOX": ["two"]}


def absence(shift):
    start = exchangelib.EWSDateTime.now(tz=UTC) + datetime.timedelta(days=shift)
    return exchangelib.OofSettings(
        state="Scheduled", start=start, end=start + datetime.timedelta(days=2), external_audience="All",
        internal_reply='<html><body><p>Back "soon"</p><p>. Grüße</p></body></html>', external_reply="Out of office",
    )


def test_the_reply_to_colleagues_and_to_others(sieve, moved):
    moved(rule("All stop", 1, None, {"stop_processing_rules": True}), settings=absence(-1))
    for sender in ("boss@example.org", "boss@example.org", "stranger@elsewhere.test"):
        sieve.deliver("anna", mail(f"to {sender}", From=sender), sender)
    inside, outside = sieve.sent if "boss" in sieve.sent[0] else reversed(sieve.sent)
    assert "boss@example.org" in inside.split("\n")[0] and 'Back "soon"' in inside
    assert "stranger@elsewhere.test" in outside.split("\n")[0] and "Out of office" in outside and "Back" not in outside
    assert len(sieve.found("anna")["INBOX"]) == 3


@pytest.mark.parametrize("days", [-3, 1])
def test_no_reply_before_and_after_the_absence(sieve, moved, days):
    moved(settings=absence(days))
    sieve.deliver("anna", mail("hello"))
    assert sieve.sent == []


def every_value():
    now = exchangelib.EWSDateTime.now(tz=UTC)
    special = {
        "importance": "Normal", "sensitivity": "Normal", "within_size_range": ews.WithinSizeRange(minimum_size=1, maximum_size=9),
        "within_date_range": ews.WithinDateRange(start_date_time=now, end_date_time=now),
    }
    for field in ews.Conditions.FIELDS:
        if field.name in conditions.TESTS:
            some = [address("a@b.c"), address("d@e.f")] if field.name.endswith("addresses") else ['a "quoted\\"', "Grüße\r\n.\r\n}", "${x}"]
            yield {field.name: special.get(field.name, some if field.is_list else True)}


def test_the_server_takes_every_condition_and_action(sieve):
    session = sieve.session("anna")
    owner = Owner(("anna@example.org", "anna@old.test"), FOLDERS, session.extensions)
    actions = {
        "assign_categories": ["$Odd {name}"], "copy_to_folder": to("L", ews.CopyToFolder), "forward_to_recipients": [address("a@b.c")],
        "mark_as_read": True, "move_to_folder": to("P"), "redirect_to_recipients": [address("d@e.f")], "delete": True, "permanent_delete": True,
    }
    rules = [rule(f"R{number} */\r\nstop;", number, value, actions, value) for number, value in enumerate(every_value())]
    made = script(rules, absence(0), owner)
    assert {remark.moved for remark in made.remarks} == {True} and made.text.count("\nif ") == len(rules) + 2
    session.check(made.text)
    session.put("all", made.text)
    assert session.get("all") == made.text
    session.close()


def test_scripts_of_the_user_stay(sieve):
    session = sieve.session("anna")
    session.put('my "own"', 'keep;\n# Grüße\n')
    session.activate('my "own"')
    assert upload.upload(session, "discard;\n") == (upload.BESIDE, True)
    assert session.scripts() == {'my "own"': True, upload.NAME: False}
    assert upload.upload(session, "discard;\n") == (upload.BESIDE, False)
    assert session.get('my "own"') == 'keep;\n# Grüße\n'
    session.close()


def test_upload_twice_check_mode_and_a_user_who_changed_ours(sieve):
    session = sieve.session("anna")
    assert upload.upload(session, "keep;\n", check=True) == (upload.ACTIVE, True) and session.scripts() == {}
    assert [upload.upload(session, "keep;\n") for _time in range(2)] == [(upload.ACTIVE, True), (upload.ACTIVE, False)]
    session.put(upload.NAME, session.get(upload.NAME) + "stop;\n")
    assert upload.upload(session, "discard;\n") == (upload.KEPT, False)
    with pytest.raises(MigrationError, match="refuses the script"):
        session.put(upload.NAME, upload.sealed("keep;\n"))
        upload.upload(session, "no such command;\n")
    session.close()


def test_a_certificate_that_nobody_signed_and_a_wrong_password(sieve):
    with pytest.raises(MigrationError, match="is not trusted"):
        sieve.session("anna", ca_file=None)
    with pytest.raises(LoginRefused):
        sieve.session("anna", password="wrong")


def test_the_user_himself_and_the_login_form_of_an_administrator(sieve):
    own = sieve.session("anna", admin=None, password=sieve.dovecot.user_password)
    assert own.scripts() == {} and "vacation" in own.extensions
    own.close()
    form = sieve.session("anna", mechanism="login", login=("{mailbox}*{admin}",))
    assert form.scripts() == {}
    form.close()
