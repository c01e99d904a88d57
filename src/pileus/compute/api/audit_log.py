"""The log of usage audits: there are none here, and so no host has run one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pileus.compute.backend import Backend
from pileus.compute.db import service as services
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request

_FORMATS = ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S")


def list_all(_request: Request, backend: Backend) -> Reply:
    """GET /os-instance_usage_audit_log."""
    return Reply.json({"instance_usage_audit_logs": _log(backend, backend.clock.now())})


def show(request: Request, backend: Backend) -> Reply:
    """GET /os-instance_usage_audit_log/{before}."""
    return Reply.json({"instance_usage_audit_log": _log(backend, _moment(request.params["before"]))})


def _moment(text: str) -> datetime:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise Invalid(f"Invalid timestamp for date {text}")


def _log(backend: Backend, before: datetime) -> dict[str, Any]:
    with backend.database.read() as tx:
        hosts = sorted(service.host for service in services.list_all(tx, binary=COMPUTE_BINARY))
    begin, end = _last_month(before)
    done = "ALL" if not hosts else f"0 of {len(hosts)}"
    return {
        "period_beginning": str(begin),
        "period_ending": str(end),
        "num_hosts": len(hosts),
        "num_hosts_done": 0,
        "num_hosts_running": 0,
        "num_hosts_not_run": len(hosts),
        "hosts_not_run": hosts,
        "total_instances": 0,
        "total_errors": 0,
        "overall_status": f"{done} hosts done. 0 errors.",
        "log": {},
    }


def _last_month(before: datetime) -> tuple[datetime, datetime]:
    """Return the last whole month that was over at a time."""
    end = datetime(before.year, before.month, 1)
    year, month = (end.year - 1, 12) if end.month == 1 else (end.year, end.month - 1)
    return datetime(year, month, 1), end
