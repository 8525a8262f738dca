# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attributes that Exchange and Mirapoint bring into a directory, for servers that do not know them. Their OIDs are made up, for tests only."""

from __future__ import annotations

TEXT, TEXTS, NAME, NAMES, FLAG, NUMBER = "text", "texts", "name", "names", "flag", "number"

ATTRIBUTES = {
    "proxyAddresses": TEXTS, "legacyExchangeDN": TEXT, "mailNickname": TEXT, "targetAddress": TEXT, "msExchHomeServerName": TEXT, "homeMDB": NAME,
    "msExchMailboxGuid": TEXT, "msExchHideFromAddressLists": FLAG, "altRecipient": NAME, "deliverAndRedirect": FLAG, "publicDelegates": NAMES,
    "mDBUseDefaults": FLAG, "mDBStorageQuota": NUMBER, "mDBOverQuotaLimit": NUMBER, "mDBOverHardQuotaLimit": NUMBER, "authOrig": NAMES,
    "unauthOrig": NAMES, "dLMemSubmitPerms": NAMES, "dLMemRejectPerms": NAMES, "msExchRequireAuthToSendTo": FLAG, "delivContLength": NUMBER,
    "submissionContLength": NUMBER, "msExchRecipLimit": NUMBER, "msExchDynamicDLFilter": TEXT, "msExchDynamicDLBaseDN": NAME, "msExchQueryFilter": TEXT,
}
# Active Directory's own, which slapd does not know.
OWN = {"sAMAccountName": TEXT, "userAccountControl": NUMBER, "department": TEXT, "displayName": TEXT, "mail": TEXT, "givenName": TEXT}
# Of the directory of Exchange 5.5.
OLD = {
    "otherMailbox": TEXTS, "Hide-From-Address-Book": FLAG, "Assoc-NT-Account": TEXT, "Home-MDB": NAME, "Home-MTA": NAME, "MDB-Use-Defaults": FLAG,
    "MDB-Over-Quota-Limit": NUMBER, "DXA-Task": NUMBER, "Alt-Recipient": NAME, "Deliver-And-Redirect": FLAG, "Public-Delegates": NAMES,
    "Auth-Orig": NAMES, "Target-Address": TEXT,
}
# Of a directory that a Mirapoint appliance takes its users from. Their syntaxes are made up, too.
MIRAPOINT = {
    "miMailQuota": TEXT, "miMailExpirePolicy": TEXT, "miService": TEXTS, "miDefaultJunkmailFilter": TEXT, "miWmprefCharset": TEXT,
    "miWmprefEmailAddress": TEXT, "miWmprefFullName": TEXT, "miWmprefReplyOption": TEXT, "miWmprefTimezone": TEXT, "miForwardingAddress": TEXTS,
    "miDeliveryOption": TEXTS,
}
# Of inetLocalMailRecipient, in slapd's own misc.schema.
LOCAL_RECIPIENT = ("mailHost", "mailRoutingAddress")
# Known to the schemas that slapd brings along.
IN_CORE = {"mail", "givenName", "displayName", "otherMailbox"}
DYNAMIC_GROUP = "msExchDynamicDistributionList"
STORE = "msExchPrivateMDB"

_SYNTAX = "SYNTAX 1.3.6.1.4.1.1466.115.121.1."
_SLAPD = {
    TEXT: f"EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch {_SYNTAX}15 SINGLE-VALUE",
    TEXTS: f"EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch {_SYNTAX}15",
    NAME: f"EQUALITY distinguishedNameMatch {_SYNTAX}12 SINGLE-VALUE",
    NAMES: f"EQUALITY distinguishedNameMatch {_SYNTAX}12",
    FLAG: f"EQUALITY booleanMatch {_SYNTAX}7 SINGLE-VALUE",
    NUMBER: f"EQUALITY integerMatch {_SYNTAX}27 SINGLE-VALUE",
}
_WINDOWS = {TEXT: ("2.5.5.12", 64), TEXTS: ("2.5.5.12", 64), NAME: ("2.5.5.1", 127), NAMES: ("2.5.5.1", 127), FLAG: ("2.5.5.8", 1), NUMBER: ("2.5.5.9", 2)}


