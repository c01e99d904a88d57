"""Placement's personas; its policy is asked before anything else, so a sample may be empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pileus.kit.clock import SystemClock
from pileus.kit.context import Context
from pileus.kit.errors import Unauthenticated
from pileus.kit.http.app import App
from pileus.placement.api.routes import ROUTES
from pileus.placement.service import new_backend, new_service
from tests.golden.matrix import Sample, Subject

if TYPE_CHECKING:
    from pileus.kit.db import Database
    from pileus.kit.http.message import Request
    from pileus.kit.http.routes import Route

_NOWHERE = "5d0d4ea1-8d3a-44f4-a1a1-6d0a7d4e8f10"


class Callers:
    """A token is the name of a persona."""

    contexts: dict[str, Context]

    def __init__(self) -> None:
        ladder = ("reader", "member", "manager", "admin")
        self.contexts = {
            role: Context(user_id=role, project_id="p", roles=frozenset(ladder[: number + 1]))
            for number, role in enumerate(ladder)
        }
        for scope, options in (("domain", {"domain_id": "d"}), ("system", {"is_system": True})):
            for role in ("reader", "admin"):
                name = f"{scope}-{role}"
                held = self.contexts[role].roles
                self.contexts[name] = Context(user_id=name, roles=held, **options)
        self.contexts["service"] = Context(user_id="service", project_id="service", roles=frozenset({"service"}))

    def authenticate(self, request: Request) -> Context:
        """Return the persona. Raises Unauthenticated."""
        found = self.contexts.get(request.headers.get("x-auth-token", ""))
        if found is None:
            raise Unauthenticated
        return found


def subject(database: Database, *, enforce_new_defaults: bool = True) -> Subject:
    """Return placement on an empty database."""
    callers = Callers()
    backend = new_backend(database, SystemClock())
    app = App(new_service(backend, callers, enforce_new_defaults=enforce_new_defaults))
    personas = {"anonymous": {}, **{name: {"x-auth-token": name} for name in callers.contexts}}
    return Subject(app=app, rows=ROUTES.rows, personas=personas, sample=_sample, is_body_after_policy=True)


def _sample(row: Route[Any]) -> Sample:
    version = "1.6" if row.until else "latest"
    params = {"uuid": _NOWHERE, "consumer_uuid": _NOWHERE, "name": "CUSTOM_X", "resource_class": "VCPU"}
    return Sample(params=params, headers={"openstack-api-version": f"placement {version}"})
