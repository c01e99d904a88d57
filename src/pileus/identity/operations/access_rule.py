"""Removing access rules. They are made with the application credentials that have them."""

from __future__ import annotations

from pileus.identity.db import access_rule, user
from pileus.identity.model.delegation_errors import AccessRuleInUse
from pileus.kit.db import Transaction


def delete(tx: Transaction, access_rule_id: str, user_id: str) -> None:
    """Remove a rule of a user. Raises ResourceNotFound, AccessRuleInUse."""
    user.get_locked(tx, user_id)  # as who makes an application credential does, which may want the same rule
    access_rule.get(tx, access_rule_id, user_id)
    if access_rule.is_in_use(tx, access_rule_id):
        raise AccessRuleInUse
    access_rule.delete(tx, access_rule_id)
