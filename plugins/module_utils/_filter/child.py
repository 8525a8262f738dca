# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What the processes of python.py run: it stands alone, and knows nothing of the collection.

A question is a line of JSON and the item's bytes, and so is the answer.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import traceback


class Verdict:
    def __init__(self, action: str, words: str, content: bytes = b"") -> None:
        self.action, self.words, self.content = action, words, content


class Item:
    """What the site's function gets, and gives back: itself, changed or not; None for leaving it as it was; or one of the two verdicts."""

    def __init__(self, content: bytes, server: str, mailbox: str, folder: str, kind: str, received: str) -> None:
        self.content, self.server, self.mailbox, self.folder = content, server, mailbox, folder
        self.kind, self.received = kind, received

    def skip(self, reason: str) -> Verdict:
        """Leave it out."""
        return Verdict("skip", str(reason))

    def route(self, folder: str) -> Verdict:
        """Put it, as it is now, into another folder of the target mailbox; a slash parts a folder from the one above it."""
        return Verdict("route", str(folder), self.content)


def told(path: str, error: BaseException) -> str:
    """Which error, and where in the site's file; its text may hold mail, and stays here."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else lines[-1] if lines else None
    return type(error).__name__ + (f" in line {line} of {os.path.basename(path)}" if line else "")


def loaded(path: str, function: str):
    sys.path.insert(0, os.path.dirname(path))
    spec = importlib.util.spec_from_file_location("site_filter", path, loader=importlib.machinery.SourceFileLoader("site_filter", path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found = getattr(module, function, None)
    if not callable(found):
        raise LookupError
    return found


def answered(handle, item: Item, path: str) -> Verdict:
    try:
        answer = handle(item)
    except Exception as error:
        return Verdict("fail", told(path, error))
    if answer is None:
        return Verdict("leave", "")
    if isinstance(answer, Item):
        answer = Verdict("change", "", answer.content)
    if not isinstance(answer, Verdict):
        return Verdict("fail", f"it returned {type(answer).__name__}; it may return the item, None, item.skip(reason) or item.route(folder)")
    if not isinstance(answer.content, bytes):
        return Verdict("fail", f"the content that it returned is {type(answer.content).__name__} and not bytes")
    return answer


def main(path: str, function: str, seconds: float) -> None:
    # What the site's file prints, or reads, is not to get between questions and answers.
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    # Who asks ends this process when it takes too long; should that one be gone, it ends on its own.
    signal.setitimer(signal.ITIMER_REAL, seconds + 5)
    try:
        handle = loaded(path, function)
    except LookupError:
        raise SystemExit(f"it has no function {function}") from None
    except Exception as error:
        raise SystemExit(f"{told(path, error)}: {error}") from None
    signal.setitimer(signal.ITIMER_REAL, 0)
    while head := questions.readline():
        about = json.loads(head)
        content = questions.read(about.pop("size"))
        signal.setitimer(signal.ITIMER_REAL, seconds + 5)
        answer = answered(handle, Item(content, **about), path)
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout.flush()
        sys.stderr.flush()
        answers.write(json.dumps({"action": answer.action, "words": answer.words, "size": len(answer.content)}).encode() + b"\n" + answer.content)
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
