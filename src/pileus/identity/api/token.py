"""Tokens: issue, validate, revoke; and what a token's holder may reach."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pileus.identity.api import login, token_view, view
from pileus.identity.api.listing import flag, many
from pileus.identity.backend import Backend
from pileus.identity.db import domain, effective, project, revocation
from pileus.identity.model.assignment import SYSTEM_ID, TargetKind
from pileus.identity.model.login_errors import (
    MethodsLacking,
    Refused,
    ScopeForbidden,
    SinceInvalid,
    SubjectMissing,
    TokenNotFound,
)
from pileus.identity.model.token import Grant
from pileus.identity.operations import authenticate
from pileus.identity.operations.grant import validate as validate_token
from pileus.kit import log
from pileus.kit.clock import parse_moment
from pileus.kit.http.message import Reply, Request
from pileus.kit.patience import require_time_to_wait

logger = log.get_logger("pileus.identity.token")

RULES_KNOWN = 1.0
"""The version of access rules from which on an asking service is trusted to keep to them."""


def issue(request: Request, backend: Backend) -> Reply:
    """POST /v3/auth/tokens: log in."""
    proofs, wish = login.read(request, backend)
    receipt = request.headers.get("openstack-auth-receipt")
    try:
        text, grant = authenticate.issue(backend, proofs, wish, receipt_text=receipt)
    except MethodsLacking as error:
        headers = {"openstack-auth-receipt": error.issued.text}
        return Reply.json(token_view.receipt(error.issued), 401, headers)
    except Refused as error:
        require_time_to_wait()  # the log shall hold a refusal once
        methods = [proof.method for proof in proofs]
        logger.warning("a login was refused", why=error.why, client=request.client_address, methods=methods)
        raise
    return _shown(request, text, grant, 201)


def validate(request: Request, backend: Backend) -> Reply:
    """GET /v3/auth/tokens: what the subject token stands for."""
    text = _subject(request)
    may_be_expired = bool(flag(request, "allow_expired"))
    grant = validate_token(backend, text, may_be_expired=may_be_expired)
    request.require(_target(grant))
    if grant.access_rules is not None and not _knows_rules(request):
        raise TokenNotFound(why="the service that asks does not know access rules")
    return _shown(request, text, grant, 200)


def revoke(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/auth/tokens: make the subject token worthless, and unless `cascade=false` those got with it."""
    grant = validate_token(backend, _subject(request))
    request.require(_target(grant))
    authenticate.revoke(backend, grant.token, has_descendants=flag(request, "cascade") is not False)
    return Reply.empty()


def list_revocations(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-REVOKE/events: which tokens were revoked, `since` a time."""
    since = _since(request)
    with backend.database.read() as tx:
        rows = revocation.list_revocations(tx, since=since)
    links = {"next": None, "self": f"{request.base_url}/v3/OS-REVOKE/events", "previous": None}
    return Reply.json({"events": [event for row in rows for event in token_view.revocation(row)], "links": links})


def show_catalog(request: Request, backend: Backend) -> Reply:
    """GET /v3/auth/catalog."""
    grant = validate_token(backend, request.context.token)
    if grant.project is None:
        raise ScopeForbidden("A project-scoped token is required to produce a service catalog.")
    links = {"self": f"{request.base_url}/v3/auth/catalog"}
    return Reply.json({"catalog": view.catalog(grant), "links": links})


def list_projects(request: Request, backend: Backend) -> Reply:
    """GET /v3/auth/projects: to which projects the caller may scope a token."""
    with backend.database.read() as tx:
        rows = project.list_projects(tx, user_id=request.context.user_id, is_enabled=True)
    return many(request, "projects", map(view.project, rows))


def list_domains(request: Request, backend: Backend) -> Reply:
    """GET /v3/auth/domains: to which domains the caller may scope a token."""
    with backend.database.read() as tx:
        rows = domain.list_domains(tx, user_id=request.context.user_id, is_enabled=True)
    return many(request, "domains", map(view.domain, rows))


def list_systems(request: Request, backend: Backend) -> Reply:
    """GET /v3/auth/system: whether the caller may scope a token to the system."""
    with backend.database.read() as tx:
        mine = effective.list_role_ids(tx, request.context.user_id, TargetKind.SYSTEM, SYSTEM_ID)
    links = {"self": f"{request.base_url}/v3/auth/system"}
    return Reply.json({"system": [{"all": True}] if mine else [], "links": links})


def _subject(request: Request) -> str:
    text = request.headers.get("x-subject-token")
    if not text:
        raise SubjectMissing
    return text


def _since(request: Request) -> datetime | None:
    text = request.query.get("since")
    if not text:
        return None
    try:
        return parse_moment(text)
    except ValueError:
        raise SinceInvalid(text=text) from None


def _knows_rules(request: Request) -> bool:
    try:
        return float(request.headers.get("openstack-identity-access-rules", "0")) >= RULES_KNOWN
    except ValueError:
        return False


def _target(grant: Grant) -> dict[str, Any]:
    return {"target": {"token": {"user_id": grant.user.id}}}


def _shown(request: Request, text: str, grant: Grant, status: int) -> Reply:
    has_catalog = "nocatalog" not in request.query
    return Reply.json(token_view.token(grant, has_catalog=has_catalog), status, {"x-subject-token": text})
