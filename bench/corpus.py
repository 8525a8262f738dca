# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeded mail, written directly as Maildir++ trees: the same arguments give the same bytes.

    write(root, ["u1", "u2"], 3000)

Sizes are lognormal (median 5.4 kB, mean 13.5 kB, at most 8 MB), flags and dates vary, and one folder's name is not ASCII.
A message above 20 kB carries an attachment in base64.
"""

from __future__ import annotations

import base64
import collections
import dataclasses
import email.utils
import os
import pathlib
import random
import shutil
import typing as t

# Folder and how many of 100 messages lie in it.
FOLDERS = {"": 45, ".Sent Items": 25, ".Projects": 13, ".Projects.Alpha": 8, ".Deleted Items": 5, ".B&APw-cher": 4}
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
FIRST_DAY = 1_500_000_000


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Of message bodies, in bytes. `spread` is the standard deviation of their logarithm: 0 makes all of them alike."""

    median: int = 5400
    spread: float = 1.3
    largest: int = 8_000_000

    def draw(self, chance: random.Random) -> int:
        return max(1, min(int(self.median * chance.lognormvariate(0, self.spread)), self.largest))


class Text:
    """Lines to cut bodies from: cheaper than to make up each body, and no two bodies begin alike."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(f"text {seed}")
        words = ["".join(chance.choices(LETTERS, weights=range(26, 0, -1), k=chance.randint(2, 10))) for _number in range(2000)]
        self.words = words
        lines = (" ".join(chance.choices(words, k=10)).encode() + b"\r\n" for _number in range(8000))
        self._prose = b"".join(lines)
        self._coded = base64.encodebytes(chance.randbytes(400_000)).replace(b"\n", b"\r\n")

    def prose(self, chance: random.Random, size: int) -> bytes:
        return self._cut(self._prose, chance, size)

    def coded(self, chance: random.Random, size: int) -> bytes:
        return self._cut(self._coded, chance, size)

    @staticmethod
    def _cut(pool: bytes, chance: random.Random, size: int) -> bytes:
        begin = pool.index(b"\n", chance.randrange(len(pool) // 2)) + 1
        cut = pool[begin:begin + size]
        if len(cut) < size:
            cut = (cut + pool * (size // len(pool) + 1))[:size]
        return cut.rstrip(b"\r\n") + b"\r\n"


def write(root: pathlib.Path, users: t.Sequence[str], messages: int, seed: int = 1, sizes: Sizes = Sizes(), folders: t.Mapping[str, int] | None = None) -> int:
    """So many messages for each user below `root`; returns their bytes. `folders` as FOLDERS."""
    text, total = Text(seed), 0
    shares = FOLDERS if folders is None else folders
    for user in users:
        chance = random.Random(f"{seed} {user}")
        make_folders(root / user, shares)
        places = chance.choices(list(shares), weights=list(shares.values()), k=messages)
        total += sum(write_message(root / user / place, user, number, text, chance, sizes.draw(chance)) for number, place in enumerate(places))
    return total


def multiply(root: pathlib.Path, prefix: str, messages: int, copies: int, sizes: Sizes = Sizes()) -> list[str]:
    """So many users with equal mailboxes, whose messages are files under several names: much to copy in little room. Returns them."""
    users = [f"{prefix}{number}" for number in range(1, copies + 1)]
    write(root, users[:1], messages, sizes=sizes)
    for user in users[1:]:
        shutil.copytree(root / users[0], root / user, copy_function=os.link)
    return users


def make_folders(mailbox: pathlib.Path, folders: t.Iterable[str]) -> None:
    for folder in folders:
        for part in ("cur", "new", "tmp"):
            (mailbox / folder / part).mkdir(parents=True, exist_ok=True)


def write_message(folder: pathlib.Path, user: str, number: int, text: Text, chance: random.Random, size: int) -> int:
    content = message(user, number, text, chance, size)
    flags = "".join(flag for flag, often in (("F", 0.1), ("R", 0.15), ("S", 0.9)) if chance.random() < often)
    day = FIRST_DAY + number * 2900
    file = folder / "cur" / f"{day}.M{number}.bench,S={len(content)},W={len(content)}:2,{flags}"
    file.write_bytes(content)
    os.utime(file, (day, day))
    return len(content)


def message(user: str, number: int, text: Text, chance: random.Random, size: int) -> bytes:
    date = email.utils.formatdate(FIRST_DAY + number * 2900)
    sender = f"{chance.choice(text.words)}@example.org"
    head = [
        f"Return-Path: <{sender}>",
        f"Received: from mx.example.org (mx.example.org [192.0.2.{number % 250}]) by mail.example.com with ESMTPS id {number:x}; {date}",
        f"From: {sender.split('@', maxsplit=1)[0].title()} <{sender}>",
        f"To: <{user}@example.com>",
        f"Subject: {' '.join(chance.choices(text.words, k=6))}",
        f"Date: {date}",
        f"Message-ID: <{number}.{chance.getrandbits(64):x}@{user}.example.org>",
        "MIME-Version: 1.0",
    ]
    if size <= 20_000:
        return _lines(head, "Content-Type: text/plain; charset=utf-8", "") + text.prose(chance, size)
    mark = f"mark-{number}"
    return b"".join((
        _lines(head, f'Content-Type: multipart/mixed; boundary="{mark}"', "", f"--{mark}", "Content-Type: text/plain; charset=utf-8", ""),
        text.prose(chance, 700),
        _lines([f"--{mark}"], f'Content-Type: application/octet-stream; name="{number}.bin"', "Content-Transfer-Encoding: base64", ""),
        text.coded(chance, size - 700),
        _lines([f"--{mark}--"]),
    ))


def _lines(first: t.Sequence[str], *more: str) -> bytes:
    return "".join(f"{line}\r\n" for line in (*first, *more)).encode()


def held(mailbox: pathlib.Path) -> collections.Counter[tuple[str, str]]:
    """Messages by folder and flags as they lie on disk, whatever a server would answer."""
    return collections.Counter(
        ("" if folder == mailbox else folder.name, file.rpartition(":2,")[2] if ":2," in file else "")
        for folder in [mailbox, *mailbox.glob(".*")] for part in ("cur", "new") if (folder / part).is_dir() for file in os.listdir(folder / part)
    )
