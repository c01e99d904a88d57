from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pileus.image.notification import telling
from pileus.image.service import new_service
from pileus.image.settings import Settings, StoreSettings
from pileus.kit.bus.chosen import new_notifier
from pileus.kit.bus.notifier import ERROR, INFO
from pileus.kit.clock import SystemClock
from pileus.kit.http.app import App
from pileus.kit.http.asgi import Listener
from tests.image.bench import ADMIN, OTHER, Site, TinyAuthenticator
from tests.image.metadefs import FULL, NUMBER
from tests.kit.test_notifier import heard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pileus.kit.bus.notifier import Notifier, Payload


class Heard:
    """A notifier that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Mapping[str, Any]]] = []
        self.errors: list[tuple[str, str]] = []

    def notify(self, event_type: str, payload: Payload, priority: str = INFO) -> None:
        if isinstance(payload, str):
            assert priority == ERROR
            self.errors.append((event_type, payload))
        else:
            assert priority == INFO
            self.events.append((event_type, payload))

    def close(self) -> None:
        """It holds nothing."""

    def types(self) -> list[str]:
        return [event_type for event_type, _ in self.events]


class Deaf:
    """A notifier that is broken."""

    def notify(self, event_type: str, payload: Payload, priority: str = INFO) -> None:
        raise OSError

    def close(self) -> None:
        """It holds nothing."""


def tell(site: Site, notifier: Notifier, *disabled: str) -> None:
    backend = replace(site.backend, tell=telling(notifier, disabled))
    site.work._state = replace(site.work._state, tell=backend.tell)
    site.app = App(new_service(backend, TinyAuthenticator()))
    site.listener = Listener(site.app, backend.threads)


def listening(site: Site, *disabled: str) -> Heard:
    heard = Heard()
    tell(site, heard, *disabled)
    return heard


def test_the_life_of_an_image_is_told(site: Site) -> None:
    heard = listening(site)
    image_id = site.create_raw(name="a", os="linux", tags=["x"])
    site.patch(image_id, {"op": "replace", "path": "/name", "value": "b"})
    site.call("PUT", f"/v2/images/{image_id}/tags/y")
    site.call("DELETE", f"/v2/images/{image_id}/tags/x")
    site.upload(image_id, b"12345")
    site.download(image_id)
    site.call("POST", f"/v2/images/{image_id}/actions/deactivate")
    site.call("POST", f"/v2/images/{image_id}/actions/deactivate")
    site.call("POST", f"/v2/images/{image_id}/actions/reactivate")
    site.call("DELETE", f"/v2/images/{image_id}")
    told = [(event_type, payload.get("status"), payload.get("tags")) for event_type, payload in heard.events]
    assert told == [
        ("image.create", "queued", ["x"]),
        ("image.update", "queued", ["x"]),
        ("image.update", "queued", ["x", "y"]),
        ("image.update", "queued", ["y"]),
        ("image.prepare", "saving", ["y"]),
        ("image.upload", "active", ["y"]),
        ("image.activate", "active", ["y"]),
        ("image.send", None, None),
        ("image.update", "deactivated", ["y"]),
        ("image.update", "active", ["y"]),
        ("image.delete", "active", ["y"]),
    ]
    made, whole, gone = heard.events[0][1], heard.events[6][1], heard.events[-1][1]
    assert (made["properties"], made["deleted"], made["deleted_at"]) == ({"os": "linux"}, False, None)
    assert (whole["size"], whole["checksum"], whole["is_public"]) == (5, "827ccb0eea8a706c4c34a16891f84e7b", False)
    assert (gone["deleted"], gone["deleted_at"]) == (True, "2026-01-01T12:00:00Z")


def test_an_upload_names_its_store_and_a_download_its_receiver(site: Site) -> None:
    heard = listening(site)
    image_id = site.create_raw()
    site.upload(image_id, b"12345")
    site.download(image_id, range="bytes=1-2")
    told = dict(heard.events)
    assert told["image.prepare"]["backend"] == "local"
    assert told["image.upload"]["os_glance_importing_to_stores"] == []
    assert told["image.send"] == {
        "bytes_sent": 2,
        "image_id": image_id,
        "owner_id": "p-own",
        "receiver_tenant_id": "p-own",
        "receiver_user_id": "u",
    }


def test_members_are_told(site: Site) -> None:
    heard = listening(site, "image.create")
    path = f"/v2/images/{site.create()}/members"
    site.call("POST", path, {"member": "p-other"})
    site.call("PUT", f"{path}/p-other", {"status": "accepted"}, token=OTHER)
    site.call("DELETE", f"{path}/p-other")
    told = [(event_type, payload["member_id"], payload["status"]) for event_type, payload in heard.events]
    assert told == [
        ("image.member.create", "p-other", "pending"),
        ("image.member.update", "p-other", "accepted"),
        ("image.member.delete", "p-other", "accepted"),
    ]
    assert [payload["deleted"] for _, payload in heard.events] == [False, False, True]


def test_what_only_reads_or_is_refused_is_not_told(site: Site) -> None:
    image_id = site.create()
    heard = listening(site)
    site.get(image_id)
    site.names()
    assert site.patch(image_id, {"op": "remove", "path": "/nope"}).status == 409
    assert site.upload(image_id, b"x").status == 400
    assert site.call("DELETE", f"/v2/images/{image_id}", token=OTHER).status == 404
    assert (heard.types(), heard.errors) == ([], [])


def test_an_upload_that_fails_is_told_as_an_error(site: Site) -> None:
    heard = listening(site)
    image_id = site.create_raw()
    assert site.upload(image_id, b"12345", x_openstack_image_size="6").status == 400
    assert site.upload(image_id, [b"12345", None]).status == 0
    assert heard.types() == ["image.create", "image.prepare", "image.prepare"]
    start = f"Failed to upload image data for image {image_id}: "
    assert heard.errors == [
        ("image.upload", start + "Size mismatch: expected 6 bytes, got 5 bytes"),
        ("image.upload", start + "the upload was cut off, or something unexpected"),
    ]


def test_an_import_is_told_store_by_store(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(stores={"a": StoreSettings(), "b": StoreSettings()}))
    image_id = site.create_raw()
    heard = listening(site)
    site.stage(image_id, b"12345")
    site.begin_import(image_id, "glance-direct", all_stores=True)
    site.work.run_due()
    at_stores = sorted(heard.types()[5:9])
    assert [*heard.types()[:5], *heard.types()[9:]] == [
        "image.update",
        "image.update",
        "task.create",
        "task.run",
        "task.processing",
        "image.activate",
        "task.success",
    ]
    assert at_stores == ["image.prepare", "image.prepare", "image.upload", "image.upload"]
    told = dict(heard.events)
    assert [payload["status"] for _, payload in heard.events[:2]] == ["uploading", "importing"]
    assert told["image.upload"]["os_glance_importing_to_stores"] == []
    assert {payload["backend"] for event_type, payload in heard.events if event_type == "image.prepare"} == {"a", "b"}
    assert (told["image.activate"]["status"], told["image.activate"]["size"]) == ("active", 5)
    assert (told["task.success"]["type"], told["task.success"]["status"]) == ("api_image_import", "success")
    assert "input" not in told["task.success"]


def test_an_import_that_fails_is_told_with_its_reason_at_each_store(site: Site) -> None:
    image_id = site.create(disk_format="qcow2", container_format="bare")
    site.stage(image_id, b"12345")
    heard = listening(site)
    site.begin_import(image_id, "glance-direct")
    site.work.run_due()
    assert heard.types()[-3:] == ["image.prepare", "image.update", "task.failure"]
    assert heard.events[-2][1]["status"] == "queued"
    assert heard.events[-2][1]["properties"]["os_glance_failed_import"] == "local"
    [(event_type, reason)] = heard.errors
    assert event_type == "image.upload"
    assert reason.startswith(f"Failed to upload image data for image {image_id}: ")
    assert "qcow2" in reason


def test_metadata_definitions_are_told(site: Site) -> None:
    heard, path = listening(site), "/v2/metadefs/namespaces/OS::Test"
    site.call("POST", "/v2/metadefs/namespaces", FULL, token=ADMIN)
    assert heard.types() == [
        "metadef_namespace.create",
        *["metadef_resource_type.create"] * 2,
        *["metadef_property.create"] * 2,
        "metadef_object.create",
        *["metadef_tag.create"] * 2,
    ]
    told = dict(heard.events)
    assert told["metadef_property.create"]["enum"] == ["a", "b"]
    assert told["metadef_object.create"]["properties"][0]["minimum"] == 0
    assert told["metadef_resource_type.create"]["properties_target"] == "metadata"
    heard.events.clear()
    site.call("PUT", f"{path}/tags/one", {"name": "uno"}, token=ADMIN)
    site.call("DELETE", f"{path}/tags/uno", token=ADMIN)
    site.call("PUT", f"{path}/properties/number", {"name": "count", **NUMBER}, token=ADMIN)
    site.call("DELETE", f"{path}/properties/count", token=ADMIN)
    site.call("PUT", f"{path}/objects/both", {"name": "pair"}, token=ADMIN)
    site.call("DELETE", f"{path}/objects/pair", token=ADMIN)
    site.call("DELETE", f"{path}/resource_types/OS::Nova::Server", token=ADMIN)
    for kind in ("objects", "properties", "tags"):
        site.call("DELETE", f"{path}/{kind}", token=ADMIN)
    site.call("PUT", path, {"namespace": "OS::New"}, token=ADMIN)
    site.call("DELETE", "/v2/metadefs/namespaces/OS::New", token=ADMIN)
    kinds = ("metadef_tag", "metadef_property", "metadef_object")
    assert heard.types() == [
        *(f"{kind}.{what}" for kind in kinds for what in ("update", "delete")),
        "metadef_resource_type.delete",
        *(f"metadef_namespace.delete_{kind}" for kind in ("objects", "properties", "tags")),
        "metadef_namespace.update",
        "metadef_namespace.delete",
    ]
    renamed, gone = heard.events[0][1], heard.events[1][1]
    assert (renamed["namespace"], renamed["name"], renamed["name_old"]) == ("OS::Test", "uno", "one")
    assert (gone["name"], gone["deleted"]) == ("uno", True)
    assert (heard.events[-2][1]["namespace"], heard.events[-2][1]["namespace_old"]) == ("OS::New", "OS::Test")


def test_types_and_groups_can_be_turned_off(site: Site) -> None:
    heard = listening(site, "image.member", "image.delete")
    image_id = site.create()
    site.call("POST", f"/v2/images/{image_id}/members", {"member": "p-other"})
    site.call("DELETE", f"/v2/images/{image_id}")
    assert heard.types() == ["image.create"]
    heard = listening(site, "image")
    site.create()
    assert heard.types() == []


def test_a_broken_notifier_does_not_hinder_what_was_asked_for(site: Site) -> None:
    tell(site, Deaf())
    image_id = site.create_raw()
    assert site.upload(image_id, b"x").status == 204
    assert site.download(image_id).body == b"x"


def test_oslo_messaging_reads_what_is_told(site: Site, broker_url: str) -> None:
    notifier = new_notifier(
        broker_url,
        SystemClock(),
        service="image",
        exchange="glance",
        topics=("notifications",),
        is_durable=False,
        ca_file="",
    )
    tell(site, notifier)
    image_id = site.create_raw(name="Größe")
    site.upload(image_id, [b"12345", None])
    notifier.close()
    told = {
        event_type: payload for _, event_type, payload, _ in heard(broker_url, "notifications", 3, exchange="glance")
    }
    assert told["image.create"]["name"] == "Größe"
    assert told["image.prepare"]["id"] == image_id
    assert image_id in told["image.upload"]
