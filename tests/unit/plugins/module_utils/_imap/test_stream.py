# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import socket
import threading
import time
import types

from ansible_collections.messaging.migration.plugins.module_utils._imap.stream import PART, Stream


def test_a_line_that_is_slow_but_never_stands_still():
    data, came = os.urandom(28 * PART), []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)

    def serve():
        far, _peer = listener.accept()
        with far:
            while piece := far.recv(PART, socket.MSG_WAITALL):
                came.append(piece)
                time.sleep(0.1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener, socket.create_connection(listener.getsockname(), 2) as near:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        Stream(types.SimpleNamespace(sock=near)).send(data)
    thread.join(30)
    assert b"".join(came) == data
