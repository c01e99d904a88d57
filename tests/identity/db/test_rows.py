from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import IntegrityError

from pileus.identity.db import assignment, catalog, domain, effective, project, revocation, role, user
from pileus.identity.model.assignment import SYSTEM_ID, Assignment, TargetKind
from pileus.identity.model.catalog import Endpoint, Region, Service
from pileus.identity.model.errors import AssignmentNotFound, ResourceNotFound
from pileus.identity.model.resource import Domain, Project, Role, User
from pileus.identity.model.token import UNSCOPED, Token
from pileus.kit.db import Database, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 1, 1, 12, 0, 0, 123456)
EXTRA: dict[str, Any] = {"cow": {"says": ["moo", None, 1.5]}, "ключ": "☃"}


@pytest.fixture
def tx(database: Database) -> Iterator[Transaction]:
    """A transaction that sees two domains with a project and a user each."""
    with database.engine.connect() as connection:
        begun = connection.begin()
        tx = Transaction(connection)
        for each in ("d1", "d2"):
            domain.add(tx, Domain(id=each, name=each.upper()))
            project.add(tx, Project(id=f"p-{each}", name="same", domain_id=each, parent_id=each))
            user.add(tx, User(id=f"u-{each}", name="same", domain_id=each))
        role.add(tx, Role(id="r", name="member"))
        yield tx
        if begun.is_active:
            begun.rollback()


def test_a_domain_comes_back_as_it_was_written(tx: Transaction) -> None:
    new = Domain(id="d", name="Ünïcode/Dömäin ✓", description="x" * 5000, is_enabled=False, extra=EXTRA)
    domain.add(tx, new)
    assert domain.get(tx, "d") == domain.find_by_name(tx, new.name) == new
    assert domain.list_domains(tx, is_enabled=False) == [new]
    assert [row.id for row in domain.list_domains(tx)] == ["d", "d1", "d2"]


def test_a_project_comes_back_as_it_was_written(tx: Transaction) -> None:
    new = Project(id="p", name="n", domain_id="d1", parent_id="p-d1", description="d", is_enabled=False, extra=EXTRA)
    project.add(tx, new)
    assert project.get(tx, "p") == project.find_by_name(tx, "n", "d1") == new
    assert project.list_projects(tx, parent_id="p-d1") == [new]
    assert project.find_by_name(tx, "n", "d2") is None


def test_a_user_comes_back_as_it_was_written(tx: Transaction) -> None:
    new = User(
        id="u",
        name="n",
        domain_id="d1",
        password_hash="$2b$x",
        default_project_id="gone",
        description="",
        is_enabled=False,
        tokens_valid_after=NOW,
        extra=EXTRA,
    )
    user.add(tx, new)
    assert user.get(tx, "u") == user.find_by_name(tx, "n", "d1") == new
    assert [row for row in user.list_users(tx) if not row.is_enabled] == [new]


def test_a_domain_is_no_project_and_a_project_no_domain(tx: Transaction) -> None:
    assert project.find(tx, "d1") is None
    assert domain.find(tx, "p-d1") is None
    assert {row.id for row in project.list_projects(tx)} == {"p-d1", "p-d2"}
    with pytest.raises(ResourceNotFound, match=r"^Could not find project: d1\.$"):
        project.get(tx, "d1")


def test_names_are_told_apart_by_case_and_accent(tx: Transaction) -> None:
    for number, name in enumerate(("Müller", "müller", "Muller", "MULLER")):
        user.add(tx, User(id=f"m{number}", name=name, domain_id="d1"))
    for number, name in enumerate(("Müller", "müller", "Muller", "MULLER")):
        found = user.find_by_name(tx, name, "d1")
        assert found is not None
        assert found.id == f"m{number}"


@pytest.mark.parametrize("kind", ["domain", "project", "user", "role"])
def test_a_name_is_taken_once_in_a_domain(tx: Transaction, kind: str) -> None:
    with pytest.raises(IntegrityError):
        {
            "domain": lambda: domain.add(tx, Domain(id="x", name="D1")),
            "project": lambda: project.add(tx, Project(id="x", name="same", domain_id="d1")),
            "user": lambda: user.add(tx, User(id="x", name="same", domain_id="d1")),
            "role": lambda: role.add(tx, Role(id="x", name="member")),
        }[kind]()


def test_a_role_of_a_domain_may_be_called_like_one_of_the_cloud(tx: Transaction) -> None:
    role.add(tx, Role(id="own", name="member", domain_id="d1", description="", extra=EXTRA))
    assert [row.id for row in role.list_roles(tx)] == ["r"]
    assert [row.id for row in role.list_roles(tx, domain_id="d1")] == ["own"]
    assert {row.id for row in role.list_all(tx)} == {"r", "own"}
    assert role.get(tx, "own").domain_id == "d1"
    assert role.get(tx, "r").domain_id is None


