"""Usage reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pileus.compute.api import parse
from pileus.compute.api import versions as v
from pileus.compute.api.links import next_links
from pileus.compute.backend import Backend
from pileus.compute.db import usage as rows
from pileus.compute.model.usage import ServerUsage, usage_of
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import limit_of

DEFAULT_PERIOD = timedelta(weeks=4)
Period = tuple[datetime, datetime]
_FORMAT = "%Y-%m-%dT%H:%M:%S.%f"


def list_all(request: Request, backend: Backend) -> Reply:
    """GET /os-simple-tenant-usage."""
    period = _period(request, backend.clock.now())
    used, more = _page(request, backend, period, None, "tenant_usages_links")
    by_project: defaultdict[str, list[ServerUsage]] = defaultdict(list)
    for each in used:
        by_project[each.server.project_id].append(each)
    is_detailed = request.query.get("detailed") == "1"
    reports = [
        _report(project_id, each, period, backend.clock.now(), with_servers=is_detailed)
        for project_id, each in by_project.items()
    ]
    return Reply.json({"tenant_usages": reports, **more})


def show(request: Request, backend: Backend) -> Reply:
    """GET /os-simple-tenant-usage/{project_id}."""
    project_id = request.params["project_id"]
    request.require({"project_id": project_id})
    period = _period(request, backend.clock.now())
    used, more = _page(request, backend, period, project_id, "tenant_usage_links")
    report = _report(project_id, used, period, backend.clock.now(), with_servers=True) if used else {}
    return Reply.json({"tenant_usage": report, **more})


def _period(request: Request, now: datetime) -> Period:
    start_text, end_text = request.query.get("start"), request.query.get("end")
    end = parse.moment("end", end_text) if end_text else now
    start = parse.moment("start", start_text) if start_text else now - DEFAULT_PERIOD
    if end < start:
        raise Invalid("Invalid start time. The start time cannot occur after the end time.")
    return start, min(end, now)


def _page(
    request: Request, backend: Backend, period: Period, project_id: str | None, links: str
) -> tuple[Sequence[ServerUsage], dict[str, Any]]:
    limit, marker = backend.settings.max_limit, None
    if request.since(v.USAGE_PAGES):
        limit = limit_of(request, default=None, maximum=limit)
        marker = request.query.get("marker")
    with backend.database.read() as tx:
        servers = rows.list_that_ran(tx, *period, project_id=project_id, marker=marker, limit=limit)
    now = backend.clock.now()
    used = [each for server in servers if (each := usage_of(server, *period, now)) is not None]
    is_paged = request.since(v.USAGE_PAGES)
    return used, next_links(request, links, [server.id for server in servers], limit) if is_paged else {}


def _report(
    project_id: str, used: Sequence[ServerUsage], period: Period, now: datetime, *, with_servers: bool
) -> dict[str, Any]:
    report: dict[str, Any] = {
        "tenant_id": project_id,
        "start": period[0].strftime(_FORMAT),
        "stop": period[1].strftime(_FORMAT),
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
