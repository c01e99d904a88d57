"""The Fernet keys: a folder of numbered files, as Keystone keeps them, so that several hosts can share it.

`0` is staged: it can read but does not write yet. The highest number is primary and writes; those between can only
read, for tokens still about. `rotate` stages a new key, makes the staged one primary and drops the oldest.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

STAGED = 0
KEPT = 3
READ_ATTEMPTS = 5


class KeyFolder:
    """A folder of keys, read again when it changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        self._seen: tuple[tuple[int, int], ...] = ()
        self._fernet: MultiFernet | None = None

    def create_if_missing(self) -> None:
        """Make a first pair of keys."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._numbers():
            self._write(STAGED)
            self._write(1)

    def rotate(self) -> int:
        """Make the staged key primary and stage a new one; return the primary's number."""
        numbers = self._numbers()
        primary = max(numbers) + 1
        (self._folder / str(STAGED)).rename(self._folder / str(primary))
        self._write(STAGED)
        readers = [number for number in self._numbers() if number != STAGED]
        for number in readers[: -(KEPT - 1)]:
            (self._folder / str(number)).unlink()
        return primary

    def fernet(self) -> MultiFernet:
        """Return what encrypts with the primary key and decrypts with any."""
        for _ in range(READ_ATTEMPTS - 1):
            try:
                return self._read()
            except FileNotFoundError:  # somebody rotates just now
                continue
        return self._read()

    def _read(self) -> MultiFernet:
        seen = tuple((int(path.name), path.stat().st_mtime_ns) for path in self._files())
        with self._guard:
            if self._fernet is None or seen != self._seen:
                numbers = sorted((number for number, _ in seen), reverse=True)
                keys = [(self._folder / str(number)).read_bytes().strip() for number in numbers]
                self._fernet = MultiFernet([Fernet(key) for key in keys])
                self._seen = seen
            return self._fernet

    def _files(self) -> list[Path]:
        return sorted((path for path in self._folder.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))

    def _numbers(self) -> list[int]:
        return [int(path.name) for path in self._files()]

    def _write(self, number: int) -> None:
        temporary = self._folder / f".{number}.new"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self._folder / str(number))
