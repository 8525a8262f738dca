# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:

    DOCUMENTATION = r"""
options:
  sources:
    description:
      - The source servers with their mailboxes.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the server in the ledger and in messages. Default is its host.
        type: str
      protocol:
        description:
          - Protocol by which the server is talked to.
          - V(ews) is for Exchange 2007 and later; older ones have IMAP only. It needs the Python library exchangelib on the station.
          - By V(ews) journals, feeds and other folders that show web pages (class C(IPF.Note.OutlookHomepage)), and folders that no client shows are left
            out. Those that hold something are counted in C(folders_left_out) of a pass, and listed in the report as exceptions that are approved; of
            address books that no client shows, which Exchange keeps for itself, nothing is said.
        type: str
        default: imap
        choices: [imap, ews]
      host:
        description: Host name; the server's certificate must be valid for it.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        default: 993
      tls:
        description:
          - How the connection is encrypted. Certificates are always verified.
          - V(none) sends passwords and mail in clear text.
        type: str
        default: implicit
        choices: [implicit, starttls, none]
      ca_file:
        description: File with the certificate authorities that are trusted, PEM. Default is the system's.
        type: path
      legacy_tls:
        description:
          - Whether versions of TLS before 1.2 and old ciphers are accepted, as servers of that time need it, such as Exchange 2000, 2003 and 2007
            on Windows 2000, 2003 and 2008. Certificates are verified nevertheless.
          - For O(sources[].protocol=ews) there is O(sources[].ews.legacy_tls).
        type: bool
        default: false
      timeout:
        description: How long an answer of the server may take, in seconds.
        type: float
        default: 60
      login:
        description:
          - "Forms of the login name, with C({mailbox}), C({admin}) and C({domain}) in them."
          - They are tried in this order, each once, and proved by opening INBOX.
        type: list
        elements: str
        default: ["{mailbox}"]
      mechanism:
        description:
          - V(login) logs in by the name that the form gives.
          - V(plain) logs in as the administrator and acts for the name that the form gives (SASL PLAIN, RFC 4616).
        type: str
        default: login
        choices: [login, plain]
      domain:
        description: "Value of C({domain}) in the login forms, for example a Windows domain."
        type: str
        default: ""
      admin:
        description: Account that may open every mailbox.
        type: str
      password:
        description:
          - Password of the administrator. Default is the environment variable E(MIGRATION_SOURCE_PASSWORD).
        type: str
      connections:
        description: How many mailboxes are worked on at the same time on this server, by all stations together.
        type: int
        default: 4
      compress:
        description:
          - Whether to compress what goes over the network, where the server offers C(COMPRESS=DEFLATE).
          - It pays on links below some 50 Mbit/s; on faster ones the processor is the narrower place.
        type: bool
        default: false
      ews:
        description: How the server is talked to by EWS, where the protocol is V(ews). Mailboxes are named by their SMTP address.
        type: dict
        default: {}
        suboptions:
          url:
            description:
              - Address of the web service, such as V(https://mail.example.com/EWS/Exchange.asmx).
              - Default is to find it by autodiscover, which does not work with Exchange 2007.
              - One that begins with V(http:) needs O(sources[].tls=none), since passwords and mail then travel in clear text.
            type: str
          auth:
            description:
              - How to log in. V(kerberos) needs the library requests-gssapi and, where no password is given, a ticket on the station.
              - V(oauth) logs in as an application (client credentials).
              - The tests of this collection log in by all of them but V(kerberos), at a server of their own.
            type: str
            default: ntlm
            choices: [basic, ntlm, kerberos, oauth]
          access:
            description:
              - V(impersonation) acts as the owner of each mailbox, which needs the role ApplicationImpersonation.
              - V(delegation) opens mailboxes to which the account has full access.
              - Both open shared mailboxes, whose own account is disabled.
            type: str
            default: impersonation
            choices: [impersonation, delegation]
          tenant:
            description: Tenant of the application, with O(sources[].ews.auth=oauth).
            type: str
          client_id:
            description: Identity of the application, with O(sources[].ews.auth=oauth).
            type: str
          client_secret:
            description: Secret of the application, with O(sources[].ews.auth=oauth).
            type: str
          token_url:
            description:
              - Where the application gets its tokens, with O(sources[].ews.auth=oauth), such as V(https://adfs.example.com/adfs/oauth2/token).
              - Default is Microsoft's address for the tenant. It must be encrypted.
            type: str
          scope:
            description: What the tokens are asked for, such as V(https://mail.example.com/.default). Default is Exchange Online.
            type: str
          legacy_tls:
            description: Whether versions of TLS before 1.2 and old ciphers are accepted, as some Exchange servers of before 2010 need it.
            type: bool
            default: false
          archive:
            description:
              - Folder at the target into which the in-place archives (Exchange 2010 SP1 and later) of all mailboxes go that have one, such as
                V(Archive). Without it they stay where they are.
              - Folders of an archive that get a name which the mailbox has already are told from it by a number.
              - An archive that was moved and is not found any more fails its mailbox, and nothing is deleted at the target.
            type: str
            default: ""
          recoverable_items:
            description:
              - Folder at the target for what users deleted for good and Exchange still keeps (the folder Deletions of the recoverable items;
                Exchange 2010 SP1 and later), such as V(Deleted for good). Without it they stay, as those of the archives always do.
              - What Exchange removes there until the cut-over, once its time is over, is deleted at the target as well.
              - Each pass lists this folder whole, since whether Exchange tells of changes in it is not confirmed.
            type: str
            default: ""
          public_folder_mailbox:
            description:
              - SMTP address of the public folder mailbox that holds the public folders, for Exchange 2013 and later, which want requests to
                name it (headers C(X-AnchorMailbox) and C(X-PublicFolderMailbox)). That one address does for folders and content is not confirmed.
              - With older servers it is only needed where O(sources[].admin) with the login form is no SMTP address; then it is the account's own.
            type: str
          timezone:
            description:
              - Time zone (IANA) of calendar items of which the server tells no zone, or one that is not known, such as V(Europe/Berlin). Exchange 2007 tells
                none.
              - In it a series of events recurs, so in V(UTC) it is an hour off in one half of the year where there is summer time. Each such series becomes
                an exception that says so.
            type: str
            default: UTC
      pst_despite_password:
        description: Whether PST files are read although their owner gave them a password, which protects nothing. They are refused otherwise.
        type: bool
        default: false
      profile:
        description:
          - Version of the server, for its peculiarities. What a greeting says is not relied on, since it may be in any language.
          - With all versions of Exchange, folders of what is not mail are left out of the copying of mail, see O(sources[].include_folders);
            a mailbox is read by no more than 8 connections at a time, and a connection is renewed before the tenth error, at which Exchange closes it.
          - With all versions of Exchange, a short message from a name without an address that begins with C(Microsoft Exchange Server) is not copied. It
            is what Exchange gives instead of a message that it can't render, which becomes an exception; that it looks so in every version is not confirmed.
          - V(exchange_5_5), V(exchange_2000) and V(exchange_2003) are not asked for their namespace.
          - V(exchange_5_5), V(exchange_2007), V(exchange_2010) and V(exchange_2013) tell estimates as sizes of messages.
          - V(exchange_5_5) is not asked for parts of messages. It does not show folders with a slash in their name, so their mail can't be copied by
            IMAP; where something is seen below such a folder, M(messaging.migration.mailbox_info) counts it as C(unlisted_folders).
          - V(exchange_2007) closes the connection at a folder whose name ends with a blank. Such a folder is not opened, and is an exception until its
            user has renamed it.
          - V(exchange_2013) is for all later versions as well.
        type: str
        default: imap
        choices: [imap, exchange_5_5, exchange_2000, exchange_2003, exchange_2007, exchange_2010, exchange_2013]
      include_folders:
        description:
          - Folders of mail that O(sources[].profile) or O(sources[].exclude_folders) would leave out, as paths with V(/) between names, in any case;
            what is below them is copied as well. They hold for every mailbox of this server.
          - Exchange shows its calendars, contacts, tasks, notes and journals by IMAP as if they were folders of mail, and up to 2003 the public folders
            and mailboxes of other users. They are left out, with all below them, when a folder at the top of a mailbox has the name that Outlook or
            Exchange gives it in any of some twenty languages, unless the server says by an attribute (RFC 6154) that it holds mail.
            A folder of such a name below another folder is the user's own, and is copied.
          - Each folder that is left out is counted in C(folders_left_out) of a pass and listed in the report as an exception that is approved by this setting.
            What was copied of it before is left as it is at the target.
        type: list
        elements: str
        default: []
      exclude_folders:
        description:
          - Further folders to leave out with all below them, in every mailbox of this server, as paths with V(/) between names, in any case.
          - Of O(sources[].include_folders) and this, the longer path holds. An INBOX is never left out.
        type: list
        elements: str
        default: []
      windows:
        description:
          - When mail may be read from this server, and how hard. Without any it may be read at all times.
          - At the end of a window a pass stops cleanly within seconds, and goes on in the next one.
          - Of windows that overlap, the first in the list holds.
        type: list
        elements: dict
        default: []
        suboptions:
          days:
            description: Days on which the window begins; it may go on past midnight.
            type: list
            elements: str
            choices: [mon, tue, wed, thu, fri, sat, sun]
            default: [mon, tue, wed, thu, fri, sat, sun]
          from:
            description:
              - Time of day at which it begins, in quotes, such as V('22:00').
              - A time that the clock skips when it is changed is the moment at which it jumps; one that it shows twice is the first of both.
            type: str
            required: true
          to:
            description: Time of day at which it ends, up to V('24:00'). The same as O(sources[].windows[].from) means a whole day.
            type: str
            required: true
          timezone:
            description: Time zone of these times, such as V(Europe/Berlin).
            type: str
            required: true
          connections:
            description: Mailboxes that are worked on at the same time in this window. Default is O(sources[].connections).
            type: int
          bytes_per_second:
            description: Bytes that may be read in a second in this window, V(0) for no limit. Default is O(sources[].bytes_per_second).
            type: int
          messages_per_second:
            description: Messages that may be read in a second in this window, V(0) for no limit. Default is O(sources[].messages_per_second).
            type: float
      bytes_per_second:
        description:
          - Bytes that may be read from this server in a second, by the workers of all stations together; V(0) for no limit.
          - It holds at all times. Nothing is saved up, so no burst follows a pause.
        type: int
        default: 0
      messages_per_second:
        description: Messages that may be read from this server in a second, likewise.
        type: float
        default: 0
      filter:
        description:
          - A program or Python file of the site's own, on the station, that may change, leave out or route what is moved from this server.
          - What it makes of an item is settled when the item is moved. To change the filter, or to take it away, changes nothing of what was moved.
          - The ledger keeps the SHA-256 of what the source gave and of what the target was given. Moves at the source are recognised by the
            one; what is at the target is verified by the other.
          - What is left out becomes an exception with the reason C(left_out_by_filter), the filter's words and the state C(approved). It is not
            tried again, and M(messaging.migration.mailbox_verify) does not miss it.
          - A filter that fails, or takes too long, costs the item only, which becomes an exception with the reason C(filter_failed) and is tried
            again by the next pass. When 20 items in a row fail with the same words, the mailbox fails.
          - In check mode it is not called.
          - The role P(messaging.migration.migration_station#role) copies its files to the stations.
        type: dict
        suboptions:
          program:
            description:
              - Full path of a program, and its arguments. It is started for each item, with the item's bytes on standard input, in the folder C(/).
              - Its environment has C(MIGRATION_SERVER), C(MIGRATION_MAILBOX), C(MIGRATION_FOLDER), C(MIGRATION_KIND) and
                C(MIGRATION_RECEIVED) (ISO 8601), and no password.
              - It ends with one of these exit statuses. V(0), and standard output is the item. V(80), and the item is left as it is. V(81), and the
                item is left out; the first line of standard error is the reason. V(82), and the first line of standard output is the
                folder of the target mailbox to which the message goes (with slashes between folders), the rest is the message.
              - Any other one is a failure, told with the first line of standard error. So is an item without content.
            type: list
            elements: str
          python:
            description:
              - Full path of a Python file, instead of O(sources[].filter.program). It is run by the Python of the modules, in processes that stay.
              - Its function is called with an item, which has C(content) (bytes), C(server), C(mailbox), C(folder), C(kind) and
                C(received) (ISO 8601). It returns the item, with its C(content) changed or not; or V(None) to leave it as it is; or
                V(item.skip(reason\)) to leave it out; or V(item.route(folder\)) to put the message into that folder.
              - An exception is told by its name and its line in the file, and by the first line of what was written to standard error.
            type: path
          function:
            description: Name of the function in O(sources[].filter.python).
            type: str
            default: handle
          timeout:
            description: How long one item may take, in seconds. What takes longer is killed, with all that it has started.
            type: float
            default: 30
          processes:
            description: How many items are filtered at the same time, by each worker.
            type: int
            default: 1
          kinds:
            description:
              - Kinds of items that it is called for. A message comes as in RFC 5322, with CRLF at the ends of its lines; the others in the format in
                which they are written to the target. Only messages can be routed.
            type: list
            elements: str
            default: [message]
            choices: [message, event, contact, distribution_list, task, note]
      live_probe:
        description:
          - An ordinary user's mailbox, by which the latency of the live server is watched while mail is copied. Before the copy begins
            it is measured how quick the server is without it. The copy is then held back so that the 95th percentile stays within the budget.
          - One second in ten nothing is read, so that what users feel is held against the server as it is now, at work or at night, and
            what others make slow is not taken for the doing of the copy.
          - Where its login is refused in the middle of the copy, it is tried once more when the next step begins, and the module fails if it still
            is. Correct the password and run again.
          - The report shows what was measured.
        type: dict
        suboptions:
          mailbox:
            description:
              - Name of the mailbox, with some hundred messages in its INBOX. It is only read, by IMAP or EWS, as the server is.
            type: str
            required: true
          password:
            description: Password of its user. Default is to log in as the administrator does for other mailboxes. Not with O(sources[].ews.auth=oauth).
            type: str
          latency_budget:
            description: How many times the 95th percentile of the quiet server the latency may be.
            type: float
            default: 1.25
          interval:
            description: Seconds between two reads by and large, no more than 1. Single ones come earlier or later, so as to keep step with no user.
            type: float
            default: 0.2
          baseline_seconds:
            description: How long the quiet server is measured, in seconds. What was measured less than 12 hours ago is not measured again.
            type: float
            default: 30
      mailboxes:
        description:
          - The mailboxes that leave this server, all of them. One that is no longer named is forgotten, unless something was done for it.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: The mailbox at the source server, as its login forms want it.
            type: str
            required: true
          target:
            description: The mailbox at the target server. Default is the same name.
            type: str
          wave:
            description: The wave in which the mailbox cuts over.
            type: str
            default: default
          test:
            description: Whether the mailbox belongs to a test user, whose mailbox is moved first and measured.
            type: bool
            default: false
          password:
            description: Password of this mailbox's own user, instead of the administrator's. Not with O(sources[].ews.auth=oauth).
            type: str
          target_password:
            description: Password of this mailbox's own user at the target server, instead of the administrator's.
            type: str
          quota_mb:
            description: Quota of the mailbox at the target server in MB; used where accounts are made.
            type: int
          priority:
            description: Mailboxes with a higher number are taken first, among those with the same number the largest.
            type: int
            default: 0
          pst:
            description:
              - A PST file on the station that holds this mailbox, as ExMerge writes it. The server is then not asked for it.
              - It needs the Python library libpff-python on the station.
            type: path
          pst_items_only:
            description: Whether only calendars, contacts, tasks and notes come from O(sources[].mailboxes[].pst), and mail from the server.
            type: bool
            default: false
          archive:
            description:
              - The same as O(sources[].ews.archive) for this mailbox, whose archive must be there then. V("") leaves its archive where it is.
            type: str
          recoverable_items:
            description: The same as O(sources[].ews.recoverable_items) for this mailbox. V("") leaves them where they are.
            type: str
          public_folder:
            description:
              - Path of a public folder, such as V(/Sales/Offers), that is moved with all below it into the target mailbox, instead of a mailbox;
                V(/) is all of them. O(sources[].mailboxes[].name) is only what they are called in this migration. By EWS alone.
              - The account itself reads them and needs the right to; only with O(sources[].ews.auth=oauth) it acts for O(sources[].admin).
              - What of the messages was read is told as it is for the account that reads them.
              - Each pass lists them whole, since what Microsoft says of changes in public folders is contradictory.
            type: str
          address:
            description: SMTP address of its user, for M(messaging.migration.user_notice).
            type: str
          language:
            description: Language of its user, likewise, such as V(de).
            type: str
requirements:
  - IMAPClient >= 3.0
  - exchangelib >= 5.5, for servers that are read by EWS
"""

    # One server, without its mailboxes.
    SERVER = r"""
options:
  server:
    description:
      - The mail server.
    type: dict
    required: true
    suboptions:
      name:
        description: Name of the server in the ledger and in messages. Default is its host.
        type: str
      protocol:
        description:
          - Protocol by which the server is talked to.
          - V(ews) is for Exchange 2007 and later; older ones have IMAP only. It needs the Python library exchangelib on the station.
          - By V(ews) journals, feeds and other folders that show web pages (class C(IPF.Note.OutlookHomepage)), and folders that no client shows are left
            out. Those that hold something are counted in C(folders_left_out) of a pass, and listed in the report as exceptions that are approved; of
            address books that no client shows, which Exchange keeps for itself, nothing is said.
        type: str
        default: imap
        choices: [imap, ews]
      host:
        description: Host name; the server's certificate must be valid for it.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        default: 993
      tls:
        description:
          - How the connection is encrypted. Certificates are always verified.
          - V(none) sends passwords and mail in clear text.
        type: str
        default: implicit
        choices: [implicit, starttls, none]
      ca_file:
        description: File with the certificate authorities that are trusted, PEM. Default is the system's.
        type: path
      legacy_tls:
        description:
          - Whether versions of TLS before 1.2 and old ciphers are accepted, as servers of that time need it, such as Exchange 2000, 2003 and 2007
            on Windows 2000, 2003 and 2008. Certificates are verified nevertheless.
          - For O(server.protocol=ews) there is O(server.ews.legacy_tls).
        type: bool
        default: false
      timeout:
        description: How long an answer of the server may take, in seconds.
        type: float
        default: 60
      login:
        description:
          - "Forms of the login name, with C({mailbox}), C({admin}) and C({domain}) in them."
          - They are tried in this order, each once, and proved by opening INBOX.
        type: list
        elements: str
        default: ["{mailbox}"]
      mechanism:
        description:
          - V(login) logs in by the name that the form gives.
          - V(plain) logs in as the administrator and acts for the name that the form gives (SASL PLAIN, RFC 4616).
        type: str
        default: login
        choices: [login, plain]
      domain:
        description: "Value of C({domain}) in the login forms, for example a Windows domain."
        type: str
        default: ""
      admin:
        description: Account that may open every mailbox.
        type: str
      password:
        description:
          - Password of the administrator. Default is the environment variable E(MIGRATION_SOURCE_PASSWORD).
        type: str
      connections:
        description: How many mailboxes are worked on at the same time on this server, by all stations together.
        type: int
        default: 4
      compress:
        description:
          - Whether to compress what goes over the network, where the server offers C(COMPRESS=DEFLATE).
          - It pays on links below some 50 Mbit/s; on faster ones the processor is the narrower place.
        type: bool
        default: false
      ews:
        description: How the server is talked to by EWS, where the protocol is V(ews). Mailboxes are named by their SMTP address.
        type: dict
        default: {}
        suboptions:
          url:
            description:
              - Address of the web service, such as V(https://mail.example.com/EWS/Exchange.asmx).
              - Default is to find it by autodiscover, which does not work with Exchange 2007.
              - One that begins with V(http:) needs O(server.tls=none), since passwords and mail then travel in clear text.
            type: str
          auth:
            description:
              - How to log in. V(kerberos) needs the library requests-gssapi and, where no password is given, a ticket on the station.
              - V(oauth) logs in as an application (client credentials).
              - The tests of this collection log in by all of them but V(kerberos), at a server of their own.
            type: str
            default: ntlm
            choices: [basic, ntlm, kerberos, oauth]
          access:
            description:
              - V(impersonation) acts as the owner of each mailbox, which needs the role ApplicationImpersonation.
              - V(delegation) opens mailboxes to which the account has full access.
              - Both open shared mailboxes, whose own account is disabled.
            type: str
            default: impersonation
            choices: [impersonation, delegation]
          tenant:
            description: Tenant of the application, with O(server.ews.auth=oauth).
            type: str
          client_id:
            description: Identity of the application, with O(server.ews.auth=oauth).
            type: str
          client_secret:
            description: Secret of the application, with O(server.ews.auth=oauth).
            type: str
          token_url:
            description:
              - Where the application gets its tokens, with O(server.ews.auth=oauth), such as V(https://adfs.example.com/adfs/oauth2/token).
              - Default is Microsoft's address for the tenant. It must be encrypted.
            type: str
          scope:
            description: What the tokens are asked for, such as V(https://mail.example.com/.default). Default is Exchange Online.
            type: str
          legacy_tls:
            description: Whether versions of TLS before 1.2 and old ciphers are accepted, as some Exchange servers of before 2010 need it.
            type: bool
            default: false
          archive:
            description:
              - Folder at the target into which the in-place archives (Exchange 2010 SP1 and later) of all mailboxes go that have one, such as
                V(Archive). Without it they stay where they are.
              - Folders of an archive that get a name which the mailbox has already are told from it by a number.
              - An archive that was moved and is not found any more fails its mailbox, and nothing is deleted at the target.
            type: str
            default: ""
          recoverable_items:
            description:
              - Folder at the target for what users deleted for good and Exchange still keeps (the folder Deletions of the recoverable items;
                Exchange 2010 SP1 and later), such as V(Deleted for good). Without it they stay, as those of the archives always do.
              - What Exchange removes there until the cut-over, once its time is over, is deleted at the target as well.
              - Each pass lists this folder whole, since whether Exchange tells of changes in it is not confirmed.
            type: str
            default: ""
          public_folder_mailbox:
            description:
              - SMTP address of the public folder mailbox that holds the public folders, for Exchange 2013 and later, which want requests to
                name it (headers C(X-AnchorMailbox) and C(X-PublicFolderMailbox)). That one address does for folders and content is not confirmed.
              - With older servers it is only needed where O(server.admin) with the login form is no SMTP address; then it is the account's own.
            type: str
          timezone:
            description:
              - Time zone (IANA) of calendar items of which the server tells no zone, or one that is not known, such as V(Europe/Berlin). Exchange 2007 tells
                none.
              - In it a series of events recurs, so in V(UTC) it is an hour off in one half of the year where there is summer time. Each such series becomes
                an exception that says so.
            type: str
            default: UTC
      pst_despite_password:
        description: Whether PST files are read although their owner gave them a password, which protects nothing. They are refused otherwise.
        type: bool
        default: false
      profile:
        description:
          - Version of the server, for its peculiarities. What a greeting says is not relied on, since it may be in any language.
          - With all versions of Exchange, folders of what is not mail are left out of the copying of mail, see O(server.include_folders);
            a mailbox is read by no more than 8 connections at a time, and a connection is renewed before the tenth error, at which Exchange closes it.
          - With all versions of Exchange, a short message from a name without an address that begins with C(Microsoft Exchange Server) is not copied. It
            is what Exchange gives instead of a message that it can't render, which becomes an exception; that it looks so in every version is not confirmed.
          - V(exchange_5_5), V(exchange_2000) and V(exchange_2003) are not asked for their namespace.
          - V(exchange_5_5), V(exchange_2007), V(exchange_2010) and V(exchange_2013) tell estimates as sizes of messages.
          - V(exchange_5_5) is not asked for parts of messages. It does not show folders with a slash in their name, so their mail can't be copied by
            IMAP; where something is seen below such a folder, M(messaging.migration.mailbox_info) counts it as C(unlisted_folders).
          - V(exchange_2007) closes the connection at a folder whose name ends with a blank. Such a folder is not opened, and is an exception until its
            user has renamed it.
          - V(exchange_2013) is for all later versions as well.
        type: str
        default: imap
        choices: [imap, exchange_5_5, exchange_2000, exchange_2003, exchange_2007, exchange_2010, exchange_2013]
      include_folders:
        description:
          - Folders of mail that O(server.profile) or O(server.exclude_folders) would leave out, as paths with V(/) between names, in any case;
            what is below them is copied as well. They hold for every mailbox of this server.
          - Exchange shows its calendars, contacts, tasks, notes and journals by IMAP as if they were folders of mail, and up to 2003 the public folders
            and mailboxes of other users. They are left out, with all below them, when a folder at the top of a mailbox has the name that Outlook or
            Exchange gives it in any of some twenty languages, unless the server says by an attribute (RFC 6154) that it holds mail.
            A folder of such a name below another folder is the user's own, and is copied.
          - Each folder that is left out is counted in C(folders_left_out) of a pass and listed in the report as an exception that is approved by this setting.
            What was copied of it before is left as it is at the target.
        type: list
        elements: str
        default: []
      exclude_folders:
        description:
          - Further folders to leave out with all below them, in every mailbox of this server, as paths with V(/) between names, in any case.
          - Of O(server.include_folders) and this, the longer path holds. An INBOX is never left out.
        type: list
        elements: str
        default: []
      windows:
        description:
          - When mail may be read from this server, and how hard. Without any it may be read at all times.
          - At the end of a window a pass stops cleanly within seconds, and goes on in the next one.
          - Of windows that overlap, the first in the list holds.
        type: list
        elements: dict
        default: []
        suboptions:
          days:
            description: Days on which the window begins; it may go on past midnight.
            type: list
            elements: str
            choices: [mon, tue, wed, thu, fri, sat, sun]
            default: [mon, tue, wed, thu, fri, sat, sun]
          from:
            description:
              - Time of day at which it begins, in quotes, such as V('22:00').
              - A time that the clock skips when it is changed is the moment at which it jumps; one that it shows twice is the first of both.
            type: str
            required: true
          to:
            description: Time of day at which it ends, up to V('24:00'). The same as O(server.windows[].from) means a whole day.
            type: str
            required: true
          timezone:
            description: Time zone of these times, such as V(Europe/Berlin).
            type: str
            required: true
          connections:
            description: Mailboxes that are worked on at the same time in this window. Default is O(server.connections).
            type: int
          bytes_per_second:
            description: Bytes that may be read in a second in this window, V(0) for no limit. Default is O(server.bytes_per_second).
            type: int
          messages_per_second:
            description: Messages that may be read in a second in this window, V(0) for no limit. Default is O(server.messages_per_second).
            type: float
      bytes_per_second:
        description:
          - Bytes that may be read from this server in a second, by the workers of all stations together; V(0) for no limit.
          - It holds at all times. Nothing is saved up, so no burst follows a pause.
        type: int
        default: 0
      messages_per_second:
        description: Messages that may be read from this server in a second, likewise.
        type: float
        default: 0
      filter:
        description:
          - A program or Python file of the site's own, on the station, that may change, leave out or route what is moved from this server.
          - What it makes of an item is settled when the item is moved. To change the filter, or to take it away, changes nothing of what was moved.
          - The ledger keeps the SHA-256 of what the source gave and of what the target was given. Moves at the source are recognised by the
            one; what is at the target is verified by the other.
          - What is left out becomes an exception with the reason C(left_out_by_filter), the filter's words and the state C(approved). It is not
            tried again, and M(messaging.migration.mailbox_verify) does not miss it.
          - A filter that fails, or takes too long, costs the item only, which becomes an exception with the reason C(filter_failed) and is tried
            again by the next pass. When 20 items in a row fail with the same words, the mailbox fails.
          - In check mode it is not called.
          - The role P(messaging.migration.migration_station#role) copies its files to the stations.
        type: dict
        suboptions:
          program:
            description:
              - Full path of a program, and its arguments. It is started for each item, with the item's bytes on standard input, in the folder C(/).
              - Its environment has C(MIGRATION_SERVER), C(MIGRATION_MAILBOX), C(MIGRATION_FOLDER), C(MIGRATION_KIND) and
                C(MIGRATION_RECEIVED) (ISO 8601), and no password.
              - It ends with one of these exit statuses. V(0), and standard output is the item. V(80), and the item is left as it is. V(81), and the
                item is left out; the first line of standard error is the reason. V(82), and the first line of standard output is the
                folder of the target mailbox to which the message goes (with slashes between folders), the rest is the message.
              - Any other one is a failure, told with the first line of standard error. So is an item without content.
            type: list
            elements: str
          python:
            description:
              - Full path of a Python file, instead of O(server.filter.program). It is run by the Python of the modules, in processes that stay.
              - Its function is called with an item, which has C(content) (bytes), C(server), C(mailbox), C(folder), C(kind) and
                C(received) (ISO 8601). It returns the item, with its C(content) changed or not; or V(None) to leave it as it is; or
                V(item.skip(reason\)) to leave it out; or V(item.route(folder\)) to put the message into that folder.
              - An exception is told by its name and its line in the file, and by the first line of what was written to standard error.
            type: path
          function:
            description: Name of the function in O(server.filter.python).
            type: str
            default: handle
          timeout:
            description: How long one item may take, in seconds. What takes longer is killed, with all that it has started.
            type: float
            default: 30
          processes:
            description: How many items are filtered at the same time, by each worker.
            type: int
            default: 1
          kinds:
            description:
              - Kinds of items that it is called for. A message comes as in RFC 5322, with CRLF at the ends of its lines; the others in the format in
                which they are written to the target. Only messages can be routed.
            type: list
            elements: str
            default: [message]
            choices: [message, event, contact, distribution_list, task, note]
      live_probe:
        description:
          - An ordinary user's mailbox, by which the latency of the live server is watched while mail is copied. Before the copy begins
            it is measured how quick the server is without it. The copy is then held back so that the 95th percentile stays within the budget.
          - One second in ten nothing is read, so that what users feel is held against the server as it is now, at work or at night, and
            what others make slow is not taken for the doing of the copy.
          - Where its login is refused in the middle of the copy, it is tried once more when the next step begins, and the module fails if it still
            is. Correct the password and run again.
          - The report shows what was measured.
        type: dict
        suboptions:
          mailbox:
            description:
              - Name of the mailbox, with some hundred messages in its INBOX. It is only read, by IMAP or EWS, as the server is.
            type: str
            required: true
          password:
            description: Password of its user. Default is to log in as the administrator does for other mailboxes. Not with O(server.ews.auth=oauth).
            type: str
          latency_budget:
            description: How many times the 95th percentile of the quiet server the latency may be.
            type: float
            default: 1.25
          interval:
            description: Seconds between two reads by and large, no more than 1. Single ones come earlier or later, so as to keep step with no user.
            type: float
            default: 0.2
          baseline_seconds:
            description: How long the quiet server is measured, in seconds. What was measured less than 12 hours ago is not measured again.
            type: float
            default: 30
requirements:
  - IMAPClient >= 3.0
  - exchangelib >= 5.5, for servers that are read by EWS
"""

    # Which of the mailboxes are meant.
    CHOICE = r"""
options:
  only:
    description:
      - Only these mailboxes, by name or as C(server/name). A name that is not in O(sources) is refused.
    type: list
    elements: str
  wave:
    description:
      - Only mailboxes of this wave.
    type: str
  test_only:
    description:
      - Only mailboxes of test users.
    type: bool
    default: false
"""

    # How passes over mailboxes go about it.
    PASSES = r"""
options:
  order:
    description:
      - Whether the V(oldest) or the V(newest) messages of each folder are moved first. With V(newest) users find their latest mail at the
        target long before all of it is there.
    type: str
    default: oldest
    choices: [oldest, newest]
  only_failed:
    description:
      - Only mailboxes whose last pass failed.
    type: bool
    default: false
  on_foreign:
    description:
      - What to do with a target mailbox that holds mail which this migration did not put there.
      - V(refuse) leaves that mailbox alone and fails; V(keep) moves mail beside it. It is never deleted.
    type: str
    default: refuse
    choices: [refuse, keep]
  fail_on_exceptions:
    description:
      - Whether open exceptions fail the task once everything else is done.
    type: bool
    default: true
  progress_interval:
    description:
      - How soon to show how far it is, in seconds. Each further time takes twice as long, up to two minutes, since each step logs in anew.
    type: float
    default: 15
"""

    # Work that takes long and is shared.
    LONG_WORK = r"""
options:
  workers:
    description:
      - Worker processes on this station. Each works on one mailbox at a time.
    type: int
    default: 2
  time_budget:
    description:
      - Stop cleanly after so many seconds, even if not all is done; RV(finished) tells. V(0) sets no limit.
      - A large message that is being read under a limit is read to its end first.
      - The action plugin of this module calls it in steps of this length to show the progress.
    type: float
    default: 0
  lease_seconds:
    description:
      - A worker that has not been heard of for so many seconds is taken for dead, and its mailbox goes to another one.
    type: float
    default: 120
  wait_for_window:
    description:
      - Whether to wait while every source server that is left is closed by its windows, paused by an order, or wants to be left alone.
        Otherwise it ends, with RV(finished) false, as soon as that is so.
    type: bool
    default: true
  round:
    description:
      - Name of this round. Each mailbox goes through a round once, whichever station takes it; stations that are to share
        the work give the same name. Default is a new name.
    type: str
  report_path:
    description:
      - File on this host that gets the details as JSON.
    type: path
"""
