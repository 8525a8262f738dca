# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Tables of the ledger. Times are seconds since 1970 in UTC, hashes are the 32 bytes of a SHA-256."""

from __future__ import annotations

import functools
import types

from .._libraries import sqlalchemy as sa

VERSION = 9
# The first number of an item of a source without UIDs; see catalogue.py.
MIDDLE = 1 << 30


@functools.lru_cache(maxsize=1)
def tables() -> types.SimpleNamespace:
    """All tables, built at first use so that the module can be documented where SQLAlchemy is missing."""
    meta = sa.MetaData()
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

    # The migration to which the ledger belongs: one row.
    migration = sa.Table(
        "migration",
        meta,
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )

    # What is to move, how far it is, and which worker has it now (the lease).
    mailboxes = sa.Table(
        "mailboxes",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False, unique=True),
        sa.Column("wave", sa.Text, nullable=False),
        sa.Column("test", sa.Boolean, nullable=False),
        # By what its mail is read: imap, ews or pst.
        sa.Column("read_by", sa.Text, nullable=False, default="imap"),
        # Mailboxes with a higher number are taken first.
        sa.Column("priority", sa.Integer, nullable=False, default=0),
        # Counts at the source when it was last looked at: the basis of every estimate.
        sa.Column("source_messages", big, nullable=False, default=0),
        sa.Column("source_bytes", big, nullable=False, default=0),
        sa.Column("copied_at", sa.Float),
        sa.Column("synced_at", sa.Float),
        sa.Column("verified_at", sa.Float),
        sa.Column("grade", sa.Text),
        # The last round of passes that this mailbox has been through, and why it failed there.
        sa.Column("round", sa.Text),
        sa.Column("failure", sa.Text),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", sa.Float, nullable=False, default=0),
        sa.UniqueConstraint("server", "name"),
    )

    # Both spellings of a folder, and the state of the source's folder that the items reflect.
    folders = sa.Table(
        "folders",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mailbox_id", sa.ForeignKey("mailboxes.id"), nullable=False, index=True),
        # As on the wire (modified UTF-7): what the server said is what it is asked for.
        sa.Column("source_name", sa.Text, nullable=False),
        sa.Column("target_name", sa.Text, nullable=False),
        sa.Column("source_uidvalidity", big),
        sa.Column("source_modseq", big),
        sa.Column("source_uidnext", big),
        sa.Column("source_messages", big),
        sa.Column("target_uidvalidity", big),
        # At the target; None while that is being changed.
        sa.Column("subscribed", sa.Boolean, default=False),
        sa.UniqueConstraint("mailbox_id", "source_name"),
        sa.UniqueConstraint("mailbox_id", "target_name"),
    )

    # Folders of the target that are being made or renamed; see folder_intents.py.
    folder_intents = sa.Table(
        "folder_intents",
        meta,
        sa.Column("mailbox_id", sa.ForeignKey("mailboxes.id"), primary_key=True),
        sa.Column("target_name", sa.Text, primary_key=True),
        # None: it is a new one.
        sa.Column("renamed_from", sa.Text),
    )

    # Folders of the target to which the site's filter sent messages of a folder.
    routes = sa.Table(
        "routes",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("folder_id", sa.ForeignKey("folders.id"), nullable=False, index=True),
        sa.Column("target_name", sa.Text, nullable=False),
        sa.Column("target_uidvalidity", big, nullable=False),
        sa.UniqueConstraint("folder_id", "target_name"),
    )

    # A batch on its way, with what items will say of its messages (JSON): committed before it is sent, gone when its UIDs at the
    # target are known.
    intents = sa.Table(
        "intents",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("folder_id", sa.ForeignKey("folders.id"), nullable=False, index=True),
        sa.Column("route", sa.ForeignKey("routes.id")),
        sa.Column("target_uidvalidity", big, nullable=False),
        sa.Column("target_uidnext", big, nullable=False),
        sa.Column("messages", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        # A number is never given twice: a worker that comes late must not take another one's intent for its own.
        sqlite_autoincrement=True,
    )

    # A message that was moved: at the target under target_uid, or without one where its user has removed it there. `sha256` and `size` are
    # of what the target was given, `source_sha256` is of what the source gave, where the site's filter made something else of it.
    items = sa.Table(
        "items",
        meta,
        sa.Column("folder_id", sa.ForeignKey("folders.id"), primary_key=True),
        sa.Column("source_uid", big, primary_key=True, autoincrement=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("size", big, nullable=False),
        sa.Column("flags", sa.Text, nullable=False),
        sa.Column("internal_date", sa.Text, nullable=False),
        sa.Column("target_uid", big),
        sa.Column("source_sha256", sa.LargeBinary(32)),
        # None: it is in the folder's own counterpart.
        sa.Column("route", sa.ForeignKey("routes.id")),
        # target_uid as it was when the content there was read back and was right: what is under a UID never changes (RFC 9051, 2.3.1.1).
        sa.Column("proved_uid", big),
        # Kept in the order of its key, and nowhere twice: it is by far the largest table.
        sqlite_with_rowid=False,
    )

    # Folders that hold no mail: calendars, contacts, tasks, notes. `target` is the target's own name for the place.
    item_folders = sa.Table(
        "item_folders",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mailbox_id", sa.ForeignKey("mailboxes.id"), nullable=False, index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.UniqueConstraint("mailbox_id", "name"),
    )

    # What of them was moved: `version` as the source told it, `name` and `etag` (None: not told, empty: about
    # to change) as the target has it.
    objects = sa.Table(
        "objects",
        meta,
        sa.Column("folder_id", sa.ForeignKey("item_folders.id"), primary_key=True),
        sa.Column("source_uid", big, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("etag", sa.Text),
        # As in items.
        sa.Column("source_sha256", sa.LargeBinary(32)),
        sa.UniqueConstraint("folder_id", "name"),
    )

    # Rights at the target that users were given, by folder and user there, so that what is taken back at the source is taken back there, and
    # nothing else. Not `sure`: about to change.
    grants = sa.Table(
        "grants",
        meta,
        sa.Column("mailbox_id", sa.ForeignKey("mailboxes.id"), primary_key=True),
        sa.Column("folder", sa.Text, primary_key=True),
        sa.Column("who", sa.Text, primary_key=True),
        sa.Column("rights", sa.Text, nullable=False),
        sa.Column("sure", sa.Boolean, nullable=False),
    )

    passes = sa.Table(
        "passes",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mailbox_id", sa.ForeignKey("mailboxes.id"), nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("round", sa.Text, nullable=False, index=True),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False, default=0),
        sa.Column("messages", big, nullable=False, default=0),
        sa.Column("bytes", big, nullable=False, default=0),
        sa.Column("flags", big, nullable=False, default=0),
        sa.Column("deleted", big, nullable=False, default=0),
        sa.Column("folders", big, nullable=False, default=0),
        # Moved from one folder of the target to another, as at the source.
        sa.Column("moved", big, nullable=False, default=0),
        # Events, contacts, tasks and notes that were moved, changed or deleted.
        sa.Column("items", big, nullable=False, default=0),
        # Left out by the site's filter.
        sa.Column("skipped", big, nullable=False, default=0),
        sa.Column("finished", sa.Boolean, nullable=False, default=False),
        # What a pass found out, as JSON: the counts of a verification.
        sa.Column("findings", sa.Text),
    )

    # Whom the target gets an account for, as the account plan says: `document` is all of it as JSON, `entry` is its user in `directory`.
    accounts = sa.Table(
        "accounts",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("directory", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("mailbox", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False, unique=True),
        sa.Column("wave", sa.Text, nullable=False),
        sa.Column("quota_mb", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.UniqueConstraint("directory", "entry"),
        sa.UniqueConstraint("server", "mailbox"),
    )

    # Notices to users, one of a kind each: about to be sent (committed before it is), sent, or refused. `round` is the run that tried last,
    # `reply` the mail host's own words.
    notices = sa.Table(
        "notices",
        meta,
        sa.Column("mailbox_id", sa.ForeignKey("mailboxes.id"), primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("round", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("tried_at", sa.Float, nullable=False),
        sa.Column("sent_at", sa.Float),
        sa.Column("reply", sa.Text, nullable=False, default=""),
    )

    # Quotas of mailboxes at the target, in KiB, that are higher while mail is copied: what they were, committed before they are set, and to what
    # they were raised, 0 for no limit. `state`: about to be raised, raised, or restored, after which they are never raised again.
    quotas = sa.Table(
        "quotas",
        meta,
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("before_kb", big, nullable=False),
        sa.Column("raised_kb", big, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
    )

    # What sends users' mail to the other side, in entries of directories. `before` has the attributes as they were, committed before they were
    # changed; `ours` all that were set since; `contact` the entry that was added for it. All three are JSON.
    routes_in_directory = sa.Table(
        "routes_in_directory",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("directory", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("primary_address", sa.Text, nullable=False),
        sa.Column("wave", sa.Text, nullable=False),
        # routed or restored.
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("ours", sa.Text, nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
        sa.UniqueConstraint("directory", "method", "entry"),
    )

    # What could not be moved as it was. `reason` is a word from _model/reasons.py, `detail` the server's own text.
    exceptions = sa.Table(
        "exceptions",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mailbox_id", sa.ForeignKey("mailboxes.id"), nullable=False, index=True),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("source_uid", big, nullable=False, default=0),
        sa.Column("sha256", sa.LargeBinary(32)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, default="open"),
        sa.Column("approved_by", sa.Text),
        sa.Column("approved_at", sa.Float),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.UniqueConstraint("mailbox_id", "folder", "source_uid", "reason"),
    )

    # Documents of the phases; a changed document is a new row, so what was signed stays readable.
    records = sa.Table(
        "records",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False, default=""),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False, default="{}"),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("signed_by", sa.Text),
        sa.Column("signed_role", sa.Text),
        sa.Column("signed_at", sa.Float),
        sa.Index("records_kind_name", "kind", "name"),
    )

    # How hard each source server may be read, for the workers of all stations: one row a server.
    pace = sa.Table(
        "pace",
        meta,
        sa.Column("server", sa.Text, primary_key=True),
        # Its windows and limits in words, a line each, for the report.
        sa.Column("calendar", sa.Text, nullable=False, default=""),
        # When the next byte and the next message may be read. Nothing is saved up: a time that is over counts as now.
        sa.Column("bytes_at", sa.Float, nullable=False, default=0),
        sa.Column("messages_at", sa.Float, nullable=False, default=0),
        # Bytes that were allowed so far.
        sa.Column("bytes", big, nullable=False, default=0),
        sa.Column("back_off_until", sa.Float, nullable=False, default=0),
        # How often in a row the server asked for less without saying for how long.
        sa.Column("back_off_step", sa.Integer, nullable=False, default=0),
        # What steering by the live server's latency allows, in bytes per second, and which process steers until when.
        sa.Column("ceiling", sa.Float),
        # What was learnt while steering, as JSON.
        sa.Column("steering", sa.Text, nullable=False, default="{}"),
        sa.Column("steered_by", sa.Text),
        sa.Column("steered_until", sa.Float, nullable=False, default=0),
        # Why nobody steers any more, in words, if it was not because the work was done.
        sa.Column("trouble", sa.Text),
        # Latency of the quiet server and of late, in seconds.
        sa.Column("baseline_p50", sa.Float),
        sa.Column("baseline_p95", sa.Float),
        sa.Column("baseline_at", sa.Float),
        sa.Column("latency_p95", sa.Float),
        sa.Column("budget", sa.Float),
        # Counts of samples by latency while mail was read, since the baseline: JSON, see _model/latency.py.
        sa.Column("histogram", sa.Text, nullable=False, default="{}"),
        # The same of the rests between, in which nobody of us read.
        sa.Column("rests", sa.Text, nullable=False, default="{}"),
    )

    # Folders of sources without UIDs, and how far each was listed; see catalogue.py.
    remote_folders = sa.Table(
        "remote_folders",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mailbox_id", sa.ForeignKey("mailboxes.id"), nullable=False, index=True),
        sa.Column("remote_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        # The source's own name for a well-known folder, such as sentitems.
        sa.Column("role", sa.Text, nullable=False, default=""),
        # What the folder told of its last change when all of it had been listed, since when, and whether another change would tell another.
        sa.Column("tag", sa.Text),
        sa.Column("tag_since", sa.Float, nullable=False, default=0),
        sa.Column("at_rest", sa.Boolean, nullable=False, default=False),
        sa.Column("sync_state", sa.Text, nullable=False, default=""),
        sa.Column("complete", sa.Boolean, nullable=False, default=False),
        sa.Column("epoch", sa.Integer, nullable=False, default=0),
        sa.Column("modseq", big, nullable=False, default=1),
        # The numbers that were given: from `low` to below `high`.
        sa.Column("low", big, nullable=False, default=MIDDLE),
        sa.Column("high", big, nullable=False, default=MIDDLE),
        # A folder that is made anew under an old name must not get its number.
        sqlite_autoincrement=True,
    )

    # Their items, also those that are gone.
    remote_items = sa.Table(
        "remote_items",
        meta,
        sa.Column("folder_id", sa.ForeignKey("remote_folders.id"), primary_key=True),
        sa.Column("number", big, primary_key=True, autoincrement=False),
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        sa.Column("remote_id", sa.Text, nullable=False),
        sa.Column("change_key", sa.Text, nullable=False),
        sa.Column("size", big, nullable=False),
        sa.Column("flags", sa.Text, nullable=False),
        sa.Column("internal_date", sa.Text, nullable=False),
        sa.Column("trace", sa.LargeBinary, nullable=False),
        sa.Column("draft", sa.Boolean, nullable=False),
        sa.Column("gone", sa.Boolean, nullable=False),
        sa.Column("modseq", big, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Index("remote_items_key", "folder_id", "key"),
        sa.Index("remote_items_modseq", "folder_id", "modseq"),
    )

    # Evidence of the live server's latency, a line every few seconds.
    latency = sa.Table(
        "latency",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("server", sa.Text, nullable=False, index=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("p50", sa.Float, nullable=False),
        sa.Column("p95", sa.Float, nullable=False),
        sa.Column("samples", sa.Integer, nullable=False),
        # Samples above the budget.
        sa.Column("over", sa.Integer, nullable=False),
        sa.Column("ceiling", sa.Float, nullable=False),
        # Bytes that were allowed since the line before.
        sa.Column("bytes", big, nullable=False),
    )

    # What the operator ordered: one row a source server, and one with an empty name for all that have none.
    orders = sa.Table(
        "orders",
        meta,
        sa.Column("server", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, default=""),
        sa.Column("at", sa.Float, nullable=False),
    )
    return types.SimpleNamespace(
        meta=meta,
        migration=migration,
        mailboxes=mailboxes,
        folders=folders,
        folder_intents=folder_intents,
        routes=routes,
        intents=intents,
        items=items,
        item_folders=item_folders,
        objects=objects,
        grants=grants,
        passes=passes,
        accounts=accounts,
        notices=notices,
        quotas=quotas,
        routes_in_directory=routes_in_directory,
        exceptions=exceptions,
        records=records,
        remote_folders=remote_folders,
        remote_items=remote_items,
        pace=pace,
        latency=latency,
        orders=orders,
    )
