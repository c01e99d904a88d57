"""Rows are told once, in their order, and go when the broker has what they say."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from pileus.compute.db import notification as rows
from pileus.compute.loops import notification
from pileus.compute.loops.notification import Teller
from pileus.compute.notification.announce import PLAIN, VERSIONED, Announcer
from pileus.compute.settings import NotificationSettings
from pileus.kit.bus.chosen import new_notifier
from pileus.kit.clock import SystemClock
from tests.kit.test_notifier import heard

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from pileus.kit.bus.notifier import Notification, Payload
    from pileus.kit.db import Database, Transaction
    from tests.compute.world import World

NOW = SystemClock().now()
KEPT = 4


class Broker:
    """Takes what it is sent, unless it is away."""

    def __init__(self) -> None:
        self.is_away = False
        self.sent: list[str] = []
        self.waiting: list[Future[None]] = []

    def send(self, notification: Notification) -> Sequence[Future[None]]:
        self.sent.append(notification.event_type)
        future: Future[None] = Future()
        self.waiting.append(future)
        if not self.is_away:
            self.take()
        return [future]

    def take(self) -> None:
        for future in self.waiting:
            future.set_result(None)
        self.waiting.clear()

    def notify(self, event_type: str, payload: Payload, priority: str = "") -> None:
        raise AssertionError("nobody would know whether it came")

    def close(self) -> None:
        """It holds nothing."""


def keep(database: Database, *types: str, format_: str = PLAIN) -> None:
    def add(tx: Transaction) -> None:
        for type_ in types:
            rows.add(tx, format_, type_, "compute.h1", "INFO", '{"a":1}', NOW)

    database.write(add)


def left(database: Database) -> list[str]:
    with database.read() as tx:
        return [row.event_type for row in rows.list_first(tx, 1000)]


def test_what_was_told_is_told_no_more(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notification, "BATCH", 2)
    broker = Broker()
    teller = Teller(database, {PLAIN: broker}, KEPT)
    keep(database, "a", "b", "c")
    teller.run()
    keep(database, "d")
    teller.run()
    assert broker.sent == ["a", "b", "c", "d"]
    assert left(database) == []


def test_while_the_broker_is_away_rows_stay_and_are_not_sent_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notification, "WAIT_S", 0.01)
    broker = Broker()
    broker.is_away = True
    teller = Teller(database, {PLAIN: broker}, KEPT)
    keep(database, "a", "b")
    teller.run()
    teller.run()
    assert (broker.sent, left(database)) == (["a", "b"], ["a", "b"])
    broker.take()
    teller.run()
    assert (broker.sent, left(database)) == (["a", "b"], [])


def test_after_a_crash_the_next_process_tells_what_the_last_one_may_have_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notification, "WAIT_S", 0.01)
    dead, alive = Broker(), Broker()
    dead.is_away = True
    keep(database, "a")
    Teller(database, {PLAIN: dead}, KEPT).run()
    Teller(database, {PLAIN: alive}, KEPT).run()
    assert (alive.sent, left(database)) == (["a"], [])


def test_while_the_broker_is_away_the_oldest_give_way(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notification, "WAIT_S", 0.01)
    monkeypatch.setattr(notification, "BATCH", 2)
    broker = Broker()
    broker.is_away = True
    teller = Teller(database, {PLAIN: broker}, KEPT)
    keep(database, *"ab")
    teller.run()
    with capture_logs() as said:
        for some in ("cdef", "ghij", "k"):
            keep(database, *some)
            teller.run()
    assert left(database) == [*"ab", *"hijk"]  # the first are on their way
    assert [line["event"] for line in said] == [
        "more notifications wait for the broker than are kept: the oldest are dropped"
    ]
    broker.is_away = False
    broker.take()
    with capture_logs() as said:
        teller.run()
    assert (broker.sent, left(database)) == ([*"abhijk"], [])
    assert [line.get("dropped") for line in said] == [5]


def test_a_format_that_is_no_longer_asked_for_is_dropped(database: Database) -> None:
    keep(database, "a", format_=VERSIONED)
    Teller(database, {PLAIN: Broker()}, KEPT).run()
    assert left(database) == []


def test_oslo_messaging_reads_both_formats_of_a_boot(world: World, broker_url: str) -> None:
    chosen = NotificationSettings(url=broker_url, notification_format="both")
    world.database.end_writes_with(Announcer(chosen, world.clock, hostname="control", image_root="http://image").write)
    topics = {PLAIN: chosen.topics, VERSIONED: chosen.versioned_notifications_topics}
    notifiers = {
        name: new_notifier(
            broker_url, SystemClock(), service="compute", exchange="nova", topics=topic, is_durable=False, ca_file=""
        )
        for name, topic in topics.items()
    }
    world.new_host()
    server_id = world.active()
    Teller(world.database, notifiers, KEPT).run()
    for notifier in notifiers.values():
        notifier.close()
    assert left(world.database) == []
    start, end = heard(broker_url, "notifications", 2, exchange="nova")
    assert [start[1], end[1]] == ["compute.instance.create.start", "compute.instance.create.end"]
    assert (end[0], end[2]["instance_id"], end[2]["state"]) == ("compute.h1", server_id, "active")
    assert set(end[3]) == {"message_id", "timestamp"}
    came, _, done = heard(broker_url, "versioned_notifications", 3, exchange="nova")
    assert (came[1], done[1]) == ("service.create", "instance.create.end")
    assert done[2]["nova_object.name"] == "InstanceCreatePayload"
    assert done[2]["nova_object.data"]["uuid"] == server_id
