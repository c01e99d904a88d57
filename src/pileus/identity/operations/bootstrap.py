"""The first things in a new cloud: without them nobody could log in to make the others.

Every start runs this again: it adds what lacks, moves its own endpoints to where the services listen now, and touches
nothing that somebody changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pileus.identity.db import assignment, catalog, domain, failed_auth, project, role, user
from pileus.identity.model.assignment import SYSTEM_ID, Assignment, TargetKind
from pileus.identity.model.catalog import INTERFACES, Endpoint, Region, Service
from pileus.identity.model.password_rule import NO_RULES, PasswordRules, with_password
from pileus.identity.model.resource import DEFAULT_DOMAIN_ID, Domain, Project, Role, User
from pileus.identity.operations.user import void_tokens
from pileus.identity.tokens.password import hash_generated
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.errors import Conflict

ROLES = ("admin", "manager", "member", "reader", "service")
IMPLIED = (("admin", "manager"), ("manager", "member"), ("member", "reader"))
PROJECTS = {"admin": "The administrators' own project", "service": "The services' project", "demo": "To try things in"}

ACCOUNTS = ("admin", "demo", "glance", "placement", "nova")
"""Who has an account from the start."""

SERVICES = {
    "identity": ("keystone", "Identity: who is asking"),
    "image": ("glance", "Image: what to boot from"),
    "placement": ("placement", "Placement: where there is room"),
    "compute": ("nova", "Compute: what runs"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user to begin with, with roles on one project. `is_system_admin`: also admin of the system."""

    name: str
    password: str = field(repr=False)
    project: str
    roles: tuple[str, ...]
    is_system_admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstUser:
    """An administrator whom an operator names. `password_hash` None: the password in force is the one that he wants."""

    name: str
    password_hash: str | None = field(repr=False)
    project: str
    role: str


class ServiceUserLacking(Conflict):
    """Somebody removed a service's user."""

    message = "There is no user {name} in the default domain. The next start of the identity service makes it again."


def accounts(passwords: Mapping[str, str]) -> list[Account]:
    """Return the users to begin with; `passwords` holds a secret for each, by name."""
    people = [
        Account(name="admin", password=passwords["admin"], project="admin", roles=("admin",), is_system_admin=True),
        Account(name="demo", password=passwords["demo"], project="demo", roles=("member",)),
    ]
    services = [
        Account(name=name, password=passwords[name], project="service", roles=("service",)) for name in ACCOUNTS[2:]
    ]
    return people + services


def bootstrap(tx: Transaction, users: list[Account], urls: Mapping[str, str], region_id: str) -> None:
    """Make what lacks. `urls` maps service types to where they answer."""
    _ensure_domain(tx)
    role_ids = {name: _ensure_role(tx, name) for name in ROLES}
    for prior, implied in IMPLIED:
        role.imply(tx, role_ids[prior], role_ids[implied])
    project_ids = {name: _ensure_project(tx, name, text) for name, text in PROJECTS.items()}
    for account in users:
        _ensure_account(tx, account, project_ids, role_ids)
    if region_id not in {region.id for region in catalog.list_regions(tx)}:
        catalog.save_region(tx, Region(id=region_id))
    for service_type, url in urls.items():
        _ensure_endpoints(tx, service_type, url, region_id)


def bootstrap_first(tx: Transaction, first: FirstUser, now: datetime, rules: PasswordRules = NO_RULES) -> None:
    """Make an administrator of a project, of the default domain and of the system, or put him right.

    He can log in then: he is enabled, not locked out, and his password is not expired.
    """
    role_id, project_id = _ensure_role(tx, first.role), _ensure_project(tx, first.project, "")
    found = user.find_by_name(tx, first.name, DEFAULT_DOMAIN_ID)
    if found is None:
        found = User(
            id=ids.new_hex_id(),
            name=first.name,
            domain_id=DEFAULT_DOMAIN_ID,
            default_project_id=project_id,
            created_at=now,
        )
        user.add(tx, found)
    password_hash = first.password_hash or found.password_hash
    welcome = replace(with_password(rules, found, password_hash, now, is_own=True), is_enabled=True, last_active_at=now)
    user.update(tx, welcome if first.password_hash is None else void_tokens(welcome, now))
    failed_auth.forget(tx, found.id)
    _assign(tx, found.id, role_id, TargetKind.PROJECT, project_id)
    _assign(tx, found.id, role_id, TargetKind.DOMAIN, DEFAULT_DOMAIN_ID)
    _assign(tx, found.id, role_id, TargetKind.SYSTEM, SYSTEM_ID)


