# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inbox rules and automatic replies as Sieve; that servers take the scripts, and what these do, is tested with a real one."""

from __future__ import annotations

import datetime

import exchangelib
import pytest
from exchangelib import properties as ews
from hypothesis import given
from hypothesis import strategies as st
from sievelib.parser import Parser

from ansible_collections.messaging.migration.plugins.module_utils._sieve import conditions, script
from ansible_collections.messaging.migration.plugins.module_utils._sieve.actions import FORWARDS, WITHOUT_ACTION
from ansible_collections.messaging.migration.plugins.module_utils._sieve.language import Owner, quoted

ALL = frozenset("fileinto copy imap4flags body vacation date relational comparator-i;ascii-numeric".split())
ME = Owner(("me@example.org", "me@old.test"), {"F1": "Projects/Größe", "deleteditems": "Trash"}, ALL)
UTC = exchangelib.UTC
STOP = {"stop_processing_rules": True}


def address(text):
    return ews.Address(email_address=text)


def rule(conditions=None, exceptions=None, actions=None, name="Rule", priority=1, **more):
    return ews.Rule(
        display_name=name, priority=priority, is_enabled=more.pop("is_enabled", True), **more,
        conditions=ews.Conditions(**conditions) if conditions else None, exceptions=ews.Exceptions(**exceptions) if exceptions else None,
        actions=ews.Actions(**(STOP if actions is None else actions)),
    )


def made(*rules, settings=None, owner=ME):
    result = script.script(rules, settings, owner)
    if result.text and "date" not in result.text and "count" not in result.text:
        parser = Parser()
        assert parser.parse(result.text), (parser.error, result.text)
    return result


def test_a_rule_with_all_parts():
    whole = rule(
        {"contains_subject_strings": ["plan", 'a "b\\'], "from_addresses": [address("anna@example.org")]}, {"sent_cc_me": True, "importance": "Low"},
        {
            "assign_categories": ["Project A"], "mark_as_read": True, "redirect_to_recipients": [address("bob@example.org")],
            "move_to_folder": ews.MoveToFolder(folder_id=ews.FolderId(id="F1")), "stop_processing_rules": True,
        },
        name="Plans\r\nstop;",
    )
    assert made(whole).text == r"""# Inbox rules and automatic reply as they were in Exchange.
require ["copy", "fileinto", "imap4flags"];

# Plans stop;
if allof (header :contains "subject" ["plan", "a \"b\\"], address :is "from" "anna@example.org", not anyof (anyof (header :is "importance" """ + (
        r""""low", header :matches "x-priority" ["4*", "5*"]), address :is "cc" ["me@example.org", "me@old.test"])) {
    addflag ["\\Seen", "Project_A"];
    redirect :copy "bob@example.org";
    fileinto "Projects/Größe";
    stop;
}
""")


MINE = '["me@example.org", "me@old.test"]'
SMIME = 'header :contains "content-type" ["application/pkcs7-mime", "application/x-pkcs7-mime"]'
SIGNED = 'header :contains "content-type" "signed-data"'


@pytest.mark.parametrize(
    ("name", "value", "test"),
    [
        ("contains_body_strings", ["x"], 'body :text :contains "x"'),
        ("contains_recipient_strings", ["x", "y"], 'header :contains ["to", "cc"] ["x", "y"]'),
        ("contains_sender_strings", ["x"], 'header :contains "from" "x"'),
        ("contains_subject_or_body_strings", ["x"], 'anyof (header :contains "subject" "x", body :text :contains "x")'),
        ("contains_subject_strings", ["x"], 'header :contains "subject" "x"'),
        ("from_addresses", [address("a@b.c"), address("d@e.f")], 'address :is "from" ["a@b.c", "d@e.f"]'),
        ("importance", "High", conditions.IMPORTANCES["High"]),
        ("importance", "Normal", f"not anyof ({conditions.IMPORTANCES['High']}, {conditions.IMPORTANCES['Low']})"),
        ("is_automatic_reply", True, 'header :contains "auto-submitted" "auto-replied"'),
        ("is_encrypted", True, f"allof ({SMIME}, not {SIGNED})"),
        ("is_signed", True, f'anyof (header :contains "content-type" "multipart/signed", allof ({SMIME}, {SIGNED}))'),
        (
            "is_read_receipt", True,
            'allof (header :contains "content-type" "multipart/report", header :contains "content-type" "disposition-notification")',
        ),
        ("not_sent_to_me", True, f'not address :is "to" {MINE}'),
        ("sensitivity", "Confidential", 'header :is "sensitivity" "Company-Confidential"'),
        ("sensitivity", "Normal", 'not header :is "sensitivity" ["Personal", "Private", "Company-Confidential"]'),
        ("sent_cc_me", True, f'address :is "cc" {MINE}'),
        ("sent_only_to_me", True, f'allof (address :is "to" {MINE}, address :count "eq" :comparator "i;ascii-numeric" "to" "1")'),
        ("sent_to_addresses", [address("a@b.c")], 'address :is ["to", "cc"] "a@b.c"'),
        ("sent_to_me", True, f'address :is "to" {MINE}'),
        ("sent_to_me", False, f'not address :is "to" {MINE}'),
        ("sent_to_or_cc_me", True, f'address :is ["to", "cc"] {MINE}'),
        (
            "within_date_range",
            ews.WithinDateRange(
                start_date_time=exchangelib.EWSDateTime(2026, 1, 2, 3, tzinfo=UTC), end_date_time=exchangelib.EWSDateTime(2027, 1, 1, tzinfo=UTC),
            ),
            'allof (currentdate :zone "+0000" :value "ge" "iso8601" "2026-01-02T03:00:00+00:00", '
            'currentdate :zone "+0000" :value "le" "iso8601" "2027-01-01T00:00:00+00:00")',
        ),
        ("within_size_range", ews.WithinSizeRange(minimum_size=10, maximum_size=20), "allof (size :over 10239, not size :over 20480)"),
        ("within_size_range", ews.WithinSizeRange(minimum_size=10), "size :over 10239"),
    ],
)
def test_conditions_and_exceptions(name, value, test):
    text = made(rule({name: value})).text
    assert f"\nif {test} {{\n    stop;\n}}\n" in text
    negated = made(rule(exceptions={name: value})).text
    assert f"\nif not {test} {{\n    stop;\n}}\n" in negated


