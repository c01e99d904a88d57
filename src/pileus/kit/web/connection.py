"""A connection to an address that has been checked, on which nothing waits for ever."""

from __future__ import annotations

import functools
import io
import socket
import ssl
import time
from typing import TYPE_CHECKING

from pileus.kit.web.gate import Destination

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


ATTEMPTS = 4  # addresses of one host that we try


class Deadline:
    """By when something must be over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left_s(self, most_s: float) -> float:
        """Return how long a single wait may be. Raises TimeoutError if there is no time left."""
        left_s = self._end - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return min(most_s, left_s)


class Line:
    """A connected socket. No wait on it is longer than `wait_s`, and none goes on after the deadline."""

    def __init__(self, connected: socket.socket, deadline: Deadline, wait_s: float) -> None:
        self._socket = connected
        self.deadline = deadline
        self.wait_s = wait_s

    def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError."""
        self._socket.settimeout(self.deadline.left_s(self.wait_s))
        self._socket.sendall(data)

    def receive(self, buffer: WriteableBuffer) -> int:
        """Receive into a buffer and return how many bytes came; 0 at the end. Raises OSError."""
        self._socket.settimeout(self.deadline.left_s(self.wait_s))
        return self._socket.recv_into(buffer)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the incoming bytes, as `http.client` wants them."""
        assert mode == "rb"
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


class _Incoming(io.RawIOBase):
    def __init__(self, line: Line) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._line.receive(buffer)


def connect(destination: Destination, deadline: Deadline, wait_s: float, ca_file: str) -> Line:
    """Connect to the first address that answers. Raises OSError, of which an SSLError is one.

    The certificate must be for the host of the URL; its name is not resolved again.
    """
    connected = _connected(destination, deadline, wait_s)
    try:
        if destination.url.scheme == "https":
            connected.settimeout(deadline.left_s(wait_s))
            # A connection that somebody cuts must not pass for the end of the bytes.
            connected = _trust(ca_file).wrap_socket(
                connected, server_hostname=destination.url.host, suppress_ragged_eofs=False
            )
    except BaseException:
        connected.close()
        raise
    return Line(connected, deadline, wait_s)


def _connected(destination: Destination, deadline: Deadline, wait_s: float) -> socket.socket:
    failure: OSError = TimeoutError()
    for address in destination.addresses[:ATTEMPTS]:
        try:
            return socket.create_connection((str(address), destination.url.port), deadline.left_s(wait_s))
        except OSError as error:
            failure = error
    raise failure


@functools.cache
def _trust(ca_file: str) -> ssl.SSLContext:
    """Return whom we believe: the machine's authorities, or those of a file. Reading them takes 20 ms."""
    return ssl.create_default_context(cafile=ca_file or None)
