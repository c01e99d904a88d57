"""Numbers for Prometheus, at `/metrics` of every listener."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

_REQUESTS = Histogram(
    "pileus_http_request_seconds",
    "Time to answer a request",
    ["service", "method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
WORKFLOWS = Counter("pileus_workflows_total", "Workflows that ended", ["kind", "outcome"])
LOOP_SECONDS = Histogram("pileus_loop_seconds", "Time of one round of a loop", ["loop"])
LOOP_FAILURES = Counter("pileus_loop_failures_total", "Rounds of a loop that failed", ["loop"])


def observe_request(service: str, method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    _REQUESTS.labels(service, method, route, str(status)).observe(seconds)
