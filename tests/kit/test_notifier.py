from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from pileus.kit.bus.chosen import new_notifier
from pileus.kit.clock import SystemClock

if TYPE_CHECKING:
    from pileus.kit.bus.notifier import Notifier

LISTEN_S = 60


def new(url: str, *topics: str) -> Notifier:
    return new_notifier(
        url, SystemClock(), service="identity", exchange="keystone", topics=topics, is_durable=False, ca_file=""
    )


def heard(url: str, topic: str, wanted: int, *, exchange: str = "keystone") -> list[list[Any]]:
    """Return what oslo.messaging makes of what waits for it."""
    url = url.replace("amqp://", "rabbit://")
    command = [sys.executable, "-W", "ignore", "-m", "tests.kit.listener", url, topic, str(wanted), exchange]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LISTEN_S)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_oslo_messaging_reads_what_is_told_even_if_it_comes_later(broker_url: str) -> None:
    notifier = new(broker_url, "notifications", "audit")
    for number in range(3):
        notifier.notify("identity.user.created", {"resource_info": str(number)})
    notifier.close()
    for topic in ("notifications", "audit"):
        found = heard(broker_url, topic, 3)
        assert [payload for _, _, payload, _ in found] == [{"resource_info": str(number)} for number in range(3)]
        publisher, event_type, _, metadata = found[0]
        assert publisher.startswith("identity.")
        assert event_type == "identity.user.created"
        assert set(metadata) == {"message_id", "timestamp"}


def test_what_is_told_while_the_broker_is_away_is_told_when_it_is_back(broker: Any) -> None:
    url = broker.server.create(broker.home, "away")
    broker.kill()
    notifier = new(url, "notifications")
    notifier.notify("identity.project.deleted", {"resource_info": "p"})
    broker.start()
    try:
        assert [event_type for _, event_type, _, _ in heard(url, "notifications", 1)] == ["identity.project.deleted"]
    finally:
        notifier.close()
