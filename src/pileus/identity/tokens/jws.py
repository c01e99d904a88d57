"""Signed tokens (JWS, ES256): anybody may read them, and who has the public key can tell that they are genuine."""

from __future__ import annotations

import base64
import binascii

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from pileus.identity.model.assignment import SYSTEM_ID, TargetKind
from pileus.identity.model.token import METHODS, UNSCOPED, Delegation, DelegationKind, Scope, Token
from pileus.identity.tokens.microseconds import microseconds, microseconds_or_none, moment, moment_or_none
from pileus.identity.tokens.signing_keys import SigningKeys

_HALF = 32  # bytes of each of a signature's two numbers
_ES256 = ec.ECDSA(SHA256())


class _Header(msgspec.Struct):
    alg: str
    kid: str
    typ: str = "JWT"


class _Claims(msgspec.Struct, omit_defaults=True):
    """Keystone's claims, and ours for what it keeps elsewhere."""

    sub: str
    iat: int
    exp: int
    openstack_methods: list[str]
    openstack_audit_ids: list[str]
    pileus_issued_us: int
    openstack_system: str | None = None
    openstack_domain_id: str | None = None
    openstack_project_id: str | None = None
    openstack_trust_id: str | None = None
    openstack_app_cred_id: str | None = None
    openstack_access_token_id: str | None = None
    pileus_valid_after_us: int | None = None
    pileus_trustor_valid_after_us: int | None = None


class JwsTokens:
    """The provider `jws`."""

    def __init__(self, keys: SigningKeys) -> None:
        self._keys = keys

    def keys(self) -> object:
        """Return the keys, the same object while they are the same."""
        return self._keys.pairs()

    def issue(self, token: Token) -> str:
        """Return the text: header, claims and signature, with dots between."""
        pairs = self._keys.pairs()
        header = msgspec.json.encode(_Header("ES256", pairs.name))
        signed = _text(header) + b"." + _text(msgspec.json.encode(_claims(token)))
        r, s = decode_dss_signature(pairs.private.sign(signed, _ES256))
        return (signed + b"." + _text(r.to_bytes(_HALF) + s.to_bytes(_HALF))).decode()

    def read(self, text: str) -> Token | None:
        """Return the token, or None."""
        try:
            signed, _, signature = text.encode("ascii").rpartition(b".")
            header_text, _, claims_text = signed.partition(b".")
            header = msgspec.json.decode(_data(header_text), type=_Header)
            key = self._keys.pairs().public.get(header.kid)
            if header.alg != "ES256" or key is None:
                return None
            raw = _data(signature)
            if len(raw) != 2 * _HALF:
                return None
            numbers = int.from_bytes(raw[:_HALF]), int.from_bytes(raw[_HALF:])
            key.verify(encode_dss_signature(*numbers), signed, _ES256)
            return _token(msgspec.json.decode(_data(claims_text), type=_Claims))
        except (UnicodeEncodeError, binascii.Error, msgspec.DecodeError, InvalidSignature):
            return None


def _claims(token: Token) -> _Claims:
    scope, by = token.scope, token.delegation
    return _Claims(
        sub=token.user_id,
        iat=microseconds(token.issued_at) // 1_000_000,
        exp=microseconds(token.expires_at) // 1_000_000,
        openstack_methods=list(token.methods),
        openstack_audit_ids=list(token.audit_ids),
        pileus_issued_us=microseconds(token.issued_at),
        openstack_system=scope.id if scope.kind is TargetKind.SYSTEM else None,
        openstack_domain_id=scope.id if scope.kind is TargetKind.DOMAIN else None,
        openstack_project_id=scope.id if scope.kind is TargetKind.PROJECT else None,
        openstack_trust_id=by.id if by and by.kind is DelegationKind.TRUST else None,
        openstack_app_cred_id=by.id if by and by.kind is DelegationKind.APPLICATION_CREDENTIAL else None,
        openstack_access_token_id=by.id if by and by.kind is DelegationKind.OAUTH1 else None,
        pileus_valid_after_us=microseconds_or_none(token.user_valid_after),
        pileus_trustor_valid_after_us=microseconds_or_none(by.valid_after) if by else None,
    )


def _token(claims: _Claims) -> Token:
    return Token(
        user_id=claims.sub,
        methods=tuple(method for method in claims.openstack_methods if method in METHODS),
        scope=_scope(claims),
        audit_ids=tuple(claims.openstack_audit_ids),
        issued_at=moment(claims.pileus_issued_us),
        expires_at=moment(claims.exp * 1_000_000),
        user_valid_after=moment_or_none(claims.pileus_valid_after_us),
        delegation=_delegation(claims),
    )


def _scope(claims: _Claims) -> Scope:
    if claims.openstack_project_id is not None:
        return Scope(kind=TargetKind.PROJECT, id=claims.openstack_project_id)
    if claims.openstack_domain_id is not None:
        return Scope(kind=TargetKind.DOMAIN, id=claims.openstack_domain_id)
    return UNSCOPED if claims.openstack_system is None else Scope(kind=TargetKind.SYSTEM, id=SYSTEM_ID)


def _delegation(claims: _Claims) -> Delegation | None:
    named = {
        DelegationKind.TRUST: claims.openstack_trust_id,
        DelegationKind.APPLICATION_CREDENTIAL: claims.openstack_app_cred_id,
        DelegationKind.OAUTH1: claims.openstack_access_token_id,
    }
    valid_after = moment_or_none(claims.pileus_trustor_valid_after_us)
    return next((Delegation(kind=kind, id=id_, valid_after=valid_after) for kind, id_ in named.items() if id_), None)


def _text(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _data(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
