"""Making a cloud known to an identity service that is not its own: region, services, endpoints, service users.

It may be run again at each start: it adds what lacks, and moves its own endpoints to where the services listen now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from pileus.clients.session import Credentials, LoginFailed, Session
from pileus.kit.errors import Unavailable
from pileus.kit.http.message import JSON

INTERFACES = ("public", "internal", "admin")
ROLE = "service"
_OPTIONS = {"ignore_password_expiry": True, "ignore_lockout_failure_attempts": True}


class RegistrationRefused(Unavailable):
    """The identity service does not let the administrator do it."""

    message = "{url} refused to register this cloud: {method} {path} answered {status}. {body}"


@dataclass(frozen=True, slots=True)
class Part:
    """A service of this cloud, as the catalog shall name it."""

    type: str
    name: str
    description: str
    url: str


def register(admin: Session, region_id: str, parts: Sequence[Part], users: Sequence[Credentials]) -> Sequence[str]:
    """Make services answer in a region, and let their users in; return all regions that the identity service knows.

    Raises RegistrationRefused, LoginFailed.
    """
    registration = _Registration(admin)
    registration.register_region(region_id, parts)
    for user in users:
        registration.register_user(user)
    return registration.list_regions()


@dataclass(frozen=True, slots=True)
class _Registration:
    """What one administrator registers; `admin` is logged in as him."""

    admin: Session
    _seen: dict[str, str] = field(default_factory=dict)

    def register_region(self, region_id: str, parts: Sequence[Part]) -> None:
        """Make services answer at their URLs in a region."""
        if self._send("GET", f"/regions/{quote(region_id, safe='')}", accepted=(200, 404)) is None:
            self._send("POST", "/regions", {"region": {"id": region_id}})
        for part in parts:
            self._register_part(region_id, part)

    def list_regions(self) -> Sequence[str]:
        """Return the ids of all regions."""
        return [str(region["id"]) for region in self._send("GET", "/regions")["regions"]]

    def register_user(self, user: Credentials) -> None:
        """Give a service its user, with the role `service` on its project and nothing else.

        One that cannot log in with the password that is known here gets that one.
        """
        domain_id = self._domain(user.user_domain_name)
        project_domain_id = self._domain(user.project_domain_name)
        new = {"name": user.username, "domain_id": domain_id, "password": user.password, "options": _OPTIONS}
        user_id, is_new = self._ensure("user", {"name": user.username, "domain_id": domain_id}, new)
        place = {"name": user.project_name, "domain_id": project_domain_id}
        project_id, _ = self._ensure("project", place, place)
        role_id, _ = self._ensure("role", {"name": ROLE}, {"name": ROLE})
        self._send("PUT", f"/projects/{project_id}/users/{user_id}/roles/{role_id}")
        if not is_new and not self._is_let_in(user):
            self._send("PATCH", f"/users/{user_id}", {"user": {"password": user.password}})

    def _register_part(self, region_id: str, part: Part) -> None:
        new = {"type": part.type, "name": part.name, "description": part.description}
        service_id, _ = self._ensure("service", {"type": part.type}, new)
        for interface in INTERFACES:
            place = {"service_id": service_id, "region_id": region_id, "interface": interface}
            endpoint_id, is_new = self._ensure("endpoint", place, {**place, "url": part.url})
            if not is_new:
                self._send("PATCH", f"/endpoints/{endpoint_id}", {"endpoint": {"url": part.url}})

    def _domain(self, name: str) -> str:
        if name not in self._seen:
            self._seen[name], _ = self._ensure("domain", {"name": name}, {"name": name})
        return self._seen[name]

    def _ensure(self, kind: str, wanted: Mapping[str, str], new: Mapping[str, Any]) -> tuple[str, bool]:
        """Return the id of the one that is as wanted, and whether it had to be made."""
        found = self._send("GET", f"/{kind}s?{urlencode(wanted)}")[f"{kind}s"]
        if found:
            return str(found[0]["id"]), False
        return str(self._send("POST", f"/{kind}s", {kind: new})[kind]["id"]), True

    def _is_let_in(self, user: Credentials) -> bool:
        try:
            Session(self.admin.transport, user, self.admin.clock).token()
        except LoginFailed:
            return False
        return True

    def _send(self, method: str, path: str, json: Any = None, accepted: Sequence[int] = (200, 201, 204)) -> Any:
        """Return the decoded reply, or None for 404 where that is accepted."""
        url = self.admin.credentials.auth_url.rstrip("/")
        headers = {"accept": JSON, "content-type": JSON, "x-auth-token": self.admin.token()}
        body = b"" if json is None else msgspec.json.encode(json)
        reply = self.admin.transport.send(method, url + path, headers, body)
        if reply.status not in accepted:
            raise RegistrationRefused(
                url=url, method=method, path=path, status=reply.status, body=_sentence(reply.body)
            )
        return None if reply.status in (204, 404) else reply.decoded()


def _sentence(body: object) -> str:
    """Return what an identity service says of its refusal."""
    assert isinstance(body, bytes)
    try:
        return str(msgspec.json.decode(body)["error"]["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return body[:200].decode(errors="replace")
