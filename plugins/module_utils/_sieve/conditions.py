# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Conditions and exceptions of an inbox rule (exchangelib's Conditions; EWS: RulePredicatesType) as tests.

Header names and values are those by which Exchange writes its properties to Internet mail (MS-OXCMAIL, 2.2.3). What only Exchange knows,
or counts in its own way, such as whether there are attachments, is said not to be expressible: an approximation might delete mail.
"""

from __future__ import annotations

from .language import Code, NotExpressible, Owner, joined, negation, quoted, smtp, strings, when

KILOBYTE = 1024
SIGNED_OR_ENCRYPTED = 'header :contains "content-type" ["application/pkcs7-mime", "application/x-pkcs7-mime"]'
SIGNED = 'header :contains "content-type" "signed-data"'
IMPORTANCES = {
    "High": 'anyof (header :is "importance" "high", header :matches "x-priority" ["1*", "2*"])',
    "Low": 'anyof (header :is "importance" "low", header :matches "x-priority" ["4*", "5*"])',
}
SENSITIVITIES = {"Personal": "Personal", "Private": "Private", "Confidential": "Company-Confidential"}

WITHOUT_TEST = {
    "categories": "the sender's categories", "contains_header_strings": "words in any header", "flagged_for_action": "the sender's flag",
    "from_connected_accounts": "mail of a connected account", "has_attachments": "whether there are attachments",
    "is_approval_request": "requests for approval", "is_automatic_forward": "forwarded by a rule", "is_meeting_request": "meeting requests",
    "is_meeting_response": "answers to a meeting", "is_ndr": "reports that delivery failed", "is_permission_controlled": "rights management",
    "is_voicemail": "voice mail", "item_classes": "Exchange's class of the message", "message_classifications": "Exchange's classification",
}


def test_of(predicates, owner: Owner) -> list[Code]:
    """A test for each predicate that is set. Raises NotExpressible."""
    found = []
    for field in predicates.FIELDS:
        value = getattr(predicates, field.name)
        if not value and value is not False:
            continue
        if field.name in WITHOUT_TEST:
            raise NotExpressible(f"the condition on {WITHOUT_TEST[field.name]}")
        if value is False:
            # "A value of false indicates that ... must not be", says the reference of each.
            found.append(negation(TESTS[field.name](True, owner)))
        else:
            found.append(TESTS[field.name](value, owner))
    return found


def condition(rule, owner: Owner) -> Code:
    """All conditions, and none of the exceptions."""
    tests = test_of(rule.conditions, owner) if rule.conditions else []
    exceptions = test_of(rule.exceptions, owner) if rule.exceptions else []
    if exceptions:
        tests.append(negation(joined("anyof", exceptions)))
    return joined("allof", tests) if tests else Code("true")


def _contains(*headers: str):
    return lambda words, owner: Code(f"header :contains {strings(headers)} {strings(words)}")


def _body(words, _owner) -> Code:
    return Code(f"body :text :contains {strings(words)}", frozenset({"body"}))


def _subject_or_body(words, owner: Owner) -> Code:
    return joined("anyof", [_contains("subject")(words, owner), _body(words, owner)])


def _is(addresses: list[str], *headers: str) -> Code:
    return Code(f"address :is {strings(headers)} {strings(addresses)}")


def _me(*headers: str):
    return lambda _value, owner: _is(list(owner.addresses), *headers)


def _only_me(_value, owner: Owner) -> Code:
    count = Code('address :count "eq" :comparator "i;ascii-numeric" "to" "1"', frozenset({"comparator-i;ascii-numeric", "relational"}))
    return joined("allof", [_me("to")(True, owner), count])


def _importance(value: str, _owner) -> Code:
    if value in IMPORTANCES:
        return Code(IMPORTANCES[value])
    return negation(joined("anyof", [Code(text) for text in IMPORTANCES.values()]))


def _sensitivity(value: str, _owner) -> Code:
    if value in SENSITIVITIES:
        return Code(f'header :is "sensitivity" {quoted(SENSITIVITIES[value])}')
    return negation(Code(f'header :is "sensitivity" {strings(SENSITIVITIES.values())}'))


def _received(value, _owner) -> Code:
    """When a rule runs is when the message is received."""
    ends = [("ge", value.start_date_time), ("le", value.end_date_time)]
    return joined("allof", [when(relation, moment) for relation, moment in ends if moment] or [Code("true")])


def _size(value, _owner) -> Code:
    """Exchange counts in kilobytes, and both ends belong to the range."""
    tests = []
    if value.minimum_size:
        tests.append(Code(f"size :over {value.minimum_size * KILOBYTE - 1}"))
    if value.maximum_size is not None:
        tests.append(negation(Code(f"size :over {value.maximum_size * KILOBYTE}")))
    return joined("allof", tests or [Code("true")])


TESTS = {
    "contains_body_strings": _body,
    "contains_recipient_strings": _contains("to", "cc"),
    "contains_sender_strings": _contains("from"),
    "contains_subject_or_body_strings": _subject_or_body,
    "contains_subject_strings": _contains("subject"),
    "from_addresses": lambda value, owner: _is(smtp(value), "from"),
    "importance": _importance,
    "is_automatic_reply": lambda value, owner: Code('header :contains "auto-submitted" "auto-replied"'),
    "is_encrypted": lambda value, owner: Code(f"allof ({SIGNED_OR_ENCRYPTED}, not {SIGNED})"),
    "is_read_receipt": lambda value, owner: Code(
        'allof (header :contains "content-type" "multipart/report", header :contains "content-type" "disposition-notification")'
    ),
    "is_signed": lambda value, owner: Code(
        f'anyof (header :contains "content-type" "multipart/signed", allof ({SIGNED_OR_ENCRYPTED}, {SIGNED}))'
    ),
    "not_sent_to_me": lambda value, owner: negation(_me("to")(True, owner)),
    "sensitivity": _sensitivity,
    "sent_cc_me": _me("cc"),
    "sent_only_to_me": _only_me,
    # In Outlook's words "sent to people", whom it looks for in both headers.
    "sent_to_addresses": lambda value, owner: _is(smtp(value), "to", "cc"),
    "sent_to_me": _me("to"),
    "sent_to_or_cc_me": _me("to", "cc"),
    "within_date_range": _received,
    "within_size_range": _size,
}
