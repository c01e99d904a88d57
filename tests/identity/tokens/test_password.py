from __future__ import annotations

from unittest.mock import patch

import bcrypt
import pytest

from pileus.identity.tokens import password
from pileus.identity.tokens.password import EvenVerifier, hash_chosen, hash_generated, verify

ROUNDS = 4


@pytest.mark.parametrize("text", ["secret", "", "пароль ✓", "with\0zero", "x" * 4096, " spaces "])
def test_a_password_is_known_again(text: str) -> None:
    hashed = hash_chosen(text, ROUNDS)
    assert verify(text, hashed)
    assert not verify(text + "!", hashed)


def test_every_character_counts_beyond_the_72_that_bcrypt_reads() -> None:
    hashed = hash_chosen("x" * 100, ROUNDS)
    assert not verify("x" * 72, hashed)
    assert not verify("x" * 99 + "y", hashed)


def test_what_follows_a_zero_byte_counts() -> None:
    assert not verify("a\0b", hash_chosen("a\0c", ROUNDS))


def test_equal_passwords_have_different_hashes() -> None:
    assert hash_chosen("same", ROUNDS) != hash_chosen("same", ROUNDS)


def test_a_hash_carries_its_rounds() -> None:
    assert hash_chosen("x", 5).startswith("$2b$05$")


def test_a_generated_password_is_known_again_without_bcrypt() -> None:
    hashed = hash_generated("q" * 32)
    with patch.object(bcrypt, "checkpw", side_effect=AssertionError):
        assert verify("q" * 32, hashed)
        assert not verify("r" * 32, hashed)


def test_a_chosen_password_that_looks_like_a_generated_hash_is_hashed_slowly() -> None:
    assert hash_chosen("$sha256$abc", ROUNDS).startswith("$2b$")


def test_the_hash_itself_is_no_password() -> None:
    hashed = hash_generated("secret")
    assert not verify(hashed, hashed)


@pytest.mark.parametrize("rounds", [4, 12])
def test_a_decoy_costs_what_a_real_hash_costs(rounds: int) -> None:
    tried: list[bytes] = []
    with patch.object(bcrypt, "checkpw", side_effect=lambda _given, hashed: tried.append(hashed)):
        EvenVerifier(rounds).verify("anything", None)
        verify("anything", hash_chosen("real", 4).replace("$04$", f"${rounds:02d}$", 1))
    decoy, real = tried
    assert decoy[:7] == real[:7]
    assert len(decoy) == len(real) == 60


def test_the_decoy_is_a_hash_that_bcrypt_takes() -> None:
    assert not EvenVerifier(ROUNDS).verify("anything", None)


def test_the_default_is_as_slow_as_keystones() -> None:
    assert password.DEFAULT_ROUNDS == 12
