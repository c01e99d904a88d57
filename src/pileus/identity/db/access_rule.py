"""Access rules: each user's own, which the user's application credentials share."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import bindparam, exists, select

from pileus.identity.db.listing import ALL, Asked, Filters, apply
from pileus.identity.db.tables import access_rule, application_credential_access_rule
from pileus.identity.model.application_credential import AccessRule
from pileus.identity.model.errors import ResourceNotFound
from pileus.kit.db import Row, Transaction

_used = application_credential_access_rule
FILTERS: Filters = {
    "service": access_rule.c.service,
    "path": access_rule.c.path,
    "method": access_rule.c.method,
}
_BY_ID = select(access_rule).where(access_rule.c.id == bindparam("which"), access_rule.c.user_id == bindparam("user"))
_SAME = select(access_rule).where(
    access_rule.c.user_id == bindparam("user"),
    access_rule.c.service == bindparam("service"),
    access_rule.c.method == bindparam("method"),
    access_rule.c.path == bindparam("path"),
)
_IN_USE = select(_used.c.access_rule_id).where(_used.c.access_rule_id == bindparam("which")).limit(1)


def get(tx: Transaction, access_rule_id: str, user_id: str) -> AccessRule:
    """Return a rule of a user. Raises ResourceNotFound."""
    row = tx.first(_BY_ID, {"which": access_rule_id, "user": user_id})
    if row is None:
        raise ResourceNotFound(kind="Access Rule", id=access_rule_id)
    return _access_rule(row)


def find_same(tx: Transaction, wanted: AccessRule) -> AccessRule | None:
    """Return the user's rule that says the same, or None."""
    same = {"user": wanted.user_id, "service": wanted.service, "method": wanted.method, "path": wanted.path}
    row = tx.first(_SAME, same)
    return None if row is None else _access_rule(row)


def list_of_user(tx: Transaction, user_id: str, asked: Asked = ALL) -> Sequence[AccessRule]:
    """Return what was asked of a user's rules. Raises MarkerNotFound."""
    statement = select(access_rule).where(access_rule.c.user_id == user_id)
    return [_access_rule(row) for row in tx.all(apply(tx, statement, access_rule.c.id, FILTERS, asked))]


def list_of_credentials(tx: Transaction, credential_ids: Collection[str]) -> dict[str, list[AccessRule]]:
    """Return for each of some application credentials its rules."""
    statement = (
        select(_used.c.application_credential_id, access_rule)
        .join(access_rule, access_rule.c.id == _used.c.access_rule_id)
        .where(_used.c.application_credential_id.in_(credential_ids))
        .order_by(access_rule.c.id)
    )
    found: dict[str, list[AccessRule]] = {}
    for row in tx.all(statement):
        found.setdefault(row.application_credential_id, []).append(_access_rule(row))
    return found


def add(tx: Transaction, new: AccessRule) -> None:
    """Write a new rule."""
    values = {"service": new.service, "method": new.method, "path": new.path}
    tx.execute(access_rule.insert(), {"id": new.id, "user_id": new.user_id, **values})


def is_in_use(tx: Transaction, access_rule_id: str) -> bool:
    """Tell whether an application credential has a rule."""
    return tx.first(_IN_USE, {"which": access_rule_id}) is not None


def delete(tx: Transaction, access_rule_id: str) -> None:
    """Remove a rule that nothing uses; one that came into use meanwhile stays."""
    in_use = exists().where(_used.c.access_rule_id == access_rule.c.id)
    tx.execute(access_rule.delete().where(access_rule.c.id == access_rule_id, ~in_use))


def _access_rule(row: Row) -> AccessRule:
    return AccessRule(id=row.id, user_id=row.user_id, service=row.service, method=row.method, path=row.path)
