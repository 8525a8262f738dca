# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs and Python files of a site, well behaved and not."""

from __future__ import annotations

import os
import pathlib
import time

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError, Stopped
from ansible_collections.messaging.migration.plugins.module_utils._filter import pool as pools
from ansible_collections.messaging.migration.plugins.module_utils._filter import registry
from ansible_collections.messaging.migration.plugins.module_utils._filter.verdict import Item, Verdict
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Server

ITEM = Item(b"Subject: a\r\n\r\nbody\r\n", "s1", "anna", "INBOX", "message", "2019-01-02T02:04:05+00:00")


def never() -> bool:
    return False


def ends(file: pathlib.Path) -> bool:
    """The process whose number is in `file`; one that was killed needs a moment."""
    status, deadline = pathlib.Path(f"/proc/{int(file.read_text())}/stat"), time.monotonic() + 10
    try:
        while time.monotonic() < deadline and status.read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.01)
    except (FileNotFoundError, ProcessLookupError):
        return True
    return time.monotonic() < deadline


def opened(options: dict, folder) -> pools.Pool:
    server = Server.from_options({"name": "s1", "host": "s1.test", "filter": options})
    registry.prove([server])
    return registry.open_filter(server, "message")


@pytest.fixture
def program(tmp_path):
    """The verdict on ITEM of a shell script, or on other items."""

    def run(script: str, *items: Item, stop=never, **options) -> Verdict:
        path = tmp_path / "site.sh"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        verdicts = opened({"program": [str(path), "argument"], **options}, tmp_path).run(list(items) or [ITEM], stop)
        return verdicts if items else verdicts[0]

    return run


@pytest.fixture
def python(tmp_path):
    """The same for lines of a Python function."""

    def run(lines: str, *items: Item, stop=never, **options) -> Verdict:
        path = tmp_path / f"site{len(os.listdir(tmp_path))}.py"
        path.write_text("import os, sys, time\n\n\ndef handle(item):\n" + "".join(f"    {line}\n" for line in lines.splitlines()))
        verdicts = opened({"python": str(path), **options}, tmp_path).run(list(items) or [ITEM], stop)
        return verdicts if items else verdicts[0]

    return run


def test_a_program_changes_what_it_likes(program):
    assert program("sed s/body/mind/") == Verdict("change", "", b"Subject: a\r\n\r\nmind\r\n")


def test_what_it_gives_back_as_it_was_is_left_as_it_is(program):
    assert program("cat") == program("exit 80") == Verdict("leave")


def test_it_knows_what_it_looks_at_and_none_of_our_secrets(program, monkeypatch):
    monkeypatch.setenv("MIGRATION_SOURCE_PASSWORD", "secret")
    content = program("echo $1; pwd; env").content.decode().splitlines()
    assert content[:2] == ["argument", "/"] and "MIGRATION_SOURCE_PASSWORD=secret" not in content
    assert {"MIGRATION_SERVER=s1", "MIGRATION_MAILBOX=anna", "MIGRATION_FOLDER=INBOX", "MIGRATION_KIND=message",
            "MIGRATION_RECEIVED=2019-01-02T02:04:05+00:00"} <= set(content)


def test_it_leaves_items_out_with_a_reason(program):
    assert program("echo a read receipt >&2; echo more >&2; exit 81") == Verdict("skip", "a read receipt")
    assert program("exit 81") == Verdict("fail", "it left the item out without a reason")


def test_it_sends_items_elsewhere(program):
    assert program("echo Old/Receipts; cat; exit 82") == Verdict("route", "Old/Receipts")
    assert program("echo Receipts; echo other; exit 82") == Verdict("route", "Receipts", b"other\n")
    assert program("echo; cat; exit 82") == Verdict("fail", "it routed the item without naming a folder")
    assert program("echo Receipts; exit 82") == Verdict("fail", "it gave no content back")


