"""What every kind of bus does."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pileus.kit.bus.amqp import AmqpBus
from pileus.kit.bus.bus import Bus, NoAnswer, QuestionFailed
from pileus.kit.bus.codec import Codec
from pileus.kit.bus.memory import MemoryBus
from pileus.kit.errors import Conflict
from tests.contracts import bus_messages
from tests.contracts.bus_messages import Note, Question, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 20.0


@dataclass
class Line:
    """Two ends of one bus; in one process they are the same."""

    near: Bus
    far: Bus


@pytest.fixture(params=["memory", "amqp"])
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    codec = Codec([bus_messages])
    if request.param == "memory":
        bus = MemoryBus(codec)
        made = Line(bus, bus)
    else:
        url = request.getfixturevalue("broker_url")
        made = Line(AmqpBus(url, codec), AmqpBus(url, codec))
    yield made
    made.near.close()
    made.far.close()


def test_a_message_is_handed_to_who_listens(line: Line) -> None:
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    line.far.listen("agent.h1", heard.put)
    line.near.tell("agent.h1", Note("hello"))
    assert heard.get(timeout=PATIENCE_S) == Note("hello")


def test_a_message_is_lost_when_nobody_listens(line: Line) -> None:
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    line.far.listen("agent.h2", heard.put)
    line.near.tell("agent.h1", Note("lost"))
    line.near.tell("agent.h2", Note("heard"))
    assert heard.get(timeout=PATIENCE_S) == Note("heard")  # and the one before it has arrived nowhere
    line.far.listen("agent.h1", heard.put)
    line.near.tell("agent.h1", Note("later"))
    assert heard.get(timeout=PATIENCE_S) == Note("later")


def test_an_address_hears_only_what_is_meant_for_it(line: Line) -> None:
    heard: dict[str, list[Any]] = {"agent.h1": [], "agent.h1.example": [], "agent": []}
    for address, notes in heard.items():
        line.far.listen(address, lambda note, notes=notes: (notes.append(note), Reply("taken"))[1])
    for address in heard:
        line.near.ask(address, Question(address), PATIENCE_S)
    assert heard == {address: [Question(address)] for address in heard}


def test_a_question_is_answered(line: Line) -> None:
    line.far.listen("agent.h1", lambda question: Reply(question.text.upper()))
    assert line.near.ask("agent.h1", Question("well?"), PATIENCE_S) == Reply("WELL?")


def test_a_question_that_nobody_hears_has_no_answer(line: Line) -> None:
    with pytest.raises(NoAnswer, match=r"agent\.h1 did not answer within 0\.3 s"):
        line.near.ask("agent.h1", Question("well?"), 0.3)


def test_an_answer_that_comes_too_late_is_none_and_disturbs_nobody(line: Line) -> None:
    may_answer = threading.Event()

    def answer(question: Question) -> Reply:
        if question.text == "slow":
            may_answer.wait(PATIENCE_S)
        return Reply(question.text)

    line.far.listen("agent.h1", answer)
    with pytest.raises(NoAnswer):
        line.near.ask("agent.h1", Question("slow"), 0.3)
    may_answer.set()
    assert line.near.ask("agent.h1", Question("quick"), PATIENCE_S) == Reply("quick")


def test_the_asker_is_told_at_once_why_there_is_no_answer(line: Line) -> None:
    def refuse(_question: Question) -> Reply:
        raise Conflict("The guest is asleep.")

    line.far.listen("agent.h1", refuse)
    started = time.monotonic()
    with pytest.raises(QuestionFailed, match=r"agent\.h1 cannot answer: The guest is asleep\."):
        line.near.ask("agent.h1", Question("well?"), PATIENCE_S)
    assert time.monotonic() - started < PATIENCE_S / 2


def test_a_handler_that_breaks_says_nothing_of_its_inside(line: Line) -> None:
    def break_down(_question: Question) -> Reply:
        raise ZeroDivisionError("the secret")

    line.far.listen("agent.h1", break_down)
    with pytest.raises(QuestionFailed, match="an unexpected error; its log says more"):
        line.near.ask("agent.h1", Question("well?"), PATIENCE_S)


@pytest.mark.parametrize("answer", [None, object()], ids=["nothing", "what-cannot-be-sent"])
def test_what_is_no_answer_is_a_failure(line: Line, answer: object) -> None:
    line.far.listen("agent.h1", lambda _: answer)
    with pytest.raises(QuestionFailed):
        line.near.ask("agent.h1", Note("not a question"), PATIENCE_S)


def test_a_failure_leaves_the_handler_to_the_next_message(line: Line) -> None:
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def take(note: Note) -> None:
        if note.text == "bad":
            raise ValueError(note.text)
        heard.put(note)

    line.far.listen("agent.h1", take)
    for _ in range(20):
        line.near.tell("agent.h1", Note("bad"))
    line.near.tell("agent.h1", Note("good"))
    assert heard.get(timeout=PATIENCE_S) == Note("good")
    assert heard.empty()


def test_each_message_goes_to_one_of_those_who_listen(line: Line) -> None:
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    line.far.listen("compute", heard.put)
    line.near.listen("compute", heard.put)
    for number in range(50):
        line.near.tell("compute", Note(str(number)))
    got = [heard.get(timeout=PATIENCE_S) for _ in range(50)]
    assert sorted(int(note.text) for note in got) == list(range(50))
    time.sleep(0.1)
    assert heard.empty()


def test_many_threads_ask_at_once(line: Line) -> None:
    line.far.listen("agent.h1", lambda question: Reply(question.text))
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda n: line.near.ask("agent.h1", Question(str(n)), PATIENCE_S), range(500)))
    assert answers == [Reply(str(number)) for number in range(500)]


def test_messages_are_handled_beside_each_other(line: Line) -> None:
    together = threading.Barrier(4)
    line.far.listen("agent.h1", lambda _: together.wait(PATIENCE_S))
    for _ in range(3):
        line.near.tell("agent.h1", Note("come"))
    together.wait(PATIENCE_S)  # breaks if one waits behind another


def test_where_nothing_is_said_there_is_no_thread(line: Line) -> None:
    for number in range(20):
        line.far.listen(f"agent.h{number}", lambda question: Reply(question.text))
    for _ in range(10):
        assert line.near.ask("agent.h7", Question("well?"), PATIENCE_S) == Reply("well?")
    names = {thread.name.rpartition("-")[0] for thread in threading.enumerate()}
    assert [name for name in names if name.startswith("bus-")] == ["bus-agent.h7"]


def test_a_handler_may_ask(line: Line) -> None:
    line.near.listen("compute", lambda _: Reply("42"))
    line.far.listen("agent.h1", lambda question: line.far.ask("compute", question, PATIENCE_S))
    assert line.near.ask("agent.h1", Question("well?"), PATIENCE_S) == Reply("42")


def test_a_message_in_the_middle_is_handled_before_the_bus_is_closed(line: Line) -> None:
    began, ended = threading.Event(), threading.Event()

    def take(_note: Note) -> None:
        began.set()
        time.sleep(0.3)
        ended.set()

    line.far.listen("agent.h1", take)
    line.near.tell("agent.h1", Note("long"))
    assert began.wait(PATIENCE_S)
    line.far.close()
    assert ended.is_set()


def test_closing_ends_every_thread(line: Line) -> None:
    line.far.listen("agent.h1", lambda _: Reply("here"))
    line.far.listen("agent.h1", lambda _: Reply("here too"))
    line.near.ask("agent.h1", Question("there?"), PATIENCE_S)
    assert any(thread.name.startswith("bus-") for thread in threading.enumerate())
    line.near.close()
    line.far.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("bus-")]


def test_a_closed_bus_is_silent(line: Line) -> None:
    line.far.listen("agent.h1", lambda _: Reply("here"))
    line.near.close()
    line.near.tell("agent.h1", Note("unheard"))
    with pytest.raises(NoAnswer):
        line.near.ask("agent.h1", Question("well?"), PATIENCE_S)
