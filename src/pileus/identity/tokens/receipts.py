"""Receipts as Fernet texts, with keys of their own."""

from __future__ import annotations

import msgspec
from cryptography.fernet import InvalidToken

from pileus.identity.model.receipt import Receipt
from pileus.identity.tokens.keys import KeyFolder

_FORMAT = 1


class _Payload(msgspec.Struct, array_like=True):
    format: int
    receipt: Receipt


class FernetReceipts:
    """Issues receipts and reads them back."""

    def __init__(self, keys: KeyFolder) -> None:
        self._keys = keys

    def issue(self, receipt: Receipt) -> str:
        """Return the text that a client carries."""
        return self._keys.fernet().encrypt(msgspec.msgpack.encode(_Payload(_FORMAT, receipt))).rstrip(b"=").decode()

    def read(self, text: str) -> Receipt | None:
        """Return the receipt, or None if the text is forged, damaged or of keys long gone. Expiry is the caller's."""
        try:
            data = self._keys.fernet().decrypt(text.encode("ascii") + b"=" * (-len(text) % 4))
            payload = msgspec.msgpack.decode(data, type=_Payload)
        except (InvalidToken, UnicodeEncodeError, msgspec.DecodeError):
            return None
        return payload.receipt if payload.format == _FORMAT else None
