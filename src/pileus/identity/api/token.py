"""Tokens: issue, validate, revoke; and what a token's holder may reach."""

from __future__ import annotations

from typing import Any

from pileus.identity.api import view
from pileus.identity.backend import Backend
from pileus.identity.db import assignment, domain, project
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.errors import Refused, RequiredField, ScopeForbidden
from pileus.identity.model.token import Grant
from pileus.identity.operations import authenticate
from pileus.identity.operations.authenticate import Named, Proof, ScopeWish
from pileus.kit import log
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request

logger = log.get_logger("pileus.identity.token")

KNOWN_METHODS = ("password", "token")


def issue(request: Request, backend: Backend) -> Reply:
    """POST /v3/auth/tokens: log in."""
    auth = request.json()["auth"]
    proof, wish = _proof(auth["identity"]), _wish(auth.get("scope"))
    try:
        text, grant = authenticate.issue(backend, proof, wish)
    except Refused as error:
        logger.warning("a login was refused", why=error.why, client=request.client_address, user=str(proof.user))
        raise
    has_catalog = "nocatalog" not in request.query
    return Reply.json(view.token(grant, has_catalog=has_catalog), 201, _headers(text))


def validate(request: Request, backend: Backend) -> Reply:
    """GET and HEAD /v3/auth/tokens: what the subject token stands for."""
    text = _subject(request)
    allow_expired_s = 48 * 3600 if request.query.get("allow_expired") in ("1", "true", "True") else 0
    with backend.database.read() as tx:
        grant = authenticate.validate(backend, tx, text, allow_expired_s=allow_expired_s)
    request.require(_target(grant))
    has_catalog = "nocatalog" not in request.query
    return Reply.json(view.token(grant, has_catalog=has_catalog), 200, _headers(text))


def revoke(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/auth/tokens: make the subject token worthless."""
    with backend.database.read() as tx:
        grant = authenticate.validate(backend, tx, _subject(request))
    request.require(_target(grant))
    backend.database.write(authenticate.revoke, grant.token, backend.clock.now())
    return Reply.empty()


def show_catalog(request: Request, backend: Backend) -> Reply:
    """GET /v3/auth/catalog."""
    with backend.database.read() as tx:
        grant = authenticate.validate(backend, tx, request.context.token)
    if grant.token.scope.kind is None:
        raise ScopeForbidden("The token is not scoped, so it has no catalog.")
    links = {"next": None, "self": f"{request.base_url}/v3/auth/catalog", "previous": None}
    return Reply.json({"catalog": view.catalog(grant), "links": links})


def list_projects(request: Request, backend: Backend) -> Reply:
    """GET /v3/auth/projects: to which projects the caller may scope a token."""
    with backend.database.read() as tx:
        rows = project.list_projects(tx, user_id=request.context.user_id, is_enabled=True)
    return view.many(request, "projects", map(view.project, rows))


def list_domains(request: Request, backend: Backend) -> Reply:
    """GET /v3/auth/domains: to which domains the caller may scope a token."""
    with backend.database.read() as tx:
        mine = assignment.list_assignments(tx, user_id=request.context.user_id, kind=TargetKind.DOMAIN)
        wanted = {row.target_id for row in mine}
        rows = [row for row in domain.list_domains(tx, is_enabled=True) if row.id in wanted]
    return view.many(request, "domains", map(view.domain, rows))


def list_systems(request: Request, backend: Backend) -> Reply:
    """GET /v3/auth/system: whether the caller may scope a token to the system."""
    with backend.database.read() as tx:
        mine = assignment.list_assignments(tx, user_id=request.context.user_id, kind=TargetKind.SYSTEM)
    links = {"self": f"{request.base_url}/v3/auth/system"}
    return Reply.json({"system": [{"all": True}] if mine else [], "links": links})


# --- reading the body -----------------------------------------------------------------------------


def _proof(identity: dict[str, Any]) -> Proof:
    methods = tuple(identity["methods"])
    for method in methods:
        if method not in KNOWN_METHODS:
            raise Refused(f"the method {method} is not known")
        if method not in identity:
            raise RequiredField(what=method, where="identity")
    if not methods:
        raise Refused("no method was named")
    user = identity.get("password", {}).get("user", {})
    return Proof(
        methods=methods,
        user=_named(user, "user") if "password" in methods else None,
        password=user.get("password") if "password" in methods else None,
        token=identity["token"]["id"] if "token" in methods else None,
    )


def _wish(scope: Any) -> ScopeWish:
    if scope is None:
        return ScopeWish()
    if scope == "unscoped":
        return ScopeWish(is_unscoped=True)
    named = [kind for kind in ("project", "domain", "system", "OS-TRUST:trust") if kind in scope]
    if len(named) > 1:
        raise Invalid("Scope must be one of project, domain, system or trust.")
    if "project" in scope:
        return ScopeWish(project=_named(scope["project"], "project"))
    if "domain" in scope:
        return ScopeWish(domain=Named(id=scope["domain"].get("id"), name=scope["domain"].get("name")))
    if scope.get("system", {}).get("all"):
        return ScopeWish(is_system=True)
    return ScopeWish(is_unscoped="unscoped" in scope)


def _named(part: dict[str, Any], where: str) -> Named:
    home = part.get("domain", {})
    if "id" not in part and "name" not in part:
        raise RequiredField(what="id or name", where=where)
    if "id" not in part and not home:
        raise RequiredField(what="domain", where=where)
    return Named(id=part.get("id"), name=part.get("name"), domain_id=home.get("id"), domain_name=home.get("name"))


def _subject(request: Request) -> str:
    text = request.headers.get("x-subject-token")
    if not text:
        raise RequiredField(what="X-Subject-Token", where="the headers")
    return text


def _target(grant: Grant) -> dict[str, Any]:
    return {"target": {"token": {"user_id": grant.user.id}}}


def _headers(text: str) -> dict[str, str]:
    return {"x-subject-token": text, "vary": "X-Auth-Token"}
