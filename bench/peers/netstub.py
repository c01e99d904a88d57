"""A network service with nothing in it, because Nova cannot be used without one: netstub.py ADDRESS PORT.

Nova asks it for the ports of every server that it shows or deletes, even of one that was made without a network.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        status, body = answer(self.path.split("?")[0].strip("/").split("/"), self.headers["host"])
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        pass


def answer(parts: list[str], host: str) -> tuple[int, dict[str, Any]]:
    """Every collection is empty."""
    if parts == [""]:
        links = [{"rel": "self", "href": f"http://{host}/v2.0/"}]
        return 200, {"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]}
    if len(parts) == 1:
        return 200, {"resources": []}
    if len(parts) == 2:
        return 200, {parts[1].replace("-", "_"): []}
    if parts[1] == "quotas":  # asked for when a request names no network
        return 200, {"quota": {"port": -1, "network": -1}}
    return 404, {"NeutronError": {"type": "NotFound", "message": "nothing here", "detail": ""}}


if __name__ == "__main__":
    ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
