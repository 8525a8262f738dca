# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DAV server that says what a test wrote down for it."""

from __future__ import annotations

import http.server
import threading


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.log.append((self.command, self.path, dict(self.headers), body))
        status, text, *headers = self.server.answers.get((self.command, self.path), (404, ""))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        data = text.encode()
        self.send_header("Content-Type", "application/xml" if text.startswith("<") else "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_PROPFIND = do_REPORT = do_PUT = do_DELETE = do_MKCALENDAR = do_MKCOL = _answer

    def log_message(self, *_words) -> None:
        pass


class DavScript:
    """`answers`: (method, path) -> (status, body, *headers); `log`: (method, path, headers, body) as they came."""

    def __init__(self) -> None:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self._server.daemon_threads = True
        self.answers = self._server.answers = {}
        self.log = self._server.log = []
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def tells(self, path: str, found: dict[str, str], method: str = "PROPFIND") -> None:
        """A PROPFIND (or REPORT) of `path`: href -> properties as XML."""
        parts = "".join(
            f"<response><href>{href}</href><propstat><prop>{prop}</prop><status>HTTP/1.1 200 OK</status></propstat></response>"
            for href, prop in found.items()
        )
        self.answers[method, path] = 207, (
            f'<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="urn:ietf:params:xml:ns:carddav">{parts}</multistatus>'
        )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
