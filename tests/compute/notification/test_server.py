"""What is told of servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.db import server as servers
from pileus.compute.model.aggregate import Aggregate
from pileus.compute.model.news import NounNews, ServerNews

if TYPE_CHECKING:
    from pileus.kit.db import Transaction
    from tests.compute.notification.told import Told

ACTIONS: dict[str, tuple[Any, str]] = {
    "os-stop": (None, "power_off"),
    "os-start": (None, "power_on"),
    "reboot": ({"type": "HARD"}, "reboot"),
    "pause": (None, "pause"),
    "unpause": (None, "unpause"),
    "suspend": (None, "suspend"),
    "resume": (None, "resume"),
    "rescue": (None, "rescue"),
    "unrescue": (None, "unrescue"),
    "createImage": ({"name": "copy"}, "snapshot"),
}


def phases(*names: str) -> list[str]:
    return [f"{name}.{phase}" for name in names for phase in ("start", "end")]


def test_the_life_of_a_server_is_told_in_both_formats(told: Told) -> None:
    world = told.world
    world.new_host()
    told.forget()
    server_id = world.active(metadata={"a": "b"})
    made = told.rows()[-1]
    assert (made.type, made.priority, made.publisher) == ("compute.instance.create.end", "INFO", "compute.h1")
    assert told.both() == (phases("create"), phases("create"))
    for action, (value, name) in ACTIONS.items():
        world.done(server_id, action, value)
        expected = ["rescue.start", "exists", "rescue.end"] if action == "rescue" else phases(name)
        assert told.both() == (expected, expected), action
    world.delete(server_id)
    world.settle()
    expected = ["delete.start", "shutdown.start", "shutdown.end", "delete.end"]
    gone = told.rows("versioned")[-1].data
    assert (gone["state"], gone["deleted_at"] is None) == ("deleted", False)
    assert told.both() == (expected, expected)


def test_a_payload_says_what_the_server_is_once_it_is_committed(told: Told) -> None:
    world = told.world
    world.new_host()
    server_id = world.active(metadata={"a": "b"})
    start, end = [row for row in told.rows() if row.type.startswith("compute.instance.create")]
    assert (start.payload["state"], start.payload["state_description"]) == ("building", "scheduling")
    assert (end.payload["state"], end.payload["state_description"], end.payload["message"]) == ("active", "", "Success")
    assert end.payload["instance_id"] == server_id
    assert end.payload["metadata"] == {"a": "b"}
    assert (end.payload["instance_type"], end.payload["memory_mb"], end.payload["host"]) == ("m1.tiny", 512, "h1")
    assert end.payload["image_ref_url"] == f"http://image/images/{world.image_id}"
    assert end.payload["image_meta"]["base_image_ref"] == world.image_id
    assert end.payload["created_at"] == "2026-01-01 12:00:00+00:00"
    assert end.payload["launched_at"].startswith("2026-01-01T12:00:")
    newer = next(row for row in told.rows("versioned") if row.type == "instance.create.end")
    assert newer.publisher == "nova-compute:h1"
    outside = {key.removeprefix("nova_object."): value for key, value in newer.payload.items() if key[-4:] != "data"}
    assert outside == {"name": "InstanceCreatePayload", "version": "1.13", "namespace": "nova"}
    data = newer.data
    assert (data["uuid"], data["state"], data["power_state"], data["fault"]) == (server_id, "active", "running", None)
    assert data["flavor"]["nova_object.data"]["flavorid"] == "1"
    assert data["request_id"].startswith("req-")
    assert data["action_initiator_user"] == data["user_id"]
    assert data["launched_at"].endswith("Z")


def test_a_boot_that_fails_is_told_as_an_error_with_its_reason(told: Told) -> None:
    world = told.world
    world.new_host().broken["spawn"] = "spawn is broken"
    world.boot()
    world.settle()
    last = told.rows()[-1]
    assert (last.type, last.priority) == ("compute.instance.create.error", "ERROR")
    assert "spawn is broken" in last.payload["message"]
    assert last.payload["code"] == 500
    assert last.payload["state"] == "error"
    fault = told.rows("versioned")[-1].data["fault"]
    assert fault["nova_object.name"] == "ExceptionPayload"
    assert "spawn is broken" in fault["nova_object.data"]["exception_message"]


def test_a_resize_is_told_step_by_step(told: Told) -> None:
    world = told.world
    world.new_host()
    server_id = world.active()
    told.forget()
    world.done(server_id, "resize", {"flavorRef": "2"})
    used, prepared = told.rows()[0], told.rows()[1].payload
    assert (used.type, used.publisher) == ("compute.instance.exists", "compute.h1")
    assert used.payload["audit_period_beginning"] == "2026-01-01T00:00:00.000000"
    assert used.payload["instance_type"] == "m1.tiny"
    assert (prepared["instance_type"], prepared["new_instance_type"]) == ("m1.tiny", "m1.small")
    assert told.rows("versioned")[0].payload["nova_object.name"] == "InstanceExistsPayload"
    assert told.rows("versioned")[0].data["audit_period"]["nova_object.name"] == "AuditPeriodPayload"
    new_flavor = told.rows("versioned")[1].data["new_flavor"]["nova_object.data"]
    assert (new_flavor["flavorid"], new_flavor["memory_mb"]) == ("2", 2048)
    assert told.both() == (
        ["exists", *phases("resize.prep", "resize", "finish_resize")],
        ["exists", *phases("resize_prep", "resize", "resize_finish")],
    )
    world.done(server_id, "confirmResize")
    assert told.both() == (phases("resize.confirm"), phases("resize_confirm"))


def test_before_a_server_is_rebuilt_what_it_used_is_told(told: Told) -> None:
    world = told.world
    world.new_host()
    server_id = world.active()
    other = world.new_image()
    told.forget()
    world.done(server_id, "rebuild", {"imageRef": other})
    used = {
        row.type: (row.data["image_uuid"], plain.payload["image_meta"]["base_image_ref"])
        for row, plain in zip(told.rows("versioned"), told.rows(), strict=True)
    }
    assert used["instance.exists"] == (world.image_id, world.image_id)
    assert used["instance.rebuild.start"] == used["instance.rebuild.end"] == (other, other)
    expected = ["exists", *phases("rebuild")]
    assert [name for name in told.types() if not name.endswith("scheduled")] == expected


def test_a_shelved_server_is_told_to_leave_its_host(told: Told) -> None:
    world = told.world
    world.new_host()
    server_id = world.active()
    told.forget()
    world.done(server_id, "shelve")
    assert told.both()[1] == ["exists", *phases("shelve", "shelve_offload")]
    world.done(server_id, "unshelve")
    assert told.both()[1] == phases("unshelve")


def test_a_server_that_may_be_restored_is_told_to_be_deleted_softly(told: Told) -> None:
    world = told.world
    world.new_host()
    server_id = world.active()
    told.forget()
    world.softly_deleted(server_id)
    assert told.both()[0] == phases("soft_delete")
    world.done(server_id, "restore")
    assert told.both()[0] == phases("restore")


def test_locks_and_tags_are_told_once(told: Told) -> None:
    world = told.world
    world.new_host()
    server_id = world.active()
    told.forget()
    world.done(server_id, "lock")
    assert told.rows()[0].publisher == "api.control"
    assert told.rows("versioned")[0].data["locked"] is True
    assert told.both() == (["lock"], ["lock"])
    tagged = world.call("compute", "PUT", f"/v2.1/servers/{server_id}/tags/blue", version="2.26")
    assert tagged.status == 201
    assert told.rows("versioned")[0].data["tags"] == ["blue"]
    assert told.both() == (["update"], ["update"])


@pytest.mark.parametrize("on", ["", "vm_state", "vm_and_task_state"])
def test_changes_of_state_are_told_to_who_wants_them(told: Told, on: str) -> None:
    world = told.world
    world.new_host()
    server_id = world.active()
    told.forget()
    told.listen("unversioned", on)
    world.done(server_id, "os-stop")
    updates = [row.payload for row in told.rows() if row.type == "compute.instance.update"]
    seen = [(one["old_state"], one["state"], one["old_task_state"], one["new_task_state"]) for one in updates]
    stopped = ("active", "stopped", "powering-off", None)
    begun = ("active", "active", None, "powering-off")
    assert seen == {"": [], "vm_state": [stopped], "vm_and_task_state": [begun, stopped]}[on]


def test_only_the_chosen_format_is_told(told: Told) -> None:
    told.listen("versioned")
    told.world.new_host()
    told.world.active()
    assert told.types() == []
    assert told.types("versioned") == phases("create")


def test_what_is_refused_or_rolled_back_is_not_told(told: Told) -> None:
    world = told.world
    world.new_host()
    server_id = world.active()
    told.forget()
    assert world.act(server_id, "os-start").status == 409
    assert told.both() == ([], [])


def test_what_cannot_be_told_is_done_and_what_can_be_told_beside_it_is_told(told: Told) -> None:
    world = told.world
    world.new_host()
    server_id = world.active()
    told.forget()
    now = world.clock.now()
    rack = Aggregate(number=1, uuid="u", name="rack", created_at=now, updated_at=None)

    def lock(tx: Transaction) -> None:
        servers.update(tx, server_id, now, locked_by="owner")
        tx.note(NounNews(noun=rack, verb="create", more={"what JSON has no word for": object()}))
        tx.note(ServerNews(server_id=server_id, action="lock", phase=None))

    world.database.write(lock)
    assert world.server(server_id).locked_by == "owner"
    assert told.both() == (["lock"], ["lock"])
