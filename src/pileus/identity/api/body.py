"""From a request to a model: what has a column, what is renamed, and the rest, which is kept as it came."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pileus.identity.backend import Backend
from pileus.identity.db import domain, project
from pileus.identity.model.errors import ResourceNotFound
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Request

_RENAMED = {"enabled": "is_enabled"}
_NEVER_KEPT = {"id", "links", "extra"}
_TEXT = ("description",)  # a column that holds '' rather than nothing


class ChosenIdInvalid(Invalid):
    """An id that somebody chose in a path cannot be kept."""

    message = "Invalid input for field '{name}': at most {maximum} characters, and no NUL."


def chosen_id(request: Request, name: str, maximum: int = 64) -> str:
    """Return the id in the path of something new. Raises ChosenIdInvalid."""
    chosen = request.params[name]
    if len(chosen) > maximum or "\0" in chosen:
        raise ChosenIdInvalid(name=name, maximum=maximum)
    return chosen


def extra(body: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """Return what of a body has no column."""
    return {name: value for name, value in body.items() if name not in fields and name not in _NEVER_KEPT}


def changes(body: Mapping[str, Any], fields: Collection[str], *, texts: Collection[str] = _TEXT) -> dict[str, Any]:
    """Return what an update replaces, in the model's names; null empties one of `texts`, a name has no outer spaces."""
    known = {name: body[name] for name in (*fields, "id") if name in body}
    if "name" in known:
        known["name"] = known["name"].strip()
    for name in texts:
        if name in known and known[name] is None:
            known[name] = ""
    if "tags" in known:
        known["tags"] = tuple(known["tags"])
    kept = extra(body, fields)
    renamed = {_RENAMED.get(name, name): value for name, value in known.items()}
    return {**renamed, **({"extra": kept} if kept else {})}


def home_of(request: Request, backend: Backend) -> str:
    """Return the domain of something new that names none: that of the caller's scope, else of the caller."""
    caller = request.context
    if caller.domain_id is not None:
        return caller.domain_id
    if caller.project_id is not None:
        with backend.database.read() as tx:
            return project.get(tx, caller.project_id).domain_id
    return caller.user_domain_id


def authorized_home(request: Request, backend: Backend, kind: str, body: Mapping[str, Any]) -> str:
    """Return the domain that a new user or group is to be in, if the caller may make one there.

    Who manages a domain has to name it; only who may make them everywhere can leave it out.
    """
    named = body.get("domain_id")
    home = named or home_of(request, backend)
    with backend.database.read() as tx:
        found = domain.find(tx, home)
    request.require({"target": {kind: {"domain_id": found.id}}} if named and found else {})
    if found is None:
        raise ResourceNotFound(kind="domain", id=home)
    return found.id
