"""How long the common calls take: one client, one request at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import boot
from bench.client import Client
from bench.report import Figure, Row, Table

CANDIDATES = "/allocation_candidates?resources=VCPU:1,MEMORY_MB:128"
USER, USER_PASSWORD = "bench", "correct horse battery staple"
ROWS = 5  # images, servers and flavors that the lists show
FLAVORS: list[boot.Flavor] = [(f"latency-{number}", 64, 1, 1) for number in range(ROWS)]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that clients often send."""

    what: str
    run: Callable[[Client], object]
    divisor: int = 1  # of the rounds, for what takes long


def _get(service: str, path: str) -> Callable[[Client], object]:
    return lambda client: client.call(service, "GET", path)


CALLS = (
    Call("token by a password that somebody chose", lambda client: client.issue_token(USER, USER_PASSWORD), 3),
    Call("token by the administrator's first password", Client.log_in, 3),
    Call("token validation", lambda client: client.call("identity", "GET", "/auth/tokens", subject=client.token)),
    Call("image list", _get("image", "/v2/images")),
    Call("flavor list, with details", _get("compute", "/flavors/detail")),
    Call("server list, with details", _get("compute", "/servers/detail")),
    Call("resource provider list", _get("placement", "/resource_providers")),
    Call("allocation candidates", _get("placement", CANDIDATES)),
)


def ensure_user(client: Client) -> None:
    """Make the user who chose a password, if it is not there."""
    if client.call("identity", "GET", f"/users?name={USER}")["users"]:
        return
    project = client.call("identity", "GET", "/projects?name=admin")["projects"][0]["id"]
    role = client.call("identity", "GET", "/roles?name=member")["roles"][0]["id"]
    body = {"user": {"name": USER, "password": USER_PASSWORD, "domain_id": "default"}}
    user = client.call("identity", "POST", "/users", body)["user"]["id"]
    client.call("identity", "PUT", f"/projects/{project}/users/{user}/roles/{role}")


def prepare(client: Client) -> None:
    """Make what the lists show: as many rows on either side."""
    ensure_user(client)
    own = [each["id"] for each in client.call("compute", "GET", "/flavors")["flavors"]]
    for flavor_id in own:
        client.call("compute", "DELETE", f"/flavors/{flavor_id}")
    flavors = boot.ensure_flavors(client, FLAVORS)
    images = [boot.upload(client, f"latency-{number}", bytes(2**10), "raw") for number in range(ROWS)]
    for image_id, flavor in zip(images, flavors, strict=True):
        server_id, _ = boot.create(client, image_id, flavor)
        boot.wait_for_active(client, server_id)


def measure(clients: Sequence[Client], rounds: int) -> list[dict[str, Figure]]:
    """Send every call so many times, to one cloud after the other; return the milliseconds of each."""
    laps: list[dict[str, list[float]]] = [{call.what: [] for call in CALLS} for _ in clients]
    _round(clients, [{call.what: [] for call in CALLS} for _ in clients], 0)  # to warm both up
    for number in range(rounds):
        _round(clients, laps, number)
    return [{what: Figure(samples, "ms") for what, samples in each.items()} for each in laps]


def table(figures: Sequence[dict[str, Figure]]) -> Table:
    """Return the table."""
    ours = figures[0]
    theirs = figures[1] if len(figures) > 1 else {}
    rows = [Row(call.what, ours[call.what], theirs.get(call.what)) for call in CALLS]
    notes = (
        "Medians in milliseconds: one client, one request at a time, to one side after the other. The lists have "
        f"{ROWS} rows. Both sides keep a password that somebody chose as a bcrypt hash of the same cost, which is "
        "nearly all of such a token. The passwords that Pileus made itself need no slow hash."
    )
    return Table("5. Common calls", rows, notes)


def _round(clients: Sequence[Client], laps: Sequence[dict[str, list[float]]], number: int) -> None:
    for call in CALLS:
        if number % call.divisor:
            continue
        for client, lap in zip(clients, laps, strict=True):
            began = time.perf_counter()
            call.run(client)
            lap[call.what].append((time.perf_counter() - began) * 1000)
