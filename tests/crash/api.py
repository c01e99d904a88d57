"""A small client of our own: the real one takes a second to start, and we want to hit moments of milliseconds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import urllib3
import yaml

TIMEOUT_S = 20


class CloudGone(Exception):
    """The cloud does not answer: it was killed, as it should be."""


class Refused(Exception):
    """The cloud answered, but not with what was wanted."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:500]}")
        self.status = status


class Api:
    """All four services, as one user."""

    def __init__(self, clouds_yaml: Path, cloud: str) -> None:
        chosen = yaml.safe_load(clouds_yaml.read_text())["clouds"][cloud]
        self._auth = chosen["auth"]
        self._pool = urllib3.PoolManager(maxsize=8, timeout=TIMEOUT_S, retries=False)
        self.token = ""
        self._urls: dict[str, str] = {}
        self.compute_version = ""  # the microversion that compute is asked with, if any

    def log_in(self) -> None:
        """Get a token and the catalog."""
        auth = self._auth
        user = {"name": auth["username"], "domain": {"name": "Default"}, "password": auth["password"]}
        scope = {"project": {"name": auth["project_name"], "domain": {"name": "Default"}}}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": scope}}
        reply = self._send("POST", f"{auth['auth_url']}/auth/tokens", json=body, headers={})
        if reply.status != 201:
            raise Refused(reply.status, reply.data.decode())
        self.token = reply.headers["x-subject-token"]
        for service in reply.json()["token"]["catalog"]:
            self._urls[service["type"]] = service["endpoints"][0]["url"]

    def call(self, service: str, method: str, path: str, json: Any = None, body: bytes | None = None) -> Any:
        """Send a request and return the JSON of the answer, or its bytes. Raises CloudGone, Refused."""
        headers = {"x-auth-token": self.token, "accept": "application/json"}
        if service == "placement":
            headers["openstack-api-version"] = "placement 1.31"
        if service == "compute" and self.compute_version:
            headers["openstack-api-version"] = f"compute {self.compute_version}"
        if body is not None:
            headers["content-type"] = "application/octet-stream"
        reply = self._send(method, self._urls[service] + path, json=json, body=body, headers=headers)
        if reply.status >= 300:
            raise Refused(reply.status, reply.data.decode(errors="replace"))
        is_json = reply.headers.get("content-type", "").startswith("application/json")
        return reply.json() if is_json and reply.data else reply.data

    def _send(self, method: str, url: str, **rest: Any) -> urllib3.BaseHTTPResponse:
        if rest.get("json") is None:
            rest.pop("json", None)
        try:
            return self._pool.request(method, url, **rest)
        except urllib3.exceptions.HTTPError as error:
            raise CloudGone(type(error).__name__) from None


def wait_until(what: str, is_so: Any, timeout_s: float, pause_s: float = 0.1) -> None:
    """Wait for something to become true. Raises AssertionError that says what did not."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, f"after {timeout_s} s: {what}"
        time.sleep(pause_s)