def test_every_condition_has_a_test_or_a_reason():
    names = {field.name for field in ews.Conditions.FIELDS}
    assert names == set(conditions.TESTS) | set(conditions.WITHOUT_TEST) and not set(conditions.TESTS) & set(conditions.WITHOUT_TEST)


@pytest.mark.parametrize("name", sorted(conditions.WITHOUT_TEST))
@pytest.mark.parametrize("part", ["conditions", "exceptions"])
def test_a_rule_of_which_a_part_has_no_words_is_left_out_whole(name, part):
    field = ews.Conditions.get_field_by_fieldname(name)
    value = ["x"] if field.is_list else "Any" if name == "flagged_for_action" else True
    result = made(rule(**{part: {name: value, **({} if name == "categories" else {"contains_subject_strings": ["x"]})}}), rule(name="Next", priority=2))
    assert [(one.rule, one.moved) for one in result.remarks] == [("Rule", False)]
    assert conditions.WITHOUT_TEST[name] in result.remarks[0].text and "the rules after it" in result.remarks[0].text
    assert "# Next" in result.text and "# Rule" not in result.text


@pytest.mark.parametrize(
    ("actions", "lines"),
    [
        ({"assign_categories": ["Büro", "$x"]}, ['addflag ["B=C3=BCro", "=24x"];']),
        ({"mark_as_read": True}, ['addflag "\\\\Seen";']),
        ({"copy_to_folder": ews.CopyToFolder(folder_id=ews.FolderId(id="F1"))}, ['fileinto :copy "Projects/Größe";']),
        ({"move_to_folder": ews.MoveToFolder(distinguished_folder_id=ews.DistinguishedFolderId(id="deleteditems"))}, ['fileinto "Trash";']),
        ({"delete": True}, ['fileinto "Trash";']),
        ({"permanent_delete": True}, ["discard;"]),
        ({"redirect_to_recipients": [address("a@b.c"), address("d@e.f")]}, ['redirect :copy "a@b.c";', 'redirect :copy "d@e.f";']),
        ({"stop_processing_rules": True}, ["stop;"]),
    ],
)
def test_actions(actions, lines):
    result = made(rule(actions=actions))
    assert result.text.endswith("\nif true {\n" + "".join(f"    {line}\n" for line in lines) + "}\n") and not result.remarks


def test_forwarding_is_told_to_be_a_little_different():
    result = made(rule(actions={"forward_to_recipients": [address("a@b.c")]}))
    assert 'redirect :copy "a@b.c";' in result.text and result.remarks == (script.Remark("Rule", True, FORWARDS),)


@pytest.mark.parametrize(
    ("actions", "why"),
    [
        ({"forward_as_attachment_to_recipients": [address("a@b.c")]}, WITHOUT_ACTION["forward_as_attachment_to_recipients"]),
        ({"mark_importance": "High"}, WITHOUT_ACTION["mark_importance"]),
        ({"send_sms_alert_to_recipients": [address("1")]}, WITHOUT_ACTION["send_sms_alert_to_recipients"]),
        ({"server_reply_with_message": ews.ItemId(id="x")}, WITHOUT_ACTION["server_reply_with_message"]),
        ({"move_to_folder": ews.MoveToFolder(folder_id=ews.FolderId(id="unknown"))}, "not at the target"),
        ({"redirect_to_recipients": [address("/o=Old/cn=anna")]}, "no SMTP address"),
        ({"redirect_to_recipients": [address('a@b.c";discard;"')]}, "no SMTP address"),
        ({}, "without an action"),
    ],
)
def test_actions_without_words(actions, why):
    result = made(rule(actions={**actions, "mark_as_read": True} if actions else {}))
    assert result.text == "" and why in result.remarks[0].text and not result.remarks[0].moved


