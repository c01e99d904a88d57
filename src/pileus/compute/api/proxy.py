"""What compute once passed on to a network or volume service, and what it no longer has at all.

There is neither service in this cloud: nothing of theirs is listed, shown or made.
"""

from __future__ import annotations

from collections.abc import Callable

from pileus.compute.backend import Backend
from pileus.kit import ids
from pileus.kit.errors import Gone, Invalid, NotFound, NotImplementedHere
from pileus.kit.http.message import Reply, Request

Handler = Callable[[Request, Backend], Reply]

_IRONIC = {"add_interface": "port-create", "remove_interface": "port-delete"}
"""Actions on bare metal nodes, and the commands for them."""


def none_of(member: str) -> Handler:
    """Return a handler that lists nothing."""

    def list_none(_request: Request, _backend: Backend) -> Reply:
        return Reply.json({member: []})

    return list_none


def unknown(what: str) -> Handler:
    """Return a handler that knows nothing of that name."""

    def refuse(request: Request, _backend: Backend) -> Reply:
        raise NotFound(f"{what} {request.params['id']} could not be found.")

    return refuse


def unknown_group(request: Request, _backend: Backend) -> Reply:
    """Know no security group, nor a rule of one, by an id that one could have."""
    group_id = request.params["id"]
    _require_uuid(group_id)
    raise NotFound(f"Security group {group_id} could not be found.")


def _require_uuid(group_id: object) -> None:
    if not ids.is_uuid(str(group_id)):
        raise Invalid("Security group id should be uuid")


def lacking(service: str) -> Handler:
    """Return a handler of what another service would make."""

    def refuse(_request: Request, _backend: Backend) -> Reply:
        raise NotImplementedHere(f"There is no {service} service in this cloud.")

    return refuse


def without_ironic(command: str) -> Handler:
    """Return a handler of what was never passed on to a bare metal service: it names the command that does it."""

    def refuse(_request: Request, _backend: Backend) -> Reply:
        raise Invalid(f"Command not supported. Please use Ironic command {command} to perform this action.")

    return refuse


def act_on_baremetal(request: Request, backend: Backend) -> Reply:
    """POST /os-baremetal-nodes/{id}/action. Raises Invalid, whatever it is."""
    body = request.json()
    named = [_IRONIC[name] for name in body if name in _IRONIC] if isinstance(body, dict) else []
    if not named:
        raise Invalid("There is no such action.")
    return without_ironic(named[0])(request, backend)


def refuse_rule(request: Request, _backend: Backend) -> Reply:
    """POST /os-security-group-rules: there is no group that a rule could be of."""
    group_id = request.json()["security_group_rule"].get("parent_group_id")
    _require_uuid(group_id)
    raise NotFound(f"Security group {group_id} could not be found.")


def gone(_request: Request, _backend: Backend) -> Reply:
    """Refuse what no version of the API has any more, since long ago."""
    raise Gone("This resource is no longer available. No forwarding address is given.")
