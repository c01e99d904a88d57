"""Starts one candidate on the given ports: ``python -m bench.http_server.serve NAME PORT...``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from bench.http_server import apps

DEADLINE = 2  # seconds that running requests get at shutdown
THREADS = 16
CERT, KEY = os.environ.get("BENCH_CERT"), os.environ.get("BENCH_KEY")


def bound(port: int) -> socket.socket:
    """A socket on loopback, ready to listen.

    The protocol number must be given: asyncio sets TCP_NODELAY only on sockets
    that carry it, and without that every answer waits 40 ms for the client's ACK.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.setblocking(False)
    return sock


def uvicorn(ports: list[int], loop: str, http: str, one: bool = False) -> None:
    """Four (or one) uvicorn servers in one event loop, signals handled by us."""
    import uvicorn as lib

    class Server(lib.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield  # the process handles its own signals

    kind: Any = http
    if http == "sendfile":
        from bench.http_server.sendfile import SendfileProtocol

        kind = SendfileProtocol
    elif http == "guarded":
        from pileus.kit.http.guard import GuardedProtocol

        kind = GuardedProtocol

    def config() -> lib.Config:
        return lib.Config(
            apps.asgi, http=kind, ws="auto", lifespan="off", log_config=None, access_log=False,
            server_header=False, proxy_headers=False, timeout_graceful_shutdown=DEADLINE,
            ssl_certfile=CERT, ssl_keyfile=KEY,
        )  # fmt: skip

    async def main() -> None:
        socks = [bound(port) for port in ports]
        groups = [socks] if one else [[sock] for sock in socks]
        servers = [Server(config()) for _ in groups]

        def stop() -> None:
            for server in servers:
                server.should_exit = True

        on_stop(stop)
        await asyncio.gather(*(s.serve(sockets=g) for s, g in zip(servers, groups, strict=True)))

    run(main, loop)


def hypercorn(ports: list[int], loop: str) -> None:
    """hypercorn: one server call, several binds."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}" for port in ports]
    config.graceful_timeout = DEADLINE
    config.include_server_header = False
    config.accesslog = config.errorlog = None
    config.certfile, config.keyfile = CERT, KEY

    async def main() -> None:
        event = asyncio.Event()
        on_stop(event.set)
        await serve(apps.asgi, config, shutdown_trigger=event.wait)  # type: ignore[arg-type]

    run(main, loop)


def granian_embed(ports: list[int], interface: str, loop: str) -> None:
    """Four embedded granian servers in one event loop."""
    from pathlib import Path

    from granian.constants import Interfaces
    from granian.server.embed import Server

    target = apps.asgi if interface == "asginl" else apps.rsgi

    async def main() -> None:
        servers = [
            Server(
                target, port=port, interface=Interfaces(interface), log_enabled=False,
                ssl_cert=Path(CERT) if CERT else None, ssl_key=Path(KEY) if KEY else None,
            )
            for port in ports
        ]  # fmt: skip
        for server in servers:
            server.workers_kill_timeout = DEADLINE

        def stop() -> None:
            for server in servers:
                server.stop()  # type: ignore[no-untyped-call]

        on_stop(stop)
        await asyncio.gather(*(server.serve() for server in servers))

    run(main, loop)


def granian_processes(ports: list[int], interface: str) -> None:
    """granian's normal mode for reference: one master and one worker process per port."""
    import multiprocessing

    from granian.constants import Interfaces
    from granian.server import Server

    def one(port: int) -> None:
        name = "wsgi" if interface == "wsgi" else "asgi"
        Server(
            f"bench.http_server.apps:{name}", port=port, interface=Interfaces(interface),
            workers=1, log_enabled=False, workers_kill_timeout=DEADLINE,
            blocking_threads=THREADS if interface == "wsgi" else None,
        ).serve()  # fmt: skip

    context = multiprocessing.get_context("fork")
    children = [context.Process(target=one, args=(port,)) for port in ports]
    for child in children:
        child.start()

    def stop(*_: object) -> None:
        for child in children:
            child.terminate()

    signal.signal(signal.SIGTERM, stop)
    for child in children:
        child.join()


def cheroot(ports: list[int]) -> None:
    """cheroot: one listener thread and one worker pool per port."""
    from cheroot.wsgi import Server

    servers = [Server(("127.0.0.1", p), apps.wsgi, numthreads=THREADS, shutdown_timeout=DEADLINE) for p in ports]
    if CERT and KEY:
        from cheroot.ssl.builtin import BuiltinSSLAdapter

        for server in servers:
            server.ssl_adapter = BuiltinSSLAdapter(CERT, KEY)
    for server in servers:
        server.prepare()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop = threading.Event()
    for server in servers:
        threading.Thread(target=server.serve, daemon=True).start()
    while not stop.wait(0.2):
        pass
    closers = [threading.Thread(target=server.stop) for server in servers]
    for closer in closers:
        closer.start()
    for closer in closers:
        closer.join()


def waitress(ports: list[int]) -> None:
    """waitress: one server object, several listeners, one shared pool."""
    from waitress.server import create_server

    server = create_server(apps.wsgi, listen=" ".join(f"127.0.0.1:{p}" for p in ports), threads=THREADS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.run()


def gunicorn(ports: list[int]) -> None:
    """gunicorn gthread: master plus one worker process, several binds."""
    from gunicorn.app.base import BaseApplication

    class App(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            self.cfg.set("bind", [f"127.0.0.1:{port}" for port in ports])
            self.cfg.set("worker_class", "gthread")
            self.cfg.set("threads", THREADS)
            self.cfg.set("graceful_timeout", DEADLINE)
            self.cfg.set("loglevel", "critical")
            self.cfg.set("certfile", CERT)
            self.cfg.set("keyfile", KEY)

        def load(self) -> Any:
            return apps.wsgi

    App().run()


_stop: list[Callable[[], object]] = []


def on_stop(stop: Callable[[], None]) -> None:
    """Lets SIGTERM call ``stop`` inside the running loop, from any thread."""
    loop = asyncio.get_running_loop()
    _stop.append(partial(loop.call_soon_threadsafe, stop))
    if threading.current_thread() is threading.main_thread():
        loop.add_signal_handler(signal.SIGTERM, stop)


def run(main: Callable[[], Any], loop: str) -> None:
    """Runs ``main`` on the named loop, in a side thread when BENCH_SIDE_THREAD is set."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop

    def go() -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(main())

    if not os.environ.get("BENCH_SIDE_THREAD"):
        go()
        return
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    side = threading.Thread(target=go)
    side.start()
    while not asked.wait(0.1):
        pass
    for stop in _stop:
        stop()
    side.join()


CANDIDATES: dict[str, tuple[str, Callable[[list[int]], None]]] = {
    "uvicorn uvloop": ("uvicorn httptools uvloop", lambda p: uvicorn(p, "uvloop", "httptools")),
    "uvicorn asyncio": ("uvicorn httptools", lambda p: uvicorn(p, "asyncio", "httptools")),
    "uvicorn h11 pure": ("uvicorn h11", lambda p: uvicorn(p, "asyncio", "h11")),
    "granian asgi": ("granian uvloop", lambda p: granian_embed(p, "asginl", "uvloop")),
    "granian rsgi": ("granian uvloop", lambda p: granian_embed(p, "rsgi", "uvloop")),
    "hypercorn": ("hypercorn uvloop", lambda p: hypercorn(p, "uvloop")),
    "cheroot": ("cheroot", cheroot),
    "waitress": ("waitress", waitress),
    "gunicorn gthread": ("gunicorn", gunicorn),
    "granian procs asgi": ("granian uvloop", lambda p: granian_processes(p, "asginl")),
    "granian procs wsgi": ("granian", lambda p: granian_processes(p, "wsgi")),
    "uvicorn one server": ("uvicorn httptools uvloop", lambda p: uvicorn(p, "uvloop", "httptools", one=True)),
    "uvicorn guarded": ("uvicorn httptools uvloop", lambda p: uvicorn(p, "uvloop", "guarded")),
    "uvicorn guarded asyncio": ("uvicorn httptools", lambda p: uvicorn(p, "asyncio", "guarded")),
    "uvicorn sendfile": ("uvicorn httptools", lambda p: uvicorn(p, "asyncio", "sendfile")),
}

if __name__ == "__main__":
    CANDIDATES[sys.argv[1]][1]([int(port) for port in sys.argv[2:]])