def change_service_password(tx: Transaction, name: str, secret: str, now: datetime) -> None:
    """Give a service's user another generated password; its tokens are void at once. Raises ServiceUserLacking."""
    found = user.find_by_name(tx, name, DEFAULT_DOMAIN_ID)
    if found is None:
        raise ServiceUserLacking(name=name)
    user.update(tx, void_tokens(replace(found, password_hash=hash_generated(secret)), now))


def _ensure_domain(tx: Transaction) -> None:
    if domain.find(tx, DEFAULT_DOMAIN_ID) is None:
        domain.add(tx, Domain(id=DEFAULT_DOMAIN_ID, name="Default", description="The default domain"))


def _ensure_role(tx: Transaction, name: str) -> str:
    found = role.find_by_name(tx, name)
    if found is None:
        found = Role(id=ids.new_hex_id(), name=name, extra={"options": {"immutable": True}})
        role.add(tx, found)
    return found.id


def _ensure_project(tx: Transaction, name: str, description: str) -> str:
    found = project.find_by_name(tx, name, DEFAULT_DOMAIN_ID)
    if found is None:
        found = Project(
            id=ids.new_hex_id(),
            name=name,
            domain_id=DEFAULT_DOMAIN_ID,
            parent_id=DEFAULT_DOMAIN_ID,
            description=description,
        )
        project.add(tx, found)
    return found.id


def _ensure_account(
    tx: Transaction, account: Account, project_ids: Mapping[str, str], role_ids: Mapping[str, str]
) -> None:
    if user.find_by_name(tx, account.name, DEFAULT_DOMAIN_ID) is not None:
        return
    new = User(
        id=ids.new_hex_id(),
        name=account.name,
        domain_id=DEFAULT_DOMAIN_ID,
        password_hash=hash_generated(account.password),
        default_project_id=project_ids[account.project],
    )
    user.add(tx, new)
    for name in account.roles:
        _assign(tx, new.id, role_ids[name], TargetKind.PROJECT, project_ids[account.project])
    if account.is_system_admin:
        _assign(tx, new.id, role_ids["admin"], TargetKind.SYSTEM, SYSTEM_ID)
        _assign(tx, new.id, role_ids["admin"], TargetKind.DOMAIN, DEFAULT_DOMAIN_ID)


def _assign(tx: Transaction, user_id: str, role_id: str, kind: TargetKind, target_id: str) -> None:
    assignment.add(tx, Assignment(user_id=user_id, role_id=role_id, target_kind=kind, target_id=target_id))


def _ensure_endpoints(tx: Transaction, service_type: str, url: str, region_id: str) -> None:
    name, description = SERVICES[service_type]
    found = next(iter(catalog.list_services(tx, type_=service_type)), None)
    if found is None:
        found = Service(id=ids.new_hex_id(), type=service_type, name=name, description=description)
        catalog.add_service(tx, found)
    for interface in INTERFACES:
        mine = next(
            iter(catalog.list_endpoints(tx, service_id=found.id, interface=interface, region_id=region_id)), None
        )
        if mine is None:
            new = Endpoint(id=ids.new_hex_id(), service_id=found.id, interface=interface, url=url, region_id=region_id)
            catalog.add_endpoint(tx, new)
        elif mine.url != url:
            catalog.update_endpoint(tx, replace(mine, url=url))
