"""What the documents about credentials, application credentials and trusts look like."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pileus.identity.api import view
from pileus.identity.api.view import View
from pileus.identity.model.application_credential import AccessRule, ApplicationCredential
from pileus.identity.model.credential import Credential
from pileus.identity.model.resource import Role
from pileus.identity.model.trust import Trust
from pileus.kit.clock import isoformat_micro


def credential(row: Credential, secret: str) -> View:
    """Show a credential; its blob is why it is kept."""
    return {
        **row.extra,
        "id": row.id,
        "user_id": row.user_id,
        "project_id": row.project_id,
        "type": row.type,
        "blob": secret,
    }


def application_credential(row: ApplicationCredential, roles: Mapping[str, Role]) -> View:
    """Show an application credential; never its secret."""
    shown: View = {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "user_id": row.user_id,
        "project_id": row.project_id,
        "system": None,
        "expires_at": None if row.expires_at is None else row.expires_at.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "unrestricted": row.is_unrestricted,
        "roles": [view.role(roles[role_id]) for role_id in row.role_ids if role_id in roles],
    }
    if row.access_rules is not None:
        shown["access_rules"] = [access_rule(rule) for rule in row.access_rules]
    return shown


def access_rule(row: AccessRule) -> View:
    """Show an access rule."""
    return {"id": row.id, "service": row.service, "method": row.method, "path": row.path}


def trust(row: Trust) -> View:
    """Show a trust without its roles, as lists do."""
    return {
        **row.extra,
        "id": row.id,
        "trustor_user_id": row.trustor_user_id,
        "trustee_user_id": row.trustee_user_id,
        "project_id": row.project_id,
        "impersonation": row.is_impersonation,
        "expires_at": _moment(row.expires_at),
        "remaining_uses": row.remaining_uses,
        "redelegated_trust_id": row.redelegated_trust_id,
        "redelegation_count": row.redelegation_count,
        "deleted_at": None,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else isoformat_micro(moment)