def test_an_assignment_is_written_once(tx: Transaction) -> None:
    given = Assignment(user_id="u-d1", role_id="r", target_kind=TargetKind.PROJECT, target_id="p-d1")
    assignment.add(tx, given)
    assignment.add(tx, given)
    assert assignment.list_assignments(tx) == [given]
    assignment.delete(tx, given)
    with pytest.raises(AssignmentNotFound, match="role: r, user or group: u-d1, project, domain, or system: p-d1"):
        assignment.delete(tx, given)


def test_assignments_are_told_apart_by_kind_of_target(tx: Transaction) -> None:
    for kind in TargetKind:
        assignment.add(tx, Assignment(user_id="u-d1", role_id="r", target_kind=kind, target_id="same"))
    assert len(assignment.list_assignments(tx, target_id="same")) == 3
    assert [row.target_kind for row in assignment.list_assignments(tx, kind=TargetKind.DOMAIN)] == [TargetKind.DOMAIN]
    assert effective.list_role_ids(tx, "u-d1", TargetKind.SYSTEM, SYSTEM_ID) == []
    assert effective.list_role_ids(tx, "u-d1", TargetKind.SYSTEM, "same") == ["r"]


@pytest.mark.parametrize("gone", ["user", "role", "project", "domain"])
def test_an_assignment_goes_with_each_of_its_parts(tx: Transaction, gone: str) -> None:
    domain.add(tx, Domain(id="empty", name="empty"))
    kind, target = (TargetKind.DOMAIN, "empty") if gone == "domain" else (TargetKind.PROJECT, "p-d1")
    assignment.add(tx, Assignment(user_id="u-d2", role_id="r", target_kind=kind, target_id=target))
    {
        "user": lambda: user.delete(tx, "u-d2"),
        "role": lambda: role.delete(tx, "r"),
        "project": lambda: project.delete(tx, "p-d1"),
        "domain": lambda: domain.delete(tx, "empty"),
    }[gone]()
    assert assignment.list_assignments(tx) == []


def test_projects_of_a_user_are_those_with_a_role(tx: Transaction) -> None:
    assignment.add(tx, Assignment(user_id="u-d1", role_id="r", target_kind=TargetKind.PROJECT, target_id="p-d2"))
    assignment.add(tx, Assignment(user_id="u-d1", role_id="r", target_kind=TargetKind.DOMAIN, target_id="d1"))
    assert [row.id for row in project.list_projects(tx, user_id="u-d1")] == ["p-d2"]


def test_an_implication_is_written_once_and_goes_with_either_role(tx: Transaction) -> None:
    role.add(tx, Role(id="r2", name="reader"))
    role.imply(tx, "r", "r2")
    role.imply(tx, "r", "r2")
    assert role.implications(tx) == {"r": ["r2"]}
    role.delete(tx, "r2")
    assert role.implications(tx) == {}


def test_a_revocation_is_remembered_until_it_is_purged(tx: Transaction) -> None:
    first, other = _token("a"), _token("A")
    for has_descendants in (True, False):
        revocation.add(tx, first, NOW, has_descendants=has_descendants)
    assert revocation.is_revoked(tx, first)
    assert not revocation.is_revoked(tx, other)
    assert revocation.purge(tx, NOW) == 0
    assert revocation.purge(tx, NOW + timedelta(microseconds=1)) == 1
    assert not revocation.is_revoked(tx, first)


def _token(audit_id: str) -> Token:
    return Token(
        user_id="u", methods=("password",), scope=UNSCOPED, audit_ids=(audit_id,), issued_at=NOW, expires_at=NOW
    )


def test_the_catalog_comes_back_as_it_was_written(tx: Transaction) -> None:
    region = Region(id="R/1 é", description="d", extra=EXTRA)
    catalog.save_region(tx, region)
    inner = Region(id="inner", parent_region_id=region.id)
    catalog.save_region(tx, inner)
    service = Service(id="s", type="image", name="glance", description="", is_enabled=False, extra=EXTRA)
    catalog.add_service(tx, service)
    endpoint = Endpoint(id="e", service_id="s", interface="public", url="http://x/ü", region_id=region.id, extra=EXTRA)
    catalog.add_endpoint(tx, endpoint)
    assert catalog.list_regions(tx) == [region, inner] or catalog.list_regions(tx) == [inner, region]
    assert catalog.list_regions(tx, parent_region_id=region.id) == [inner]
    assert catalog.list_services(tx, type_="image", name="glance") == [service]
    assert catalog.list_services(tx, type_="compute") == []
    assert catalog.list_endpoints(tx, region_id=region.id) == [endpoint]
    assert catalog.list_endpoints(tx, interface="admin") == []
    catalog.delete_service(tx, "s")
    assert catalog.list_endpoints(tx) == []


def test_saving_a_region_twice_changes_it(tx: Transaction) -> None:
    catalog.save_region(tx, Region(id="R"))
    catalog.save_region(tx, Region(id="R", description="new"))
    assert catalog.list_regions(tx) == [Region(id="R", description="new")]
