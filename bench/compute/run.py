"""The order of things: both clouds, and the rows one after the other."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urljoin

import urllib3

from bench import boot, process
from bench.client import Client, wait_until
from bench.cloud import Pileus as RealCloud
from bench.cloud import running
from bench.compute import decision, fill, rows
from bench.compute.sides import HOSTS, Originals, Pileus, Side
from bench.compute.storm import storm
from bench.part import Part, told
from bench.report import Figure, Row, at_most, say

AGENTS, IDLE_S, SETTLE_S, IDLE_PERCENT = 1000, 60, 60, 5
GUEST = Path(__file__).parent.parent.parent / "guest" / "build" / "pileus-guest.qcow2"
GUESTS, GUEST_S = 3, 1.5
ROWS = ("boot", "storm", "list", "show", "decision", "idle", "guest")
INTRODUCTION = (
    "Pileus' compute service beside Nova 34.0.0, each as part of its whole cloud, with pretended guests: the same "
    "requests, in one run on one machine, to one side after the other. The originals run as in production, under uwsgi "
    "with 2 processes of 4 threads, on MariaDB, with RabbitMQ and memcached. Pileus is one process on its embedded "
    f"SQLite, with {HOSTS} pretended hosts. Where there is more than one sample, the number is the median, and behind "
    "it are the lowest and the highest, or the 95th percentile."
)
NOTES = (
    "A storm is 16 clients on bare sockets, each with one request after the other, from the first request until no "
    "server is BUILD any more. Then what placement holds is compared with the servers that are ACTIVE, all are "
    "deleted, and nothing may be left. The original gets a tenth of the servers, as it takes its time.\n\n"
    f"{rows.COPIES:,} servers came into both databases by SQL, copies of one that was booted. Lists have all "
    "details. A server that was shown since the last commit is shown from memory; 20 hosts commit that they live every "
    "two seconds, and then each of the servers is read once more, by a thread.\n\n"
    "A decision is what the scheduler does once placement has answered: bring what it knows of the hosts up to date, "
    "filter, weigh, and take the best five; in processor time. Every tenth answer names one host less than the others; "
    "to find its hosts anew is what the 95th percentile shows.\n\n"
    "The idle agents live in the process of the control plane, so their own share is counted too: it is what the "
    "thread of their heartbeats takes by the clock. Real guests are those of guest/, "
    "emulated without KVM, with an image that the host knows.\n\n"
    "A boot is 6 commits and 41 statements. In a storm it takes 24 to 36 ms of a processor, as fast as the machine is "
    "at that time, a fifth of that in handing Python's lock from thread to thread. All is in one process, so a second "
    "processor helps little."
)


def _measure(folder: Path, offset: int, names: Sequence[str], has_originals: bool) -> list[Row]:
    found: list[Row] = []
    if {"boot", "storm", "list", "show"} & set(names):
        found += _beside(folder, offset, names, has_originals)
    if "decision" in names:
        say("decisions")
        found += told(decision.rows())
    if "idle" in names:
        say(f"{AGENTS:,} idle agents")
        found += told(_idle(folder / "idle", offset))
    if "guest" in names:
        say("real guests")
        found += told(_guests(folder / "guests", offset))
    return found


def _beside(folder: Path, offset: int, names: Sequence[str], has_originals: bool) -> list[Row]:
    found: list[Row] = []
    with contextlib.ExitStack() as stack:
        say("starting")
        pileus = Pileus(folder / "pileus", offset)
        clients: list[Client] = [stack.enter_context(running(pileus))]
        originals = Originals(folder / "originals", offset)
        if has_originals:
            clients.append(stack.enter_context(running(originals)))
        sides = [Side(client) for client in clients]
        if "boot" in names:
            say("boot")
            found += told(rows.boots(sides))
        if "storm" in names:
            say("storm")
            found += told(storm(sides))
        if {"list", "show"} & set(names):
            say(f"copying a server {rows.COPIES:,} times")
            _copy(pileus, originals, sides)
            for side in sides:
                side.client.log_in()
        if "list" in names:
            found += told(rows.lists(sides))
        if "show" in names:
            found += told(rows.show(sides, [[each["id"] for each in side.servers("limit=1000")] for side in sides]))
    return found


def _copy(pileus: Pileus, originals: Originals, sides: Sequence[Side]) -> None:
    booted = []
    for side in sides:
        server_id, _ = boot.create(side.client, side.image, side.flavor)
        boot.wait_for_active(side.client, server_id)
        booted.append(server_id)
    fill.copy_ours(pileus, booted[0], rows.COPIES)
    if len(booted) > 1:
        fill.copy_theirs(originals, booted[1], rows.COPIES)


def _idle(folder: Path, offset: int) -> list[Row]:
    """Let very many agents do nothing but say that they live."""
    cloud, began = Pileus(folder, offset, AGENTS), time.perf_counter()
    with running(cloud) as client:
        client.log_in()  # the catalog may have been empty the first time
        wait_until("not all hosts have room", lambda: _has_room(client), timeout_s=300, pause_s=1)
        start_s = time.perf_counter() - began
        time.sleep(SETTLE_S)
        before = process.footprint(cloud.pids()).cpu_s, _beating_s(client)
        time.sleep(IDLE_S)
        after = process.footprint(cloud.pids()).cpu_s, _beating_s(client)
    whole, beating = (
        Figure([(then - now) / IDLE_S * 100], "% of a core") for now, then in zip(before, after, strict=True)
    )
    return [
        Row(f"{AGENTS:,} new hosts: placement knows what all of them have", Figure([start_s], "s")),
        at_most(f"{AGENTS:,} idle agents, with the agents' own share", whole, None, IDLE_PERCENT),
        Row("of that at most the agents' own share", beating),
    ]


def _has_room(client: Client) -> bool:
    found = client.call("placement", "GET", "/resource_providers?resources=VCPU:1")["resource_providers"]
    return len(found) == AGENTS


def _beating_s(client: Client) -> float:
    """Return for how long the agents have been saying that their hosts live."""
    page = urllib3.request("GET", urljoin(client.url("compute", ""), "/metrics")).data.decode()
    found = re.search(r'^pileus_loop_seconds_sum\{loop="agent-heartbeat"\} (\S+)', page, re.MULTILINE)
    assert found is not None
    return float(found[1])


def _guests(folder: Path, offset: int) -> list[Row]:
    with running(RealCloud(folder, offset, "libvirt")) as client:
        boot.wait_for_room(client)
        _, cached = boot.measure_guests(client, GUEST, GUESTS)
    active = cached.figure("active")
    assert active is not None
    return [
        at_most("a real guest, its image known to the host: ACTIVE", active, None, GUEST_S),
        Row("a real guest, its image known to the host: login prompt", cached.figure("prompt")),
    ]


PART = Part(
    name="compute",
    original="",
    rows=ROWS,
    measure=_measure,
    introduction=INTRODUCTION,
    notes=NOTES,
)
