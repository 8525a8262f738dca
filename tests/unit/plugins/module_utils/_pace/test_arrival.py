# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import socket
import time

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._pace.arrival import Arrival


@contextlib.contextmanager
def connected():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as near:
        far, _address = listener.accept()
        with far:
            yield near, far


@pytest.fixture
def pair():
    with connected() as both:
        yield both


@pytest.fixture
def _times():
    """The kernel begins to take times some moments after a first connection asked for them, and ends when none does."""
    with connected() as (near, far):
        arrival, began = Arrival(near, 5.0), time.time()
        for _attempt in range(1000):
            far.sendall(b"x")
            time.sleep(0.01)
            told = arrival.wait(began)
            near.recv(1)
            if told:
                break
        yield
        arrival.close()


def test_what_lay_there_unread_is_told_and_left(pair, _times):
    near, far = pair
    arrival, began = Arrival(near, 5.0), time.time()
    far.sendall(b"answer")
    time.sleep(0.2)
    assert 0.15 < arrival.wait(began) < 20
    assert near.recv(100) == b"answer"
    arrival.close()
    far.sendall(b"more")
    assert near.recv(100) == b"more"


def test_what_it_takes_to_read_is_told_where_all_had_come(pair):
    near, far = pair
    arrival = Arrival(near, 5.0)
    far.sendall(b"answer")
    arrival.wait(time.time())
    assert near.recv(100) == b"answer"
    time.sleep(0.1)
    assert 0.1 <= arrival.since() < 20
    # The rest came later: whoever reads it had to wait for it.
    far.sendall(b"an")
    arrival.wait(time.time())
    time.sleep(0.1)
    far.sendall(b"swer")
    time.sleep(0.05)
    assert near.recv(100) == b"answer" and arrival.since() == 0.0
    arrival.close()


def test_what_is_older_than_the_question_is_no_answer(pair, _times):
    near, far = pair
    arrival = Arrival(near, 5.0)
    far.sendall(b"ticket")
    time.sleep(0.05)
    assert arrival.wait(time.time()) == 0.0
    arrival.close()


def test_waiting_has_an_end(pair):
    near, _far = pair
    arrival = Arrival(near, 0.05)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        arrival.wait(time.time())
    assert 0.04 < time.monotonic() - began < 20
    arrival.close()
