"""Fernet tokens: encrypted and signed, carried by the client alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from cryptography.fernet import InvalidToken

from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.token import METHODS, Scope, Token
from pileus.identity.tokens.keys import KeyFolder

_FORMAT = 2
_EPOCH, _MICROSECOND = datetime(1970, 1, 1), timedelta(microseconds=1)  # whole numbers: floats would lose some
_KINDS = (None, TargetKind.PROJECT, TargetKind.DOMAIN, TargetKind.SYSTEM)


class _Payload(msgspec.Struct, array_like=True):
    format: int
    user_id: str
    methods: int  # one bit each, in the order of METHODS
    scope_kind: int
    scope_id: str
    issued_us: int
    expires_us: int
    audit_ids: list[str]
    valid_after_us: int | None


class FernetTokens:
    """The default provider."""

    def __init__(self, keys: KeyFolder) -> None:
        self._keys = keys

    def issue(self, token: Token) -> str:
        """Return the text, without the padding that URLs do not like."""
        payload = _Payload(
            _FORMAT,
            token.user_id,
            sum(1 << METHODS.index(method) for method in token.methods),
            _KINDS.index(token.scope.kind),
            token.scope.id,
            _microseconds(token.issued_at),
            _microseconds(token.expires_at),
            list(token.audit_ids),
            None if token.user_valid_after is None else _microseconds(token.user_valid_after),
        )
        return self._keys.fernet().encrypt(msgspec.msgpack.encode(payload)).rstrip(b"=").decode()

    def read(self, text: str) -> Token | None:
        """Return the token, or None."""
        try:
            data = self._keys.fernet().decrypt(text.encode("ascii") + b"=" * (-len(text) % 4))
            payload = msgspec.msgpack.decode(data, type=_Payload)
        except (InvalidToken, UnicodeEncodeError, msgspec.DecodeError):
            return None
        if payload.format != _FORMAT:
            return None
        return Token(
            user_id=payload.user_id,
            methods=tuple(method for bit, method in enumerate(METHODS) if payload.methods >> bit & 1),
            scope=Scope(kind=_KINDS[payload.scope_kind], id=payload.scope_id),
            audit_ids=tuple(payload.audit_ids),
            issued_at=_moment(payload.issued_us),
            expires_at=_moment(payload.expires_us),
            user_valid_after=None if payload.valid_after_us is None else _moment(payload.valid_after_us),
        )


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND
