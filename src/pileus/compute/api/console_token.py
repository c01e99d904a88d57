"""What the token of a console opens: asked by the proxies that stand before consoles."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.backend import Backend
from pileus.compute.db import console_token as rows
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request

SPICE_DIRECT = "spice-direct"


def show(request: Request, backend: Backend) -> Reply:
    """GET /os-console-auth-tokens/{token}."""
    with backend.database.read() as tx:
        token = rows.get(tx, request.params["token"], backend.clock.now())
    document: dict[str, Any] = {
        "instance_uuid": token.server_id,
        "host": token.host,
        "port": token.port,
        "internal_access_path": token.internal_access_path,
    }
    if request.since(v.SPICE_DIRECT) and token.console_type == SPICE_DIRECT:
        document["tls_port"] = token.tls_port
    return Reply.json({"console": document})


def refuse(_request: Request, _backend: Backend) -> Reply:
    """GET /os-console-auth-tokens/{token}, which once showed the consoles of one hypervisor alone, and no other's."""
    raise Invalid("The console auth token is not for this version of the API.")
