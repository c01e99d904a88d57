"""Compute's API, a row a path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pileus.compute.api import document
from pileus.compute.api.links import URL_PROJECT, V2
from pileus.compute.api.route import flavor, host, project, proxy, server, server_action, server_record, volumes_boot
from pileus.compute.backend import Backend
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.routes import PUBLIC, Route, RouteTable, route

ROWS: tuple[Route[Backend], ...] = (
    *server.ROWS,
    *server_action.ROWS,
    *server_record.ROWS,
    *volumes_boot.ROWS,
    *flavor.ROWS,
    *project.ROWS,
    *host.ROWS,
    *proxy.ROWS,
)
"""Every row but the documents, as it stands below /v2.1."""

DOCUMENTS: tuple[Route[Backend], ...] = (
    route("GET", "/", document.list_versions, PUBLIC),
    route("GET", "/{anything}", document.list_choices, PUBLIC),
    route("GET", V2, document.show_old, PUBLIC),
    route("GET", f"{V2}/", document.show_old, PUBLIC),
    route("GET", "/v2.1", document.show_version, PUBLIC),
    route("GET", "/v2.1/", document.show_version, PUBLIC),
)

Handler = Callable[[Request, Backend], Reply]


def _for_own_project(handler: Handler) -> Handler:
    """Refuse a path that names another project than the caller's."""

    def run(request: Request, backend: Backend) -> Reply:
        named, own = request.params[URL_PROJECT], request.context.project_id
        if named != own:
            raise Invalid(
                f"Malformed request URL: URL's project_id '{named}' doesn't match Context's project_id '{own}'"
            )
        return handler(request, backend)

    return run


def _below_project(row: Route[Backend], version: str) -> Route[Backend]:
    handler: Any = row.handler
    return replace(row, path=f"{version}/{{{URL_PROJECT}}}{row.path}", handler=_for_own_project(handler))


def _below(version: str) -> tuple[Route[Backend], ...]:
    return (
        *(replace(row, path=f"{version}{row.path}") for row in ROWS),
        *(_below_project(row, version) for row in ROWS),
    )


ROUTES: RouteTable[Backend] = RouteTable(
    [
        *DOCUMENTS,
        *_below("/v2.1"),
        *_below(V2),
    ],
    hides_other_times=True,
)
"""Each row twice in each version: the caller's project may stand in the path, as it once had to."""
