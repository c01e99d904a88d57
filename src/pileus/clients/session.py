"""A service's own identity: its token, renewed in time, and through the catalog where every other service is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from pileus.clients.transport import Transport
from pileus.kit.clock import Clock, parse_moment
from pileus.kit.errors import Unavailable
from pileus.kit.http.message import JSON, Reply
from pileus.kit.patience import require_time_to_wait

RENEW_BEFORE = timedelta(minutes=5)


class NoSuchEndpoint(Unavailable):
    """The catalog has no such service, interface and region."""

    message = "The catalog of {url} has no {interface} endpoint of type {service_type} in region {region}."


class LoginFailed(Unavailable):
    """The identity service does not let a user in."""

    message = "{url} does not let the user {username} in: {reason}"


class LoginRefused(LoginFailed):
    """It says why: it does not know the user, or another password of his, or has no such project for him."""

    message = (
        "{url} does not let the user {username} into the project {project_name}: it does not know them, or not with "
        "this password."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Whom a service logs in as, and where."""

    auth_url: str  # ends in /v3
    username: str
    password: str = field(repr=False)
    project_name: str = "service"
    user_domain_name: str = "Default"
    project_domain_name: str = "Default"
    region: str = ""
    interface: str = "internal"


@dataclass(frozen=True, slots=True)
class _Login:
    token: str
    renew_at: datetime
    catalog: list[dict[str, Any]]


class Session:
    """Speaks to other services as one service user; safe to use from many threads.

    `passwords` is asked at each login, for who may have got another one since; they are tried in turn.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        clock: Clock,
        passwords: Callable[[], Sequence[str]] | None = None,
    ) -> None:
        self.transport = transport
        self.credentials = credentials
        self.clock = clock
        self._passwords = passwords or (lambda: (self.credentials.password,))
        self._guard = threading.Lock()
        self._login: _Login | None = None

    def token(self) -> str:
        """Return a token of our own that is good for some minutes. Raises LoginFailed."""
        return self._logged_in().token

    def endpoint(self, service_type: str) -> str:
        """Return where a service is, without a slash at the end. Raises NoSuchEndpoint."""
        wanted = self.credentials
        for service in self._logged_in().catalog:
            for endpoint in service["endpoints"] if service["type"] == service_type else ():
                if endpoint["interface"] == wanted.interface and wanted.region in ("", endpoint.get("region_id")):
                    return str(endpoint["url"]).rstrip("/")
        raise NoSuchEndpoint(
            url=wanted.auth_url, interface=wanted.interface, service_type=service_type, region=wanted.region or "any"
        )

    def catalog(self) -> Sequence[Mapping[str, Any]]:
        """Return the services that our token may reach, with their endpoints. Raises LoginFailed."""
        return self._logged_in().catalog

    def ask_identity(self, method: str, path: str) -> Reply:
        """Send a request to the identity service itself, with our own token; once more if that was refused."""
        for _ in range(2):
            headers = {"accept": JSON, "x-auth-token": self.token()}
            reply = self.transport.send(method, self.credentials.auth_url.rstrip("/") + path, headers, b"")
            if reply.status != 401:
                break
            self.forget()
        return reply

    def request(
        self,
        service_type: str,
        method: str,
        path: str,
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> Reply:
        """Send a request with our own token, or with a user's and ours beside it. Once more if one was refused."""
        reply = self._request(service_type, method, path, json, headers, token)
        if reply.status == 401:  # ours may have been revoked, or the keys that it was made with be gone
            self.forget()
            reply = self._request(service_type, method, path, json, headers, token)
        return reply

    def forget(self) -> None:
        """Log in anew at the next request."""
        with self._guard:
            self._login = None

    def _request(
        self, service_type: str, method: str, path: str, json: Any, headers: Mapping[str, str] | None, token: str | None
    ) -> Reply:
        sent = {"accept": JSON, "x-auth-token": token or self.token(), **(headers or {})}
        if token is not None:
            sent["x-service-token"] = self.token()
        body = b""
        if json is not None:
            sent.setdefault("content-type", JSON)
            body = msgspec.json.encode(json)
        return self.transport.send(method, self.endpoint(service_type) + path, sent, body)

    def _logged_in(self) -> _Login:
        login = self._login
        if login is not None and login.renew_at >= self.clock.now():
            return login
        require_time_to_wait()
        with self._guard:
            if self._login is None or self._login.renew_at < self.clock.now():
                self._login = self._log_in()
            return self._login

    def _log_in(self) -> _Login:
        for password in self._passwords():
            reply = self._ask_for_token(password)
            if reply.status != 401:
                break
        known = self.credentials
        if reply.status == 401:
            raise LoginRefused(url=known.auth_url, username=known.username, project_name=known.project_name)
        if reply.status != 201:
            reason = f"it answered {reply.status} to a login; is this the URL of a Keystone?"
            raise LoginFailed(url=known.auth_url, username=known.username, reason=reason)
        try:
            return self._read_login(reply)
        except (ValueError, LookupError, TypeError):  # a DecodeError is the first
            reason = "its answer is not understood."
            raise LoginFailed(url=known.auth_url, username=known.username, reason=reason) from None

    def _ask_for_token(self, password: str) -> Reply:
        known = self.credentials
        user = {"name": known.username, "domain": {"name": known.user_domain_name}, "password": password}
        project = {"name": known.project_name, "domain": {"name": known.project_domain_name}}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = msgspec.json.encode({"auth": {"identity": identity, "scope": {"project": project}}})
        url = f"{known.auth_url.rstrip('/')}/auth/tokens"
        return self.transport.send("POST", url, {"content-type": JSON, "accept": JSON}, body)

    def _read_login(self, reply: Reply) -> _Login:
        token = reply.decoded()["token"]
        expires_at, now = parse_moment(token["expires_at"]), self.clock.now()
        renew_at = expires_at - min(RENEW_BEFORE, (expires_at - now) / 4)  # tokens may be made to live for minutes
        return _Login(reply.headers["x-subject-token"], renew_at, token.get("catalog", []))
