"""Tokens: issue, validate, revoke; and what a token's holder may reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pileus.identity.api import view
from pileus.identity.api.listing import flag, many
from pileus.identity.backend import Backend
from pileus.identity.db import assignment, domain, project
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.errors import NameOrIdMissing, Refused, RequiredField, ScopeForbidden, SubjectMissing
from pileus.identity.model.token import Grant
from pileus.identity.operations import authenticate
from pileus.identity.operations.authenticate import Named, Proof, ScopeWish
from pileus.kit import log
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
    return _shown(request, text, grant, 201)


def validate(request: Request, backend: Backend) -> Reply:
    """GET and HEAD /v3/auth/tokens: what the subject token stands for."""
    text = _subject(request)
    may_be_expired = bool(flag(request, "allow_expired"))
    with backend.database.read() as tx:
        grant = authenticate.validate(backend, tx, text, may_be_expired=may_be_expired)
    request.require(_target(grant))
    return _shown(request, text, grant, 200)


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
        mine = assignment.list_assignments(tx, user_id=request.context.user_id, kind=TargetKind.DOMAIN)
        wanted = {row.target_id for row in mine}
        rows = [row for row in domain.list_domains(tx, is_enabled=True) if row.id in wanted]
    return many(request, "domains", map(view.domain, rows))


def list_systems(request: Request, backend: Backend) -> Reply:
    """GET /v3/auth/system: whether the caller may scope a token to the system."""
    with backend.database.read() as tx:
        mine = assignment.list_assignments(tx, user_id=request.context.user_id, kind=TargetKind.SYSTEM)
    links = {"self": f"{request.base_url}/v3/auth/system"}
    return Reply.json({"system": [{"all": True}] if mine else [], "links": links})


# --- reading the body -----------------------------------------------------------------------------


def _proof(identity: dict[str, Any]) -> Proof:
    methods = tuple(dict.fromkeys(identity["methods"]))
    for method in methods:
        if method not in identity:
            raise RequiredField(what=method, where="identity")
        if method not in KNOWN_METHODS:
            raise Refused(f"the method {method} is not known")
    if not methods:
        raise Refused("no method was named")
    user = identity.get("password", {}).get("user", {})
    return Proof(
        methods=methods,
        user=_named(user, "user", "identity/password/user") if "password" in methods else None,
        password=user.get("password") if "password" in methods else None,
        token=identity["token"]["id"] if "token" in methods else None,
    )


def _wish(scope: Any) -> ScopeWish:
    if scope is None:
        return ScopeWish()
    if scope == "unscoped":
        return ScopeWish(is_unscoped=True)
    named = [] if isinstance(scope, str) else [kind for kind in _SCOPES if kind in scope]
    if len(named) != 1:
        raise RequiredField(what=f"{', '.join(_SCOPES[:-1])} or {_SCOPES[-1]}", where="scope")
    return _WISHES[named[0]](scope[named[0]])


def _wish_system(part: dict[str, Any]) -> ScopeWish:
    if part.get("all") is not True:
        raise RequiredField(what="all", where="system")
    return ScopeWish(is_system=True)


def _wish_domain(part: dict[str, Any]) -> ScopeWish:
    _require_named(part, "scope/domain")
    return ScopeWish(domain=Named(id=part.get("id"), name=part.get("name")))


def _wish_trust(_part: Any) -> ScopeWish:
    raise Refused("there are no trusts")


_SCOPES = ("system", "project", "domain", "OS-TRUST:trust", "unscoped")
_WISHES: dict[str, Callable[[Any], ScopeWish]] = {
    "system": _wish_system,
    "project": lambda part: ScopeWish(project=_named(part, "project", "scope/project")),
    "domain": _wish_domain,
    "OS-TRUST:trust": _wish_trust,
    "unscoped": lambda _part: ScopeWish(is_unscoped=True),
}


def _named(part: dict[str, Any], kind: str, where: str) -> Named:
    """Return what names a user or project: its id, or its name and a domain."""
    _require_named(part, where)
    home = part.get("domain")
    if "id" not in part:
        if home is None:
            raise RequiredField(what="domain", where=kind)
        _require_named(home, f"{where}/domain")
    home = home or {}
    return Named(id=part.get("id"), name=part.get("name"), domain_id=home.get("id"), domain_name=home.get("name"))


def _require_named(part: dict[str, Any], where: str) -> None:
    if "id" not in part and "name" not in part:
        raise NameOrIdMissing(where=where)


def _subject(request: Request) -> str:
    text = request.headers.get("x-subject-token")
    if not text:
        raise SubjectMissing
    return text


def _target(grant: Grant) -> dict[str, Any]:
    return {"target": {"token": {"user_id": grant.user.id}}}


def _shown(request: Request, text: str, grant: Grant, status: int) -> Reply:
    has_catalog = "nocatalog" not in request.query
    return Reply.json(view.token(grant, has_catalog=has_catalog), status, {"x-subject-token": text})
