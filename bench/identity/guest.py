"""Who asks: what a side gave to the administrator and to many users, and what can be asked with it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bench import wire
from bench.identity.sides import PASSWORD, Side
from bench.identity.world import PASSWORD as OF_EVERYBODY
from bench.identity.world import ROLE, User
from bench.wire import Answer

AT_ONCE = 8  # as many as the original has threads
TOKENS = "/v3/auth/tokens"

Make = Callable[["Guest"], Sequence[bytes]]


@dataclass(slots=True)
class Guest:
    """One side, seen from outside."""

    side: Side
    admin: str = field(init=False, repr=False)  # the administrator's token
    admin_id: str = field(init=False)
    admin_project_id: str = field(init=False)
    role_id: str = field(init=False)
    subjects: list[str] = field(init=False, default_factory=list, repr=False)  # a token of each of many users
    project_ids: list[str] = field(init=False, default_factory=list)  # of the same users
    secret: Mapping[str, str] = field(init=False, repr=False)  # an application credential of the administrator's

    @property
    def port(self) -> int:
        """The side's."""
        return self.side.port

    def log_in(self, users: Sequence[User]) -> None:
        """Get a token for the administrator and for each of these users, and an application credential."""
        answer = wire.ask(self.port, by_password("admin", PASSWORD, {"name": "admin", "domain": {"id": "default"}}))
        token = json.loads(answer.body)["token"]
        self.admin, self.admin_id = answer.header("x-subject-token"), token["user"]["id"]
        self.admin_project_id = token["project"]["id"]
        self.role_id = self.fetch(f"/v3/roles?name={ROLE}")["roles"][0]["id"]
        self.project_ids = [user.project_ids[0] for user in users]
        logins = [by_password(user.name, OF_EVERYBODY, {"id": user.project_ids[0]}) for user in users]
        self.subjects = [each.header("x-subject-token") for each in self.ask_all(logins)]
        path = f"/v3/users/{self.admin_id}/application_credentials"
        made = self.ask(self.request("POST", path, {"application_credential": {"name": "bench"}}))
        self.secret = json.loads(made.body)["application_credential"]

    def request(self, method: str, path: str, body: object = None, **headers: str) -> bytes:
        """Return a request of the administrator's."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return wire.request(method, path, {"X-Auth-Token": self.admin, **named}, body)

    def ask(self, sent: bytes) -> Answer:
        """Return the answer to one request. Raises Refused, TooLate."""
        return wire.ask(self.port, sent)

    def ask_all(self, requests: Sequence[bytes]) -> list[Answer]:
        """Return the answers to many requests, some of them at once. Raises Refused, TooLate."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self.ask, requests))

    def fetch(self, path: str) -> Any:
        """Return the JSON that a path has for the administrator. Raises Refused, TooLate."""
        return json.loads(self.ask(self.request("GET", path)).body)


def in_turn(make: Make) -> Callable[[Guest], Iterator[bytes]]:
    """Return what sends a guest's requests one after the other, and begins again when it is through."""
    return lambda guest: itertools.cycle(make(guest))


# --- what can be asked; each of a guest, all requests of a kind ---------------------------------------


def validations(count: int, start: int = 0) -> Make:
    """Validate the tokens of some of the users."""
    return lambda guest: [
        guest.request("GET", TOKENS, X_Subject_Token=text) for text in guest.subjects[start : start + count]
    ]


def rescopings(guest: Guest) -> Sequence[bytes]:
    """Issue a token for the token of each user."""
    return [
        _login("token", {"id": text}, {"project": {"id": project_id}})
        for text, project_id in zip(guest.subjects, guest.project_ids, strict=True)
    ]


def logins_by_application_credential(guest: Guest) -> Sequence[bytes]:
    """Issue a token for an application credential."""
    return [_login("application_credential", {"id": guest.secret["id"], "secret": guest.secret["secret"]})]


def logins_by_password(guest: Guest) -> Sequence[bytes]:
    """Issue a token for the administrator's password."""
    return [by_password("admin", PASSWORD, {"id": guest.admin_project_id})]


def catalogs(guest: Guest) -> Sequence[bytes]:
    """Let each user ask for the catalog."""
    return [wire.request("GET", "/v3/auth/catalog", {"X-Auth-Token": text}) for text in guest.subjects]


def page(path: str) -> Make:
    """Ask for the same page of a list."""
    return lambda guest: [guest.request("GET", path)]


def by_password(name: str, password: str, project: Mapping[str, Any]) -> bytes:
    """Issue a token of a project for the password of a user of the default domain."""
    user = {"name": name, "domain": {"id": "default"}, "password": password}
    return _login("password", {"user": user}, {"project": project})


def _login(method: str, proof: Mapping[str, Any], scope: Mapping[str, Any] | None = None) -> bytes:
    auth: dict[str, Any] = {"identity": {"methods": [method], method: proof}}
    if scope is not None:
        auth["scope"] = scope
    return wire.request("POST", TOKENS, {}, {"auth": auth})
