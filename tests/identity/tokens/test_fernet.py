from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.token import METHODS, UNSCOPED, Scope, Token
from pileus.identity.tokens.fernet import FernetTokens
from pileus.identity.tokens.keys import KeyFolder

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = Token(
    user_id="u" * 32,
    methods=("password", "token"),
    scope=Scope(kind=TargetKind.PROJECT, id="p" * 32),
    audit_ids=("a" * 22, "b" * 22),
    issued_at=datetime(2026, 1, 2, 3, 4, 5, 123457),
    expires_at=datetime(2026, 1, 2, 4, 4, 5),
    user_valid_after=datetime(2026, 1, 1, 0, 0, 0, 999999),
)


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    folder = KeyFolder(tmp_path / "keys")
    folder.create_if_missing()
    return folder


@pytest.fixture
def tokens(keys: KeyFolder) -> FernetTokens:
    return FernetTokens(keys)


@pytest.mark.parametrize("kind", list(TargetKind))
def test_a_token_is_read_as_it_was_issued(tokens: FernetTokens, kind: TargetKind) -> None:
    token = replace(TOKEN, scope=Scope(kind=kind, id="x"))
    assert tokens.read(tokens.issue(token)) == token


def test_an_unscoped_token_of_a_new_user_is_read_as_it_was_issued(tokens: FernetTokens) -> None:
    token = replace(TOKEN, scope=UNSCOPED, user_valid_after=None, audit_ids=("a",))
    assert tokens.read(tokens.issue(token)) == token


def test_every_microsecond_survives(tokens: FernetTokens) -> None:
    for microsecond in range(0, 1_000_000, 9973):
        token = replace(TOKEN, user_valid_after=TOKEN.issued_at.replace(microsecond=microsecond))
        assert tokens.read(tokens.issue(token)) == token


def test_a_token_fits_where_clients_keep_it(tokens: FernetTokens) -> None:
    text = tokens.issue(TOKEN)
    assert len(text) < 400
    assert "=" not in text


@pytest.mark.parametrize("text", ["", "x", "garbage", "é", "gAAAAA", "=" * 10, "a" * 10_000, "gAAA\0AA"])
def test_garbage_is_no_token(tokens: FernetTokens, text: str) -> None:
    assert tokens.read(text) is None


def test_a_token_has_one_spelling(tokens: FernetTokens) -> None:
    text = tokens.issue(TOKEN)
    for other in (text[:9] + "!~" * 1000 + text[9:], text + "\n", f" {text}", text[:9] + "\0" + text[9:]):
        assert tokens.read(other) is None


def test_a_changed_token_is_no_token(tokens: FernetTokens) -> None:
    text = tokens.issue(TOKEN)
    for place in (0, 20, len(text) // 2, len(text) - 2):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert tokens.read(changed) is None


def test_a_token_of_other_keys_is_no_token(tokens: FernetTokens, tmp_path: Path) -> None:
    others = KeyFolder(tmp_path / "others")
    others.create_if_missing()
    assert tokens.read(FernetTokens(others).issue(TOKEN)) is None


@pytest.mark.parametrize("payload", [b"", b"\xc0", b"not msgpack", msgspec.msgpack.encode([1, "u"])])
def test_another_payload_under_our_keys_is_no_token(tokens: FernetTokens, keys: KeyFolder, payload: bytes) -> None:
    assert tokens.read(keys.fernet().encrypt(payload).rstrip(b"=").decode()) is None


def test_methods_keep_the_bits_that_issued_tokens_have() -> None:
    assert METHODS[:2] == ("password", "token")


def test_a_token_outlives_one_rotation_but_not_two(tokens: FernetTokens, keys: KeyFolder) -> None:
    text = tokens.issue(TOKEN)
    assert keys.rotate() == 2
    assert tokens.read(text) == TOKEN
    keys.rotate()
    assert tokens.read(text) is None  # the key that wrote it is gone


def test_a_host_that_has_not_seen_the_rotation_reads_the_new_tokens(keys: KeyFolder, tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.mkdir()
    for path in (tmp_path / "keys").iterdir():
        (slow / path.name).write_bytes(path.read_bytes())
    keys.rotate()
    assert FernetTokens(KeyFolder(slow)).read(FernetTokens(keys).issue(TOKEN)) == TOKEN


def test_keys_are_for_their_owner_alone(keys: KeyFolder, tmp_path: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_tokens_are_read_while_keys_are_rotated(tokens: FernetTokens, keys: KeyFolder, tmp_path: Path) -> None:
    done = threading.Event()

    def rotate() -> None:
        for _ in range(50):
            KeyFolder(tmp_path / "keys").rotate()
        done.set()

    rotating = threading.Thread(target=rotate)
    rotating.start()
    while not done.is_set():
        assert tokens.read("gAAAAAgarbage") is None
        tokens.issue(TOKEN)
    rotating.join()
