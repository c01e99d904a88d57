from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pileus.image.loops.task import TaskExpiry
from pileus.image.settings import ImportFilteringSettings, Settings
from tests.image.bench import ADMIN, OWNER, Site
from tests.kit.web.site import Site as Web
from tests.kit.web.site import serving

DATA = b"data" * 1000


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as made:
        yield made


@pytest.fixture
def site(new_site: Callable[..., Site], web: Web) -> Site:
    filtering = ImportFilteringSettings(allowed_ports=(web.port,), allowed_networks=("127.0.0.0/8",))
    return new_site(Settings(import_filtering=filtering))


def given(uri: str, **properties: Any) -> dict[str, Any]:
    described = {"disk_format": "raw", "container_format": "bare", **properties}
    return {
        "type": "import",
        "input": {"import_from": uri, "import_from_format": "raw", "image_properties": described},
    }


def create(site: Site, uri: str, **properties: Any) -> dict[str, Any]:
    reply = site.call("POST", "/v2/tasks", given(uri, **properties), token=ADMIN)
    assert reply.status == 201, reply.body
    task: dict[str, Any] = reply.decoded()
    assert reply.headers["location"] == task["self"] == f"/v2/tasks/{task['id']}"
    return task


def show(site: Site, task: dict[str, Any]) -> dict[str, Any]:
    return dict(site.call("GET", task["self"], token=ADMIN).decoded())


def test_a_task_describes_an_image_and_brings_its_bytes(site: Site, web: Web) -> None:
    task = create(site, web.publish("/x", DATA), name="one", os_distro="linux", visibility="public")
    assert (task["status"], task["schema"]) == ("pending", "/v2/schemas/task")
    assert "expires_at" not in task
    site.work.run_due()
    done = show(site, task)
    assert (done["status"], "expires_at" in done) == ("success", True)
    image = site.get(done["result"]["image_id"], ADMIN)
    assert (image["status"], image["name"], image["os_distro"], image["visibility"]) == (
        "active",
        "one",
        "linux",
        "public",
    )
    assert site.download(image["id"], token=ADMIN).body == DATA


def test_a_task_that_fails_takes_its_image_with_it(site: Site, web: Web) -> None:
    task = create(site, web.publish("/x", DATA) + "-missing", name="one", protected=True)
    assert site.names(token=ADMIN) == ["one"]
    site.work.run_due()
    assert (show(site, task)["status"], site.names(token=ADMIN)) == ("failure", [])
    assert "404" in show(site, task)["message"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "import"},
        {"type": "export", "input": {}},
        {"type": "api_image_import", "input": {}},
        {"type": "import", "input": []},
        {"type": "import", "input": {"import_from_format": "raw", "image_properties": {}}},
        given("http://169.254.169.254/x"),
        given("file:///etc/passwd"),
        given("http://127.0.0.1:22/"),
        given("http://[::1]:1/", disk_format="floppy"),
    ],
)
def test_a_task_that_makes_no_sense_is_refused(site: Site, body: dict[str, Any]) -> None:
    assert site.call("POST", "/v2/tasks", body, token=ADMIN).status == 400
    assert site.names(token=ADMIN) == []


def test_tasks_are_for_administrators(site: Site, web: Web) -> None:
    task = create(site, web.publish("/x", DATA))
    for method, path in (("GET", "/v2/tasks"), ("GET", task["self"]), ("DELETE", task["self"])):
        assert site.call(method, path, token=OWNER).status == 403
    assert site.call("POST", "/v2/tasks", given("http://127.0.0.1/"), token=OWNER).status == 403
    assert site.call("DELETE", task["self"], token=ADMIN).status == 405
    assert site.call("GET", "/v2/tasks/nothing", token=ADMIN).status == 404


def test_tasks_are_listed_in_pages(site: Site, web: Web) -> None:
    made = [create(site, web.publish("/x", DATA))["id"] for _ in range(3)]
    document = site.call("GET", "/v2/tasks?limit=2&status=pending", token=ADMIN).decoded()
    assert [task["id"] for task in document["tasks"]] == made[:0:-1]
    assert "input" not in document["tasks"][0]
    assert document["first"] == "/v2/tasks?limit=2&status=pending"
    rest = site.call("GET", document["next"], token=ADMIN).decoded()
    assert [task["id"] for task in rest["tasks"]] == made[:1]
    assert "next" not in rest
    upwards = site.call("GET", f"/v2/tasks?sort_dir=asc&marker={made[0]}", token=ADMIN).decoded()
    assert [task["id"] for task in upwards["tasks"]] == made[1:]
    assert site.call("GET", "/v2/tasks?status=success", token=ADMIN).decoded()["tasks"] == []
    for query in ("limit=-1", "limit=x", "status=odd", "type=odd", "sort_key=odd", "sort_dir=odd", "marker=odd"):
        assert site.call("GET", f"/v2/tasks?{query}", token=ADMIN).status == 400, query


def test_the_schemas_of_tasks_are_shown(site: Site) -> None:
    task = site.call("GET", "/v2/schemas/task").decoded()
    assert task["name"] == "task"
    assert {"input", "result", "message", "status"} <= task["properties"].keys()
    stub = site.call("GET", "/v2/schemas/tasks").decoded()["properties"]["tasks"]["items"]
    assert "input" not in stub["properties"]


def test_tasks_go_when_their_time_is_up(site: Site, web: Web) -> None:
    done, running = create(site, web.publish("/x", DATA)), None
    site.work.run_due()
    running = create(site, web.publish("/x", DATA))
    expiry = TaskExpiry(site.backend.database, site.work.store, site.clock)
    site.clock.wind(47 * 3600)
    expiry.round()
    assert show(site, done)["status"] == "success"
    site.clock.wind(2 * 3600)
    expiry.round()
    assert site.call("GET", done["self"], token=ADMIN).status == 404
    assert show(site, running)["status"] == "pending"
    site.clock.wind(60 * 86400)
    expiry.round()
    assert [row.id for row in _workflows(site)] == [running["id"]]


def _workflows(site: Site) -> list[Any]:
    with site.backend.database.read() as tx:
        return list(site.work.store.unfinished(tx))
