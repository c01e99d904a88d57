"""Asking the identity service whose token something is."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from pileus.clients.session import Session
from pileus.kit.access_rule import AccessRule, is_allowed
from pileus.kit.clock import parse_moment
from pileus.kit.context import Context
from pileus.kit.errors import Unauthenticated, Unavailable
from pileus.kit.http.message import JSON, Request

CACHE_SIZE = 10_000
SERVICE_ROLE = "service"
_KNOWS_RULES = {"openstack-identity-access-rules": "1.0"}


class TokenAuthenticator:
    """Authenticates requests by asking identity about their tokens.

    `service_type` is what the service is called in catalogs, and so in the access rules of tokens; without it a token
    that has some is refused. `cache_s` lets an answer be used again for so long; 0 asks each time, so that a revoked
    token is refused at once. With `version` it is used again only while that tells the same: it knows when a token may
    have come to mean something else.
    """

    def __init__(
        self,
        session: Session,
        *,
        service_type: str = "",
        cache_s: float = 0.0,
        version: Callable[[], object] | None = None,
    ) -> None:
        self._session = session
        self._service_type = service_type
        self._cache_s = cache_s
        self._version = version or _never
        self._cache: OrderedDict[str, tuple[float, object, Context]] = OrderedDict()
        self._guard = threading.Lock()

    def authenticate(self, request: Request) -> Context:
        """Return the caller. Raises Unauthenticated, Unavailable."""
        text = request.headers.get("x-auth-token")
        if not text:
            raise Unauthenticated(uri=self._session.credentials.auth_url)
        service_text = request.headers.get("x-service-token")
        service = None if not service_text else self._caller(service_text)
        # A service goes on with what a user began while his token was good, and in its own way: no rule is for that.
        is_service = service is not None and SERVICE_ROLE in service.roles
        if service is not None and text == service_text:
            caller = service
        else:
            caller = self._caller(text, may_be_expired=is_service)
        if not is_service:
            self._require_allowed(caller, request)
        return caller if service is None else _with_service(caller, service)

    def _require_allowed(self, caller: Context, request: Request) -> None:
        rules = caller.access_rules
        if rules is not None and not is_allowed(rules, self._service_type, request.method, request.path):
            raise Unauthenticated(uri=self._session.credentials.auth_url)

    def _caller(self, text: str, *, may_be_expired: bool = False) -> Context:
        version = self._version()  # first: what is answered after it is at least as new
        return self._cached(text, version) or self._ask(text, "?allow_expired=1" if may_be_expired else "", version)

    def _ask(self, text: str, query: str, version: object) -> Context:
        credentials, transport = self._session.credentials, self._session.transport
        url = f"{credentials.auth_url.rstrip('/')}/auth/tokens{query}"
        for _ in range(2):
            headers = {"accept": JSON, "x-auth-token": self._session.token(), "x-subject-token": text, **_KNOWS_RULES}
            reply = transport.send("GET", url, headers)
            if reply.status != 401:
                break
            self._session.forget()  # it is our own token that identity does not like
        if reply.status == 404:
            raise Unauthenticated(uri=self._session.credentials.auth_url)
        if reply.status != 200:
            raise Unavailable(f"The identity service answered {reply.status} when asked about a token.")
        document = reply.decoded()["token"]
        caller = context_of(text, document)
        self._remember(text, caller, parse_moment(document["expires_at"]), version)
        return caller

    def _cached(self, text: str, version: object) -> Context | None:
        if not self._cache_s:
            return None
        with self._guard:
            until, known, caller = self._cache.get(text, (-math.inf, None, None))
            return caller if until > self._session.clock.monotonic() and known == version else None

    def _remember(self, text: str, caller: Context, expires_at: datetime, version: object) -> None:
        if self._cache_s:
            clock = self._session.clock
            left_s = (expires_at - clock.now()).total_seconds()
            with self._guard:
                self._cache[text] = (clock.monotonic() + min(self._cache_s, left_s), version, caller)
                self._cache.move_to_end(text)
                if len(self._cache) > CACHE_SIZE:
                    self._cache.popitem(last=False)


def _never() -> None:
    """Tell that nothing ever changes."""


def context_of(text: str, token: dict[str, Any]) -> Context:
    """Return the caller that a token's document describes."""
    user, project, domain = token["user"], token.get("project"), token.get("domain")
    return Context(
        user_id=user["id"],
        user_name=user["name"],
        user_domain_id=user["domain"]["id"],
        user_domain_name=user["domain"]["name"],
        project_id=project["id"] if project else None,
        project_name=project["name"] if project else None,
        project_domain_id=project["domain"]["id"] if project else None,
        domain_id=domain["id"] if domain else None,
        is_system="system" in token,
        roles=frozenset(role["name"].lower() for role in token.get("roles", ())),
        access_rules=_access_rules(token.get("application_credential") or {}),
        token=text,
        catalog=tuple(token.get("catalog", ())),
    )


def _access_rules(credential: dict[str, Any]) -> tuple[AccessRule, ...] | None:
    rules = credential.get("access_rules")
    if rules is None:
        return None
    return tuple(AccessRule(rule["service"], rule["method"], rule["path"]) for rule in rules)


def _with_service(caller: Context, service: Context) -> Context:
    return replace(caller, service_roles=service.roles)
