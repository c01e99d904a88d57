from __future__ import annotations

from typing import Any

import pytest

from pileus.identity.model.resource import User, is_immutable
from pileus.identity.model.token import new_audit_id


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, False),
        ({"options": {}}, False),
        ({"options": {"immutable": False}}, False),
        ({"options": {"immutable": None}}, False),
        ({"options": {"immutable": True}}, True),
    ],
)
def test_only_an_option_of_true_makes_immutable(extra: dict[str, Any], expected: bool) -> None:
    assert is_immutable(extra) is expected


def test_a_password_hash_is_never_printed() -> None:
    assert "hash" not in repr(User(id="u", name="n", domain_id="d", password_hash="$2b$hash")).replace("_hash", "")


def test_an_audit_id_is_22_characters_that_urls_like() -> None:
    assert new_audit_id(b"\xff" * 16) == "_" * 21 + "w"
