"""What a broker adds to the bus: it can be away, come back, keep things too long, and serve many accounts."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from pileus.kit.bus.amqp import AmqpBus
from pileus.kit.bus.broker import BrokerUrlInvalid
from pileus.kit.bus.bus import NoAnswer
from pileus.kit.bus.codec import Codec
from pileus.kit.bus.outbox import Letter, Outbox
from tests.contracts import bus_messages
from tests.contracts.bus_messages import Note, Question, Reply
from tests.contracts.line_cutter import LineCutter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.rabbitmq import Node

PATIENCE_S = 30.0


@pytest.fixture
def new_bus() -> Iterator[Callable[..., AmqpBus]]:
    """Makes buses, which are closed when the test ends."""
    made: list[AmqpBus] = []

    def make(url: str, **options: Any) -> AmqpBus:
        made.append(AmqpBus(url, Codec([bus_messages]), **options))
        return made[-1]

    yield make
    for bus in made:
        bus.close()


def test_messages_flow_again_after_the_broker_was_killed(broker: Node, new_bus: Callable[..., AmqpBus]) -> None:
    url = broker.server.create(broker.home, "cloud")
    control, agent = new_bus(url), new_bus(url)
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    agent.listen("agent.h1", lambda message: (heard.put(message), Reply("done"))[1])
    assert control.ask("agent.h1", Question("before"), PATIENCE_S) == Reply("done")
    broker.kill()
    wait_for(lambda: not (control.is_connected or agent.is_connected))
    started = time.monotonic()
    control.tell("agent.h1", Note("while it was away"))
    assert time.monotonic() - started < 0.1
    with pytest.raises(NoAnswer):
        control.ask("agent.h1", Question("while it was away"), 0.2)
    broker.start()
    assert heard.get(timeout=PATIENCE_S) == Question("before")
    assert heard.get(timeout=PATIENCE_S) == Note("while it was away")
    assert control.ask("agent.h1", Question("after"), PATIENCE_S) == Reply("done")


def test_a_bus_may_be_there_before_its_broker(broker: Node, new_bus: Callable[..., AmqpBus]) -> None:
    url = broker.server.create(broker.home, "cloud")
    broker.kill()
    control, agent = new_bus(url), new_bus(url)
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    agent.listen("agent.h1", heard.put)
    broker.start()
    wait_for(lambda: agent.is_connected)
    control.tell("agent.h1", Note("hello"))
    assert heard.get(timeout=PATIENCE_S) == Note("hello")


@pytest.mark.parametrize("has_something_to_send", [True, False], ids=["busy", "idle"])
def test_a_line_that_went_silent_is_made_anew(
    broker_url: str, new_bus: Callable[..., AmqpBus], has_something_to_send: bool
) -> None:
    port = broker_url.split(":")[-1].split("/")[0]
    line = LineCutter(int(port))
    try:
        control = new_bus(broker_url)
        agent = new_bus(broker_url.replace(port, str(line.port)), heartbeat_s=1, confirm_s=1.0)
        agent.listen("agent.h1", lambda question: Reply(question.text))
        assert control.ask("agent.h1", Question("before"), PATIENCE_S) == Reply("before")
        line.cut()
        if has_something_to_send:
            agent.tell("compute", Note("unconfirmed"))
        wait_for(lambda: not agent.is_connected)
        line.mend()
        wait_for(lambda: agent.is_connected)
        assert control.ask("agent.h1", Question("after"), PATIENCE_S) == Reply("after")
    finally:
        line.close()


def test_a_queue_that_somebody_deleted_is_made_anew(broker: Node, new_bus: Callable[..., AmqpBus]) -> None:
    url = broker.server.create(broker.home, "cloud")
    control, agent = new_bus(url), new_bus(url)
    agent.listen("agent.h1", lambda question: Reply(question.text))
    assert control.ask("agent.h1", Question("before"), PATIENCE_S) == Reply("before")
    broker.server.evaluate(
        broker.home,
        '{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"cloud">>, queue, <<"pileus.agent.h1">>)),'
        ' rabbit_amqqueue:delete(Q, false, false, <<"test">>).',
    )
    wait_for(lambda: can_ask(control, "agent.h1"))


def test_what_waited_too_long_is_not_delivered(broker_url: str, new_bus: Callable[..., AmqpBus]) -> None:
    control, agent = new_bus(broker_url, keep_s=0.5), new_bus(broker_url)
    agent.listen("agent.h1", lambda _: None)
    agent.close()
    control.tell("agent.h1", Note("stale"))
    time.sleep(1.0)
    control.tell("agent.h1", Note("fresh"))
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    new_bus(broker_url).listen("agent.h1", heard.put)
    assert heard.get(timeout=PATIENCE_S) == Note("fresh")


def test_an_order_waits_for_an_agent_that_restarts(broker_url: str, new_bus: Callable[..., AmqpBus]) -> None:
    control, agent = new_bus(broker_url), new_bus(broker_url)
    agent.listen("agent.h1", lambda _: None)
    agent.close()
    control.tell("agent.h1", Note("order"))
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    new_bus(broker_url).listen("agent.h1", heard.put)
    assert heard.get(timeout=PATIENCE_S) == Note("order")


def test_a_message_whose_handler_died_with_its_process_is_handed_to_another(
    broker_url: str, new_bus: Callable[..., AmqpBus]
) -> None:
    port = broker_url.split(":")[-1].split("/")[0]
    line = LineCutter(int(port))
    taken, may_end = threading.Event(), threading.Event()

    def hang(_note: Note) -> None:
        taken.set()
        may_end.wait(PATIENCE_S)

    try:
        control = new_bus(broker_url)
        dying = new_bus(broker_url.replace(port, str(line.port)))
        dying.listen("compute", hang)
        control.tell("compute", Note("fact"))
        assert taken.wait(PATIENCE_S)
        line.close()
        heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        new_bus(broker_url).listen("compute", heard.put)
        assert heard.get(timeout=PATIENCE_S) == Note("fact")
    finally:
        may_end.set()
        line.close()


def test_an_agents_account_can_neither_order_other_agents_nor_hear_their_orders(
    broker: Node, new_bus: Callable[..., AmqpBus]
) -> None:
    url = broker.server.create(broker.home, "cloud")
    broker.server.evaluate(broker.home, AGENT_ACCOUNT)
    control, rogue = new_bus(url), new_bus(url.replace("pileus:pileus", "h2:h2"))
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    control.listen("agent.h1", heard.put)
    control.listen("compute", lambda _: Reply("a fact"))
    rogue.listen("agent.h2", lambda _: Reply("an order"))
    assert rogue.ask("compute", Question("may I tell facts?"), PATIENCE_S) == Reply("a fact")
    assert control.ask("agent.h2", Question("do you hear orders?"), PATIENCE_S) == Reply("an order")
    rogue.tell("agent.h1", Note("an order of mine"))
    rogue.listen("agent.h1", lambda _: Reply("overheard"))
    control.tell("agent.h1", Note("an order"))
    assert heard.get(timeout=PATIENCE_S) == Note("an order")
    assert heard.empty()


AGENT_ACCOUNT = """
rabbit_auth_backend_internal:add_user(<<"h2">>, <<"h2">>, <<"h2">>),
rabbit_auth_backend_internal:set_permissions(<<"h2">>, <<"cloud">>,
    <<"^pileus\\\\.(agent\\\\.h2|reply\\\\..*)$">>,
    <<"^(amq\\\\.topic|pileus\\\\.(agent\\\\.h2|reply\\\\..*))$">>,
    <<"^(amq\\\\.topic|pileus\\\\.(agent\\\\.h2|reply\\\\..*))$">>, <<"h2">>),
