"""What documents about tokens look like: tokens, receipts, revocations."""

from __future__ import annotations

from pileus.identity.api.view import View, catalog
from pileus.identity.db.revocation import Revocation
from pileus.identity.model.application_credential import ApplicationCredential
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.federation import ServiceProvider
from pileus.identity.model.receipt import IssuedReceipt
from pileus.identity.model.resource import Domain, User
from pileus.identity.model.token import Grant
from pileus.identity.model.trust import Trust
from pileus.kit.clock import isoformat_micro


def token(grant: Grant, *, has_catalog: bool = True) -> View:
    """Show a token and what it stands for."""
    shown: View = {
        "methods": list(grant.token.methods),
        "user": _user(grant),
        "audit_ids": list(grant.token.audit_ids),
        "expires_at": isoformat_micro(grant.token.expires_at),
        "issued_at": isoformat_micro(grant.token.issued_at),
    }
    if grant.trust is not None:
        shown["OS-TRUST:trust"] = _trust(grant.trust)
    if grant.application_credential is not None:
        shown["application_credential"] = _application_credential(grant.application_credential)
    if grant.access_token is not None:
        row = grant.access_token
        shown["OS-OAUTH1"] = {"access_token_id": row.id, "consumer_id": row.consumer_id}
    if grant.service_providers:
        shown["service_providers"] = [_service_provider(row) for row in grant.service_providers]
    if grant.token.scope.kind is None:
        return {"token": shown}
    shown |= _scope(grant)
    shown["roles"] = [{"id": row.id, "name": row.name} for row in grant.roles]
    if has_catalog:
        shown["catalog"] = catalog(grant)
    return {"token": shown}


def receipt(issued: IssuedReceipt) -> View:
    """Show what was shown so far, and which sets of methods would do."""
    shown = {
        "methods": list(issued.receipt.methods),
        "user": _named_user(issued.user, issued.user_domain),
        "expires_at": isoformat_micro(issued.receipt.expires_at),
        "issued_at": isoformat_micro(issued.receipt.issued_at),
    }
    return {"receipt": shown, "required_auth_methods": [list(rule) for rule in issued.rules]}


def revocation(row: Revocation) -> list[View]:
    """Show a revocation: an event for the token, and one for those that were got with it."""
    at = isoformat_micro(row.revoked_at)
    names = ("audit_id", "audit_chain_id") if row.has_descendants else ("audit_id",)
    return [{name: row.audit_id, "issued_before": at, "revoked_at": at} for name in names]


def _user(grant: Grant) -> View:
    """Show as whom its holder acts."""
    row, home = grant.acting
    expires_at = row.password_expires_at
    return {**_named_user(row, home), "password_expires_at": expires_at and isoformat_micro(expires_at)}


def _named_user(row: User, home: Domain) -> View:
    return {"domain": {"id": home.id, "name": home.name}, "id": row.id, "name": row.name}


def _scope(grant: Grant) -> View:
    if grant.project is not None and grant.project_domain is not None:
        home = {"id": grant.project_domain.id, "name": grant.project_domain.name}
        shown: View = {"project": {"domain": home, "id": grant.project.id, "name": grant.project.name}}
        return shown if grant.trust is not None else {**shown, "is_domain": False}
    if grant.domain is not None:
        return {"domain": {"id": grant.domain.id, "name": grant.domain.name}}
    return {"system": {"all": True}} if grant.token.scope.kind is TargetKind.SYSTEM else {}


def _trust(row: Trust) -> View:
    return {
        "id": row.id,
        "trustor_user": {"id": row.trustor_user_id},
        "trustee_user": {"id": row.trustee_user_id},
        "impersonation": row.is_impersonation,
    }


def _service_provider(row: ServiceProvider) -> View:
    return {"auth_url": row.auth_url, "id": row.id, "sp_url": row.sp_url}


def _application_credential(row: ApplicationCredential) -> View:
    shown: View = {"id": row.id, "name": row.name, "restricted": not row.is_unrestricted}
    if row.access_rules is not None:
        rules = row.access_rules
        shown["access_rules"] = [
            {"id": rule.id, "service": rule.service, "method": rule.method, "path": rule.path} for rule in rules
        ]
    return shown
