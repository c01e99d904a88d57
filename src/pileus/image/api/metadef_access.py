"""Which namespace of metadata definitions a request is about, and whether its caller may do this to it."""

from __future__ import annotations

from typing import Any

from pileus.image.api.access import is_admin
from pileus.image.backend import Backend
from pileus.image.db import metadef_namespace as namespaces
from pileus.image.model.metadef import Namespace, is_seen_by
from pileus.image.model.metadef_errors import NamespaceNotFound
from pileus.image.model.query import Viewer
from pileus.kit.db import Transaction
from pileus.kit.http.message import Request

SEEING = "get_metadef_namespace"


def viewer(request: Request) -> Viewer:
    """Return through whose eyes a request looks."""
    return Viewer(request.context.project_id, is_admin(request))


def target(namespace: Namespace) -> dict[str, Any]:
    """Return a namespace as policy rules see it."""
    return {"project_id": namespace.owner, "owner": namespace.owner, "visibility": namespace.visibility}


def own_target(request: Request) -> dict[str, Any]:
    """Return what policy rules see where there is no namespace yet, or many."""
    return {"project_id": request.context.project_id}


def get(request: Request, tx: Transaction) -> Namespace:
    """Return the namespace that the path names, if the caller may do what the route's rule guards.

    Raises NamespaceNotFound also for one that the caller must not know of, Forbidden.
    """
    name = request.params["namespace"]
    namespace = namespaces.find(tx, name)
    eyes = viewer(request)
    if namespace is None or not is_seen_by(namespace, eyes.project_id, is_admin=eyes.is_admin):
        raise NamespaceNotFound(namespace=name)
    if not may(request, namespace, SEEING):
        raise NamespaceNotFound(namespace=name)
    request.require(target(namespace))
    return namespace


def require(request: Request, backend: Backend) -> Namespace:
    """Make sure that the caller may change the namespace as he wants, or what it holds; return it as it was.

    Raises NamespaceNotFound, Forbidden.
    """
    with backend.database.read() as tx:
        return get(request, tx)


def may(request: Request, namespace: Namespace, rule: str) -> bool:
    """Tell whether a rule allows the caller something on a namespace."""
    return request.may(rule, target(namespace))
