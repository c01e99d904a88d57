"""A line between a client and a server that can go silent, as when a cable is pulled."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class LineCutter:
    """Listens on a port of its own and passes bytes on. While it is cut, new and old connections get nothing."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._whole = threading.Event()
        self._whole.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._go(self._accept)

    def cut(self) -> None:
        """Pass nothing on, without a word to either side."""
        self._whole.clear()

    def mend(self) -> None:
        """Pass bytes on again. What was connected before the cut stays silent, as its route is gone."""
        for old in self._sockets:
            with suppress(OSError):
                old.shutdown(socket.SHUT_RDWR)
        self._whole.set()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.mend()
        for thread in self._threads:
            thread.join(5)
        for one in self._sockets:
            one.close()

    def _go(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                self._sockets += [near, far]
                self._go(self._pass, near, far)
                self._go(self._pass, far, near)

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._whole.wait()
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
