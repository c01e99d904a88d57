"""Application credentials, with their roles and access rules."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from pileus.identity.db import access_rule
from pileus.identity.db.listing import ALL, Asked, Filters, apply
from pileus.identity.db.tables import (
    application_credential,
    application_credential_access_rule,
    application_credential_role,
)
from pileus.identity.model.application_credential import AccessRule, ApplicationCredential
from pileus.identity.model.errors import ResourceNotFound
from pileus.kit.db import Row, Transaction

_self = application_credential
FILTERS: Filters = {"name": _self.c.name}
_BY_ID = select(_self).where(_self.c.id == bindparam("which"))
_BY_NAME = select(_self).where(_self.c.user_id == bindparam("user"), _self.c.name == bindparam("which"))
_ROLES = (
    select(application_credential_role)
    .where(application_credential_role.c.application_credential_id.in_(bindparam("which", expanding=True)))
    .order_by(application_credential_role.c.role_id)
)


def get(tx: Transaction, credential_id: str) -> ApplicationCredential:
    """Return an application credential. Raises ResourceNotFound."""
    found = find(tx, credential_id)
    if found is None:
        raise ResourceNotFound(kind="Application Credential", id=credential_id)
    return found


def find(tx: Transaction, credential_id: str) -> ApplicationCredential | None:
    """Return an application credential, or None."""
    row = tx.first(_BY_ID, {"which": credential_id})
    return None if row is None else _whole(tx, [row])[0]


def find_by_name(tx: Transaction, user_id: str, name: str) -> ApplicationCredential | None:
    """Return the application credential of a name of a user, or None."""
    row = tx.first(_BY_NAME, {"user": user_id, "which": name})
    return None if row is None else _whole(tx, [row])[0]


def list_of_user(tx: Transaction, user_id: str, asked: Asked = ALL) -> Sequence[ApplicationCredential]:
    """Return what was asked of a user's application credentials. Raises MarkerNotFound."""
    statement = select(_self).where(_self.c.user_id == user_id)
    return _whole(tx, tx.all(apply(tx, statement, _self.c.id, FILTERS, asked)))


def add(tx: Transaction, new: ApplicationCredential) -> None:
    """Write a new application credential; its access rules are there already."""
    tx.execute(
        _self.insert(),
        {
            "id": new.id,
            "name": new.name,
            "user_id": new.user_id,
            "project_id": new.project_id,
            "description": new.description,
            "secret_hash": new.secret_hash,
            "expires_at": new.expires_at,
            "is_unrestricted": new.is_unrestricted,
            "has_access_rules": new.access_rules is not None,
        },
    )
    for role_id in new.role_ids:
        tx.execute(application_credential_role.insert(), {"application_credential_id": new.id, "role_id": role_id})
    for rule in new.access_rules or ():
        tx.execute(
            application_credential_access_rule.insert(),
            {"application_credential_id": new.id, "access_rule_id": rule.id},
        )


def delete(tx: Transaction, credential_id: str) -> None:
    """Remove an application credential; its access rules stay."""
    tx.execute(_self.delete().where(_self.c.id == credential_id))


def delete_of_user(tx: Transaction, user_id: str, project_id: str | None = None) -> None:
    """Remove what a user has, on one project or everywhere."""
    gone = _self.delete().where(_self.c.user_id == user_id)
    tx.execute(gone if project_id is None else gone.where(_self.c.project_id == project_id))


def delete_with_role(tx: Transaction, role_id: str) -> None:
    """Remove what holds a role, whoever has it."""
    held = application_credential_role.c
    which = select(held.application_credential_id).where(held.role_id == role_id)
    tx.execute(_self.delete().where(_self.c.id.in_(which)))


def _whole(tx: Transaction, rows: Sequence[Row]) -> list[ApplicationCredential]:
    """Return the rows with what hangs on them, by one query of each kind however many they are."""
    which = [row.id for row in rows]
    if not which:
        return []
    roles: dict[str, list[str]] = {}
    for row in tx.all(_ROLES, {"which": which}):
        roles.setdefault(row.application_credential_id, []).append(row.role_id)
    ruled = [row.id for row in rows if row.has_access_rules]
    rules = access_rule.list_of_credentials(tx, ruled) if ruled else {}
    return [_credential(row, roles.get(row.id, []), rules.get(row.id, [])) for row in rows]


def _credential(row: Row, role_ids: list[str], rules: list[AccessRule]) -> ApplicationCredential:
    return ApplicationCredential(
        id=row.id,
        name=row.name,
        user_id=row.user_id,
        project_id=row.project_id,
        secret_hash=row.secret_hash,
        role_ids=tuple(role_ids),
        description=row.description,
        expires_at=row.expires_at,
        is_unrestricted=row.is_unrestricted,
        access_rules=tuple(rules) if row.has_access_rules else None,
    )
