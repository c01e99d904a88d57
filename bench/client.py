"""A client of our own, because starting the real one takes longer than what is measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import urllib3

TIMEOUT_S = 120
PLACEMENT_VERSION = "placement 1.31"


class Refused(Exception):
    """The cloud answered, but not with what was wanted."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:500]}")
        self.status = status


class TooLate(Exception):
    """Something did not happen in time."""


@dataclass(frozen=True, slots=True)
class Access:
    """How the administrator gets in."""

    auth_url: str
    password: str


class Client:
    """All four services of one cloud, as its administrator, on connections kept open where the server does."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._pool = urllib3.PoolManager(maxsize=4, timeout=TIMEOUT_S, retries=False)
        self._urls: dict[str, str] = {}
        self.token = ""

    def log_in(self) -> None:
        """Get a token and the catalog. Raises Refused, and urllib3's HTTPError while nobody listens."""
        reply = self.issue_token("admin", self._access.password)
        self.token = reply.headers["x-subject-token"]
        catalog = reply.json()["token"]["catalog"]
        self._urls = {each["type"]: each["endpoints"][0]["url"] for each in catalog if each["endpoints"]}
        self._urls["identity"] = self._access.auth_url

    def issue_token(self, user_name: str, password: str) -> urllib3.BaseHTTPResponse:
        """Return the answer that has a token of the administrator's project. Raises Refused."""
        default = {"name": "Default"}
        user = {"name": user_name, "domain": default, "password": password}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": {"project": {"name": "admin", "domain": default}}}}
        reply = self._pool.request("POST", f"{self._access.auth_url}/auth/tokens", json=body)
        if reply.status != 201:
            raise Refused(reply.status, reply.data.decode(errors="replace"))
        return reply

    def url(self, service: str, path: str) -> str:
        """Return the whole address of a path."""
        return self._urls[service] + path

    def headers(self, service: str) -> dict[str, str]:
        """Return what every request of a service carries."""
        headers = {"x-auth-token": self.token, "accept": "application/json"}
        if service == "placement":
            headers["openstack-api-version"] = PLACEMENT_VERSION
        return headers

    def call(self, service: str, method: str, path: str, json: Any = None, *, subject: str = "") -> Any:
        """Send a request and return the JSON of the answer. Raises Refused."""
        headers = self.headers(service)
        if subject:
            headers["x-subject-token"] = subject
        rest = {} if json is None else {"json": json}
        reply = self._pool.request(method, self.url(service, path), headers=headers, **rest)
        if reply.status >= 300:
            raise Refused(reply.status, reply.data.decode(errors="replace"))
        return reply.json() if reply.data else None

    def send_file(self, path: str, data: bytes) -> None:
        """Send an image's bytes from memory. Raises Refused."""
        headers = {**self.headers("image"), "content-type": "application/octet-stream"}
        reply = self._pool.request("PUT", self.url("image", path), headers=headers, body=data)
        if reply.status >= 300:
            raise Refused(reply.status, reply.data.decode(errors="replace"))


def wait_until(what: str, is_so: Callable[[], bool], *, timeout_s: float, pause_s: float = 0.01) -> None:
    """Wait for something to become true. Raises TooLate, with what did not."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TooLate(f"after {timeout_s:.0f} s: {what}")
        time.sleep(pause_s)
