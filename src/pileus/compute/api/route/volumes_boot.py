"""Servers, under a name that they had beside their own as long as volumes to boot from were something special."""

from __future__ import annotations

from dataclasses import replace

from pileus.compute.api import server_action
from pileus.compute.api import versions as v
from pileus.compute.api.route import server
from pileus.compute.api.route.row import BY_ACTION
from pileus.compute.backend import Backend
from pileus.kit.http.routes import Route, Target, route

ROWS: tuple[Route[Backend], ...] = (
    *(
        replace(row, path=row.path.replace("/servers", "/os-volumes_boot", 1), until=v.NO_VOLUMES_BOOT)
        for row in server.ROWS
        if "/metadata" not in row.path
    ),
    route("POST", "/os-volumes_boot/{server_id}/action", server_action.run_on_volumes_boot, BY_ACTION,
          target=Target.ROW, until=v.NO_VOLUMES_BOOT),
)  # fmt: skip
