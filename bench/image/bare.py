"""What this machine can do with an image's bytes, without a service around it: python -m bench.image.bare PORT FILE.

`PUT` receives them into pieces of memory that are used again and again, each of which two threads hash and a third
writes to FILE; the answer comes when the bytes are on the disk. `GET` sends FILE by sendfile.
"""

from __future__ import annotations

import hashlib
import os
import queue
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from bench.client import wait_until

PIECE = 2**20
PIECES = 8
SENT = 2**30  # by one call of sendfile, which takes no more than 2 GiB
HEAD = 65536


class Piece:
    """A piece of memory, with how many of its bytes count and how many threads are not through with it."""

    def __init__(self) -> None:
        self.memory = memoryview(bytearray(PIECE))
        self.size = 0
        self._users = 0
        self._turn = threading.Lock()

    def lend(self, size: int, users: int) -> None:
        self.size, self._users = size, users

    def give_back(self) -> bool:
        """Tell whether nobody uses it any more."""
        with self._turn:
            self._users -= 1
            return self._users == 0


class Lane:
    """A thread that takes each piece in turn."""

    def __init__(self, work: Callable[[memoryview], object], free: queue.SimpleQueue[Piece]) -> None:
        self.pieces: queue.SimpleQueue[Piece | None] = queue.SimpleQueue()
        self._work, self._free = work, free
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self.pieces.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (piece := self.pieces.get()) is not None:
            self._work(piece.memory[: piece.size])
            if piece.give_back():
                self._free.put(piece)


def receive(connection: socket.socket, file: Path, left: int) -> str:
    """Take in so many bytes; return their MD5."""
    checksum, digest = hashlib.md5(usedforsecurity=False), hashlib.sha512()
    free: queue.SimpleQueue[Piece] = queue.SimpleQueue()
    for _ in range(PIECES):
        free.put(Piece())
    with file.open("wb", buffering=0) as out:
        lanes = [Lane(work, free) for work in (checksum.update, digest.update, out.write)]
        while left:
            piece = free.get()
            size = connection.recv_into(piece.memory, min(left, PIECE), socket.MSG_WAITALL)
            if not size:
                raise ConnectionError("the client hung up")
            left -= size
            piece.lend(size, len(lanes))
            for lane in lanes:
                lane.pieces.put(piece)
        for lane in lanes:
            lane.end()
        os.fsync(out.fileno())
    return checksum.hexdigest()


def send(connection: socket.socket, file: Path) -> None:
    """Give a file out."""
    with file.open("rb") as source:
        offset, size = 0, os.fstat(source.fileno()).st_size
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while offset < size:
            offset += os.sendfile(connection.fileno(), source.fileno(), offset, SENT)


def serve(port: int, file: Path) -> None:
    """Answer one connection after the other."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        while True:
            connection, _ = listening.accept()
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = connection.recv(1 if head else 4, socket.MSG_WAITALL) if len(head) < HEAD else b""
                    if not piece:
                        break
                    head += piece
                else:
                    _answer(connection, head, file)


def _answer(connection: socket.socket, head: bytes, file: Path) -> None:
    if head.startswith(b"GET"):
        send(connection, file)
        return
    length = re.search(rb"content-length: (\d+)", head.lower())
    checksum = receive(connection, file, int(length[1]) if length else 0)
    connection.sendall(b"HTTP/1.1 204 No Content\r\nContent-MD5: %s\r\n\r\n" % checksum.encode())


class Bare:
    """The server in a process of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port
        self.file = folder / "bytes"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        words = [sys.executable, "-m", "bench.image.bare", str(self.port), str(self.file)]
        self._process = subprocess.Popen(words, cwd=Path(__file__).parents[2], start_new_session=True)
        wait_until("the bare server does not answer", self._answers, timeout_s=10)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self.file.unlink(missing_ok=True)

    def pids(self) -> list[int]:
        """Return its process."""
        return [self._process.pid] if self._process else []

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
