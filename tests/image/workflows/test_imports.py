"""Imports, whatever happens to the process that does them: each step twice, and a crash before each row."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pileus.image.db import quota as quotas
from pileus.image.db import staged as stagings
from pileus.image.db import upload as uploads
from pileus.image.db.import_tables import WORKFLOW
from pileus.image.model.quota import STAGE_TOTAL, Quota
from pileus.image.model.upload import STAGING
from pileus.image.operations import upload as operation
from pileus.image.service import ImportSettingsInvalid
from pileus.image.settings import ImportFilteringSettings, ImportSettings, Settings, StoreSettings
from pileus.image.workflows import WORKFLOWS
from pileus.image.workflows.imports import IMPORT, begin
from pileus.image.workflows.progress import Progress
from pileus.image.workflows.writing import announced
from pileus.kit.web.gate import Gate, GateRules
from pileus.kit.workflow import Run, Runner
from tests.image.bench import ADMIN, OWNER, Site, with_catalog
from tests.image.formats.test_package import descriptor, package
from tests.kit.web.site import Site as Web
from tests.kit.web.site import serving
from tests.lacking import require_program

DATA = bytes(range(256)) * 4096


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as made:
        yield made


def settings_for(web: Web | None = None, **imports: Any) -> Settings:
    filtering = ImportFilteringSettings()
    if web is not None:
        filtering = ImportFilteringSettings(allowed_ports=(web.port,), allowed_networks=("127.0.0.0/8",))
    return Settings(
        stores={"a": StoreSettings(), "b": StoreSettings(), "web": StoreSettings(kind="http")},
        import_filtering=filtering,
        imports=ImportSettings(**imports),
    )


def store_files(site: Site, store: str) -> list[str]:
    return sorted(path.name for path in (site.folder.parent / store).iterdir())


def run_of(site: Site, task_id: str) -> Run:
    with site.backend.database.read() as tx:
        record = site.work.store.get(tx, task_id)
    return Run(record.id, record.kind, record.subject, record.arguments, record.results, reason=record.reason)


def advance(site: Site, run: Run, steps: int) -> None:
    """Do so many steps, and die before the row that says of the last of them that it is done."""
    for step in IMPORT.steps[:steps]:
        step.do(run, site.work._state)
    position = max(0, steps - 1)
    with site.backend.database.engine.begin() as connection:
        connection.execute(WORKFLOW.update().where(WORKFLOW.c.id == run.id).values(position=position))


def begun(site: Site, method: str, web: Web | None = None, **body: Any) -> tuple[str, str]:
    """Return an image whose import has begun, and its task."""
    image_id = site.create_raw()
    if method == "glance-direct":
        assert site.stage(image_id, DATA).status == 204
    else:
        assert web is not None
        body["method"] = {"uri": web.publish("/x", DATA)}
    reply = site.begin_import(image_id, method, **body)
    assert reply.status == 202, reply.body
    return image_id, site.tasks(image_id)[0]["id"]


def test_a_task_says_how_far_its_import_is_at_each_store(site: Site) -> None:
    image_id, task_id = begun(site, "glance-direct")
    run, means = run_of(site, task_id), site.work._state
    begin(run, means)
    progress, said = Progress(run, means, 3 * 2**20), []

    def pieces(seconds: float) -> Iterator[bytes]:
        for _ in range(3):
            site.clock.wind(seconds)
            yield bytes(2**20)
            said.append(site.tasks(image_id)[0]["message"])

    assert len(list(progress.follow("b", pieces(0.1)))) == 3
    assert len(list(progress.follow("a", pieces(1)))) == 3
    assert said == ["", "", "", *(f"a: {done} of 3 MiB; b: 3 of 3 MiB" for done in (1, 2, 3))]
    site.work.run_due()
    list(progress.follow("a", pieces(1)))
    assert site.tasks(image_id)[0]["message"] == ""


def require_clean(site: Site) -> None:
    """Nothing waits, nothing is half there."""
    site.repair()
    assert site.staged_files() == []
    with site.backend.database.read() as tx:
        assert uploads.list_discarded(tx) == []


@pytest.mark.parametrize("method", ["glance-direct", "web-download"])
def test_an_import_to_all_stores_ends_in_an_active_image(new_site: Callable[..., Site], web: Web, method: str) -> None:
    site = new_site(settings_for(web))
    image_id, _ = begun(site, method, web, all_stores=True)
    image = site.get(image_id)
    assert (image["status"], image["os_glance_importing_to_stores"]) == ("importing", "a,b")
    site.work.run_due()
    image = site.get(image_id)
    wanted = {
        "status": "active",
        "stores": "a,b",
        "size": len(DATA),
        "os_hash_value": hashlib.sha512(DATA).hexdigest(),
        "os_glance_importing_to_stores": "",
        "os_glance_failed_import": "",
    }
    assert image.items() >= wanted.items()
    assert "os_glance_import_task" not in image
    assert site.download(image_id).body == DATA
    (task,) = site.tasks(image_id)
    assert (task["status"], task["result"], task["type"]) == ("success", {"image_id": image_id}, "api_image_import")
    assert task["input"]["import_req"]["method"]["name"] == method
    require_clean(site)


@pytest.mark.parametrize("steps", range(len(IMPORT.steps) + 1))
def test_a_process_that_dies_after_any_step_and_before_its_row_is_gone_on_for(
    new_site: Callable[..., Site], web: Web, steps: int
) -> None:
    site = new_site(settings_for(web))
    image_id, task_id = begun(site, "web-download", web, stores=["a", "b"])
    advance(site, run_of(site, task_id), steps)
    site.work.run_due()
    assert (site.get(image_id)["status"], site.get(image_id)["stores"]) == ("active", "a,b")
    assert site.tasks(image_id)[0]["status"] == "success"
    require_clean(site)
    assert (len(store_files(site, "a")), len(store_files(site, "b"))) == (1, 1)


@pytest.mark.parametrize("steps", range(len(IMPORT.steps)))
def test_an_import_that_is_undone_twice_leaves_nothing(new_site: Callable[..., Site], web: Web, steps: int) -> None:
    site = new_site(settings_for(web))
    image_id, task_id = begun(site, "web-download", web, stores=["a", "b"])
    run = run_of(site, task_id)
    advance(site, run, steps)
    site.backend.database.write(site.work.cancel, image_id)
    for step in reversed(IMPORT.steps[:steps]):
        if step.undo is not None:
            step.undo(run, site.work._state)
    site.work.run_due()
    image = site.get(image_id)
    assert (image["status"], image["size"], image["checksum"]) == ("queued", None, None)
    assert image["os_glance_failed_import"] == "a,b"
    (task,) = site.tasks(image_id)
    assert (task["status"], task["message"]) == ("failure", "it was cancelled")
    require_clean(site)
    assert store_files(site, "a") + store_files(site, "b") == []


@pytest.mark.parametrize("where", ["staging", "store"])
def test_bytes_half_written_by_a_dead_process_are_written_anew(
    new_site: Callable[..., Site], web: Web, where: str
) -> None:
    """The lease of its upload may not have run out yet."""
    site = new_site(settings_for(web))
    image_id, task_id = begun(site, "web-download", web, stores=["a"])
    run, means = run_of(site, task_id), site.work._state
    if where == "store":
        advance(site, run, 6)
    block = announced(run, means, means.image(image_id), STAGING if where == "staging" else "a")
    upload = block.__enter__()  # and never left
    writer = site.backend.places[upload.location.store].create(upload.location.key, None)
    writer.write([b"half"])
    site.work.run_due()
    assert site.get(image_id)["status"] == "active"
    assert site.download(image_id).body == DATA
    require_clean(site)
    assert len(store_files(site, "a")) == 1
    with site.backend.database.read() as tx:
        assert uploads.list_of_image(tx, image_id) == []


def test_what_an_earlier_life_of_the_process_was_writing_goes_when_it_starts_again(site: Site) -> None:
    image_id = site.create_raw()
    site.stage(image_id, DATA)
    site.backend.database.write(operation.abandon_own, "", site.clock.now())
    assert site.get(image_id)["status"] == "uploading"
    with site.backend.database.read() as tx:
        assert stagings.find(tx, image_id) is not None


def test_a_store_that_fails_has_the_whole_import_undone_if_all_must_succeed(new_site: Callable[..., Site]) -> None:
    site = new_site(settings_for())
    image_id, _ = begun(site, "glance-direct", stores=["a", "b"])
    shutil.rmtree(site.folder.parent / "b")
    site.work.run_due()
    image = site.get(image_id)
    assert (image["status"], image["os_glance_failed_import"]) == ("queued", "a,b")
    assert "b: " in site.tasks(image_id)[0]["message"]
    assert store_files(site, "a") == []
    (site.folder.parent / "b").mkdir()
    require_clean(site)


def test_a_store_that_fails_is_named_if_not_all_must_succeed(new_site: Callable[..., Site]) -> None:
    site = new_site(settings_for())
    image_id, _ = begun(site, "glance-direct", stores=["a", "b"], all_stores_must_succeed=False)
    shutil.rmtree(site.folder.parent / "b")
    site.work.run_due()
    image = site.get(image_id)
    assert (image["status"], image["stores"], image["os_glance_failed_import"]) == ("active", "a", "b")
    assert site.download(image_id).body == DATA


def test_an_image_is_copied_to_the_stores_that_lack_it(new_site: Callable[..., Site]) -> None:
    site = new_site(settings_for())
    image_id = site.create_raw()
    site.upload(image_id, DATA)
    assert site.begin_import(image_id, "copy-image", all_stores=True, token=OWNER).status == 403
    assert site.begin_import(image_id, "copy-image", all_stores=True, token=ADMIN).status == 202
    assert site.get(image_id)["status"] == "active"
    site.work.run_due()
    assert site.get(image_id)["stores"] == "a,b"
    assert (len(store_files(site, "a")), len(store_files(site, "b"))) == (1, 1)
    assert site.begin_import(image_id, "copy-image", stores=["b"], token=ADMIN).status == 400
    assert site.begin_import(image_id, "copy-image", all_stores=True, token=ADMIN).status == 202
    assert len(site.tasks(image_id)) == 1  # there was nothing left to do


def test_bytes_that_rotted_in_a_store_are_not_copied(new_site: Callable[..., Site]) -> None:
    site = new_site(settings_for())
    image_id = site.create_raw()
    site.upload(image_id, DATA)
    (name,) = store_files(site, "a")
    (site.folder.parent / "a" / name).write_bytes(DATA[:-1] + b"\0")
    site.begin_import(image_id, "copy-image", stores=["b"], token=ADMIN)
    site.work.run_due()
    image = site.get(image_id)
    assert (image["status"], image["stores"], image["os_glance_failed_import"]) == ("active", "a", "b")
    assert store_files(site, "b") == []


def test_an_image_deleted_in_mid_import_leaves_nothing(new_site: Callable[..., Site], web: Web) -> None:
    site = new_site(settings_for(web))
    image_id, task_id = begun(site, "web-download", web, stores=["a"])
    advance(site, run_of(site, task_id), 4)
    assert site.call("DELETE", f"/v2/images/{image_id}").status == 204
    site.work.run_due()
    task = site.call("GET", f"/v2/tasks/{task_id}", token=ADMIN).decoded()
    assert task["status"] == "failure"
    require_clean(site)
    assert store_files(site, "a") == []


def test_a_source_that_is_not_there_ends_the_import_with_a_reason(new_site: Callable[..., Site], web: Web) -> None:
    site = new_site(settings_for(web))
    image_id = site.create_raw()
    uri = web.publish("/x", DATA).replace("/x", "/missing")
    assert site.begin_import(image_id, "web-download", method={"uri": uri}).status == 202
    site.work.run_due()
    assert site.get(image_id)["status"] == "queued"
    assert "404" in site.tasks(image_id)[0]["message"]


def test_a_host_that_does_not_exist_ends_the_import_at_once(new_site: Callable[..., Site]) -> None:
    def resolve(_: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    site = new_site(settings_for())
    site.work._state = replace(site.work._state, gate=Gate(GateRules(), resolve))
    image_id = site.create_raw()
    assert site.begin_import(image_id, "web-download", method={"uri": "http://mirror.example/x"}).status == 202
    site.work.run_due()
    assert site.get(image_id)["status"] == "queued"
    assert site.tasks(image_id)[0]["message"] == "The host mirror.example cannot be found."


def test_bytes_are_held_against_their_digest_before_anything_is_done_with_them(
    new_site: Callable[..., Site], web: Web
) -> None:
    site = new_site(settings_for(web))
    image_id = site.create_raw(expected_hash="sha256:" + "0" * 64)
    site.begin_import(image_id, "web-download", method={"uri": web.publish("/x", DATA)})
    site.work.run_due()
    assert site.get(image_id)["status"] == "queued"
    assert "sha256" in site.tasks(image_id)[0]["message"]
    require_clean(site)


def test_bytes_of_another_format_are_refused(site: Site) -> None:
    image_id = site.create(disk_format="qcow2", container_format="bare")
    site.stage(image_id, DATA)
    site.begin_import(image_id, "glance-direct")
    site.work.run_due()
    assert site.get(image_id)["status"] == "queued"
    assert "qcow2" in site.tasks(image_id)[0]["message"]
    assert site.staged_files() == []


def test_plugins_decompress_and_inject(new_site: Callable[..., Site]) -> None:
    plugins = ("image_decompression", "inject_image_metadata")
    site = new_site(settings_for(image_import_plugins=plugins, inject={"hw_rng": "yes", "os_glance_x": "no"}))
    twice = gzip.compress(gzip.compress(DATA))
    image_id = site.create_raw()
    site.stage(image_id, twice)
    site.begin_import(image_id, "glance-direct")
    (task,) = site.tasks(image_id)
    advance(site, run_of(site, task["id"]), 4)  # unpacked, and the process dies before its row
    site.work.run_due()
    image = site.get(image_id)
    assert (image["status"], image["hw_rng"]) == ("active", "yes")
    assert "os_glance_x" not in image
    assert gzip.decompress(site.download(image_id).body) == DATA  # unpacked once, not twice
    require_clean(site)


@pytest.mark.parametrize(("said", "shown"), [({}, ["cim_pasd_InstructionSet"]), ({"cim_pasd": ()}, [])])
def test_a_packages_disk_is_the_image_with_what_the_operator_wants_to_know(
    new_site: Callable[..., Site], tmp_path: Path, said: dict[str, Any], shown: list[str]
) -> None:
    site = new_site(settings_for(image_import_plugins=("ovf_process",), **said))
    path = package(tmp_path / "a.ova", ("a.ovf", descriptor()), ("disk.vmdk", DATA))
    image_id = site.create(disk_format="raw", container_format="ova")
    site.stage(image_id, path.read_bytes())
    site.begin_import(image_id, "glance-direct")
    site.work.run_due()
    image = site.get(image_id)
    assert (image["status"], image["container_format"]) == ("active", "bare")
    assert [name for name in image if name.startswith("cim_")] == shown
    assert site.download(image_id).body == DATA


def test_stores_may_be_written_one_after_the_other(new_site: Callable[..., Site]) -> None:
    site = new_site(settings_for(max_parallel_stores=1))
    image_id, _ = begun(site, "glance-direct", all_stores=True)
    site.work.run_due()
    assert site.get(image_id)["stores"] == "a,b"
    with pytest.raises(ImportSettingsInvalid, match="1 or more"):
        new_site(settings_for(max_parallel_stores=0))


def test_nothing_is_injected_for_the_roles_that_are_left_out(new_site: Callable[..., Site]) -> None:
    site = new_site(settings_for(image_import_plugins=("inject_image_metadata",), inject={"hw_rng": "yes"}))
    image_id = site.create_raw(token=ADMIN)
    site.stage(image_id, DATA, token=ADMIN)
    site.begin_import(image_id, "glance-direct", token=ADMIN)
    site.work.run_due()
    assert "hw_rng" not in site.get(image_id, ADMIN)


def test_an_image_is_converted_on_its_way(new_site: Callable[..., Site]) -> None:
    require_program("qemu-img", "qemu-utils")
    site = new_site(settings_for(image_import_plugins=("image_conversion",), output_format="qcow2"))
    image_id = site.create_raw()
    site.stage(image_id, DATA)
    site.begin_import(image_id, "glance-direct")
    site.work.run_due()
    image = site.get(image_id)
    assert (image["status"], image["disk_format"], image["virtual_size"]) == ("active", "qcow2", len(DATA))
    assert site.download(image_id).body.startswith(b"QFI\xfb")
    require_clean(site)


SIGNED = {
    "img_signature": "c2lnbmF0dXJl",
    "img_signature_hash_method": "SHA-256",
    "img_signature_key_type": "RSA-PSS",
}
"""One property less than a signature has, so that nobody verifies it."""


@pytest.mark.parametrize("plugins", [(), ("image_decompression",)])
@pytest.mark.parametrize("must_all", [True, False])
def test_what_was_said_of_bytes_that_a_plugin_has_changed_is_not_said_of_the_image(
    new_site: Callable[..., Site], plugins: tuple[str, ...], must_all: bool
) -> None:
    site, packed = new_site(settings_for(image_import_plugins=plugins)), gzip.compress(DATA)
    said = {**SIGNED, "expected_hash": f"sha256:{hashlib.sha256(packed).hexdigest()}"}
    image_id = site.create_raw(**said, colour="red")
    site.stage(image_id, packed)
    site.begin_import(image_id, "glance-direct", all_stores_must_succeed=must_all)
    site.work.run_due()
    image = site.get(image_id)
    assert (image["status"], image["colour"]) == ("active", "red")
    assert {name: image[name] for name in said if name in image} == ({} if plugins else said)


def test_an_import_that_fails_after_a_plugin_leaves_the_digest_for_the_next_try(
    new_site: Callable[..., Site],
) -> None:
    site, packed = new_site(settings_for(image_import_plugins=("image_decompression",))), gzip.compress(DATA)
    said = f"sha256:{hashlib.sha256(packed).hexdigest()}"
    image_id = site.create(disk_format="qcow2", container_format="bare", expected_hash=said)
    site.stage(image_id, packed)
    site.begin_import(image_id, "glance-direct")
    site.work.run_due()
    image = site.get(image_id)
    assert (image["status"], image["expected_hash"]) == ("queued", said)


def held_to(site: Site, stage_bytes: int) -> None:
    """Hold all projects to so many bytes in the staging area."""
    quota = Quota({STAGE_TOTAL: stage_bytes})
    site.work._state = replace(site.work._state, quota_of=lambda _project_id: quota)


@pytest.mark.parametrize("plugin", ["image_conversion", "image_decompression"])
def test_what_a_plugin_writes_is_reserved_before_it_is_written(new_site: Callable[..., Site], plugin: str) -> None:
    require_program("qemu-img", "qemu-utils")
    site = new_site(settings_for(image_import_plugins=(plugin,), output_format="qcow2"))
    came = DATA if plugin == "image_conversion" else gzip.compress(DATA)
    most = len(came) + len(DATA) + (len(DATA) // 64 + 4 * 2**20 if plugin == "image_conversion" else 0)
    written: list[int] = []
    for room, status in ((most - 1, "queued"), (most, "active")):
        image_id = site.create_raw()
        site.stage(image_id, came)
        held_to(site, room)
        site.begin_import(image_id, "glance-direct")
        site.work.run_due()
        assert site.get(image_id)["status"] == status, site.tasks(image_id)
        assert ("image_stage_total" in site.tasks(image_id)[0]["message"]) == (status == "queued")
        with site.backend.database.read() as tx:
            written.append(quotas.usage(tx, "p-own")[STAGE_TOTAL])
        require_clean(site)
    assert written == [0, 0]


def test_an_image_of_another_region_comes_with_its_description(new_site: Callable[..., Site], web: Web) -> None:
    source_id = "36d4b546-64a2-4bb9-bdd0-ba676aa48f2c"
    document = {
        "id": source_id,
        "status": "active",
        "size": len(DATA),
        "disk_format": "raw",
        "container_format": "bare",
        "hw_cpu_cores": "5",
        "speed": "88mph",
    }
    web.publish(f"/v2/images/{source_id}", json.dumps(document).encode())
    web.publish(f"/v2/images/{source_id}/file", DATA)
    site = new_site(settings_for(web))
    image_id = site.create(disk_format="iso", container_format="ovf", hw_cpu_cores="1", colour="red")
    task_id = begin_download(site, image_id, source_id, web.url)
    site.patch(image_id, {"op": "replace", "path": "/colour", "value": "blue"})
    site.work.run_due()
    image = site.get(image_id)
    wanted = {"status": "active", "disk_format": "raw", "container_format": "bare", "colour": "blue"}
    assert image.items() >= {**wanted, "hw_cpu_cores": "5"}.items()
    assert "speed" not in image
    assert {headers["x-auth-token"] for _, headers in web.heard} == {OWNER}
    assert site.backend.importing is not None
    assert site.backend.importing.tokens == {}
    with site.backend.database.read() as tx:
        assert OWNER not in str(site.work.store.get(tx, task_id).arguments)


def test_another_process_leaves_an_import_to_who_has_the_token(new_site: Callable[..., Site], web: Web) -> None:
    site = new_site(settings_for(web))
    begin_download(site, site.create_raw(), "36d4b546-64a2-4bb9-bdd0-ba676aa48f2c", web.url)
    database, store, means = site.backend.database, site.work.store, replace(site.work._state, tokens={})
    assert Runner(database, store, WORKFLOWS, means, owner="another", clock=site.clock).run_due() == 0
    assert site.work.run_due() == 1


def test_a_token_does_not_outlive_the_process(new_site: Callable[..., Site], web: Web) -> None:
    site = new_site(settings_for(web))
    image_id = site.create_raw()
    begin_download(site, image_id, "36d4b546-64a2-4bb9-bdd0-ba676aa48f2c", web.url)
    assert site.backend.importing is not None
    site.backend.importing.tokens.clear()
    site.work.run_due()
    assert site.get(image_id)["status"] == "queued"
    assert "import again" in site.tasks(image_id)[0]["message"]


def begin_download(site: Site, image_id: str, source_id: str, endpoint: str) -> str:
    """Begin a copy from another region, whose image service is at `endpoint`; return its task."""
    method = {"glance_region": "Two", "glance_image_id": source_id}
    catalog = ({"type": "image", "endpoints": [{"region_id": "two", "interface": "public", "url": endpoint}]},)
    with_catalog(site, catalog)
    assert site.begin_import(image_id, "glance-download", method=method).status == 202
    return str(site.tasks(image_id)[0]["id"])