rabbit_auth_backend_internal:set_topic_permissions(<<"h2">>, <<"cloud">>, <<"amq.topic">>,
    <<"^(compute|reply\\\\..*)$">>, <<"^(agent\\\\.h2|reply\\\\..*)$">>, <<"h2">>).
"""


def test_the_outbox_is_bounded_and_its_oldest_gives_way() -> None:
    outbox, soon = Outbox(2), time.monotonic() + 60
    letters = [Letter("agent.h1", str(number).encode(), soon) for number in range(4)]
    assert [outbox.put(letter) for letter in letters] == [False, False, True, False]
    assert [outbox.take(), outbox.take(), outbox.take()] == [letters[2], letters[3], None]
    assert outbox.count_lost() == 2


def test_a_letter_that_nobody_wants_any_more_is_not_sent() -> None:
    outbox = Outbox(2)
    outbox.put(Letter("agent.h1", b"old", time.monotonic() - 1))
    outbox.put(Letter("agent.h1", b"new", time.monotonic() + 60))
    assert outbox.take() is not None
    assert outbox.take() is None


@pytest.mark.parametrize("url", ["", "rabbit", "http://host/", "amqp://", "amqp:///vhost"])
def test_a_url_that_is_no_brokers_is_refused(url: str) -> None:
    with pytest.raises(BrokerUrlInvalid, match="amqp://user:password@host"):
        AmqpBus(url, Codec([]))


@pytest.mark.parametrize("address", ["agent.*", "#", "agent." + "h" * 200])
def test_a_wildcard_is_no_address(new_bus: Callable[..., AmqpBus], address: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        new_bus("amqp://127.0.0.1:1/").listen(address, lambda _: None)


def can_ask(bus: AmqpBus, address: str) -> bool:
    try:
        return bool(bus.ask(address, Question("there?"), 1.0))
    except NoAnswer:
        return False


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
