"""Usage reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pileus.compute.api import parse
from pileus.compute.backend import Backend
from pileus.compute.db.server_list import ServerQuery, list_page
from pileus.compute.model.usage import ServerUsage, usage_of
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request

DEFAULT_PERIOD = timedelta(weeks=4)
_FORMAT = "%Y-%m-%dT%H:%M:%S.%f"


def list_all(request: Request, backend: Backend) -> Reply:
    """GET /os-simple-tenant-usage."""
    start, end = _period(request, backend.clock.now())
    by_project: defaultdict[str, list[ServerUsage]] = defaultdict(list)
    for used in _used(backend, {}, start, end):
        by_project[used.server.project_id].append(used)
    is_detailed = request.query.get("detailed") == "1"
    reports = [
        _report(project_id, used, start, end, backend.clock.now(), with_servers=is_detailed)
        for project_id, used in sorted(by_project.items())
    ]
    return Reply.json({"tenant_usages": reports})


def show(request: Request, backend: Backend) -> Reply:
    """GET /os-simple-tenant-usage/{project_id}."""
    project_id = request.params["project_id"]
    request.require({"project_id": project_id})
    start, end = _period(request, backend.clock.now())
    used = _used(backend, {"project_id": project_id}, start, end)
    report = _report(project_id, used, start, end, backend.clock.now(), with_servers=True) if used else {}
    return Reply.json({"tenant_usage": report})


def _period(request: Request, now: datetime) -> tuple[datetime, datetime]:
    start_text, end_text = request.query.get("start"), request.query.get("end")
    end = parse.moment("end", end_text) if end_text else now
    start = parse.moment("start", start_text) if start_text else now - DEFAULT_PERIOD
    if end < start:
        raise Invalid("Invalid start time. The start time cannot occur after the end time.")
    return start, end


def _used(backend: Backend, equals: dict[str, Any], start: datetime, end: datetime) -> list[ServerUsage]:
    query = ServerQuery(equals=equals, is_deleted=None, sort=[("created_at", False)])
    with backend.database.read() as tx:
        servers = list_page(tx, query)
    now = backend.clock.now()
    return [used for server in servers if (used := usage_of(server, start, end, now)) is not None]


def _report(
    project_id: str, used: Sequence[ServerUsage], start: datetime, end: datetime, now: datetime, *, with_servers: bool
) -> dict[str, Any]:
    report: dict[str, Any] = {
        "tenant_id": project_id,
        "start": start.strftime(_FORMAT),
        "stop": end.strftime(_FORMAT),
        "total_hours": sum(each.hours for each in used),
        "total_vcpus_usage": sum(each.hours * each.server.flavor.vcpus for each in used),
        "total_memory_mb_usage": sum(each.hours * each.server.flavor.memory_mb for each in used),
        "total_local_gb_usage": sum(each.hours * each.server.flavor.disk_gb for each in used),
    }
    if with_servers:
        report["server_usages"] = [_server(each, now) for each in used]
    return report


def _server(used: ServerUsage, now: datetime) -> dict[str, Any]:
    server = used.server
    return {
        "instance_id": server.id,
        "name": server.name,
        "tenant_id": server.project_id,
        "flavor": server.flavor.name,
        "vcpus": server.flavor.vcpus,
        "memory_mb": server.flavor.memory_mb,
        "local_gb": server.flavor.disk_gb,
        "hours": used.hours,
        "state": used.state,
        "started_at": used.started_at.strftime(_FORMAT),
        "ended_at": used.ended_at.strftime(_FORMAT) if used.ended_at else None,
        "uptime": int(((used.ended_at or now) - used.started_at).total_seconds()),
    }