def slapd() -> str:
    """For slapd.conf: people, contacts and groups as Active Directory has them, mailboxes and lists as Exchange 5.5 has them, and users of Mirapoint."""
    known = {**ATTRIBUTES, **OWN, **OLD, **MIRAPOINT}
    lines = [
        f"attributetype ( 1.3.6.1.4.1.99999.1.{number} NAME '{name}' {_SLAPD[syntax]} )"
        for number, (name, syntax) in enumerate(known.items(), 1) if name not in IN_CORE
    ]
    may = " $ ".join([*ATTRIBUTES, *OWN, "cn", "sn", "member", "description"])
    old = " $ ".join([*OLD, "mail", "uid", "givenName", "sn", "cn"])
    classes = {
        "user": f"SUP organizationalPerson STRUCTURAL MUST cn MAY ( {may} )",
        "contact": f"SUP top STRUCTURAL MUST cn MAY ( {may} )",
        "group": f"SUP top STRUCTURAL MUST cn MAY ( {may} )",
        DYNAMIC_GROUP: f"SUP top STRUCTURAL MUST cn MAY ( {may} )",
        STORE: f"SUP top STRUCTURAL MUST cn MAY ( {may} )",
        "Remote-Address": f"SUP top STRUCTURAL MUST cn MAY ( {old} )",
        "exchangeRecipient": f"SUP top AUXILIARY MAY ( {old} )",
        "mirapointUser": "SUP top AUXILIARY MAY ( uid $ miService )",
        "mirapointMailUser": f"SUP top AUXILIARY MAY ( {' $ '.join([*MIRAPOINT, *LOCAL_RECIPIENT, 'mail'])} )",
    }
    lines += [f"objectclass ( 1.3.6.1.4.1.99999.2.{number} NAME '{name}' {rest} )" for number, (name, rest) in enumerate(classes.items(), 1)]
    return "\n".join(lines)


def active_directory(schema_dn: str, known: set[str]) -> tuple[str, str]:
    """LDIF that adds what a schema does not know yet, and LDIF that then allows it where mail is received."""
    wanted = {name: syntax for name, syntax in ATTRIBUTES.items() if name not in known}
    attributes, classes = [], []
    for number, (name, syntax) in enumerate(wanted.items(), 1):
        of, om = _WINDOWS[syntax]
        attributes.append(
            f"dn: CN={name},{schema_dn}\nchangetype: add\nobjectClass: attributeSchema\nattributeID: 1.3.6.1.4.1.99999.3.{number}\n"
            f"attributeSyntax: {of}\noMSyntax: {om}\nisSingleValued: {'FALSE' if syntax in (TEXTS, NAMES) else 'TRUE'}\nlDAPDisplayName: {name}\n"
            f"searchFlags: 0\n"
        )
    for number, name in enumerate((DYNAMIC_GROUP, STORE), 1):
        classes.append(
            f"dn: CN={name},{schema_dn}\nchangetype: add\nobjectClass: classSchema\ngovernsID: 1.3.6.1.4.1.99999.4.{number}\nsubClassOf: top\n"
            f"objectClassCategory: 1\nlDAPDisplayName: {name}\nauxiliaryClass: mailRecipient\npossSuperiors: organizationalUnit\npossSuperiors: container\n"
            f"rDNAttID: cn\nmayContain: mail\nmayContain: displayName\n"
        )
    allowed = "".join(f"mayContain: {name}\n" for name in wanted)
    mail_recipient = f"dn: CN=Mail-Recipient,{schema_dn}\nchangetype: modify\nadd: mayContain\n{allowed}"
    return "\n".join(attributes), "\n".join([mail_recipient, *classes])
