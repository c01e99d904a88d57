"""The identity service, put together."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec

from pileus.identity.api.routes import ROUTES
from pileus.identity.backend import Backend
from pileus.identity.db import generation
from pileus.identity.db.tables import METADATA
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.limit import EnforcementModel
from pileus.identity.model.login_errors import TokenNotFound
from pileus.identity.model.password_rule import PasswordRules
from pileus.identity.model.token import Grant
from pileus.identity.operations.grant import validate
from pileus.identity.policy import DEFAULTS, REFUSAL
from pileus.identity.scope import scopes_of
from pileus.identity.settings import SecurityComplianceSettings, Settings
from pileus.identity.tokens.attempts import Attempts
from pileus.identity.tokens.fernet import FernetTokens
from pileus.identity.tokens.jws import JwsTokens
from pileus.identity.tokens.keys import Keys
from pileus.identity.tokens.password import EvenVerifier
from pileus.identity.tokens.receipts import FernetReceipts
from pileus.kit.access_rule import AccessRule, is_allowed
from pileus.kit.clock import Clock
from pileus.kit.context import Context
from pileus.kit.db import Database
from pileus.kit.db.migration import Migrations
from pileus.kit.errors import Unauthenticated
from pileus.kit.http import dialects
from pileus.kit.http.app import Service
from pileus.kit.http.message import Reply, Request
from pileus.kit.policy import Policy

MIGRATIONS = Migrations("identity", Path(__file__).parent / "db" / "migrations", METADATA)
END_OF_WRITES = generation.move
"""The last statement of every write, whoever writes."""


def new_backend(settings: Settings, database: Database, clock: Clock, keys: Keys) -> Backend:
    """Return what the handlers work with."""
    database.end_writes_with(END_OF_WRITES)
    is_fernet = settings.token_provider == "fernet"  # noqa: S105 (a name, no secret)
    return Backend(
        database=database,
        clock=clock,
        tokens=FernetTokens(keys.fernet) if is_fernet else JwsTokens(keys.jws),
        credential_keys=keys.credential,
        random=os.urandom,
        token_lifetime=timedelta(seconds=settings.token_lifetime_s),
        password_rounds=settings.password_hash_rounds,
        passwords=EvenVerifier(settings.password_hash_rounds),
        attempts=Attempts(
            clock,
            of_user=settings.login_failures_per_minute_of_user,
            of_address=settings.login_failures_per_minute_of_address,
        ),
        receipts=FernetReceipts(keys.receipt),
        receipt_lifetime=timedelta(seconds=settings.receipt_lifetime_s),
        methods=settings.methods,
        totp_previous_windows=settings.totp_previous_windows,
        allow_rescope_scoped_token=settings.allow_rescope_scoped_token,
        allow_expired_window=timedelta(seconds=settings.allow_expired_window_s),
        lockout_failure_attempts=settings.security_compliance.lockout_failure_attempts,
        lockout_duration=timedelta(seconds=settings.security_compliance.lockout_duration_s),
        list_limit=settings.list_limit or None,
        max_db_limit=settings.max_db_limit,
        password_rules=password_rules(settings.security_compliance),
        return_all_endpoints_if_no_filter=settings.return_all_endpoints_if_no_filter,
        enforcement_model=EnforcementModel(settings.enforcement_model),
        request_token_duration=timedelta(seconds=settings.oauth1.request_token_duration_s),
        access_token_duration=timedelta(seconds=settings.oauth1.access_token_duration_s),
    )


def password_rules(chosen: SecurityComplianceSettings) -> PasswordRules:
    """Return what an operator demands of passwords."""
    of_login = ("lockout_failure_attempts", "lockout_duration_s")
    rules = {name: value for name, value in msgspec.structs.asdict(chosen).items() if name not in of_login}
    return PasswordRules(**rules)


def new_service(
    backend: Backend,
    *,
    policy_file: Path | None = None,
    announce: Callable[[Request, Reply], None] | None = None,
) -> Service[Backend]:
    """Return the service; it knows its own tokens, so it needs nobody to authenticate.

    `announce` is told of every reply.
    """
    return Service(
        name="identity",
        state=backend,
        routes=ROUTES,
        dialect=dialects.identity,
        authenticator=OwnTokens(backend),
        policy=Policy(DEFAULTS, file=policy_file, refusal=REFUSAL, scopes=scopes_of),
        is_body_before_policy=True,
        decorate=_vary if announce is None else _both(_vary, announce),
        ready=lambda: backend.database.trouble(),
    )


def version(backend: Backend) -> object:
    """Return what equals what it was for as long as no token can have come to mean something else, but by age."""
    return generation.glance(backend.database), backend.tokens.keys()


class OwnTokens:
    """Authenticates by the tokens that this service issued."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def authenticate(self, request: Request) -> Context:
        """Return the caller. Raises Unauthenticated."""
        text = request.headers.get("x-auth-token")
        if not text:
            raise Unauthenticated
        try:
            caller = _context(text, validate(self._backend, text))
        except TokenNotFound:
            raise Unauthenticated from None
        if not _is_validation(request) and not _may_request(caller, request):
            raise Unauthenticated
        return caller


def _may_request(caller: Context, request: Request) -> bool:
    rules = caller.access_rules
    return rules is None or is_allowed(rules, "identity", request.method, request.path)


def _is_validation(request: Request) -> bool:
    """Any token may be asked about, whatever it is good for."""
    return request.pattern == "/v3/auth/tokens" and request.method in ("GET", "HEAD")


def _context(text: str, grant: Grant) -> Context:
    acting, home = grant.acting
    return Context(
        user_id=acting.id,
        user_name=acting.name,
        user_domain_id=home.id,
        user_domain_name=home.name,
        project_id=grant.project.id if grant.project else None,
        project_name=grant.project.name if grant.project else None,
        project_domain_id=grant.project_domain.id if grant.project_domain else None,
        domain_id=grant.domain.id if grant.domain else None,
        is_system=grant.token.scope.kind is TargetKind.SYSTEM,
        roles=frozenset(row.name.lower() for row in grant.roles),
        access_rules=_access_rules(grant),
        token=text,
    )


def _access_rules(grant: Grant) -> tuple[AccessRule, ...] | None:
    rules = grant.access_rules
    return None if rules is None else tuple(AccessRule(rule.service, rule.method, rule.path) for rule in rules)


def _both(
    first: Callable[[Request, Reply], None], second: Callable[[Request, Reply], None]
) -> Callable[[Request, Reply], None]:
    def run(request: Request, reply: Reply) -> None:
        first(request, reply)
        second(request, reply)

    return run


def _vary(_request: Request, reply: Reply) -> None:
    reply.headers.setdefault("vary", "X-Auth-Token")