@pytest.mark.parametrize(
    ("state", "why"),
    [({"is_enabled": False}, "switched off"), ({"is_in_error": True}, "can't run"), ({"is_not_supported": True}, "can't run")],
)
def test_rules_that_do_nothing_in_exchange(state, why):
    [remark] = made(rule(**state)).remarks
    assert why in remark.text and ("the rules after it" in remark.text) == ("is_enabled" not in state)


def test_order_is_that_of_priority_and_the_text_is_always_the_same():
    rules = [rule(name=name, priority=number) for name, number in (("Third", 30), ("First", 1), ("Second", 2))]
    text = made(*rules).text
    assert text.index("# First") < text.index("# Second") < text.index("# Third")
    assert made(*reversed(rules)).text == text


def test_extensions_that_the_target_lacks():
    poor = Owner(ME.addresses, ME.folders, frozenset({"fileinto"}))
    body, move = rule({"contains_body_strings": ["x"]}, name="Body"), rule(actions={"delete": True}, name="Move", priority=2)
    result = made(body, move, settings=absence("Enabled"), owner=poor)
    assert 'require ["fileinto"];' in result.text and "# Move" in result.text
    assert [(one.rule, one.text.split(";")[0]) for one in result.remarks] == [
        (script.ABSENCE, "the target's Sieve lacks vacation"), ("Body", "the target's Sieve lacks body"),
    ]


def absence(state, inside="Away", outside="Away", audience="All", **more):
    return exchangelib.OofSettings(state=state, internal_reply=inside, external_reply=outside, external_audience=audience, **more)


VACATION = 'vacation :days {} :addresses ["me@example.org", "me@old.test"] "{}";'
INSIDE = 'address :domain :is "from" ["example.org", "old.test"]'


def test_one_reply_for_all():
    text = made(rule(), settings=absence("Enabled", "<html><body><p>Away &amp; \"gone\"</p></body></html>", "Away & \"gone\"")).text
    assert "if true {\n    " + VACATION.format(30, 'Away & \\"gone\\"') + "\n}\n" in text
    # Rules that stop come later.
    assert text.index("vacation :days") < text.index("stop;")


def test_one_reply_for_colleagues_and_another_for_the_world():
    text = made(settings=absence("Enabled", "In", "Out\r\nside")).text
    assert f"if {INSIDE} {{\n    {VACATION.format(30, 'In')}\n}}\nif not {INSIDE} {{\n    {VACATION.format(30, 'Out{}side'.format(chr(10)))}\n}}\n" in text
    only = made(settings=absence("Enabled", audience="None"), owner=Owner(ME.addresses, {}, ALL, ("corp.test",)))
    assert only.text.count("vacation :days") == 1 and 'if address :domain :is "from" "corp.test" {' in only.text


def test_contacts_are_not_told_from_strangers():
    result = made(settings=absence("Enabled", audience="Known"))
    assert result.text.count("vacation :days") == 1 and "who of them is a contact" in result.remarks[0].text and result.remarks[0].moved


@pytest.mark.parametrize(("hours", "days"), [(1, 1), (24, 1), (25, 2), (24 * 90, 30)])
def test_an_absence_with_a_beginning_and_an_end(hours, days):
    start = exchangelib.EWSDateTime(2026, 7, 1, 6, tzinfo=UTC)
    text = made(settings=absence("Scheduled", start=start, end=start + datetime.timedelta(hours=hours))).text
    assert 'require ["date", "relational", "vacation"];' in text and f":days {days} " in text
    assert 'allof (currentdate :zone "+0000" :value "ge" "iso8601" "2026-07-01T06:00:00+00:00", currentdate :zone "+0000" :value "lt" ' in text


def test_no_absence():
    assert made(settings=absence("Disabled", "", "")) == script.Script("", ())
    assert made(settings=None) == script.Script("", ())
    [remark] = made(settings=absence("Disabled")).remarks
    assert not remark.moved and "switched off" in remark.text
    assert made(settings=absence("Enabled", "", "")).text == ""


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_of_the_user_ends_its_string(words, name):
    text = script.script([rule({"contains_subject_strings": [words]}, name=name)], None, ME).text
    inner = quoted(words)[1:-1].replace("\\\\", "").replace('\\"', "")
    assert '"' not in inner and "\\" not in inner
    before, found, after = text.partition(f'header :contains "subject" {quoted(words)}')
    assert found and after == " {\n    stop;\n}\n"
    # Each line before it is empty, a comment, or the beginning of the rule.
    assert before.endswith("\nif ") and all(not line or line.startswith("#") for line in before[:-3].split("\n"))
