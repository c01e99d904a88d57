"""Streams of what is done to servers."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from pileus.compute.api import watch
from pileus.compute.db import action as actions
from pileus.compute.db import server as servers
from pileus.compute.messages import Percentage, Spawn
from pileus.compute.model.action import Action
from pileus.compute.model.server import VmState
from pileus.compute.watching import TooManyReaders, Watching
from pileus.kit.db import Database, Transaction
from pileus.kit.http.app import App
from pileus.kit.http.message import Query, Reply, Request
from tests.compute.cloud import ADMIN, CALLERS, MEMBER, OTHER, READER, Cloud
from tests.compute.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    Stream = AsyncGenerator[bytes, None]

SOON_S = 20.0


@pytest.fixture(autouse=True)
def looking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.01)


async def ask(app: App[Any], path: str, token: str, last_id: str = "") -> Reply:
    where, _, query = path.partition("?")
    headers = {"x-auth-token": token} | ({"last-event-id": last_id} if last_id else {})
    request = Request(method="GET", path=f"/v2.1{where}", query=Query(query), headers=headers)
    row, refusal = app.admit(request)
    if row is None:
        assert refusal is not None
        return refusal
    return await app.stream(row, request)


async def open_stream(app: App[Any], path: str, token: str, last_id: str = "") -> Stream:
    reply = await ask(app, path, token, last_id)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/event-stream"), reply.body
    stream = cast("Stream", reply.body)
    assert await anext(stream) == b"retry: 1000\n\n"
    return stream


async def read(stream: Stream) -> tuple[str, Any]:
    """The id and the document of the next event."""
    piece = await asyncio.wait_for(anext(stream), SOON_S)
    id_, kind, data = piece.decode().strip().split("\n")
    assert kind == "event: server"
    return id_.removeprefix("id: "), json.loads(data.removeprefix("data: "))


async def is_silent(stream: Stream) -> bool:
    try:
        await asyncio.wait_for(anext(stream), 0.3)
    except TimeoutError:
        return True
    return False


def test_a_boot_is_followed_step_by_step(world: World) -> None:
    async def follow() -> None:
        world.new_host()
        server_id = world.boot()
        async with aclosing(await open_stream(world.app, f"/servers/{server_id}/events", world._token)) as stream:
            _, first = await read(stream)
            assert (first["id"], first["status"]) == (server_id, "BUILD")
            (create,) = first["actions"]
            assert (create["action"], create["state"], create["steps_done"]) == ("create", "running", 0)
            assert create["steps"] == ["place", "build"]
            assert create["finished_at"] is None
            world.run()
            _, then = await read(stream)
            assert (then["task_state"], then["actions"][0]["steps_done"]) == ("spawning", 1)
            world.settle()
            _, last = await read(stream)
            assert (last["status"], last["actions"][0]["state"], last["actions"][0]["steps_done"]) == (
                "ACTIVE",
                "done",
                2,
            )

    asyncio.run(follow())


def test_bytes_on_their_way_are_told_while_the_step_lasts_that_moves_them(world: World) -> None:
    async def follow() -> None:
        world.new_host()
        server_id = world.boot()
        world.run()
        (order,) = world.bus.messages(Spawn)
        fact = Percentage(order_id=order.id, host="h1", server_id=server_id, of="image", percent=42)
        world.receiver.receive(fact)
        async with aclosing(await open_stream(world.app, f"/servers/{server_id}/events", world._token)) as stream:
            assert (await read(stream))[1]["actions"][0]["progress"] == {"of": "image", "percent": 42}
            world.settle()
            assert (await read(stream))[1]["actions"][0]["progress"] is None
        world.receiver.receive(fact)  # late
        world.receiver.receive(Percentage(order_id="nonsense", host="h1", server_id=server_id, of="image", percent=1))

    asyncio.run(follow())


def test_a_failure_is_told_with_its_reason(world: World) -> None:
    async def follow() -> None:
        world.new_host().broken["spawn"] = "spawn is broken"
        server_id = world.boot()
        world.settle()
        async with aclosing(await open_stream(world.app, f"/servers/{server_id}/events", world._token)) as stream:
            _, event = await read(stream)
            assert (event["status"], event["actions"][0]["state"]) == ("ERROR", "failed")
            assert "spawn is broken" in event["fault"]

    asyncio.run(follow())


def test_who_is_slow_is_told_only_what_counts(world: World) -> None:
    async def follow() -> None:
        world.new_host()
        server_id = world.active()
        world.clock.sleep(120)
        async with aclosing(await open_stream(world.app, f"/servers/{server_id}/events", world._token)) as stream:
            await read(stream)
            for action in ("os-stop", "os-start", "pause"):
                world.done(server_id, action)
            _, event = await read(stream)
            assert [one["action"] for one in event["actions"]] == ["stop", "start", "pause"]
            assert event["status"] == "PAUSED"
            assert await is_silent(stream)

    asyncio.run(follow())


def test_who_comes_again_is_told_what_he_missed(cloud: Cloud) -> None:
    async def follow() -> None:
        server_id = cloud.active_server("a")
        cloud.clock.sleep(3600)
        cloud.act(server_id, "lock")
        async with aclosing(await open_stream(cloud.app, "/servers/events", MEMBER)) as stream:
            last_id, _ = await read(stream)
        cloud.clock.sleep(30)
        cloud.act(server_id, "unlock")
        cloud.clock.sleep(3600)
        async with aclosing(await open_stream(cloud.app, "/servers/events", MEMBER, last_id)) as stream:
            _, event = await read(stream)
            assert [one["action"] for one in event["actions"]] == ["create", "lock", "unlock"]
        async with aclosing(await open_stream(cloud.app, "/servers/events", MEMBER)) as stream:
            _, event = await read(stream)  # somebody new is not told of what was
            assert [one["action"] for one in event["actions"]] == ["create"]

    asyncio.run(follow())


def test_an_id_of_no_event_is_refused(cloud: Cloud) -> None:
    assert asyncio.run(ask(cloud.app, "/servers/events", MEMBER, "yesterday")).status == 400
    assert asyncio.run(ask(cloud.app, "/servers/events", MEMBER, "9" * 40)).status == 400


@pytest.mark.parametrize("last_id", ["0", "-62135596800000000"])
def test_who_was_away_for_ages_is_not_told_of_all_that_there_ever_was(cloud: Cloud, last_id: str) -> None:
    async def follow() -> None:
        old = cloud.active_server("old")
        cloud.database.write(actions.finish, old, "create", cloud.clock.now())
        cloud.clock.sleep(2 * 24 * 3600)
        recent = cloud.active_server("recent")
        cloud.database.write(actions.finish, recent, "create", cloud.clock.now())
        cloud.clock.sleep(3600)
        async with aclosing(await open_stream(cloud.app, "/servers/events", MEMBER, last_id)) as stream:
            assert (await read(stream))[1]["id"] == recent
            assert await is_silent(stream)

    asyncio.run(follow())


def test_everybody_follows_what_he_may_see(cloud: Cloud) -> None:
    async def follow() -> None:
        server_id, path = cloud.new_server(), "/servers/events"
        for who in (MEMBER, READER):
            async with aclosing(await open_stream(cloud.app, path, who)) as stream:
                assert (await read(stream))[1]["id"] == server_id
        async with aclosing(await open_stream(cloud.app, path, OTHER)) as stream:
            assert await is_silent(stream)
        async with aclosing(await open_stream(cloud.app, f"{path}?all_tenants=1", ADMIN)) as stream:
            assert (await read(stream))[1]["id"] == server_id
        statuses = {
            (who, asked): (await ask(cloud.app, asked, who)).status
            for who in (OTHER, MEMBER)
            for asked in (f"/servers/{server_id}/events", f"{path}?all_tenants=1")
        }
        assert statuses == {
            (OTHER, f"/servers/{server_id}/events"): 404,
            (OTHER, f"{path}?all_tenants=1"): 403,
            (MEMBER, f"/servers/{server_id}/events"): 200,
            (MEMBER, f"{path}?all_tenants=1"): 403,
        }

    asyncio.run(follow())


def test_what_another_process_does_is_followed_too(database_url: str) -> None:
    async def follow(cloud: Cloud, other: Database) -> None:
        server_id = cloud.active_server("a")

        def stop(tx: Transaction) -> None:
            now = cloud.clock.now()
            made = Action(
                server_id=server_id, action="stop", request_id="r", user_id="u", project_id="p-admin", started_at=now
            )
            actions.start(tx, made)
            servers.set_state(tx, server_id, task_state="powering-off", now=now)

        def end(tx: Transaction) -> None:
            now = cloud.clock.now()
            actions.finish(tx, server_id, "stop", now)
            servers.set_state(tx, server_id, vm_state=VmState.STOPPED, task_state=None, now=now)

        async with aclosing(await open_stream(cloud.app, "/servers/events", MEMBER)) as stream:
            await read(stream)
            other.write(stop)
            _, begun = await read(stream)
            assert [(one["action"], one["state"]) for one in begun["actions"]][1:] == [("stop", "running")]
            other.write(end)
            _, ended = await read(stream)
            assert (ended["status"], ended["actions"][1]["state"]) == ("SHUTOFF", "done")

    cloud, other = Cloud(database_url), Database(database_url)
    try:
        asyncio.run(follow(cloud, other))
    finally:
        cloud.database.close()
        other.close()


def test_streams_end_when_the_service_stops_and_no_new_ones_begin(cloud: Cloud) -> None:
    async def follow() -> None:
        async with aclosing(await open_stream(cloud.app, "/servers/events", MEMBER)) as stream:
            ending = asyncio.ensure_future(anext(stream, None))
            await asyncio.sleep(0.05)
            cloud.backend.watching.close()
            assert await asyncio.wait_for(ending, SOON_S) is None
        refused = await ask(cloud.app, "/servers/events", MEMBER)
        assert (refused.status, refused.headers["retry-after"]) == (503, "5")

    asyncio.run(follow())


def test_there_are_no_more_streams_than_a_process_can_serve() -> None:
    watching = Watching(most=1)
    watching.require_room("ann")
    with watching.reader("ann"), pytest.raises(TooManyReaders, match="No more streams"):
        watching.require_room("bob")
    watching.require_room("ann")


def test_one_user_leaves_room_for_the_others() -> None:
    watching = Watching(most=9, most_of_one=1)
    with watching.reader("ann"):
        with pytest.raises(TooManyReaders):
            watching.require_room("ann")
        watching.require_room("bob")
    watching.require_room("ann")


def test_a_silent_stream_says_that_it_is_there(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "KEEP_ALIVE_S", 0.02)

    async def follow() -> None:
        async with aclosing(await open_stream(cloud.app, "/servers/events", MEMBER)) as stream:
            assert await asyncio.wait_for(anext(stream), SOON_S) == b": still here\n\n"

    asyncio.run(follow())


def test_a_stream_ends_after_a_while_so_that_its_reader_shows_again_who_he_is(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LONGEST_S", 0.05)

    async def follow() -> None:
        stream = await open_stream(cloud.app, "/servers/events", MEMBER)
        assert [piece async for piece in stream] == []

    asyncio.run(follow())


@pytest.mark.parametrize("what_is_left", ["nothing", "a project without a role"])
def test_a_stream_ends_soon_after_its_reader_may_no_longer_see_it(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, what_is_left: str
) -> None:
    monkeypatch.setattr(watch, "CHECK_S", 0.05)

    async def follow() -> None:
        server_id = cloud.new_server()
        paths = ("/servers/events", f"/servers/{server_id}/events")
        streams = [await open_stream(cloud.app, path, MEMBER) for path in paths]
        for stream in streams:
            await read(stream)
            assert await is_silent(stream)
        if what_is_left == "nothing":  # his token is revoked
            monkeypatch.delitem(CALLERS, MEMBER)
        else:
            monkeypatch.setitem(CALLERS, MEMBER, replace(CALLERS[MEMBER], roles=frozenset()))
        assert [await asyncio.wait_for(anext(stream, None), SOON_S) for stream in streams] == [None, None]

    asyncio.run(follow())