def test_any_other_end_is_a_failure(program):
    assert program("exit 0") == Verdict("fail", "it gave no content back")
    assert program("echo; printf 'no\\033table\\n' >&2; exit 1") == Verdict("fail", "it ended with exit status 1: no?table")
    assert program("kill -SEGV $$") == Verdict("fail", "it ended with signal 11")
    assert len(program("head -c 9999 /dev/zero | tr '\\0' x >&2; exit 3").words) < 250


def test_an_empty_item_may_stay_empty(program):
    assert program("cat", Item(b"", "s1", "anna", "INBOX", "message")) == [Verdict("leave")]


def test_it_need_not_read_what_it_gets(program):
    large = Item(b"x" * 3_000_000, "s1", "anna", "INBOX", "message")
    assert program("echo no >&2; exit 81", large) == [Verdict("skip", "no")]
    assert program("cat; echo", large)[0].content == large.content + b"\n"


def test_what_is_late_is_killed_with_its_children(program, tmp_path):
    script = f"sleep 600 & echo $! > {tmp_path}/pid; wait"
    assert program(script, timeout=2) == Verdict("fail", "it took longer than 2 seconds")
    assert ends(tmp_path / "pid")


def test_children_end_with_the_program(program, tmp_path):
    """Though they hold its outputs, and write to them."""
    script = f"(while :; do echo more; echo more >&2; done) & echo $! > {tmp_path}/pid; cat > /dev/null; sleep 0.1; exit 80"
    assert program(script) == Verdict("leave")
    assert ends(tmp_path / "pid")


def test_output_without_end_is_cut_off(program, monkeypatch):
    monkeypatch.setattr(pools, "GROWTH", 100_000)
    words = f"it wrote more than {len(ITEM.content) + 100_000} bytes"
    assert program("yes") == Verdict("fail", words)
    # Also where it came to an end meanwhile.
    assert program("head -c 200000 /dev/zero") == Verdict("fail", words)
    assert program("yes >&2", timeout=0.3) == Verdict("fail", "it took longer than 0.3 seconds")


def test_several_at_a_time_keep_their_order(program):
    items = [Item(b"%d" % number, "s1", "anna", "INBOX", "message") for number in range(9)]
    verdicts = program("read n; sleep 0.0$((9 - n)); echo $n changed", *items, processes=4)
    assert [verdict.content for verdict in verdicts] == [b"%d changed\n" % number for number in range(9)]


@pytest.mark.parametrize("kind", ["program", "python"])
def test_who_waits_is_asked_whether_to_stop(request, kind):
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 1

    with pytest.raises(Stopped):
        request.getfixturevalue(kind)({"program": "sleep 600", "python": "time.sleep(600)"}[kind], stop=stop)


@pytest.mark.parametrize(("options", "words"), [
    ({"program": ["/nonexistent"]}, "program /nonexistent does not exist"),
    ({"program": ["/etc/passwd"]}, "program /etc/passwd can't be executed"),
    ({"python": "/nonexistent.py"}, "/nonexistent.py does not exist"),
    ({"python": "{folder}/site.py", "function": "other"}, "site.py can't be used: it has no function other"),
    ({"python": "{folder}/broken.py"}, "broken.py can't be used: SyntaxError in line 2 of broken.py"),
    ({"python": "{folder}/slow.py", "timeout": 0.3}, "slow.py takes longer than 0.3 seconds to load"),
])
def test_what_can_not_work_is_refused_before_anything_is_touched(tmp_path, options, words):
    (tmp_path / "site.py").write_text("def handle(item):\n    return None\n")
    (tmp_path / "broken.py").write_text("a = 1\ndef handle(\n")
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(600)\n")
    options = {key: value.format(folder=tmp_path) if key == "python" else value for key, value in options.items()}
    with pytest.raises(MigrationError, match=words) as refused:
        opened(options, tmp_path)
    assert "Nothing was touched" in str(refused.value)


def test_a_function_changes_what_it_likes(python):
    assert python("item.content = item.content.upper()\nreturn item") == Verdict("change", "", ITEM.content.upper())


def test_none_leaves_it_as_it_was(python):
    assert python("item.content = b'other'") == python("return item") == Verdict("leave")


