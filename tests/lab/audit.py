# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Independent audit of a migration: reads every mailbox at both ends and compares. Knows nothing of the collection.

    audit.py --config FILE --output FILE [--workers 2]

FILE (JSON): {"ca_file": "...", "live_log": "live.jsonl" or null, "probe": pattern of Message-IDs,
              "approved": [SHA-256 of messages that were approved to stay behind, ...],
              "sources": [{"name": "exchange55", "host": "...", "port": 993, "mechanism": "login" or "plain", "admin": "migadmin",
                           "login": "EXAMPLE/migadmin/{mailbox}", "password": "...", "mailboxes": [{"name": "...", "target": "..."}]}],
              "target": {the same without mailboxes; "login" may hold {target}}}
With mechanism plain `login` is the authorization identity and `admin` the authentication identity. "tls": false = in clear.
"left_out": folders at the top that hold no mail and must not be at the target, with all below them.
"read_by": "ews" = the migration reads this server by EWS, and Exchange keeps of a message what Kept says.

A message is the same if its bytes are (SHA-256 of BODY[]). A folder is the same if its names agree in letters and digits
(any case, any other character; a number behind the name is allowed where names would clash); of several that could be the
same, those with the most mail in common are. Everything is counted per copy: three equal messages have to be three.
What was approved to stay behind is counted as "approved" and is nothing that was found. Exit code 0 only if nothing is found.
"""
from __future__ import annotations

import argparse
import base64
import concurrent.futures
import hashlib
import imaplib
import json
import re
import ssl
import sys
import time
import unicodedata
from collections import Counter, defaultdict
from datetime import datetime
from typing import NamedTuple

BATCH = 100
PROBE = r"<migration-probe\."
KINDS = ["missing", "doubled", "altered", "misplaced", "flags_differ", "dates_differ", "subscriptions_differ", "folders_missing", "extra",
         "live_missing", "live_doubled", "live_in_wrong_mailbox", "live_undelivered", "unreadable"]


class Message(NamedTuple):
    digest: str
    flags: frozenset[str]
    date: float
    identity: str  # Message-ID, or the token of live mail
    token: str     # of live mail, else empty
    probe: bool


class Kept(NamedTuple):
    """What is left of a message on its way through Exchange (fact sheet, EWS): boundaries are made anew at each reading, so their names do not
    count; the last of replied and forwarded is kept; keywords are categories, spelt in the "Q" encoding; all folders count as subscribed."""

    ews: bool = False

    def data(self, data: bytes) -> bytes:
        return unbounded(data) if self.ews else data

    def flags(self, flags: frozenset[str]) -> frozenset[str]:
        if not self.ews:
            return flags
        kept = flags - {"\\deleted"} - ({"\\answered"} if "$forwarded" in flags else set())
        return frozenset(flag if flag.startswith("\\") or flag == "$forwarded" else re.sub(r"[^a-z0-9.=_-]", lambda one: f"={ord(one[0]):02x}", flag)
                         for flag in kept)

    def subscribed(self, subscribed: bool) -> bool:
        return subscribed or self.ews


class Folder(NamedTuple):
    name: str      # as people read it
    normal: tuple[str, ...]
    subscribed: bool
    messages: list[Message]


# --- reading ---------------------------------------------------------------------------------------------------

def decoded(name: str) -> str:
    """Modified UTF-7 (RFC 3501, 5.1.3)."""
    def shifted(found: re.Match) -> str:
        return base64.b64decode(found[1].replace(",", "/") + "===").decode("utf-16-be") if found[1] else "&"
    return re.sub(r"&([^-]*)-", shifted, name)


def quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def normal_form(name: str, separator: str, prefix: str = "") -> tuple[str, ...]:
    """Parts of a folder's path, down to letters and digits. The target's own prefix, and INBOX above others, do not count."""
    own = name[len(prefix):] if prefix and name.startswith(prefix) else name
    parts = own.split(separator) if separator else [own]
    if len(parts) > 1 and parts[0].upper() == "INBOX":
        parts = parts[1:]
    return tuple(re.sub(r"[\W_]+", "_", unicodedata.normalize("NFC", part).casefold()).strip("_") for part in parts)


def answered(answer: tuple[str, list]) -> list:
    if answer[0] != "OK":
        raise imaplib.IMAP4.error(f"{answer[0]} {answer[1]}")
    return answer[1]


def log_in(server: dict, mailbox: dict, ca_file: str | None) -> imaplib.IMAP4:
    if server.get("tls", True):
        imap = imaplib.IMAP4_SSL(server["host"], server.get("port", 993), ssl_context=ssl.create_default_context(cafile=ca_file), timeout=120)
    else:
        imap = imaplib.IMAP4(server["host"], server["port"], timeout=120)
    login = server["login"].format(mailbox=mailbox["name"], target=mailbox["target"])
    if server.get("mechanism", "login") == "plain":
        answered(imap.authenticate("PLAIN", lambda _: f"{login}\0{server['admin']}\0{server['password']}".encode()))
    else:
        answered(imap.login(quoted(login), server["password"]))
    return imap


LISTED = re.compile(rb'\((?P<marks>[^)]*)\) (?:"(?P<separator>\\?.)"|NIL) (?P<name>.*)', re.S)


def listing(answer: list) -> list[tuple[bytes, str, str]]:
    """(attributes, separator, name as on the wire) of LIST or LSUB responses."""
    folders = []
    for item in answer:
        if not item:
            continue
        found = LISTED.match(item[0] if isinstance(item, tuple) else item)
        if not found:
            continue  # what imaplib leaves over behind a literal
        name = item[1] if isinstance(item, tuple) else found["name"]
        if not isinstance(item, tuple) and name.startswith(b'"'):
            name = re.sub(rb"\\(.)", rb"\1", name[1:-1])
        folders.append((found["marks"].lower(), (found["separator"] or b"").decode()[-1:], name.decode()))
    return folders


def personal_prefix(imap: imaplib.IMAP4) -> str:
    if "NAMESPACE" not in imap.capabilities:
        return ""
    found = re.match(rb'\(\("((?:[^"\\]|\\.)*)"', answered(imap.namespace())[0] or b"")
    return found[1].decode() if found else ""


BOUNDARY = re.compile(rb'(boundary\s*=\s*)(?:"([^"\r\n]+)"|([^\s;"]+))', re.I)
BLANK = re.compile(rb"\r?\n\r?\n")
CONTENT_TYPE = re.compile(rb"^content-type:\s*([^\s;]+)", re.I | re.M)


def unbounded(part: bytes, depth: int = 0) -> bytes:
    """A message or part with boundaries that say how deep they are and nothing else."""
    blank = BLANK.search(part)
    head, body = (part[:blank.end()], part[blank.end():]) if blank else (part, b"")
    kind = CONTENT_TYPE.search(head)
    old = BOUNDARY.search(head)
    if kind and kind[1].lower() == b"message/rfc822":
        return head + unbounded(body, depth)
    if not (blank and kind and old and kind[1].lower().startswith(b"multipart/")):
        return part
    before, *parts = re.split(rb"(?m)^--" + re.escape(old[2] or old[3]) + rb"(?=--|[ \t]*\r?$)", body)
    head = head[:old.start()] + old[1] + b"%d" % depth + head[old.end():]
    return head + before + b"".join(b"--%d%s" % (depth, below(part, depth + 1)) for part in parts)


def below(part: bytes, depth: int) -> bytes:
    line = part.find(b"\n") + 1
    # Without headers of its own a part begins with the empty line; the last piece is what follows the end.
    return part if part.startswith(b"--") or part[line:].startswith((b"\r\n", b"\n")) else part[:line] + unbounded(part[line:], depth)


def read_mailbox(imap: imaplib.IMAP4, prefix: str, probe: str, kept: Kept = Kept(), left_out: tuple[str, ...] = ()) -> list[Folder]:
    # A server may list what is above a subscribed folder as well (RFC 3501, 6.3.9).
    subscribed = {name for attributes, dummy, name in listing(answered(imap.lsub('""', '"*"'))) if b"noselect" not in attributes.lower()}
    folders = []
    for marks, separator, name in listing(answered(imap.list('""', '"*"'))):
        foreign = prefix and name.upper() != "INBOX" and not name.startswith(prefix)
        if b"\\noselect" in marks or b"\\nonexistent" in marks or foreign:
            continue
        readable = decoded(name)
        if readable.split(separator or "/")[0] in left_out:
            continue
        messages = read_folder(imap, name, probe, kept)
        folders.append(Folder(readable, normal_form(readable, separator, prefix), kept.subscribed(name in subscribed), messages))
    return folders


def read_folder(imap: imaplib.IMAP4, name: str, probe: str, kept: Kept = Kept()) -> list[Message]:
    answered(imap.select(quoted(name), readonly=True))
    uids = sorted(int(uid) for uid in answered(imap.uid("SEARCH", "ALL"))[0].split())
    messages = []
    for start in range(0, len(uids), BATCH):
        batch = uids[start:start + BATCH]
        found = read_batch(answered(imap.uid("FETCH", f"{batch[0]}:{batch[-1]}", "(UID FLAGS INTERNALDATE BODY.PEEK[])")), probe, kept)
        if len(found) != len(batch):
            raise imaplib.IMAP4.error(f"{decoded(name)}: asked for {len(batch)} messages, got {len(found)}")
        messages += found
    return messages


def read_batch(answer: list, probe: str, kept: Kept = Kept()) -> list[Message]:
    """imaplib gives (what stands before the literal, the literal), then what stands behind it."""
    messages = []
    for item, behind in zip(answer, [*answer[1:], b""]):
        if isinstance(item, tuple):
            around = item[0] + (behind if isinstance(behind, bytes) else b"")
            messages.append(as_message(around, item[1], probe, kept))
    return messages


def as_message(attributes: bytes, data: bytes, probe: str, kept: Kept = Kept()) -> Message:
    flags = frozenset(flag.lower() for flag in re.search(rb"FLAGS \(([^)]*)\)", attributes)[1].decode().split()) - {"\\recent"}
    date = datetime.strptime(re.search(rb'INTERNALDATE "([^"]*)"', attributes)[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z")
    token, message_id = header(data, "X-Lab-Live"), header(data, "Message-ID")
    digest = hashlib.sha256(kept.data(data)).hexdigest()
    return Message(digest, kept.flags(flags), date.timestamp(), token or message_id, token, bool(re.match(probe, message_id)))


def header(data: bytes, name: str) -> str:
    found = re.search(rb"(?im)^%s:[ \t]*(?:\r\n[ \t]+)?([^\r\n]*)" % re.escape(name).encode(), data.split(b"\r\n\r\n", 1)[0])
    return found[1].decode(errors="replace").strip() if found else ""


# --- comparing -------------------------------------------------------------------------------------------------

def pair_folders(source: list[Folder], target: list[Folder]) -> dict[int, int]:
    """Index of a source folder -> index of the target folder that is the same."""
    candidates = []
    for here, folder in enumerate(source):
        for there, other in enumerate(target):
            if could_be(folder.normal, other.normal):
                common = Counter(message.digest for message in folder.messages) & Counter(message.digest for message in other.messages)
                last = re.split(r"[./]", folder.name)[-1] == re.split(r"[./]", other.name)[-1]
                candidates.append((-common.total(), folder.normal != other.normal, not last, here, there))
    pairs: dict[int, int] = {}
    for *dummy, here, there in sorted(candidates):
        if here not in pairs and there not in pairs.values():
            pairs[here] = there
    return pairs


def could_be(source: tuple[str, ...], target: tuple[str, ...]) -> bool:
    """Equal, or the target's name got a number because another folder's had taken it."""
    if source == target:
        return True
    return len(source) == len(target) and all(re.sub(r"_\d+$", "", theirs) == ours or theirs == ours for ours, theirs in zip(source, target))


def compare(source: list[Folder], target: list[Folder], live_tokens: frozenset[str], approved: frozenset[str]) -> list[dict]:
    """Findings of one mailbox, each {kind, folder, ...}."""
    findings: list[dict] = []

    def find(kind: str, folder: str, **detail: object) -> None:
        findings.append({"kind": kind, "folder": folder, **detail})

    pairs = pair_folders(source, target)
    lacking: list[tuple[str, int | None, Message]] = []  # source folder, its target's index, message
    surplus: list[tuple[int, Message]] = []
    for here, folder in enumerate(source):
        there = pairs.get(here)
        if there is None:
            find("folders_missing", folder.name)
            lacking += [(folder.name, None, message) for message in folder.messages]
            continue
        other = target[there]
        if folder.subscribed != other.subscribed:
            find("subscriptions_differ", folder.name, source=folder.subscribed, target=other.subscribed)
        ours, theirs = by_digest(folder.messages), by_digest(other.messages)
        for digest in ours.keys() | theirs.keys():
            mine, its = ours.get(digest, []), theirs.get(digest, [])
            lacking += [(folder.name, there, message) for message in mine[len(its):]]
            surplus += [(there, message) for message in its[len(mine):]]
            compare_copies(folder.name, mine, its, find)
    for there in range(len(target)):
        if there not in pairs.values():
            surplus += [(there, message) for message in target[there].messages]
    known = {message.digest for folder in source for message in folder.messages}
    settle(lacking, surplus, target, known, approved, find)
    for there, message in surplus:
        if message.digest in known:
            find("doubled", target[there].name, message=message.identity, sha256=message.digest)
        elif message.token not in live_tokens and not message.probe:
            find("extra", target[there].name, message=message.identity, sha256=message.digest)
    return findings


def by_digest(messages: list[Message]) -> dict[str, list[Message]]:
    grouped = defaultdict(list)
    for message in messages:
        grouped[message.digest].append(message)
    return grouped


def compare_copies(folder: str, mine: list[Message], its: list[Message], find) -> None:
    """Flags and dates of the copies of one message, which may stand in any order."""
    copies = min(len(mine), len(its))

    def differing(of) -> int:
        return max(0, copies - (Counter(map(of, mine)) & Counter(map(of, its))).total())

    flags, dates = differing(lambda message: message.flags), differing(lambda message: message.date)
    if not flags and not dates:
        flags = differing(lambda message: (message.flags, message.date))
    for kind, count, of in (("flags_differ", flags, lambda message: sorted(message.flags)), ("dates_differ", dates, lambda message: message.date)):
        for dummy in range(count):
            find(kind, folder, message=mine[0].identity, sha256=mine[0].digest, source=list(map(of, mine)), target=list(map(of, its)))


def settle(lacking: list, surplus: list, target: list[Folder], known: set[str], approved: frozenset[str], find) -> None:
    """What lacks in a folder and what is too much in others explain each other where they can; it is taken out of `surplus`."""
    for folder, there, message in sorted(lacking, key=lambda entry: entry[:1]):
        elsewhere = next((entry for entry in surplus if entry[1].digest == message.digest), None)
        changed = None if elsewhere or not message.identity else next(
            (entry for entry in sorted(surplus, key=lambda entry: entry[0] != there)
             if entry[1].identity == message.identity and entry[1].digest not in known), None)
        kind = "misplaced" if elsewhere else "altered" if changed else "approved" if message.digest in approved else "missing"
        explained = elsewhere or changed
        if explained:
            surplus.remove(explained)
        where = {"found_in": target[explained[0]].name, "found": explained[1].digest} if explained else {}
        find(kind, folder, message=message.identity, sha256=message.digest, **where)


# --- the audit -------------------------------------------------------------------------------------------------

def audit_mailbox(config: dict, source: dict, mailbox: dict, live_tokens: frozenset[str]) -> dict:
    result = {"server": source["name"], "mailbox": mailbox["name"], "target": mailbox["target"], "messages_at_source": 0, "messages_at_target": 0,
              "folders_at_source": 0, "approved": 0, "findings": [], "tokens": []}
    kept = Kept(ews=source.get("read_by") == "ews")
    try:
        ends = []
        for server, left_out in ((source, tuple(source.get("left_out", ()))), (config["target"], ())):
            imap = log_in(server, mailbox, config.get("ca_file"))
            # NAMESPACE is asked of the target only: there are sources that drop the connection for it.
            ends.append(read_mailbox(imap, personal_prefix(imap) if server is config["target"] else "", config.get("probe", PROBE), kept, left_out))
            imap.logout()
    except (OSError, imaplib.IMAP4.error) as error:
        result["findings"].append({"kind": "unreadable", "folder": "", "detail": f"{type(error).__name__}: {error}"})
        return result
    ours, theirs = ends
    result["folders_at_source"] = len(ours)
    result["messages_at_source"] = sum(len(folder.messages) for folder in ours)
    result["messages_at_target"] = sum(len(folder.messages) for folder in theirs)
    result["tokens"] = [(message.token, folder.name) for folder in theirs for message in folder.messages if message.token]
    found = compare(ours, theirs, live_tokens, frozenset(config.get("approved", [])))
    result["findings"] = [finding for finding in found if finding["kind"] != "approved"]
    result["approved"] = len(found) - len(result["findings"])
    return result


def read_live_log(path: str | None) -> tuple[dict[str, str], list[dict]]:
    """(token -> recipient of what was accepted, what could not be delivered)"""
    if not path:
        return {}, []
    with open(path, encoding="utf-8") as file:
        entries = [entry for entry in map(json.loads, file) if "token" in entry]
    return {entry["token"]: entry["recipient"].split("@")[0] for entry in entries if "accepted_at" in entry}, [entry for entry in entries if "failed" in entry]


def live_findings(sent: dict[str, str], undelivered: list[dict], results: list[dict]) -> tuple[int, list[dict]]:
    """(how many tokens are at the target exactly once and in the right mailbox, findings)"""
    seen = defaultdict(list)
    for result in results:
        for token, folder in result["tokens"]:
            seen[token].append((result["mailbox"], folder))
    findings = [{"kind": "live_undelivered", "mailbox": entry["recipient"], "message": entry["token"], "detail": entry["failed"]} for entry in undelivered]
    good = 0
    for token, recipient in sent.items():
        places = seen[token]
        if len(places) == 1 and places[0][0] == recipient:
            good += 1
            continue
        kind = "live_missing" if not places else "live_doubled" if len(places) > 1 else "live_in_wrong_mailbox"
        findings.append({"kind": kind, "mailbox": recipient, "message": token, "found_in": places})
    return good, findings


def summary(results: list[dict]) -> dict:
    kinds = Counter(finding["kind"] for result in results for finding in result["findings"])
    return {"mailboxes": len(results), "folders_at_source": sum(result["folders_at_source"] for result in results),
            "messages_at_source": sum(result["messages_at_source"] for result in results),
            "messages_at_target": sum(result["messages_at_target"] for result in results), "approved": sum(result["approved"] for result in results),
            **{kind: kinds[kind] for kind in KINDS if not kind.startswith("live_")}}


def audit(config: dict, workers: int = 2) -> dict:
    started = time.time()
    sent, undelivered = read_live_log(config.get("live_log"))
    live_tokens = frozenset(sent)
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        waiting = [pool.submit(audit_mailbox, config, {**source, "mailboxes": None}, mailbox, live_tokens)
                   for source in config["sources"] for mailbox in source["mailboxes"]]
        results = [future.result() for future in waiting]
    at_target, live = live_findings(sent, undelivered, results)
    kinds = Counter(finding["kind"] for finding in live)
    totals = {**summary(results), "live_messages_sent": len(sent), "live_messages_at_target": at_target,
              **{kind: kinds[kind] for kind in KINDS if kind.startswith("live_")}}
    findings = live + [{"server": result["server"], "mailbox": result["mailbox"], **finding} for result in results for finding in result["findings"]]
    return {
        # An audit that saw nothing proves nothing.
        "clean": not findings and totals["messages_at_source"] > 0,
        "totals": totals,
        "servers": {source["name"]: summary([result for result in results if result["server"] == source["name"]]) for source in config["sources"]},
        "mailboxes": [{"server": result["server"], "mailbox": result["mailbox"], "target": result["target"], **summary([result])} for result in results],
        "findings": findings[:50], "findings_in_all": len(findings), "seconds": round(time.time() - started, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with open(options.config, encoding="utf-8") as file:
        result = audit(json.load(file), options.workers)
    with open(options.output, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1, ensure_ascii=False)
        file.write("\n")
    print("clean" if result["clean"] else "NOT CLEAN", json.dumps(result["totals"]))
    sys.exit(0 if result["clean"] else 1)


if __name__ == "__main__":
    main()
