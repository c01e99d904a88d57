"""What other services tell about servers."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.schema import parts
from pileus.compute.backend import Backend
from pileus.compute.db import server as servers
from pileus.compute.model.error.server import InstanceNotFound
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request
from pileus.kit.schema import DatedSchema, Schema, obj

_NEEDS_TAG = ("volume-extended", "power-update", "accelerator-request-bound")
_FIRST = ("network-changed", "network-vif-plugged", "network-vif-unplugged", "network-vif-deleted")
_LATER = (
    (v.VOLUME_EXTENDED, "volume-extended"),
    (v.POWER_UPDATE, "power-update"),
    (v.ACCELERATOR_BOUND, "accelerator-request-bound"),
    (v.REBUILD_VOLUME, "volume-reimaged"),
)
_SOME_TROUBLE = 207


def _body(names: list[str]) -> Schema:
    event = obj(
        {
            "name": {"type": "string", "enum": names},
            "server_uuid": parts.UUID,
            "status": {"type": "string", "enum": ["failed", "completed", "in-progress"]},
            "tag": {"type": "string", "maxLength": 255},
        },
        required=["name", "server_uuid"],
    )
    return Schema(obj({"events": {"type": "array", "minItems": 1, "items": event}}, required=["events"]))


def _bodies() -> DatedSchema:
    names = list(_FIRST)
    dated: list[tuple[Any, Schema]] = [(None, _body(names))]
    for change, name in _LATER:
        names = [*names, name]
        dated.append((change, _body(names)))
    return DatedSchema(*dated)


CREATE = _bodies()


def create(request: Request, backend: Backend) -> Reply:
    """POST /os-server-external-events: nothing here waits for any of them, so an event that is in order is done."""
    events = request.json()["events"]
    with backend.database.read() as tx:
        answers = [{**event, **_outcome(tx, event)} for event in events]
    status = 200 if all(answer["code"] == 200 for answer in answers) else _SOME_TROUBLE
    return Reply.json({"events": answers}, status)


def _outcome(tx: Transaction, event: dict[str, Any]) -> dict[str, Any]:
    try:
        server = servers.get(tx, event["server_uuid"])
    except InstanceNotFound:
        return {"status": "failed", "code": 404}
    if event["name"] in _NEEDS_TAG and "tag" not in event:
        return {"status": "failed", "code": 400}
    if server.host is None:
        return {"status": "failed", "code": 422}
    return {"status": "completed", "code": 200}
