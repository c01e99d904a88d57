from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pileus.image.api.notification import telling
from pileus.image.service import new_service
from pileus.kit.bus.chosen import new_notifier
from pileus.kit.clock import SystemClock
from pileus.kit.http.app import App
from pileus.kit.http.asgi import Listener
from tests.image.bench import OTHER, Site, TinyAuthenticator
from tests.kit.test_notifier import heard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pileus.kit.bus.notifier import Notifier


class Heard:
    """A notifier that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Mapping[str, Any]]] = []

    def notify(self, event_type: str, payload: Mapping[str, Any]) -> None:
        self.events.append((event_type, payload))

    def close(self) -> None:
        """It holds nothing."""

    def types(self) -> list[str]:
        return [event_type for event_type, _ in self.events]


class Deaf:
    """A notifier that is broken."""

    def notify(self, event_type: str, payload: Mapping[str, Any]) -> None:
        raise OSError

    def close(self) -> None:
        """It holds nothing."""


def tell(site: Site, notifier: Notifier, *disabled: str) -> None:
    backend = replace(site.backend, tell=telling(notifier, disabled))
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
    assert heard.types() == []


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
    image_id = site.create(name="Größe")
    notifier.close()
    publisher, event_type, payload, _ = heard(broker_url, "notifications", 1, exchange="glance")[0]
    assert publisher.startswith("image.")
    assert (event_type, payload["id"], payload["name"]) == ("image.create", image_id, "Größe")
