"""Fernet tokens: encrypted and signed, carried by the client alone."""

from __future__ import annotations

import re

import msgspec
from cryptography.fernet import MultiFernet

from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.token import METHODS, Delegation, DelegationKind, Scope, Token
from pileus.identity.tokens import sealed
from pileus.identity.tokens.keys import KeyFolder
from pileus.identity.tokens.microseconds import microseconds, microseconds_or_none, moment, moment_or_none

REMEMBERED = 10_000
_SPELLING = re.compile(r"[A-Za-z0-9_-]+={0,2}")
_FORMAT = 3
# In the order of their numbers in a payload; only ever add at the end.
_KINDS = (None, TargetKind.PROJECT, TargetKind.DOMAIN, TargetKind.SYSTEM)
_DELEGATIONS = (None, DelegationKind.TRUST, DelegationKind.APPLICATION_CREDENTIAL, DelegationKind.OAUTH1)


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
    delegation_kind: int = 0
    delegation_id: str = ""
    delegation_valid_after_us: int | None = None


class FernetTokens:
    """The default provider."""

    def __init__(self, keys: KeyFolder) -> None:
        self._keys = keys
        self._known: tuple[MultiFernet | None, dict[str, Token]] = (None, {})  # what the present keys decrypt to

    def keys(self) -> object:
        """Return the keys, the same object while they are the same."""
        return self._keys.fernet()

    def issue(self, token: Token) -> str:
        """Return the text, without the padding that URLs do not like."""
        by = token.delegation
        payload = _Payload(
            _FORMAT,
            token.user_id,
            sum(1 << METHODS.index(method) for method in token.methods),
            _KINDS.index(token.scope.kind),
            token.scope.id,
            microseconds(token.issued_at),
            microseconds(token.expires_at),
            list(token.audit_ids),
            microseconds_or_none(token.user_valid_after),
            0 if by is None else _DELEGATIONS.index(by.kind),
            "" if by is None else by.id,
            None if by is None else microseconds_or_none(by.valid_after),
        )
        return sealed.seal(self._keys.fernet(), payload)

    def read(self, text: str) -> Token | None:
        """Return the token, or None."""
        if _SPELLING.fullmatch(text) is None:  # base64 skips what is none of it, so one token would have many names
            return None
        fernet = self._keys.fernet()
        keys, known = self._known
        if keys is not fernet:
            known = {}
            self._known = (fernet, known)
        token = known.get(text)
        if token is None:
            token = _read(fernet, text)
            if token is not None:
                if len(known) >= REMEMBERED:
                    known.clear()
                known[text] = token
        return token


def _read(fernet: MultiFernet, text: str) -> Token | None:
    payload = sealed.unseal(fernet, text, _Payload)
    if payload is None or payload.format != _FORMAT:
        return None
    return Token(
        user_id=payload.user_id,
        methods=tuple(method for bit, method in enumerate(METHODS) if payload.methods >> bit & 1),
        scope=Scope(kind=_KINDS[payload.scope_kind], id=payload.scope_id),
        audit_ids=tuple(payload.audit_ids),
        issued_at=moment(payload.issued_us),
        expires_at=moment(payload.expires_us),
        user_valid_after=moment_or_none(payload.valid_after_us),
        delegation=_delegation(payload),
    )


def _delegation(payload: _Payload) -> Delegation | None:
    kind = _DELEGATIONS[payload.delegation_kind]
    if kind is None:
        return None
    return Delegation(
        kind=kind, id=payload.delegation_id, valid_after=moment_or_none(payload.delegation_valid_after_us)
    )
