"""Asking the identity service how much a project may have: unified limits."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pileus.clients.session import NoSuchEndpoint, Session
from pileus.kit.errors import Unavailable


class LimitsUnknown(Unavailable):
    """The identity service does not say what a project may have."""

    message = "The identity service answered {status} when asked for {what}."


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedEndpoint:
    """Which endpoint's limits count, in the words of oslo.limit: one by its id, else what the rest tells apart.

    Without a region it is that in which we ourselves look for others.
    """

    endpoint_id: str = ""
    endpoint_service_type: str = ""
    endpoint_service_name: str = ""
    endpoint_region_name: str = ""
    endpoint_interface: str = "public"


class UnifiedLimits:
    """The limits that are registered for one endpoint, and what single projects have instead.

    `cache_s` lets an answer be used again for so long; 0 asks each time.
    """

    def __init__(self, session: Session, endpoint: LimitedEndpoint, *, cache_s: float = 0.0) -> None:
        self._session = session
        self._endpoint = endpoint
        self._cache_s = cache_s
        self._cache: dict[str, tuple[float, Mapping[str, int]]] = {}
        self._guard = threading.Lock()

    def of_project(self, project_id: str) -> Mapping[str, int]:
        """Return resource → limit for one project. Raises LimitsUnknown, NoSuchEndpoint."""
        now = self._session.clock.monotonic()
        with self._guard:
            until, known = self._cache.get(project_id, (now, {}))
            if until > now:
                return known
        known = self._ask(project_id)
        if self._cache_s:
            with self._guard:
                fresh = {project: entry for project, entry in self._cache.items() if entry[0] > now}
                self._cache = {**fresh, project_id: (now + self._cache_s, known)}
        return known

    def _ask(self, project_id: str) -> Mapping[str, int]:
        place = self._find_place()
        registered = self._get("registered_limits", place)
        own = self._get("limits", {**place, "project_id": project_id})
        return {one["resource_name"]: one["default_limit"] for one in registered} | {
            one["resource_name"]: one["resource_limit"] for one in own if one["project_id"] == project_id
        }

    def _get(self, what: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        reply = self._session.ask_identity("GET", f"/{what}?{urlencode(query)}")
        if reply.status != 200:
            raise LimitsUnknown(status=reply.status, what=what)
        found: list[dict[str, Any]] = reply.decoded()[what]
        return found

    def _find_place(self) -> dict[str, str]:
        """Return the service and the region that limits are registered for, from our own catalog."""
        for service in self._session.catalog():
            for endpoint in service["endpoints"]:
                if self._is_meant(service, endpoint):
                    region = endpoint.get("region_id")
                    return {"service_id": service["id"], **({"region_id": region} if region else {})}
        wanted = self._endpoint
        raise NoSuchEndpoint(
            url=self._session.credentials.auth_url,
            interface=wanted.endpoint_interface,
            service_type=wanted.endpoint_service_type or wanted.endpoint_service_name or wanted.endpoint_id,
            region=self._region() or "any",
        )

    def _is_meant(self, service: Mapping[str, Any], endpoint: Mapping[str, Any]) -> bool:
        wanted = self._endpoint
        if wanted.endpoint_id:
            return bool(endpoint["id"] == wanted.endpoint_id)
        return (
            wanted.endpoint_service_type in ("", service["type"])
            and wanted.endpoint_service_name in ("", service.get("name"))
            and wanted.endpoint_interface.removesuffix("URL") == endpoint["interface"]
            and self._region() in ("", endpoint.get("region_id"))
        )

    def _region(self) -> str:
        return self._endpoint.endpoint_region_name or self._session.credentials.region
