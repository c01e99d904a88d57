from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import bcrypt
import pytest

from pileus.identity.db import user as users
from pileus.identity.model.login_errors import Refused
from pileus.identity.model.password_rule import NO_RULES
from pileus.identity.operations import authenticate, user
from pileus.identity.operations.methods.application_credential import Secret
from pileus.identity.operations.methods.password import Password
from pileus.identity.operations.named import Named
from pileus.identity.operations.token_scope import ScopeWish
from pileus.identity.tokens import password
from tests.identity.api.test_login import credential, own

if TYPE_CHECKING:
    from collections.abc import Callable

    from pileus.identity.operations.methods.proof import Proof
    from pileus.kit.db import Transaction
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def proof(name: str, text: str) -> Password:
    return Password(user=Named(name=name, domain_id="default"), password=text)


@pytest.mark.parametrize(
    ("name", "domain_id"),
    [
        ("known", "default"),
        ("nobody", "default"),
        ("known", "nowhere"),
        ("no password", "default"),
        ("demo", "default"),  # whose password is a generated one
    ],
)
def test_a_refused_login_costs_one_hash_whoever_asks(world: World, name: str, domain_id: str) -> None:
    world.user("known")
    world.user("no password", None)
    require_one_hash(world, Password(user=Named(name=name, domain_id=domain_id), password="wrong"))


def require_one_hash(world: World, asked: Proof) -> None:
    """Make sure that a login is refused, and took as long as a slow hash takes."""
    tried: list[bytes] = []

    def count(given: bytes, hashed: bytes) -> bool:
        tried.append(hashed)
        return False

    with patch.object(bcrypt, "checkpw", side_effect=count), pytest.raises(Refused):
        authenticate.issue(world.backend, [asked], ScopeWish())
    assert [each[:7] for each in tried] == [b"$2b$04$"]


@pytest.mark.parametrize("secret", [None, "chosen"])
def test_a_refused_application_credential_costs_one_hash_whether_it_exists_or_not(
    world: World, secret: str | None
) -> None:
    owner, _, token = own(world)
    made = credential(world, owner, token, secret=secret)
    who = Named(id=owner)
    for asked in (
        Secret(id=made["id"], secret="wrong"),
        Secret(id="nope", secret="wrong"),
        Secret(name="app", user=who, secret="wrong"),
        Secret(name="nope", user=who, secret="wrong"),
        Secret(name="app", user=Named(id="nobody"), secret="wrong"),
        Secret(name="app", user=Named(name="worker", domain_name="nowhere"), secret="wrong"),
    ):
        require_one_hash(world, asked)
    generated = secret is None
    with patch.object(bcrypt, "checkpw", return_value=True) as tried:
        authenticate.issue(world.backend, [Secret(id=made["id"], secret=made["secret"])], ScopeWish())
    assert tried.call_count == (0 if generated else 1)


def test_a_disabled_user_learns_nothing_from_the_time_either(world: World) -> None:
    owner = world.user("off")
    world("PATCH", f"/v3/users/{owner}", {"user": {"enabled": False}})
    with patch.object(bcrypt, "checkpw", return_value=True) as tried, pytest.raises(Refused):
        authenticate.issue(world.backend, [proof("off", "pw")], ScopeWish())
    assert tried.call_count == 1


def while_hashing(world: World, change: Callable[[Transaction], object]) -> None:
    """Log in, and let something else commit while the password is being checked."""
    real = bcrypt.checkpw

    def check(given: bytes, hashed: bytes) -> bool:
        world.database.write(change)
        return real(given, hashed)

    with patch.object(bcrypt, "checkpw", side_effect=check):
        authenticate.issue(world.backend, [proof("slow", "pw")], ScopeWish())


def test_a_password_that_is_changed_while_it_is_checked_lets_nobody_in(world: World) -> None:
    owner = world.user("slow")
    changes = {"password_hash": password.hash_chosen("new", 4)}
    with pytest.raises(Refused):
        while_hashing(world, lambda tx: user.update(tx, owner, changes, world.clock.now(), rules=NO_RULES))


def test_a_user_that_is_deleted_while_the_password_is_checked_is_refused(world: World) -> None:
    owner = world.user("slow")
    with pytest.raises(Refused):
        while_hashing(world, lambda tx: users.delete(tx, owner))


def test_the_moment_that_voids_tokens_never_repeats(world: World) -> None:
    with world.database.read() as tx:
        row = users.get(tx, world.user("u"))
    now = world.clock.now()
    first = user.void_tokens(row, now)
    second = user.void_tokens(first, now)
    earlier = user.void_tokens(second, now.replace(year=2020))
    moments = [each.tokens_valid_after for each in (first, second, earlier)]
    assert moments == sorted(set(filter(None, moments)))


def test_a_password_change_that_comes_second_changes_nothing(world: World) -> None:
    owner = world.user("u")
    with world.database.read() as tx:
        old = users.get(tx, owner)
    now = world.clock.now()
    assert world.database.write(user.change_password, old, "first", now, NO_RULES)
    assert not world.database.write(user.change_password, old, "second", now, NO_RULES)
    with world.database.read() as tx:
        row = users.get(tx, owner)
    assert (row.password_hash, row.tokens_valid_after) == ("first", now)
