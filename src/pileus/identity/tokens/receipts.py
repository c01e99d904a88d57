"""Receipts as Fernet texts, with keys of their own."""

from __future__ import annotations

import msgspec

from pileus.identity.model.receipt import Receipt
from pileus.identity.tokens import sealed
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
        return sealed.seal(self._keys.fernet(), _Payload(_FORMAT, receipt))

    def read(self, text: str) -> Receipt | None:
        """Return the receipt, or None if the text is forged, damaged or of keys long gone. Expiry is the caller's."""
        payload = sealed.unseal(self._keys.fernet(), text, _Payload)
        return None if payload is None or payload.format != _FORMAT else payload.receipt
