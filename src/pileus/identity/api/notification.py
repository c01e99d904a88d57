"""Which request is which event: read off the route that it took and the reply that it got."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from pileus.identity.backend import Backend
from pileus.identity.db import catalog
from pileus.identity.model import event as events
from pileus.identity.model.event import Event, Initiator
from pileus.identity.settings import NotificationSettings
from pileus.kit import ids, log
from pileus.kit.bus.notifier import Notifier
from pileus.kit.http.message import Reply, Request
from pileus.kit.patience import TakesLong

logger = log.get_logger("pileus.notifications")

LOGIN, PASSWORD = "/v3/auth/tokens", "/v3/users/{user_id}/password"
_VERB = re.compile(r"identity:(create|update|delete)_(\w+)")
_GRANTS = {"identity:create_grant": "created", "identity:revoke_grant": "deleted"}
_MEMBERS = {"identity:add_user_to_group": "added", "identity:remove_user_from_group": "removed"}


def announcer(backend: Backend, chosen: NotificationSettings, notifier: Notifier) -> Callable[[Request, Reply], None]:
    """Return what sends the event of a request once its reply is known, if it has one that is wanted."""
    observer_ids: list[str] = []

    def observer_id() -> str:
        if not observer_ids:  # it never changes once it is there
            with backend.database.read() as tx:
                observer_ids.extend(row.id for row in catalog.list_services(tx, type_="identity"))
        return observer_ids[0] if observer_ids else "unknown"

    def announce(request: Request, reply: Reply) -> None:
        try:
            send(request, reply)
        except TakesLong:
            raise
        except Exception:  # what was asked for is done, and the caller shall hear of that
            logger.exception("an event could not be told", method=request.method, path=request.path)

    def send(request: Request, reply: Reply) -> None:
        event = find_event(request, reply)
        if event is None or event.opt_out_name in chosen.opt_out:
            return
        initiator = _initiator(request, reply)
        if chosen.format == "basic" and not event.is_always_cadf:
            payload = events.basic(event, initiator)
        else:
            moment = backend.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f+0000")
            payload = events.cadf(event, initiator, event_id=ids.new_uuid(), moment=moment, observer_id=observer_id())
        notifier.notify(event.type, payload)

    return announce


def find_event(request: Request, reply: Reply) -> Event | None:
    """Return what a request did, or None if nobody is told of it: it only read, or it was refused."""
    if request.rule is None:
        return _public(request, reply)
    if reply.status >= 300 or request.method in ("GET", "HEAD"):
        return None
    if request.rule in _GRANTS:
        return Event(resource=events.ROLE_ASSIGNMENT, operation=_GRANTS[request.rule], more=_grant(request))
    if request.rule in _MEMBERS:
        group_id = request.params["group_id"]
        return Event(resource="group", operation="updated", resource_id=group_id, more=_actor(request))
    matched = _VERB.fullmatch(request.rule)
    if matched is None or matched[2] not in events.RESOURCES:
        return None
    resource_id = _created_id(reply) if matched[1] == "create" else unquote(request.path.rstrip("/").rsplit("/", 1)[-1])
    resource = "domain" if _is_domain(request) else events.RESOURCES[matched[2]]
    return Event(resource=resource, operation=events.OPERATIONS[matched[1]], resource_id=resource_id)


def _public(request: Request, reply: Reply) -> Event | None:
    if request.method != "POST":
        return None
    if request.pattern == LOGIN:
        return Event(resource=events.AUTHENTICATE, is_success=reply.status < 300)
    if request.pattern == PASSWORD and reply.status < 300:
        return Event(resource="user", operation="updated", resource_id=request.params["user_id"])
    return None


def _is_domain(request: Request) -> bool:
    """Tell whether a project is made that acts as a domain."""
    return request.rule == "identity:create_project" and bool(request.json()["project"].get("is_domain"))


def _created_id(reply: Reply) -> str:
    """Return the id in a body like `{"user": {"id": …}}`."""
    return str(next(iter(reply.decoded().values()))["id"])


def _grant(request: Request) -> dict[str, Any]:
    params = request.params
    found = {kind: params[f"{kind}_id"] for kind in ("project", "domain", "user", "group") if f"{kind}_id" in params}
    return {**found, "inherited_to_projects": "/OS-INHERIT/" in request.path, "role": params["role_id"]}


def _actor(request: Request) -> dict[str, str]:
    operation = _MEMBERS[request.rule or ""]
    return {"actor_id": request.params["user_id"], "actor_type": "user", "actor_operation": operation}


def _initiator(request: Request, reply: Reply) -> Initiator:
    caller = request.context
    user_id, user_name = caller.user_id or None, caller.user_name or None
    if user_id is None and request.pattern == LOGIN and reply.status < 300:
        user = reply.decoded()["token"]["user"]
        user_id, user_name = user["id"], user["name"]
    return Initiator(
        user_id=user_id,
        user_name=user_name,
        project_id=caller.project_id,
        domain_id=caller.domain_id,
        request_id=request.id,
        address=request.client_address,
        agent=request.headers.get("user-agent", ""),
    )
