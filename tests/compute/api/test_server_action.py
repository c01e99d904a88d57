from __future__ import annotations

import pytest

from pileus.compute.db import action as actions
from pileus.compute.db import server as servers
from tests.compute.cloud import ADMIN, OTHER, READER, Cloud, message_of


@pytest.mark.parametrize(
    ("action", "value", "kind", "arguments", "task", "status"),
    [
        ("os-stop", None, "stop", {}, "powering-off", "ACTIVE"),
        ("reboot", {"type": "SOFT"}, "reboot", {"hard": False}, "reboot_started", "REBOOT"),
        ("reboot", {"type": "Hard"}, "reboot", {"hard": True}, "rebooting_hard", "HARD_REBOOT"),
    ],
)
def test_an_action_sets_its_task_and_begins_its_work(
    cloud: Cloud, action: str, value: object, kind: str, arguments: dict[str, object], task: str, status: str
) -> None:
    server_id = cloud.active_server()
    assert cloud.act(server_id, action, value).status == 202
    assert cloud.work.begun[-1] == (kind, server_id, arguments)
    server = cloud.get(f"/servers/{server_id}")["server"]
    assert (server["OS-EXT-STS:task_state"], server["status"]) == (task, status)


def test_an_action_that_the_state_forbids_is_a_conflict(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    reply = cloud.act(server_id, "os-start")
    assert reply.status == 409
    assert message_of(reply) == f"Cannot 'start' instance {server_id} while it is in vm_state active"


def test_of_two_actions_the_second_is_refused(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    cloud.act(server_id, "os-stop")
    reply = cloud.act(server_id, "os-stop")
    assert message_of(reply) == f"Cannot 'stop' instance {server_id} while it is in task_state powering-off"


def test_a_stopped_server_starts(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    cloud.database.write(servers.set_state, server_id, vm_state="stopped", task_state=None, now=cloud.clock.now())
    assert cloud.act(server_id, "os-start").status == 202
    assert cloud.work.begun[-1] == ("start", server_id, {})


def test_an_image_is_made_as_the_caller(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    reply = cloud.act(server_id, "createImage", {"name": "snap", "metadata": {"k": "v"}})
    assert reply.status == 202
    image_id = reply.headers["location"].rsplit("/", 1)[1]
    image = cloud.images.documents[image_id]
    assert (image["name"], image["k"], image["instance_uuid"], image["disk_format"]) == (
        "snap", "v", server_id, "qcow2",
    )  # fmt: skip
    assert cloud.work.begun[-1] == ("snapshot", server_id, {"image_id": image_id})
    assert cloud.act(server_id, "createImage", {"name": "again"}).status == 409
    assert len(cloud.images.documents) == 2


def test_the_console_is_read_from_the_host(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    cloud.bus.consoles[server_id] = "one\ntwo\nthree"
    assert cloud.act(server_id, "os-getConsoleOutput", {}).decoded() == {"output": "one\ntwo\nthree"}
    assert cloud.act(server_id, "os-getConsoleOutput", {"length": "2"}).decoded() == {"output": "two\nthree"}
    assert cloud.act(cloud.active_server(), "os-getConsoleOutput", {}).status == 409
    assert cloud.act(cloud.active_server(host="h2"), "os-getConsoleOutput", {}).status == 503
    assert cloud.act(cloud.new_server(), "os-getConsoleOutput", {}).status == 409


def test_administrators_reset_a_state(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    assert cloud.act(server_id, "os-resetState", {"state": "error"}).status == 403
    assert cloud.act(server_id, "os-resetState", {"state": "error"}, who=ADMIN).status == 202
    assert cloud.get(f"/servers/{server_id}")["server"]["status"] == "ERROR"


def test_refusals_of_actions(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    assert message_of(cloud.act(server_id, "dance")) == "There is no such action: dance"
    assert cloud.act(server_id, "reboot", {"type": "WARM"}).status == 400
    assert cloud.act(server_id, "os-stop", who=READER).status == 403
    assert cloud.act(server_id, "os-stop", who=OTHER).status == 404
    assert cloud.ask("POST", f"/servers/{server_id}/action", []).status == 400


def test_actions_are_written_down_with_their_outcome(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    stopped = cloud.act(server_id, "os-stop").headers["x-compute-request-id"]
    cloud.database.write(actions.finish, server_id, "stop", cloud.clock.now(), error="it broke")
    listed = cloud.get(f"/servers/{server_id}/os-instance-actions")["instanceActions"]
    assert [action["action"] for action in listed] == ["stop", "create"]
    shown = cloud.get(f"/servers/{server_id}/os-instance-actions/{stopped}")["instanceAction"]
    assert shown["message"] == "Error"
    assert "events" not in shown
    full = cloud.get(f"/servers/{server_id}/os-instance-actions/{stopped}", who=ADMIN)["instanceAction"]
    assert [(event["event"], event["result"]) for event in full["events"]] == [("compute_stop_instance", "Error")]
    assert cloud.ask("GET", f"/servers/{server_id}/os-instance-actions/req-no").status == 404


def test_a_failed_server_says_why(cloud: Cloud) -> None:
    server_id = cloud.new_server()
    now = cloud.clock.now()
    cloud.database.write(servers.add_fault, server_id, 500, "No valid host was found.", "the details", now)
    cloud.database.write(servers.set_state, server_id, vm_state="error", task_state=None, now=now)
    fault = cloud.get(f"/servers/{server_id}")["server"]["fault"]
    assert fault == {"code": 500, "created": "2026-01-01T12:00:00Z", "message": "No valid host was found."}
    assert cloud.get(f"/servers/{server_id}", who=ADMIN)["server"]["fault"]["details"] == "the details"
