"""A web site on a loopback address, for tests of whoever fetches from one."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pileus.kit.web.gate import Gate, GateRules, Resolve, networks

Page = Callable[[BaseHTTPRequestHandler], None]
LOOPBACK = networks(("127.0.0.0/8",))


@dataclass
class Site:
    """Pages by path, and what was asked for."""

    address: str
    port: int
    pages: dict[str, Page] = field(default_factory=dict)
    heard: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    def publish(self, path: str, data: bytes) -> str:
        """Put bytes on the site, as servers of files do, and return their URL."""
        self.pages[path] = lambda handler: send_file(handler, data)
        return self.url + path

    def redirect(self, path: str, location: str, status: int = 302) -> str:
        """Put a redirect on the site and return its URL."""
        self.pages[path] = lambda handler: send(handler, status, {"location": location})
        return self.url + path


def send(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], data: bytes = b"") -> None:
    handler.send_response(status)
    for name, value in {"content-length": str(len(data)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(data)


def send_file(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", handler.headers.get("range", ""))
    if wanted is None:
        send(handler, 200, {}, data)
    elif int(wanted[1]) >= len(data):
        send(handler, 416, {"content-range": f"bytes */{len(data)}"})
    else:
        first, last = int(wanted[1]), min(int(wanted[2] or len(data) - 1), len(data) - 1)
        send(handler, 206, {"content-range": f"bytes {first}-{last}/{len(data)}"}, data[first : last + 1])


@contextmanager
def serving(address: str = "127.0.0.1", port: int = 0) -> Iterator[Site]:
    """A site as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            site.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            page = site.pages.get(self.path.split("?")[0])
            try:
                send(self, 404, {}) if page is None else page(self)
            except OSError:  # who asked has hung up
                self.close_connection = True

        do_HEAD = do_GET  # noqa: N815 (http.server's own name)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer((address, port), Handler)
    server.daemon_threads = False
    site = Site(address, server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def raw(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that treats its only caller as `answer` says; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            caller, _ = listening.accept()
            caller.settimeout(10)
            with caller, contextlib.suppress(OSError):  # who called may hang up
                answer(caller)

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listening.getsockname()[1])
        thread.join()


def no_names(host: str) -> list[str]:
    raise OSError(host)


def gate_to(*sites: Site, resolve: Resolve = no_names) -> Gate:
    """A gate through which these sites are reached, and nothing else that is not of the Internet."""
    ports = frozenset(site.port for site in sites)
    return Gate(GateRules(allowed_ports=ports, allowed_networks=LOOPBACK), resolve)
