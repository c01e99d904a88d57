"""The Fernet keys: a folder of numbered files, as Keystone keeps them, so that several hosts can share it.

`0` is staged: it can read but does not write yet. The highest number is primary and writes; those between can only
read, for tokens still about. `rotate` stages a new key, makes the staged one primary and drops the oldest.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

from pileus.identity.tokens.signing_keys import SigningKeys
from pileus.kit.state import write_private

SETTLED_NS = 2_000_000_000  # much longer than the ticks in which file systems tell the time
STAGED = 0
KEPT = 3


class KeyFolder:
    """A folder of keys, read again when it changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = str(folder)
        self._guard = threading.Lock()
        self._seen: tuple[tuple[int, int], ...] = ()
        self._settled_ns = -1  # when the folder last changed, if that was so long ago that another change would show
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
        # First under both names, then replaced: at no moment is there no staged key, and readers go on meanwhile.
        (self._folder / str(primary)).hardlink_to(self._folder / str(STAGED))
        self._write(STAGED)
        readers = [number for number in self._numbers() if number != STAGED]
        for number in readers[: -(KEPT - 1)]:
            (self._folder / str(number)).unlink()
        return primary

    def fernet(self) -> MultiFernet:
        """Return what encrypts with the primary key and decrypts with any; the same object while the keys are."""
        changed_ns = os.stat(self._path).st_mtime_ns  # noqa: PTH116 (every change of keys adds, renames or removes a file)
        if self._fernet is not None and changed_ns == self._settled_ns:
            return self._fernet
        seen = tuple(found for path in self._files() if (found := _look(path)) is not None)
        with self._guard:
            if self._fernet is None or seen != self._seen:
                numbers = sorted((number for number, _ in seen), reverse=True)
                keys = [key for number in numbers if (key := _read(self._folder / str(number))) is not None]
                self._fernet = MultiFernet([Fernet(key) for key in keys])
                self._seen = seen
            self._settled_ns = changed_ns if time.time_ns() - changed_ns > SETTLED_NS else -1
            return self._fernet

    def _files(self) -> list[Path]:
        return sorted((path for path in self._folder.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))

    def _numbers(self) -> list[int]:
        return [int(path.name) for path in self._files()]

    def _write(self, number: int) -> None:
        write_private(self._folder / str(number), Fernet.generate_key().decode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """All keys of one identity service, a folder for each purpose."""

    fernet: KeyFolder
    receipt: KeyFolder
    credential: KeyFolder
    jws: SigningKeys

    @classmethod
    def at(cls, folder: Path) -> Keys:
        """Return the keys below a folder; those that lack are made."""
        keys = cls(
            fernet=KeyFolder(folder / "fernet"),
            receipt=KeyFolder(folder / "receipt"),
            credential=KeyFolder(folder / "credential"),
            jws=SigningKeys(folder / "jws"),
        )
        for each in (keys.fernet, keys.receipt, keys.credential, keys.jws):
            each.create_if_missing()
        return keys


# A rotation removes the oldest key at any moment; whoever finds it gone does without.


def _look(path: Path) -> tuple[int, int] | None:
    try:
        return int(path.name), path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        return None
