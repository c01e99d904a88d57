"""What only we can write and read, as a text that clients carry: a structure, packed and encrypted."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from cryptography.fernet import InvalidToken, MultiFernet

S = TypeVar("S", bound=msgspec.Struct)


def seal(fernet: MultiFernet, payload: msgspec.Struct) -> str:
    """Return the text, without the padding that URLs do not like."""
    return fernet.encrypt(msgspec.msgpack.encode(payload)).rstrip(b"=").decode()


def unseal(fernet: MultiFernet, text: str, kind: type[S]) -> S | None:
    """Return what was sealed, or None if the text is forged, damaged, of keys long gone or of another kind."""
    try:
        data = fernet.decrypt(text.encode("ascii") + b"=" * (-len(text) % 4))
        return msgspec.msgpack.decode(data, type=kind)
    except (InvalidToken, UnicodeEncodeError, msgspec.DecodeError):
        return None
