"""What others are told of identity's changes: event types and payloads, in the original's words.

The type of an event is `identity.RESOURCE.OPERATION`. In the basic format its payload says which resource it is; in the
CADF format (the audit standard of DMTF) also who did it and from where. Role assignments and logins are always CADF.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

AUTHENTICATE = "authenticate"
ROLE_ASSIGNMENT = "role_assignment"

RESOURCES: Mapping[str, str] = {
    "user": "user",
    "group": "group",
    "project": "project",
    "domain": "domain",
    "role": "role",
    "region": "region",
    "service": "service",
    "endpoint": "endpoint",
    "policy": "policy",
    "credential": "credential",
    "trust": "OS-TRUST:trust",
    "consumer": "OS-OAUTH1:consumer",
    "application_credential": "application_credential",
    "access_rule": "access_rule",
}
"""The noun of a policy rule → the resource of its events; what is not here has no events."""

OPERATIONS: Mapping[str, str] = {"create": "created", "update": "updated", "delete": "deleted"}
"""The verb of a policy rule → the operation of its events."""

_SECURITY = "data/security/"
_TYPE_URIS: Mapping[str, str] = {
    "user": f"{_SECURITY}account/user",
    "OS-TRUST:trust": f"{_SECURITY}trust",
    "OS-OAUTH1:consumer": f"{_SECURITY}account",
    "application_credential": f"{_SECURITY}credential",
    **{name: _SECURITY + name for name in ("group", "project", "domain", "role", "region", "endpoint", "service")},
    "policy": f"{_SECURITY}policy",
}
_ACCOUNT = "service/security/account/user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Initiator:
    """Who asked for what happened."""

    user_id: str | None
    user_name: str | None
    project_id: str | None
    domain_id: str | None
    request_id: str
    address: str
    agent: str

    def document(self) -> dict[str, Any]:
        """Return it as CADF has it."""
        known = {
            "typeURI": _ACCOUNT,
            "id": self.user_id or "unknown",
            "user_id": self.user_id,
            "name": self.user_name,
            "username": self.user_name,
            "project_id": self.project_id,
            "domain_id": self.domain_id,
            "request_id": self.request_id,
        }
        host = {"address": self.address, "agent": self.agent}
        return {name: value for name, value in known.items() if value is not None} | {"host": host}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a resource, or a login (which has none)."""

    resource: str
    operation: str = ""
    resource_id: str = ""
    is_success: bool = True
    more: Mapping[str, Any] = field(default_factory=dict)  # what only this kind of event says

    @property
    def type(self) -> str:
        """What listeners choose by."""
        return f"identity.{self.resource}" + (f".{self.operation}" if self.operation else "")

    @property
    def opt_out_name(self) -> str:
        """What an operator calls it who does not want it: of a login also how it went."""
        return self.type if self.resource != AUTHENTICATE else f"{self.type}.{_outcome(self)}"

    @property
    def is_always_cadf(self) -> bool:
        """Whether it has no basic format."""
        return self.resource in (AUTHENTICATE, ROLE_ASSIGNMENT)


def basic(event: Event, initiator: Initiator) -> dict[str, Any]:
    """Return the payload of the basic format."""
    return {"resource_info": event.resource_id, **event.more, "request_id": initiator.request_id}


def cadf(event: Event, initiator: Initiator, *, event_id: str, moment: str, observer_id: str) -> dict[str, Any]:
    """Return the payload of the CADF format."""
    target = {"typeURI": _ACCOUNT, "id": event_id}
    if not event.is_always_cadf:
        target = {"typeURI": _TYPE_URIS.get(event.resource, "unknown"), "id": event.resource_id}
    own = event.more if event.is_always_cadf else {"resource_info": event.resource_id}
    return {
        "typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event",
        "eventType": "activity",
        "id": event_id,
        "eventTime": moment,
        "action": f"{event.operation}.{event.resource}" if event.operation else event.resource,
        "outcome": _outcome(event),
        "observer": {"id": observer_id, "typeURI": "service/security"},
        "initiator": initiator.document(),
        "target": target,
        **own,
    }


def _outcome(event: Event) -> str:
    return "success" if event.is_success else "failure"
