"""What is done to a server."""

from __future__ import annotations

from pileus.compute.api import server_action, server_move
from pileus.compute.api import versions as v
from pileus.compute.api.route.row import BY_ACTION, on_server
from pileus.kit.http.routes import Target, route

ROWS = (
    route("POST", "/servers/{server_id}/action", server_action.run, BY_ACTION, target=Target.ROW),
    on_server("DELETE", "/migrations/{migration_id}", server_move.abort_migration, "servers:migrations:delete",
              since=v.ABORT_MIGRATION),
    route("POST", "/servers/{server_id}/migrations/{migration_id}/action", server_move.run_on_migration, BY_ACTION,
          target=Target.ROW, since=v.FORCE_COMPLETE_MIGRATION),
)  # fmt: skip
