"""The key pairs that sign tokens: a folder that several hosts can share, or only its public half.

`private.pem` signs. Each file `public/NAME.pem` verifies what its pair signed; a token says NAME. A rotation makes a
new pair and leaves the public keys of the last ones, for tokens still about.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from pileus.kit.state import write_private

KEPT = 3


@dataclass(frozen=True, slots=True)
class Pairs:
    """What is in the folder at one moment."""

    name: str  # of the pair that signs
    private: ec.EllipticCurvePrivateKey
    public: Mapping[str, ec.EllipticCurvePublicKey]


class SigningKeys:
    """A folder of key pairs for ES256, read again when it changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        self._seen: tuple[tuple[str, int], ...] = ()
        self._pairs: Pairs | None = None

    def create_if_missing(self) -> None:
        """Make a first pair."""
        for folder in (self._folder, self._folder / "public"):  # one by one: the mode is not for parents
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self._folder / "private.pem").exists():
            self.rotate()

    def rotate(self) -> int:
        """Make a new pair, which signs from now on; return its number."""
        numbers = sorted(int(path.stem) for path in self._public_files() if path.stem.isdigit())
        number = numbers[-1] + 1 if numbers else 1
        private = ec.generate_private_key(ec.SECP256R1())
        # The public half first: nobody ever meets a signature that he cannot verify.
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        write_private(self._folder / "public" / f"{number}.pem", public.decode())
        secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(self._folder / "private.pem", f"{number}\n{secret.decode()}")
        for old in numbers[: -(KEPT - 1)]:
            (self._folder / "public" / f"{old}.pem").unlink(missing_ok=True)
        return number

    def pairs(self) -> Pairs:
        """Return the keys as they are now."""
        seen = self._look()
        with self._guard:
            if self._pairs is None or seen != self._seen:
                self._pairs = self._read()
                self._seen = seen
            return self._pairs

    def _look(self) -> tuple[tuple[str, int], ...]:
        files = (self._folder / "private.pem", *self._public_files())
        return tuple(found for path in files if (found := _stamp(path)) is not None)

    def _read(self) -> Pairs:
        name, _, secret = (self._folder / "private.pem").read_bytes().partition(b"\n")
        private = load_pem_private_key(secret, password=None)
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        public = {}
        for path in self._public_files():
            with contextlib.suppress(FileNotFoundError):  # a rotation has just dropped it
                key = load_pem_public_key(path.read_bytes())
                assert isinstance(key, ec.EllipticCurvePublicKey)
                public[path.stem] = key
        return Pairs(name.decode(), private, public)

    def _public_files(self) -> list[Path]:
        return sorted((self._folder / "public").glob("*.pem"))


def _stamp(path: Path) -> tuple[str, int] | None:
    try:
        return path.name, path.stat().st_mtime_ns
    except FileNotFoundError:  # a rotation has just dropped it
        return None
