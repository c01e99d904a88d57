"""`pileus image audit` and `scrub`, on a state directory whose cloud need not run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from pileus.cli import audit_table, image_audit, image_scrub
from pileus.cli.image_words import WORDS
from pileus.image.model.audit import (
    Finding,
    HollowImage,
    MissingObject,
    OrphanedObject,
    StaleCopy,
    StuckImage,
    WrongSize,
)
from pileus.image.model.errors import NotPendingDelete
from pileus.image.model.image import Image, Limits
from pileus.image.model.upload import STAGING, Received, Upload, new_location
from pileus.image.operations import image as operation
from pileus.image.operations import upload as upload_operation
from pileus.image.operations.store import claim
from pileus.image.service import MIGRATIONS, new_stores
from pileus.image.settings import Settings
from pileus.image.stores.filesystem import MARK
from pileus.kit.clock import SystemClock
from pileus.kit.db import Database
from pileus.kit.db.migration import SchemaDiffers
from pileus.kit.state import StateDirectory

RECEIVED = Received(size=4, checksum="c", os_hash_algo="sha512", os_hash_value="h", virtual_size=4)
ORPHAN = f"{uuid4()}-0badcafe"


@dataclass
class Bench:
    state: StateDirectory
    database: Database

    @property
    def folder(self) -> Path:
        return self.state.path / "images" / "local"

    def new_image(self) -> str:
        now, upload_id = SystemClock().now(), str(uuid4())
        image = Image(
            id=str(uuid4()), owner="me", created_at=now, updated_at=now, disk_format="raw", container_format="bare"
        )
        self.database.write(operation.create, image, Limits())
        place = new_location("local", image.id, upload_id)
        upload = Upload(id=upload_id, image_id=image.id, location=place, expires_at=now + timedelta(minutes=1))
        self.database.write(upload_operation.begin, upload, now)
        (self.folder / place.key).write_bytes(b"data")
        self.database.write(upload_operation.finish, upload, RECEIVED, now)
        return image.id

    def delete(self, image_id: str) -> None:
        self.database.write(operation.delete, image_id, SystemClock().now(), is_delayed=True)

    def audit(self, *words: str) -> Result:
        return CliRunner().invoke(image_audit.command, [*words, "--state", str(self.state.path)])

    def scrub(self, *words: str) -> Result:
        return CliRunner().invoke(image_scrub.command, [*words, "--state", str(self.state.path)])


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    state = StateDirectory(tmp_path / "state")
    state.prepare()
    database = Database(state.database_url("image"))
    MIGRATIONS.sync(database)
    bench = Bench(state, database)
    bench.folder.mkdir(parents=True)
    yield bench
    database.close()


def test_what_is_wrong_is_told_and_then_mended(bench: Bench) -> None:
    bench.new_image()
    assert (bench.audit().exit_code, bench.audit().output) == (0, "everything adds up\n")
    (bench.folder / ORPHAN).write_bytes(b"x")
    found = bench.audit()
    assert found.exit_code == 1
    assert "orphaned bytes" in found.output
    assert "1 found, 0 mended, 1 left" in found.output
    mended = bench.audit("--fix")
    assert (mended.exit_code, "1 found, 1 mended, 0 left" in mended.output) == (0, True)
    assert len(list(bench.folder.iterdir())) == 1


def test_the_staging_area_and_this_hosts_cache_are_looked_into(bench: Bench) -> None:
    (bench.state.path / "pileus.toml").write_text('[image]\nflavor = "keystone+caching"\n')
    assert bench.audit().output == "everything adds up\n"
    (bench.folder.parent / STAGING / ORPHAN).write_bytes(b"x")
    (bench.state.path / "image-cache" / f"{uuid4()}.{'a' * 32}").write_bytes(b"x")
    found = bench.audit()
    assert ("orphaned bytes" in found.output, "stale copy" in found.output) == (True, True)
    assert (bench.audit("--fix").exit_code, bench.audit().output) == (0, "everything adds up\n")


def test_a_store_whose_disk_is_not_mounted_is_told_and_left_alone(bench: Bench) -> None:
    stores = new_stores(Settings(), bench.state.path)
    claim(bench.database, stores)
    image_id = bench.new_image()
    (bench.folder / MARK).unlink()
    found = bench.audit("--json", "--fix")
    assert found.exit_code == 3
    told = json.loads(found.output)
    assert (told["findings"], [each["kind"] for each in told["not_checked"]]) == ([], ["store local"])
    assert f"touch {bench.folder / MARK}" in found.output
    bench.delete(image_id)
    assert bench.scrub().exit_code == 1
    (bench.folder / MARK).touch()
    assert (bench.audit().exit_code, bench.audit().output) == (0, "everything adds up\n")


def test_a_program_reads_the_same_as_json(bench: Bench) -> None:
    image_id = bench.new_image()
    (lost,) = bench.folder.iterdir()
    lost.unlink()
    found = bench.audit("--json", "--fix")
    assert found.exit_code == 1
    fact = {"image_id": image_id, "store": "local", "key": lost.name, "has_other_copy": False}
    assert json.loads(found.output) == {
        "findings": [{"kind": "missing bytes", "is_mended": False, **fact}],
        "not_checked": [],
    }


def test_a_database_of_another_release_is_left_alone(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path / "new")
    state.prepare()
    found = CliRunner().invoke(image_audit.command, ["--state", str(state.path)])
    assert isinstance(found.exception, SchemaDiffers)


@pytest.mark.parametrize(
    "finding",
    [
        OrphanedObject(store="s", key="k"),
        MissingObject(image_id="i", store="s", key="k", has_other_copy=False),
        WrongSize(image_id="i", store="s", key="k", has_other_copy=True, size=1, found=2),
        HollowImage(image_id="i", status="active"),
        StuckImage(image_id="i", status="saving"),
        StaleCopy(name="i.d"),
    ],
    ids=lambda one: str(one.kind),
)
def test_every_finding_has_words_and_something_to_do_next(finding: Finding) -> None:
    console = Console(record=True, width=200, highlight=False)
    audit_table.show(console, WORDS, [audit_table.Result(finding)], {}, fix_command="FIX")
    lines = console.export_text().splitlines()
    assert lines[1].startswith(finding.kind)
    assert lines[3].startswith("next: FIX mends 1" if WORDS.is_mendable(finding) else f"next: {finding.kind}: ")


def test_deleted_images_are_scrubbed_or_restored(bench: Bench) -> None:
    gone, back, there = bench.new_image(), bench.new_image(), bench.new_image()
    bench.delete(gone)
    bench.delete(back)
    assert bench.scrub("--restore", back).output == f"{back} is restored\n"
    assert isinstance(bench.scrub("--restore", there).exception, NotPendingDelete)
    scrubbed = bench.scrub()
    assert (scrubbed.exit_code, scrubbed.output) == (0, f"{gone} is gone\n")
    assert (bench.scrub().output, bench.audit().exit_code) == ("", 0)
    assert len(list(bench.folder.iterdir())) == 2
    assert bench.scrub("--daemon", "--restore", back).exit_code == 2


def test_a_daemon_scrubs_until_it_is_stopped(bench: Bench) -> None:
    (bench.state.path / "pileus.toml").write_text("[image]\nwakeup_time = 0.2\n")
    words = [sys.executable, "-m", "pileus", "image", "scrub", "--daemon", "--state", str(bench.state.path)]
    daemon = subprocess.Popen(words, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        for _ in range(2):
            bench.delete(bench.new_image())
            end = time.monotonic() + 30
            while list(bench.folder.iterdir()):
                assert time.monotonic() < end, "nothing was scrubbed"
                time.sleep(0.05)
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(20) == 0
    finally:
        daemon.kill()
        daemon.wait()
