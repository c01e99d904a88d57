"""Making and removing application credentials."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from pileus.identity.db import access_rule, application_credential, project, role, user
from pileus.identity.model.application_credential import AccessRule, ApplicationCredential
from pileus.identity.model.assignment import close_over
from pileus.identity.model.delegation_errors import ApplicationCredentialInvalid
from pileus.identity.operations.change import require_free
from pileus.identity.operations.delegated_role import NamedRole, ids_of
from pileus.kit.db import Transaction


def create(
    tx: Transaction, new: ApplicationCredential, roles: Sequence[NamedRole], held_role_ids: Collection[str]
) -> ApplicationCredential:
    """Add an application credential with `roles` and all that they imply, or with all that the caller's token holds.

    A rule that the user has already is shared. Raises ResourceNotFound, Duplicate, RoleUndefined,
    ApplicationCredentialInvalid.
    """
    user.get_locked(tx, new.user_id)  # nobody else takes the name or the rules meanwhile
    project.get(tx, new.project_id)
    holder = application_credential.find_by_name(tx, new.user_id, new.name)
    require_free("application_credential", new.name, holder)
    wanted = close_over(ids_of(tx, roles), role.implications(tx)) if roles else set(held_role_ids)
    if not wanted or not wanted <= set(held_role_ids):
        raise ApplicationCredentialInvalid(why="Cannot create an application credential with unassigned role")
    rules = None if new.access_rules is None else tuple(_shared(tx, rule) for rule in new.access_rules)
    made = replace(new, role_ids=tuple(sorted(wanted)), access_rules=None if rules is None else _unique(rules))
    application_credential.add(tx, made)
    return made


def delete(tx: Transaction, credential_id: str) -> None:
    """Remove an application credential; its tokens are void at once. Raises ResourceNotFound."""
    application_credential.get(tx, credential_id)
    application_credential.delete(tx, credential_id)


def _shared(tx: Transaction, wanted: AccessRule) -> AccessRule:
    """Return the user's rule of that id, or the one that says the same, which is made if there is none."""
    if not wanted.service:
        return access_rule.get(tx, wanted.id, wanted.user_id)
    found = access_rule.find_same(tx, wanted)
    if found is None:
        access_rule.add(tx, wanted)
    return found or wanted


def _unique(rules: Sequence[AccessRule]) -> tuple[AccessRule, ...]:
    return tuple({rule.id: rule for rule in rules}.values())
