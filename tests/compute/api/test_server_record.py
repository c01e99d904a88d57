"""What is known about servers beside themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pileus.compute.db import action, console_token, server_migration
from pileus.compute.db import server as servers
from pileus.compute.model.console import hash_of
from pileus.compute.model.server_migration import Migration
from pileus.compute.settings import ConsoleSettings, QuotaSettings, Settings
from pileus.kit import ids
from tests.compute.cloud import ADMIN, IMAGE_ID, OTHER, READER, Cloud, message_of
from tests.kit.clock import START

NOWHERE = "00000000-0000-0000-0000-000000000000"


# --- tags -----------------------------------------------------------------------------------------


def test_tags_are_given_and_taken(cloud: Cloud) -> None:
    path = f"/servers/{cloud.active_server()}/tags"
    first = cloud.ask("PUT", f"{path}/blue", version="2.26")
    assert (first.status, first.headers["location"]) == (201, f"http://compute.example/v2.1{path}/blue")
    assert cloud.ask("PUT", f"{path}/blue", version="2.26").status == 204
    assert cloud.ask("GET", f"{path}/blue", version="2.26").status == 204
    assert cloud.ask("PUT", path, {"tags": ["b", "a", "b"]}, version="2.26").decoded() == {"tags": ["a", "b"]}
    assert cloud.ask("DELETE", f"{path}/a", version="2.26").status == 204
    assert cloud.get(path, version="2.26") == {"tags": ["b"]}
    assert cloud.ask("DELETE", path, version="2.26").status == 204
    missing = cloud.ask("DELETE", f"{path}/b", version="2.26")
    assert (missing.status, "has no tag 'b'" in message_of(missing)) == (404, True)
    assert cloud.ask("GET", path, version="2.25").status == 404


def test_a_tag_has_a_form_and_a_server_a_limit(cloud: Cloud) -> None:
    path = f"/servers/{cloud.active_server()}/tags"
    assert message_of(cloud.ask("PUT", f"{path}/a%2Cb", version="2.26")).startswith("Tag 'a,b' is invalid.")
    tags = [f"t{index}" for index in range(50)]
    assert cloud.ask("PUT", path, {"tags": tags}, version="2.26").status == 200
    more = cloud.ask("PUT", f"{path}/one-more", version="2.26")
    assert (more.status, message_of(more)) == (400, "The number of tags exceeded the per-server limit 50")
    assert cloud.ask("PUT", path, {"tags": [*tags, "x"]}, version="2.26").status == 400


def test_tags_of_a_server_that_is_being_built_do_not_change(cloud: Cloud) -> None:
    assert cloud.ask("PUT", f"/servers/{cloud.new_server()}/tags/a", version="2.26").status == 409


def test_servers_are_listed_by_their_tags(cloud: Cloud) -> None:
    for name, tags in {"none": [], "a": ["a"], "ab": ["a", "b"]}.items():
        cloud.ask("PUT", f"/servers/{cloud.active_server(name)}/tags", {"tags": tags}, version="2.26")

    def listed(query: str, version: str = "2.26") -> set[str]:
        return {server["name"] for server in cloud.get(f"/servers?{query}", version=version)["servers"]}

    assert listed("tags=a,b") == {"ab"}
    assert listed("tags-any=a,b") == {"a", "ab"}
    assert listed("not-tags=a,b") == {"none", "a"}
    assert listed("not-tags-any=b") == {"none", "a"}
    assert listed("tags=a,b", "2.25") == {"none", "a", "ab"}


# --- groups ---------------------------------------------------------------------------------------


def _new_group(cloud: Cloud, who: str = "member", version: str = "2.64", **more: Any) -> Any:
    named = {"policy": "anti-affinity"} if version == "2.64" else {"policies": ["anti-affinity"]}
    return cloud.ask("POST", "/os-server-groups", {"server_group": {"name": "g", **named, **more}}, version=version,
                     who=who)  # fmt: skip


def test_a_group_is_shown_as_its_version_has_it(cloud: Cloud) -> None:
    group = _new_group(cloud, rules={"max_server_per_host": "3"}).decoded()["server_group"]
    assert (group["policy"], group["rules"]) == ("anti-affinity", {"max_server_per_host": 3})
    path = f"/os-server-groups/{group['id']}"
    old = cloud.get(path)["server_group"]
    assert old == {"id": group["id"], "name": "g", "members": [], "policies": ["anti-affinity"], "metadata": {}}
    assert cloud.get(path, version="2.13")["server_group"]["project_id"] == "p-one"
    assert cloud.ask("DELETE", path).status == 204
    assert message_of(cloud.ask("GET", path)) == f"Instance group {group['id']} could not be found."


@pytest.mark.parametrize(
    ("version", "more"),
    [
        ("2.14", {"policies": ["soft-affinity"]}), ("2.15", {"policies": ["affinity", "anti-affinity"]}),
        ("2.63", {"policy": "affinity"}), ("2.64", {"policies": ["affinity"]}),
        ("2.64", {"policy": "affinity", "rules": {"max_server_per_host": 2}}),
        ("2.64", {"rules": {"max_server_per_host": 0}}),
    ],
)  # fmt: skip
def test_a_group_that_its_version_does_not_know_is_refused(cloud: Cloud, version: str, more: dict[str, Any]) -> None:
    assert _new_group(cloud, version=version, **more).status == 400


def test_a_group_is_its_projects(cloud: Cloud) -> None:
    group_id = _new_group(cloud).decoded()["server_group"]["id"]
    assert cloud.ask("GET", f"/os-server-groups/{group_id}", who=OTHER).status == 404
    assert cloud.ask("DELETE", f"/os-server-groups/{group_id}", who=READER).status == 403
    assert cloud.get("/os-server-groups", who=OTHER)["server_groups"] == []
    assert cloud.get("/os-server-groups?all_projects=1", who=OTHER)["server_groups"] == []
    assert len(cloud.get("/os-server-groups?all_projects=1", who=ADMIN)["server_groups"]) == 1
    assert cloud.ask("GET", "/os-server-groups?colour=red", version="2.75").status == 400


def test_groups_are_counted(tmp_path: object) -> None:
    cloud = Cloud(f"sqlite:///{tmp_path}/g.sqlite", Settings(quota=QuotaSettings(server_groups=1)))
    assert _new_group(cloud).status == 200
    second = _new_group(cloud)
    assert (second.status, message_of(second)) == (403, "Quota exceeded, too many server groups.")
    assert _new_group(cloud, who=OTHER).status == 200


def test_a_group_has_its_members_until_they_are_deleted(cloud: Cloud) -> None:
    group_id = _new_group(cloud).decoded()["server_group"]["id"]
    body = {"server": {"name": "vm", "imageRef": IMAGE_ID, "flavorRef": "1"}, "os:scheduler_hints": {"group": group_id}}
    server_id = cloud.ask("POST", "/servers", body).decoded()["server"]["id"]
    assert cloud.get(f"/os-server-groups/{group_id}")["server_group"]["members"] == [server_id]
    assert cloud.get(f"/servers/{server_id}", version="2.71")["server"]["server_groups"] == [group_id]
    cloud.database.write(servers.mark_deleted, server_id, cloud.clock.now())
    assert cloud.get(f"/os-server-groups/{group_id}")["server_group"]["members"] == []


# --- actions and migrations -----------------------------------------------------------------------


def test_actions_come_in_pages_and_tell_more_with_the_years(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    cloud.database.write(action.finish, server_id, "create", cloud.clock.now(), error="no disk", host="h1")
    cloud.clock.sleep(10)
    assert cloud.act(server_id, "os-stop").status == 202
    path = f"/servers/{server_id}/os-instance-actions"
    page = cloud.get(f"{path}?limit=1", version="2.58")
    assert [one["action"] for one in page["instanceActions"]] == ["stop"]
    assert page["instanceActions"][0]["updated_at"] == "2026-01-01T12:00:10.000000"
    request_id = page["instanceActions"][0]["request_id"]
    (rest,) = cloud.get(f"{path}?marker={request_id}", version="2.58")["instanceActions"]
    since = cloud.get(f"{path}?changes-since=2026-01-01T12:00:05Z", version="2.66")["instanceActions"]
    assert [one["action"] for one in since] == ["stop"]
    assert cloud.ask("GET", f"{path}?marker=req-x", version="2.58").status == 400
    assert cloud.ask("GET", f"{path}?colour=red", version="2.58").status == 400

    shown = f"{path}/{rest['request_id']}"
    assert "events" not in cloud.get(shown)["instanceAction"]
    (event,) = cloud.get(shown, version="2.84")["instanceAction"]["events"]
    assert set(event) == {"event", "start_time", "finish_time", "result", "hostId"}
    (event,) = cloud.get(shown, version="2.84", who=ADMIN)["instanceAction"]["events"]
    assert (event["host"], event["details"], event["traceback"]) == ("h1", "no disk", None)


def test_the_actions_of_a_deleted_server_are_shown_from_a_version_on(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    cloud.database.write(servers.mark_deleted, server_id, cloud.clock.now())
    assert cloud.ask("GET", f"/servers/{server_id}/os-instance-actions", version="2.20").status == 404
    assert len(cloud.get(f"/servers/{server_id}/os-instance-actions", version="2.21")["instanceActions"]) == 1


def _migrate(cloud: Cloud, server_id: str, kind: str = "live-migration", status: str = "running") -> Migration:
    migration = Migration(
        uuid=ids.new_uuid(), server_id=server_id, user_id="u-member", project_id="p-one", type=kind, status=status,
        source_host="h1", source_node="n1", dest_host="h2", created_at=cloud.clock.now(), memory_total_bytes=10,
        memory_processed_bytes=4,
    )  # fmt: skip
    cloud.database.write(server_migration.add, migration)
    return migration


def test_migrations_are_listed_for_administrators(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    first = _migrate(cloud, server_id, "resize", "finished")
    second = _migrate(cloud, server_id)
    new, old = cloud.get("/os-migrations", version="2.80", who=ADMIN)["migrations"]
    assert (new["uuid"], new["migration_type"], new["user_id"]) == (second.uuid, "live-migration", "u-member")
    assert new["links"][0]["href"].endswith(f"/servers/{server_id}/migrations/{new['id']}")
    assert (old["source_compute"], old["dest_compute"], "links" in old) == ("h1", "h2", False)
    plain = cloud.get("/os-migrations?status=finished", who=ADMIN)["migrations"]
    assert [(one["id"], "migration_type" in one, "uuid" in one) for one in plain] == [(old["id"], False, False)]
    page = cloud.get("/os-migrations?limit=1", version="2.59", who=ADMIN)
    assert "migrations_links" in page
    rest = cloud.get(f"/os-migrations?limit=5&marker={second.uuid}", version="2.59", who=ADMIN)["migrations"]
    assert [one["uuid"] for one in rest] == [first.uuid]
    assert cloud.ask("GET", "/os-migrations").status == 403


@pytest.mark.parametrize("version", ["2.1", "2.58", "2.80"])
def test_migrations_are_listed_by_their_project_in_every_version(cloud: Cloud, version: str) -> None:
    _migrate(cloud, cloud.active_server())
    for project, count in (("p-one", 1), ("p-admin", 0)):
        found = cloud.get(f"/os-migrations?project_id={project}", version=version, who=ADMIN)["migrations"]
        assert len(found) == count, project


def test_a_live_migration_shows_how_far_it_is(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    _migrate(cloud, server_id)
    _migrate(cloud, server_id, "resize", "finished")
    _migrate(cloud, server_id, status="completed")
    path = f"/servers/{server_id}/migrations"
    (found,) = cloud.get(path, version="2.23", who=ADMIN)["migrations"]
    assert (found["memory_total_bytes"], found["memory_remaining_bytes"], found["disk_total_bytes"]) == (10, 6, None)
    assert cloud.get(f"{path}/{found['id']}", version="2.23", who=ADMIN)["migration"] == found
    for number, sentence in ((found["id"] + 1, "is not live-migration"), (found["id"] + 2, "is not in progress"),
                             (99, "is not found"), ("9" * 5000, "not found"), ("x", "not found"),
                             (f"{found['id']:018}0", "not found")):  # fmt: skip
        reply = cloud.ask("GET", f"{path}/{number}", version="2.23", who=ADMIN)
        assert (reply.status, sentence in message_of(reply)) == (404, True)


# --- the guest ------------------------------------------------------------------------------------


def test_diagnostics_are_asked_of_the_host(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    path = f"/servers/{server_id}/diagnostics"
    assert cloud.get(path, who=ADMIN)["memory"] == 512 * 1024
    shown = cloud.get(path, version="2.48", who=ADMIN)
    assert (shown["state"], shown["num_cpus"], shown["num_disks"]) == ("running", 1, 1)
    assert shown["disk_details"][0]["write_requests"] == 4
    assert cloud.ask("GET", path).status == 403
    assert cloud.ask("GET", f"/servers/{cloud.new_server()}/diagnostics", who=ADMIN).status == 409


def test_a_console_is_reached_through_its_proxy_alone(tmp_path: object) -> None:
    bare = Cloud(f"sqlite:///{tmp_path}/b.sqlite")
    body = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    refused = bare.ask("POST", f"/servers/{bare.active_server()}/remote-consoles", body, version="2.6")
    assert (refused.status, message_of(refused)) == (400, "Unavailable console type novnc.")

    settings = Settings(console=ConsoleSettings(novnc_url="http://proxy.example/vnc.html"))
    cloud = Cloud(f"sqlite:///{tmp_path}/c.sqlite", settings)
    server_id = cloud.active_server()
    reply = cloud.ask("POST", f"/servers/{server_id}/remote-consoles", body, version="2.6")
    console = reply.decoded()["remote_console"]
    assert (console["protocol"], console["type"]) == ("vnc", "novnc")
    before, _, token = console["url"].partition("%3Ftoken%3D")
    assert before == "http://proxy.example/vnc.html?path="
    with cloud.database.read() as tx:
        found = console_token.get(tx, token, cloud.clock.now())
    assert (found.server_id, found.port, found.expires_at) == (
        server_id,
        5900,
        cloud.clock.now() + timedelta(minutes=10),
    )
    assert hash_of(token) != token
    old = cloud.ask("POST", f"/servers/{server_id}/action", {"os-getVNCConsole": {"type": "novnc"}}, version="2.5")
    assert old.decoded()["console"]["url"].startswith("http://proxy.example/")
    assert cloud.act(server_id, "os-getSPICEConsole", {"type": "spice-html5"}).status == 400
    other = {"remote_console": {"protocol": "vnc", "type": "serial"}}
    invalid = cloud.ask("POST", f"/servers/{server_id}/remote-consoles", other, version="2.6")
    assert message_of(invalid) == "Invalid console type serial"


def test_topology_and_password_of_a_guest(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    assert cloud.get(f"/servers/{server_id}/topology", version="2.78") == {"nodes": [], "pagesize_kb": None}
    cloud.database.write(lambda tx: servers.update(tx, server_id, START, encrypted_password="c2VjcmV0"))
    path = f"/servers/{server_id}/os-server-password"
    assert cloud.get(path) == {"password": "c2VjcmV0"}
    assert cloud.ask("DELETE", path, who=READER).status == 403
    assert cloud.ask("DELETE", path).status == 204
    assert cloud.get(path) == {"password": ""}


# --- what other services would have ---------------------------------------------------------------


def test_events_are_answered_one_by_one(cloud: Cloud) -> None:
    placed, unplaced = cloud.active_server(), cloud.new_server()

    def tell(*events: dict[str, str], version: str = "2.76") -> tuple[int, list[int]]:
        reply = cloud.ask("POST", "/os-server-external-events", {"events": list(events)}, who=ADMIN, version=version)
        return reply.status, [event["code"] for event in reply.decoded().get("events", ())]

    changed = {"name": "network-changed", "server_uuid": placed}
    assert tell(changed) == (200, [200])
    unknown, waiting = {**changed, "server_uuid": NOWHERE}, {**changed, "server_uuid": unplaced}
    untagged = {**changed, "name": "power-update"}
    assert tell(changed, unknown, waiting, untagged) == (207, [200, 404, 422, 400])
    assert tell({**untagged, "tag": "POWER_OFF"}, version="2.75") == (400, [])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "sentence"),
    [
        ("GET", "/ips/lan", None, 404, "Instance is not a member of specified network"),
        ("GET", f"/os-interface/{NOWHERE}", None, 404, f"Port id {NOWHERE} could not be found."),
        ("DELETE", f"/os-interface/{NOWHERE}", None, 404, f"Port id {NOWHERE} could not be found."),
        ("POST", "/os-interface", {"interfaceAttachment": {"net_id": NOWHERE}}, 404, f"Network {NOWHERE} could not"),
        ("POST", "/os-interface", {}, 400, "No specific network was requested and none are available"),
        ("POST", "/os-interface", {"interfaceAttachment": {"net_id": NOWHERE, "port_id": NOWHERE}}, 400, "Must not"),
        ("GET", f"/os-volume_attachments/{NOWHERE}", None, 404, "is not attached to volume"),
        ("DELETE", f"/os-volume_attachments/{NOWHERE}", None, 404, f"Volume {NOWHERE} could not be found."),
        ("POST", "/os-volume_attachments", {"volumeAttachment": {"volumeId": NOWHERE}}, 404, f"Volume {NOWHERE}"),
        ("PUT", f"/os-volume_attachments/{NOWHERE}", {"volumeAttachment": {"volumeId": NOWHERE}}, 404, "Volume"),
        ("GET", f"/shares/{NOWHERE}", None, 404, f"Share {NOWHERE} could not be found."),
        ("POST", "/shares", {"share": {"share_id": NOWHERE}}, 409, "Cannot 'create share' instance"),
    ],
)  # fmt: skip
def test_what_another_service_would_have_is_not_there(
    cloud: Cloud, method: str, path: str, body: Any, status: int, sentence: str
) -> None:
    reply = cloud.ask(method, f"/servers/{cloud.active_server()}{path}", body, version="2.100")
    assert reply.status == status, reply.body
    assert sentence in message_of(reply)


def test_lists_of_what_is_attached_are_empty(cloud: Cloud) -> None:
    path = f"/servers/{cloud.active_server()}"
    assert cloud.get(f"{path}/ips") == {"addresses": {}}
    assert cloud.get(f"{path}/os-interface") == {"interfaceAttachments": []}
    assert cloud.get(f"{path}/os-volume_attachments") == {"volumeAttachments": []}
    assert cloud.get(f"{path}/shares", version="2.97") == {"shares": []}


def test_snapshots_of_volumes_are_nobodys(cloud: Cloud) -> None:
    info = {"snapshot_id": "s", "type": "qcow2", "new_file": "f"}
    body = {"snapshot": {"volume_id": "v", "create_info": info}}
    made = cloud.ask("POST", "/os-assisted-volume-snapshots", body, who=ADMIN)
    assert (made.status, message_of(made)) == (400, "No volume Block Device Mapping with id v.")
    path = "/os-assisted-volume-snapshots/s"
    assert cloud.ask("DELETE", path, who=ADMIN).status == 400
    assert cloud.ask("DELETE", f'{path}?delete_info={{"volume_id":"v"}}', who=ADMIN).status == 400
    assert cloud.ask("DELETE", path).status == 403
