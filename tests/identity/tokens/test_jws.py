from __future__ import annotations

import base64
import json
import threading
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from pileus.identity.model.assignment import SYSTEM_ID, TargetKind
from pileus.identity.model.token import UNSCOPED, Delegation, DelegationKind, Scope, Token
from pileus.identity.tokens.fernet import FernetTokens
from pileus.identity.tokens.jws import JwsTokens
from pileus.identity.tokens.keys import Keys
from pileus.identity.tokens.signing_keys import SigningKeys

if TYPE_CHECKING:
    from pathlib import Path

    from pileus.identity.tokens.provider import TokenProvider

TOKEN = Token(
    user_id="u" * 32,
    methods=("password", "totp"),
    scope=Scope(kind=TargetKind.PROJECT, id="p" * 32),
    audit_ids=("a" * 22, "b" * 22),
    issued_at=datetime(2026, 1, 2, 3, 4, 5, 123457),
    expires_at=datetime(2026, 1, 2, 4, 4, 5),
    user_valid_after=datetime(2026, 1, 1, 0, 0, 0, 999999),
)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys.at(tmp_path / "keys")


@pytest.fixture(params=["fernet", "jws"])
def provider(request: pytest.FixtureRequest, keys: Keys) -> TokenProvider:
    return FernetTokens(keys.fernet) if request.param == "fernet" else JwsTokens(keys.jws)


SCOPES = [UNSCOPED, *(Scope(kind=kind, id=SYSTEM_ID if kind is TargetKind.SYSTEM else "x") for kind in TargetKind)]


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_is_read_as_it_was_issued(provider: TokenProvider, scope: Scope) -> None:
    token = replace(TOKEN, scope=scope, user_valid_after=None)
    assert provider.read(provider.issue(token)) == token


@pytest.mark.parametrize("kind", DelegationKind)
@pytest.mark.parametrize("valid_after", [None, TOKEN.issued_at])
def test_what_limits_a_token_stays_with_it(
    provider: TokenProvider, kind: DelegationKind, valid_after: datetime | None
) -> None:
    token = replace(TOKEN, delegation=Delegation(kind=kind, id="d" * 32, valid_after=valid_after))
    assert provider.read(provider.issue(token)) == token


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_nobody_chooses_how_a_token_is_verified(keys: Keys) -> None:
    tokens = JwsTokens(keys.jws)
    head, claims, signature = tokens.issue(TOKEN).split(".")
    name = keys.jws.pairs().name
    for header in (
        {"alg": "none", "kid": name, "typ": "JWT"},
        {"alg": "HS256", "kid": name, "typ": "JWT"},
        {"alg": "ES256", "kid": "nope", "typ": "JWT"},
        {"alg": "ES256", "kid": "../private", "typ": "JWT"},
        {"alg": "ES256"},
        [],
    ):
        for end in ("", signature, part("x" * 62)):
            assert tokens.read(f"{part(header)}.{claims}.{end}") is None
    assert tokens.read(f"{head}.{claims}.{base64.urlsafe_b64encode(bytes(64)).decode()}") is None
    assert tokens.read(f"{head}.{claims}.{signature}") == TOKEN


def test_a_signed_token_outlives_two_rotations_of_anybody_but_not_three(keys: Keys, tmp_path: Path) -> None:
    tokens, elsewhere = JwsTokens(keys.jws), SigningKeys(tmp_path / "keys" / "jws")
    text = tokens.issue(TOKEN)
    for _ in range(2):
        elsewhere.rotate()
        assert tokens.read(text) == TOKEN
    assert tokens.read(JwsTokens(elsewhere).issue(TOKEN)) == TOKEN
    elsewhere.rotate()
    assert tokens.read(text) is None


def test_signed_tokens_are_read_while_keys_are_rotated(keys: Keys, tmp_path: Path) -> None:
    tokens, done = JwsTokens(keys.jws), threading.Event()

    def rotate() -> None:
        for _ in range(50):
            SigningKeys(tmp_path / "keys" / "jws").rotate()
        done.set()

    rotating = threading.Thread(target=rotate)
    rotating.start()
    while not done.is_set():
        tokens.read(tokens.issue(TOKEN))
    rotating.join()


def test_the_private_key_is_for_its_owner_alone(keys: Keys, tmp_path: Path) -> None:
    assert keys.jws.pairs().name == "1"
    private = tmp_path / "keys" / "jws" / "private.pem"
    assert (private.stat().st_mode & 0o777, private.parent.stat().st_mode & 0o777) == (0o600, 0o700)