def test_it_knows_what_it_looks_at(python):
    lines = "item.content = repr((item.server, item.mailbox, item.folder, item.kind, item.received)).encode()\nreturn item"
    assert python(lines).content == b"('s1', 'anna', 'INBOX', 'message', '2019-01-02T02:04:05+00:00')"


def test_it_leaves_out_and_routes(python):
    assert python("return item.skip('a read receipt')") == Verdict("skip", "a read receipt")
    assert python("return item.route('Receipts')") == Verdict("route", "Receipts")
    assert python("item.content += b'.'\nreturn item.route('Receipts')") == Verdict("route", "Receipts", ITEM.content + b".")
    assert python("return item.skip('')").action == python("return item.route('')").action == "fail"


def test_an_error_tells_its_place_and_no_content(python):
    verdict = python("print('table', 'is missing', file=sys.stderr)\nraise ValueError(item.content)")
    assert verdict.action == "fail" and verdict.words.startswith("ValueError in line 6 of site") and verdict.words.endswith(".py: table is missing")


def test_what_is_no_answer_is_a_failure(python):
    assert python("return item.content").words.startswith("it returned bytes; it may return the item, None")
    assert python("item.content = 'text'\nreturn item").words == "the content that it returned is str and not bytes"
    assert python("os._exit(3)") == Verdict("fail", "its process ended with exit status 3")


def test_a_process_serves_one_item_after_the_other_and_is_replaced_when_it_died(python):
    items = [Item(body, "s1", "anna", "INBOX", "message") for body in (b"a", b"b", b"die", b"c", b"late", b"d")]
    lines = "\n".join((
        "print('noise')", "sys.stdin.read()", "if item.content == b'die': os.abort()", "if item.content == b'late': time.sleep(600)",
        "item.content = str(os.getpid()).encode()", "return item",
    ))
    first, second, died, third, late, fourth = python(lines, *items, timeout=4)
    assert first == second and (died.words, late.words) == ("its process ended with signal 6", "it took longer than 4 seconds")
    assert len({first.content, third.content, fourth.content}) == 3


def test_its_children_end_with_it(python, tmp_path):
    lines = f"import subprocess\nopen('{tmp_path}/pid', 'w').write(str(subprocess.Popen(['sleep', '600']).pid))\ntime.sleep(600)"
    assert python(lines, timeout=3) == Verdict("fail", "it took longer than 3 seconds")
    assert ends(tmp_path / "pid")


def test_more_than_it_may_give_back(python, monkeypatch):
    monkeypatch.setattr(pools, "GROWTH", 100_000)
    assert python("item.content = bytes(1_000_000)\nreturn item").words == f"it wrote more than {len(ITEM.content) + 100_000} bytes"


def test_only_the_kinds_that_were_asked_for(tmp_path):
    server = Server.from_options({"name": "s1", "host": "s1.test", "filter": {"program": ["/bin/cat"], "kinds": ["event"]}})
    assert registry.open_filter(server, "message") is None
    assert registry.open_filter(server, "event") is registry.open_filter(server, "event")
    assert registry.open_filter(Server(name="s2", host="s2.test"), "message") is None


@pytest.mark.parametrize(("options", "words"), [
    ({}, None),
    ({"timeout": 30}, "filter needs either program or python"),
    ({"program": ["/bin/cat"], "python": "/site.py"}, "filter needs either program or python"),
    ({"program": ["cat"]}, "filter wants the full path"),
    ({"program": ["/bin/cat"], "timeout": 0}, "timeout of filter is 0"),
    ({"program": ["/bin/cat"], "processes": 0}, "processes of filter is 0"),
    ({"program": ["/bin/cat"], "kinds": []}, "kinds of filter is empty"),
])
def test_options_that_make_no_sense(options, words):
    described = {"name": "s1", "host": "s1.test", "filter": options}
    if words is None:
        assert Server.from_options(described).filter is None
        return
    with pytest.raises(ValueError, match=f"s1: {words}"):
        Server.from_options(described)
