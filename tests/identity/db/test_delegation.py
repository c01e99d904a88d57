"""Credentials, application credentials, access rules and trusts, as rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pileus.identity.db import access_rule, application_credential, credential, project, role, trust, user
from pileus.identity.db.listing import Asked, Filter
from pileus.identity.model.application_credential import AccessRule, ApplicationCredential
from pileus.identity.model.credential import Credential
from pileus.identity.model.errors import MarkerNotFound, ResourceNotFound
from pileus.identity.model.resource import Project, Role, User
from pileus.identity.model.trust import Trust

if TYPE_CHECKING:
    from pileus.kit.db import Transaction
    from tests.identity.world import World

MOMENT = datetime(2026, 1, 1, 12, 0, 0, 123456)


@pytest.fixture
def filled(world: World) -> World:
    """A world with the users `a` and `b`, the project `p` and the role `r`."""

    def fill(tx: Transaction) -> None:
        for name in ("a", "b"):
            user.add(tx, User(id=name, name=name, domain_id="default"))
        project.add(tx, Project(id="p", name="p", domain_id="default", parent_id="default"))
        role.add(tx, Role(id="r", name="r"))

    world.database.write(fill)
    return world


def credential_of(credential_id: str, user_id: str = "a", type_: str = "totp") -> Credential:
    return Credential(id=credential_id, user_id=user_id, type=type_, encrypted_blob="old", extra={"n": 1})


def application_credential_of(name: str, rules: tuple[AccessRule, ...] | None = None) -> ApplicationCredential:
    return ApplicationCredential(
        id=f"id of {name}",
        name=name,
        user_id="a",
        project_id="p",
        secret_hash="hash",
        role_ids=("r",),
        description="d",
        expires_at=MOMENT,
        is_unrestricted=True,
        access_rules=rules,
    )


def trust_of(trust_id: str, parent: str | None = None, *, uses: int | None = None) -> Trust:
    return Trust(
        id=trust_id,
        trustor_user_id="a",
        trustee_user_id="b",
        project_id="p",
        role_ids=("r",),
        is_impersonation=True,
        expires_at=MOMENT,
        remaining_uses=uses,
        redelegated_trust_id=parent,
        redelegation_count=2,
    )


def test_a_credential_is_found_as_it_was_written(filled: World) -> None:
    row = credential_of("c")
    filled.database.write(credential.add, row)
    with filled.database.read() as tx:
        assert credential.get(tx, "c") == row
        with pytest.raises(ResourceNotFound):
            credential.get(tx, "d")


def test_credentials_are_filtered_and_paged(filled: World) -> None:
    for each in (credential_of("1"), credential_of("2", "b"), credential_of("3", type_="ec2"), credential_of("4")):
        filled.database.write(credential.add, each)
    with filled.database.read() as tx:
        assert [row.id for row in credential.list_of_user(tx, "a", "totp")] == ["1", "4"]
        assert [row.id for row in credential.list_credentials(tx, user_id="a")] == ["1", "3", "4"]
        totp = Asked(filters=(Filter("type", "totp"),), limit=1, marker="1")
        assert [row.id for row in credential.list_credentials(tx, totp)] == ["2"]
        with pytest.raises(MarkerNotFound):
            credential.list_credentials(tx, Asked(marker="2"), user_id="a")


def test_a_blob_that_was_changed_meanwhile_is_not_replaced(filled: World) -> None:
    filled.database.write(credential.add, credential_of("c"))
    assert filled.database.write(credential.update_blob, "c", "new", was="old")
    assert not filled.database.write(credential.update_blob, "c", "newer", was="old")
    with filled.database.read() as tx:
        assert credential.get(tx, "c").encrypted_blob == "new"


def test_an_application_credential_is_found_whole_by_id_and_by_name(filled: World) -> None:
    rule = AccessRule(id="x", user_id="a", service="compute", method="GET", path="/v2.1/*")
    plain, ruled, shut = (
        application_credential_of("plain"),
        application_credential_of("ruled", (rule,)),
        application_credential_of("shut", ()),
    )
    filled.database.write(access_rule.add, rule)
    for each in (plain, ruled, shut):
        filled.database.write(application_credential.add, each)
    with filled.database.read() as tx:
        assert application_credential.find_by_name(tx, "a", "ruled") == ruled
        assert application_credential.find_by_name(tx, "b", "ruled") is None
        assert list(application_credential.list_of_user(tx, "a")) == [plain, ruled, shut]
        asked = Asked(filters=(Filter("name", "shut"),))
        assert list(application_credential.list_of_user(tx, "a", asked)) == [shut]


def test_a_rule_in_use_stays_and_goes_with_its_user(filled: World) -> None:
    rule = AccessRule(id="x", user_id="a", service="compute", method="GET", path="/")
    filled.database.write(access_rule.add, rule)
    filled.database.write(application_credential.add, application_credential_of("ruled", (rule,)))
    filled.database.write(access_rule.delete, "x")
    with filled.database.read() as tx:
        assert access_rule.is_in_use(tx, "x")
        assert access_rule.get(tx, "x", "a") == rule
        with pytest.raises(ResourceNotFound):
            access_rule.get(tx, "x", "b")
    filled.database.write(user.delete, "a")
    with filled.database.read() as tx:
        assert access_rule.list_of_user(tx, "a") == []
        assert application_credential.find(tx, "id of ruled") is None


def test_what_holds_a_role_goes_with_it(filled: World) -> None:
    filled.database.write(application_credential.add, application_credential_of("held"))
    filled.database.write(application_credential.delete_with_role, "r")
    with filled.database.read() as tx:
        assert application_credential.find(tx, "id of held") is None


def test_a_trust_goes_with_all_that_pass_it_on(filled: World) -> None:
    for trust_id, parent in (("1", None), ("2", "1"), ("3", "2"), ("other", None)):
        filled.database.write(trust.add, trust_of(trust_id, parent))
    with filled.database.read() as tx:
        assert trust.get(tx, "2") == trust_of("2", "1")
        assert [row.id for row in trust.list_chain(tx, trust.get(tx, "3"))] == ["3", "2", "1"]
        asked = Asked(filters=(Filter("trustor_user_id", "a"), Filter("trustee_user_id", "b")), limit=2)
        assert [row.id for row in trust.list_trusts(tx, asked)] == ["1", "2"]
    filled.database.write(trust.delete, "1")
    with filled.database.read() as tx:
        assert [row.id for row in trust.list_trusts(tx)] == ["other"]


def test_uses_are_counted_down_to_nothing(filled: World) -> None:
    for row in (trust_of("two", uses=2), trust_of("any")):
        filled.database.write(trust.add, row)
    assert [filled.database.write(trust.consume_use, "two") for _ in range(3)] == [True, True, False]
    assert not filled.database.write(trust.consume_use, "gone")
    with filled.database.read() as tx:
        assert trust.get(tx, "two").remaining_uses == 0


def test_trusts_that_expired_are_forgotten(filled: World) -> None:
    filled.database.write(trust.add, trust_of("old"))
    assert filled.database.write(trust.purge, MOMENT) == 0
    assert filled.database.write(trust.purge, MOMENT + timedelta(seconds=1)) == 1
