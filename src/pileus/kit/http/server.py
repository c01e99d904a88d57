"""Several ports, one process: an event loop on a thread of its own, with a listener for each service."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from pileus.kit.errors import Conflict
from pileus.kit.http.asgi import Listener
from pileus.kit.http.zero_copy import ZeroCopyProtocol

BACKLOG = 1024
GRACE_S = 10  # for requests under way when the server stops


class PortTaken(Conflict):
    """Somebody else listens there."""

    message = (
        "Port {port} on {address} is taken by another program. Stop it, or start with --port-offset N to move all "
        "ports of Pileus (ss -ltnp 'sport = :{port}' shows who has it)."
    )


class AddressUnusable(Conflict):
    """The address is not one of this machine's, or the port may not be used."""

    message = "Cannot listen on {address} port {port}: {reason}."


@dataclass(frozen=True, slots=True)
class Tls:
    """What a listener proves itself with."""

    certificate: Path
    key: Path


def bind(address: str, port: int) -> socket.socket:
    """Return a socket that listens once a server takes it. Raises PortTaken, AddressUnusable."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's delay off; without, every reply waits 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address, port))
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:  # a port above 65535 is the latter
        listening.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise PortTaken(port=port, address=address) from None
        raise AddressUnusable(port=port, address=address, reason=getattr(error, "strerror", error)) from None
    return listening


def is_loopback(address: str) -> bool:
    """Tell whether only this machine can reach what listens there."""
    try:
        found = {ipaddress.ip_address(info[4][0]) for info in socket.getaddrinfo(address, None)}
    except OSError:
        return False
    return all(ip.is_loopback for ip in found)


class HttpServer:
    """Serves each socket with its listener until `stop`."""

    def __init__(self, listeners: Sequence[tuple[socket.socket, Listener]], tls: Tls | None = None) -> None:
        self._listeners = listeners
        self._tls = tls
        self._servers: list[uvicorn.Server] = []
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        """Return once every port answers."""
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Let requests under way finish, for some seconds, and end."""
        self.close_doors()
        for server in self._servers:
            server.should_exit = True
        self._thread.join(GRACE_S + 5)

    def close_doors(self) -> None:
        """Send away whoever connects from now on; those who are connected stay."""
        for _, listener in self._listeners:
            listener.is_closing = True

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 (raised again where `start` waits)
            self._failure = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._servers = [uvicorn.Server(self._config(listener)) for _, listener in self._listeners]
        tasks = [
            asyncio.create_task(server.serve(sockets=[listening]))
            for server, (listening, _) in zip(self._servers, self._listeners, strict=True)
        ]
        while not all(server.started for server in self._servers) and not any(task.done() for task in tasks):
            await asyncio.sleep(0.005)
        if all(server.started for server in self._servers):
            self._started.set()  # else `start` waits for the failure, which `gather` raises
        await asyncio.gather(*tasks)

    def _config(self, listener: Listener) -> uvicorn.Config:
        return uvicorn.Config(
            listener,
            http=ZeroCopyProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE_S,
            ssl_certfile=self._tls.certificate if self._tls else None,
            ssl_keyfile=self._tls.key if self._tls else None,
            ssl_version=ssl.PROTOCOL_TLS_SERVER,
        )
