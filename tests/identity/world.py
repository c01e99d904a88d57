"""Identity as clients meet it: requests with tokens, on a clock that a test moves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pileus.identity import service
from pileus.identity.operations import bootstrap
from pileus.identity.settings import Settings
from pileus.identity.tokens.keys import Keys
from pileus.kit.http.app import App
from pileus.kit.http.message import Query, Reply, Request

if TYPE_CHECKING:
    from pathlib import Path

    from pileus.identity.backend import Backend
    from pileus.kit.db import Database

ROUNDS = 4  # of bcrypt, which takes no fewer
PASSWORDS = dict.fromkeys(bootstrap.ACCOUNTS, "secret")
BASE = "http://identity.test:5000"
SYSTEM: dict[str, Any] = {"system": {"all": True}}
UNSCOPED: dict[str, Any] = {"unscoped": {}}


@dataclass
class HandClock:
    """A clock that stands still until it is moved."""

    at: datetime = field(default_factory=lambda: datetime(2026, 1, 1, 12, 0, 0, 123456))

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class World:
    """An identity service with its first accounts; `world("GET", "/v3/users")` asks as admin."""

    def __init__(self, database: Database, directory: Path) -> None:
        self.database = database
        self.clock = HandClock()
        settings = Settings(password_hash_rounds=ROUNDS)
        self.backend: Backend = service.new_backend(settings, database, self.clock, Keys.at(directory / "keys"))
        urls = {"identity": f"{BASE}/v3"}
        database.write(bootstrap.bootstrap, bootstrap.accounts(PASSWORDS), urls, "RegionOne")
        self.app = App(service.new_service(self.backend))
        self.admin = self.token("admin", "secret", project("admin"))

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        data: bytes | None = None,
        **headers: str,
    ) -> Reply:
        """Ask; `token` "" is nobody, None the administrator."""
        path, _, query = path.partition("?")
        sent = {"content-type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
        if token != "":
            sent["x-auth-token"] = token or self.admin
        if data is None:
            data = b"" if body is None else json.dumps(body).encode()
        request = Request(
            method=method, path=path, query=Query(query), headers=sent, body=data, base_url=BASE, client_address="::1"
        )
        return self.app.handle(request)

    def made(self, path: str, body: dict[str, Any], *, token: str | None = None) -> dict[str, Any]:
        """Create something; return its document."""
        reply = self("POST", path, body, token=token)
        assert reply.status == 201, reply.decoded()
        document: dict[str, Any] = next(iter(reply.decoded().values()))
        return document

    def shown(self, path: str, *, token: str | None = None) -> Any:
        """Get a document, without its outer name."""
        reply = self("GET", path, token=token)
        assert reply.status == 200, reply.decoded()
        return next(value for name, value in reply.decoded().items() if name not in ("links", "truncated"))

    def user(self, name: str, password: str | None = "pw", **more: Any) -> str:  # noqa: S107
        """Make a user; return its id."""
        body = {"name": name, "password": password, **more}
        return str(self.made("/v3/users", {"user": body})["id"])

    def role(self, name: str) -> str:
        """Return a role's id."""
        return str(self.shown(f"/v3/roles?name={name}")[0]["id"])

    def give(self, user_id: str, role: str, where: str) -> None:
        """Give a role; `where` is `projects/ID`, `domains/ID` or `system`."""
        assert self("PUT", f"/v3/{where}/users/{user_id}/roles/{self.role(role)}").status == 204

    def login(self, name: str, password: str = "pw", scope: Any = None, domain: str = "Default") -> Reply:  # noqa: S107
        """Log in by password."""
        who = {"name": name, "domain": {"name": domain}, "password": password}
        auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": who}}}
        if scope is not None:
            auth["scope"] = scope
        return self("POST", "/v3/auth/tokens", {"auth": auth}, token="")

    def token(self, name: str, password: str = "pw", scope: Any = None, domain: str = "Default") -> str:  # noqa: S107
        """Log in; return the token."""
        reply = self.login(name, password, scope, domain)
        assert reply.status == 201, reply.decoded()
        return reply.headers["x-subject-token"]

    def exchange(self, token: str, scope: Any = None) -> Reply:
        """Get a token for a token."""
        auth: dict[str, Any] = {"identity": {"methods": ["token"], "token": {"id": token}}}
        if scope is not None:
            auth["scope"] = scope
        return self("POST", "/v3/auth/tokens", {"auth": auth}, token="")

    def validated(self, subject: str, query: str = "") -> Reply:
        """Ask what a token stands for."""
        return self("GET", f"/v3/auth/tokens{query}", x_subject_token=subject)


def project(name: str) -> dict[str, Any]:
    """Return the scope of a project in the default domain."""
    return {"project": {"name": name, "domain": {"id": "default"}}}


def message(reply: Reply) -> str:
    """Return the sentence of a refusal."""
    return str(reply.decoded()["error"]["message"])
