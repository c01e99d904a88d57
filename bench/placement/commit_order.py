"""What it costs to let the log of changes commit in the order of its ids: python -m bench.placement.commit_order URL….

Each URL names an empty database on a server that keeps what it commits. Sixteen threads claim from two hundred hosts,
in turn as they do (`ids`: readers must look again for ids that come late), and with one more statement before COMMIT
that writers pass one at a time (`counter`: ids come in order). A reader beside them counts the ids that came late.
"""

from __future__ import annotations

import random
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sqlalchemy import Integer, column, func, insert, select, table, text, update

from pileus.kit.clock import SystemClock
from pileus.kit.db import Database, Transaction
from pileus.placement.db import inventory as inventories
from pileus.placement.db import provider as providers
from pileus.placement.db.tables import change
from pileus.placement.model.allocation import Claim
from pileus.placement.model.inventory import Inventory
from pileus.placement.operations import allocation
from pileus.placement.service import MIGRATIONS

WRITERS, HOSTS, ROUNDS, ROUND_S = 16, 200, 7, 4.0
CLASSES = {"VCPU": 1, "MEMORY_MB": 512, "DISK_GB": 10}
COUNTER = table("counter", column("number", Integer))

Claiming = Callable[[Transaction, Sequence[Claim]], None]


class Reader:
    """Follows the log and notes which ids appeared after a higher one, and how long after."""

    def __init__(self, database: Database) -> None:
        self.late_ms: list[float] = []
        self._database = database
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def end(self) -> None:
        """Stop following."""
        self._ending.set()
        self._thread.join()

    def _follow(self) -> None:
        with self._database.read() as tx:
            last = tx.scalar(select(func.max(change.c.id))) or 0
        missing: dict[int, float] = {}
        while not self._ending.is_set():
            first = min(missing, default=last + 1)
            with self._database.read() as tx:
                seen = {row.id for row in tx.all(select(change.c.id).where(change.c.id >= first))}
            now = time.monotonic()
            self.late_ms += [(now - missing.pop(id_)) * 1000 for id_ in seen & missing.keys()]
            newest = max(seen, default=last)
            missing |= {id_: now for id_ in range(last + 1, newest) if id_ not in seen}
            missing = {id_: since for id_, since in missing.items() if now - since < 1}
            last = max(last, newest)


def claim_plainly(tx: Transaction, claims: Sequence[Claim]) -> None:
    """Claim as placement does."""
    allocation.replace(tx, claims, now=SystemClock().now())


def claim_in_order(tx: Transaction, claims: Sequence[Claim]) -> None:
    """Claim, and take the counter's row before the log's ids are taken, until after COMMIT."""
    tx.at_end(_count, 1)
    claim_plainly(tx, claims)


def _count(tx: Transaction, _once: Sequence[int]) -> None:
    tx.execute(update(COUNTER).values(number=COUNTER.c.number + 1))


def prepare(database: Database) -> list[str]:
    """Make the schema and the hosts; return their uuids."""
    MIGRATIONS.sync(database)
    hosts = [str(uuid.uuid4()) for _ in range(HOSTS)]
    now = datetime(2026, 1, 1)

    def fill(tx: Transaction) -> None:
        tx.execute(text("CREATE TABLE counter (number INTEGER NOT NULL)"))
        tx.execute(insert(COUNTER).values(number=0))
        for host in hosts:
            provider = providers.add(tx, uuid=host, name=host, root_uuid=host, parent_uuid=None, now=now)
            inventories.add(tx, provider, [Inventory(resource_class=name, total=10**8) for name in CLASSES], now)

    database.write(fill)
    return hosts


def run_round(database: Database, hosts: Sequence[str], claiming: Claiming) -> float:
    """Claim with all threads for some seconds; return claims a second."""
    ends_at = time.monotonic() + ROUND_S

    def work(_number: int) -> int:
        done = 0
        while time.monotonic() < ends_at:
            wanted = {random.choice(hosts): CLASSES}
            database.write(claiming, [Claim(consumer_uuid=str(uuid.uuid4()), wanted=wanted)])
            done += 1
        return done

    with ThreadPoolExecutor(WRITERS) as pool:
        return sum(pool.map(work, range(WRITERS))) / ROUND_S


def measure(url: str) -> None:
    """Measure both in turn, and tell."""
    database = Database(url)
    hosts = prepare(database)
    ways: dict[str, Claiming] = {"ids": claim_plainly, "counter": claim_in_order}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    late_ms: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, claiming in ways.items():
            reader = Reader(database)
            rates[name].append(run_round(database, hosts, claiming))
            reader.end()
            late_ms[name] += reader.late_ms
    for name in ways:
        late = late_ms[name]
        print(
            f"{database.url.get_backend_name():10} {name:8} {statistics.median(rates[name]):7,.0f} claims/s "
            f"({min(rates[name]):,.0f} to {max(rates[name]):,.0f}); "
            f"{len(late)} ids came late, by up to {max(late, default=0):.0f} ms"
        )
    database.close()


if __name__ == "__main__":
    for chosen in sys.argv[1:]:
        measure(chosen)
