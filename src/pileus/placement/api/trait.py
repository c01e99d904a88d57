"""/traits and /resource_providers/{uuid}/traits."""

from __future__ import annotations

from collections.abc import Iterable

from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request
from pileus.kit.schema import Schema
from pileus.placement.api import query, query_schema, schema, view
from pileus.placement.backend import Backend
from pileus.placement.db import provider as providers
from pileus.placement.db import trait as traits
from pileus.placement.model.errors import TraitNotFound
from pileus.placement.operations import trait as operations

_NEW = Schema(schema.CUSTOM_NAME)


class TraitInvalid(Invalid):
    """A name that no trait may have."""

    message = (
        'The trait is invalid. A valid trait must be no longer than 255 characters, start with the prefix "CUSTOM_" '
        'and use following characters: "A"-"Z", "0"-"9" and "_"'
    )


class NameInvalid(Invalid):
    """`name` of the query is not understood."""

    message = (
        "Badly formatted name parameter. Expected name query string parameter in form: "
        '?name=[in|startswith]:[name1,name2|prefix]. Got: "{got}"'
    )


class AssociatedInvalid(Invalid):
    """`associated` of the query is not understood."""

    message = 'The query parameter "associated" only accepts "true" or "false"'


def list_(request: Request, backend: Backend) -> Reply:
    """GET /traits."""
    asked = query.read(request, query_schema.LIST_TRAITS)
    associated = asked.get("associated", "").lower()
    if "associated" in asked and associated not in ("true", "false"):
        raise AssociatedInvalid
    with backend.database.read() as tx:
        names = traits.standard().union(name for name, _ in traits.list_custom(tx))
        in_use = traits.list_associated(tx) if associated else frozenset()
    if associated:
        names = names & in_use if associated == "true" else names - in_use
    return view.fresh({"traits": sorted(_named(names, asked.get("name")))}, backend.clock.now())


def show(request: Request, backend: Backend) -> Reply:
    """GET /traits/{name}."""
    name = request.params["name"]
    with backend.database.read() as tx:
        created_at = traits.find_time(tx, name)
    if created_at is None and name not in traits.standard():
        raise TraitNotFound(names=name)
    return Reply.empty(204, view.freshness(created_at or backend.clock.now()))


def ensure(request: Request, backend: Backend) -> Reply:
    """PUT /traits/{name}."""
    name, now = request.params["name"], backend.clock.now()
    if _NEW.mismatch(name) is not None:
        raise TraitInvalid
    is_new = backend.database.write(operations.ensure, name, now=now)
    headers = {**view.location(request, f"/traits/{name}"), **view.freshness(now)}
    return Reply.empty(201 if is_new else 204, headers)


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /traits/{name}."""
    backend.database.write(operations.delete, request.params["name"])
    return Reply.empty()


def list_of_provider(request: Request, backend: Backend) -> Reply:
    """GET /resource_providers/{uuid}/traits."""
    with backend.database.read() as tx:
        provider = providers.get(tx, request.params["uuid"])
        found = traits.list_of(tx, provider)
    document = {"resource_provider_generation": provider.generation, "traits": list(found)}
    return view.fresh(document, provider.modified_at)


def replace_of_provider(request: Request, backend: Backend) -> Reply:
    """PUT /resource_providers/{uuid}/traits."""
    uuid, now = request.params["uuid"], backend.clock.now()
    with backend.database.read() as tx:
        providers.get(tx, uuid)  # a missing provider is told before a bad body
    body = request.json()
    generation = backend.database.write(
        operations.replace_of_provider, uuid, body["traits"], generation=body["resource_provider_generation"], now=now
    )
    return view.fresh({"resource_provider_generation": generation, "traits": sorted(body["traits"])}, now)


def clear_of_provider(request: Request, backend: Backend) -> Reply:
    """DELETE /resource_providers/{uuid}/traits."""
    backend.database.write(operations.clear_of_provider, request.params["uuid"], now=backend.clock.now())
    return Reply.empty()


def _named(names: Iterable[str], asked: str | None) -> Iterable[str]:
    """Return those names that `startswith:` or `in:` lets through. Raises NameInvalid."""
    if asked is None:
        return names
    how, colon, what = asked.partition(":")
    if not colon or how not in ("startswith", "in"):
        raise NameInvalid(got=asked)
    if how == "startswith":
        return [name for name in names if name.startswith(what)]
    listed = frozenset(what.split(","))
    return [name for name in names if name in listed]
