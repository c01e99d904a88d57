"""From the body of a login to what it shows and what it wishes for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pileus.identity.api.oauth1 import signed
from pileus.identity.backend import Backend
from pileus.identity.model.errors import RequiredField
from pileus.identity.model.login_errors import NameOrIdMissing, Refused
from pileus.identity.operations.methods.application_credential import Secret
from pileus.identity.operations.methods.oauth1 import Signature
from pileus.identity.operations.methods.password import Password
from pileus.identity.operations.methods.proof import Proof
from pileus.identity.operations.methods.token import TokenShown
from pileus.identity.operations.methods.totp import Totp
from pileus.identity.operations.named import Named
from pileus.identity.operations.token_scope import ScopeWish
from pileus.kit.http.message import Request

Part = dict[str, Any]


def read(request: Request, backend: Backend) -> tuple[list[Proof], ScopeWish]:
    """Return what is shown, a proof for each method, and the scope that is wished. Raises Invalid, Refused."""
    auth = request.json()["auth"]
    identity = auth["identity"]
    methods = list(dict.fromkeys(identity["methods"]))
    for method in methods:
        if method not in identity:
            raise RequiredField(what=method, where="identity")
    for method in methods:
        if method not in _METHODS or method not in backend.methods:
            raise Refused(f"the method {method} is not known")
    if not methods:
        raise Refused("no method was named")
    if "application_credential" in methods and "scope" in auth:
        raise Refused("an application credential says itself what it is for")
    wish = _wish(auth.get("scope"))
    return [_METHODS[method](identity[method], request) for method in methods], wish


# --- methods --------------------------------------------------------------------------------------


def _password(part: Part, request: Request) -> Proof:
    user = part["user"]
    return Password(user=_user(user, "password"), password=user.get("password") or "", address=request.client_address)


def _token(part: Part, _request: Request) -> Proof:
    return TokenShown(token=part["id"])


def _totp(part: Part, request: Request) -> Proof:
    user = part["user"]
    return Totp(user=_user(user, "totp"), passcode=user.get("passcode") or "", address=request.client_address)


def _application_credential(part: Part, request: Request) -> Proof:
    address = request.client_address
    secret = part.get("secret") or ""
    if part.get("id"):
        return Secret(id=part["id"], secret=secret, address=address)
    if not part.get("name"):
        raise RequiredField(what="name or ID", where="application credential")
    if not part.get("user"):
        raise RequiredField(what="user", where="application credential")
    user = _user(part["user"], "application_credential")
    return Secret(name=part["name"], user=user, secret=secret, address=address)


def _oauth1(_part: Part, request: Request) -> Proof:
    return Signature(signed=signed(request))


def _user(part: Part, method: str) -> Named:
    return _named(part, "user", f"identity/{method}/user")


_METHODS: dict[str, Callable[[Part, Request], Proof]] = {
    "password": _password,
    "token": _token,
    "totp": _totp,
    "application_credential": _application_credential,
    "oauth1": _oauth1,
}


# --- scopes ---------------------------------------------------------------------------------------


def _wish(scope: Any) -> ScopeWish:
    if scope is None:
        return ScopeWish()
    if scope == "unscoped":
        return ScopeWish(is_unscoped=True)
    named = [] if isinstance(scope, str) else [kind for kind in _SCOPES if kind in scope]
    if len(named) != 1:
        raise RequiredField(what=f"{', '.join(_SCOPES[:-1])} or {_SCOPES[-1]}", where="scope")
    return _WISHES[named[0]](scope[named[0]])


def _system(part: Part) -> ScopeWish:
    if part.get("all") is not True:
        raise RequiredField(what="all", where="system")
    return ScopeWish(is_system=True)


def _domain(part: Part) -> ScopeWish:
    _require_named(part, "scope/domain")
    return ScopeWish(domain=Named(id=part.get("id"), name=part.get("name")))


def _trust(part: Part) -> ScopeWish:
    if not part.get("id"):
        raise RequiredField(what="trust_id", where="trust")
    return ScopeWish(trust_id=part["id"])


_SCOPES = ("system", "project", "domain", "OS-TRUST:trust", "unscoped")
_WISHES: dict[str, Callable[[Part], ScopeWish]] = {
    "system": _system,
    "project": lambda part: ScopeWish(project=_named(part, "project", "scope/project")),
    "domain": _domain,
    "OS-TRUST:trust": _trust,
    "unscoped": lambda _part: ScopeWish(is_unscoped=True),
}


def _named(part: Part, kind: str, where: str) -> Named:
    """Return what names a user or project: its id, or its name and a domain."""
    _require_named(part, where)
    home = part.get("domain")
    if "id" not in part:
        if home is None:
            raise RequiredField(what="domain", where=kind)
        _require_named(home, f"{where}/domain")
    home = home or {}
    return Named(id=part.get("id"), name=part.get("name"), domain_id=home.get("id"), domain_name=home.get("name"))


def _require_named(part: Part, where: str) -> None:
    if "id" not in part and "name" not in part:
        raise NameOrIdMissing(where=where)
