"""Many clients of a real server want the same few hosts until these are full."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.placement.load.serving import Process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST = 3  # VCPUs of one claim
SIZES = {"sqlite": (64, 20, 30), "postgresql": (32, 8, 20), "mariadb": (32, 8, 20)}  # writers, hosts, VCPUs of each


@dataclass
class Claims:
    """What the writers were told."""

    vcpus: int
    taken: dict[str, tuple[str, int]] = field(default_factory=dict)  # consumer → (host, amount)
    full: set[str] = field(default_factory=set)
    refusals: Counter[str] = field(default_factory=Counter)


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> Iterator[Process]:
    process = Process(tmp_path, database_url, connections=64)
    try:
        process.wait()
        yield process
    finally:
        process.stop()


def test_everything_is_given_out_and_nothing_twice(server: Process, database_kind: str) -> None:
    writers, count, vcpus = SIZES[database_kind]
    hosts = [server.add_host(f"host{number}", vcpus) for number in range(count)]
    claims = Claims(vcpus)
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(lambda number: claim_all(server, hosts, claims, number), range(writers)))
    assert set(claims.refusals) <= {"The requested amount would exceed the capacity."}
    given = Counter[str]()
    accepted = Counter(host for host, _ in claims.taken.values())
    for host, amount in claims.taken.values():
        given[host] += amount
    assert given == dict.fromkeys(hosts, vcpus)
    for host in hosts:
        shown = server.get(f"/resource_providers/{host}/allocations")
        assert shown["resource_provider_generation"] == 1 + accepted[host]
        assert {who: one["resources"]["VCPU"] for who, one in shown["allocations"].items()} == {
            who: amount for who, (where, amount) in claims.taken.items() if where == host
        }
        assert server.used(host) == vcpus
    assert server.candidates(1) == set()


def claim_all(server: Process, hosts: list[str], claims: Claims, number: int) -> None:
    """Claim of one host after the other until nothing is left; each writer begins elsewhere."""
    dice = random.Random(number)  # noqa: S311
    amounts = dict.fromkeys(dice.sample(hosts, len(hosts)), LARGEST)  # host → what is worth asking for
    while left := [host for host in amounts if host not in claims.full]:
        host = dice.choice(left)
        amount, consumer = dice.randint(1, amounts[host]), str(uuid.uuid4())
        answer = server.claim(consumer, host, amount)
        if answer.status == 204:
            claims.taken[consumer] = (host, amount)
            continue
        assert answer.status == 409, answer
        claims.refusals[answer.document["errors"][0]["detail"].partition("'. ")[2]] += 1
        # Nobody gives anything back, so what was full then is full now.
        assert server.used(host) + amount > claims.vcpus, "refused though there was room"
        amounts[host] = max(1, amount - 1)
        if amount == 1:
            claims.full.add(host)
