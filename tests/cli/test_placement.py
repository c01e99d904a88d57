"""`pileus placement`: its books are held against compute's while the cloud runs, and how full it is is shown."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from pileus.kit.db import Database
from pileus.placement.db import tables
from tests.crash.api import Api, wait_until
from tests.running import RunningCloud, free_offset, own_environment, run_pileus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TERMINAL = {"COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    made = RunningCloud(tmp_path_factory.mktemp("placement") / "state")
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Api:
    api = Api(cloud.clouds_yaml, "pileus")
    api.log_in()
    return api


@pytest.fixture(scope="module")
def host(admin: Api) -> str:
    """The provider of the only host, once it has inventories."""
    path = "/resource_providers?resources=VCPU:1&required=COMPUTE_NODE"

    def found() -> Any:
        return admin.call("placement", "GET", path)["resource_providers"]

    wait_until("no host", found, 20)
    return str(found()[0]["uuid"])


@pytest.fixture(scope="module")
def server(admin: Api, host: str) -> str:
    """An active server."""
    body = {"name": "image", "disk_format": "raw", "container_format": "bare"}
    image = admin.call("image", "POST", "/v2/images", body)["id"]
    admin.call("image", "PUT", f"/v2/images/{image}/file", body=b"data")
    body = {"server": {"name": "server", "imageRef": image, "flavorRef": "1"}}
    made = str(admin.call("compute", "POST", "/servers", body)["server"]["id"])
    wait_until("not active", lambda: status_of(admin, made) == "ACTIVE", 30)
    return made


def status_of(admin: Api, server: str) -> str:
    return str(admin.call("compute", "GET", f"/servers/{server}")["server"]["status"])


def hold(admin: Api, host: str, **amounts: int) -> str:
    """Let a consumer that is no server hold something of a host."""
    consumer = str(uuid.uuid4())
    body = {
        "allocations": {host: {"resources": amounts}},
        "project_id": "p",
        "user_id": "u",
        "consumer_generation": None,
    }
    admin.call("placement", "PUT", f"/allocations/{consumer}", body)
    return consumer


def audit(cloud: RunningCloud, *words: str) -> subprocess.CompletedProcess[str]:
    return run_pileus("placement", "audit", "--state", cloud.state.path, "--older-than", "0", *words)


def count_wrong(cloud: RunningCloud) -> None:
    database = Database(cloud.state.database_url("placement"))
    i = tables.inventory
    wrong = update(i).where(i.c.resource_class == "VCPU").values(used=i.c.used + 5)
    database.write(lambda tx: tx.execute(wrong))
    database.close()


# --- audit ------------------------------------------------------------------------------------------------------------


def test_the_books_of_a_cloud_that_runs_add_up(cloud: RunningCloud, server: str) -> None:
    done = audit(cloud)
    assert (done.returncode, done.stdout, done.stderr) == (0, "everything adds up\n", "")


def test_what_is_wrong_is_told_and_then_mended_under_a_cloud_that_runs(
    cloud: RunningCloud, admin: Api, host: str, server: str
) -> None:
    orphan = hold(admin, host, VCPU=2)
    count_wrong(cloud)
    told = audit(cloud)
    assert told.returncode == 1
    lines = told.stdout.splitlines()
    assert re.match(rf"orphaned consumer +{orphan} +compute does not know it; holds 2 VCPU of ", lines[1])
    assert re.match(r"wrong use +\S+ VCPU +counts 8 as used, its allocations are 3", lines[2])
    assert lines[3] == "2 found, 0 mended, 2 left"
    assert lines[4].startswith("next: pileus placement audit ")
    assert "--fix mends 2 of them" in lines[4]
    mended = audit(cloud, "--fix")
    assert (mended.returncode, mended.stdout.count("; mended")) == (0, 2), mended
    assert audit(cloud).stdout == "everything adds up\n"
    usages = admin.call("placement", "GET", f"/resource_providers/{host}/usages")["usages"]
    assert usages["VCPU"] == 1, "what the server holds"
    assert status_of(admin, server) == "ACTIVE"


def test_a_program_reads_the_same_as_json(cloud: RunningCloud, admin: Api, host: str, server: str) -> None:
    orphan = hold(admin, host, VCPU=2)
    document = json.loads(audit(cloud, "--json").stdout)
    [finding] = document["findings"]
    assert (finding["kind"], finding["consumer_uuid"], finding["is_mended"]) == ("orphaned consumer", orphan, False)
    assert [(one["provider_uuid"], one["used"]) for one in finding["held"]] == [(host, 2)]
    assert document["not_checked"] == []
    assert json.loads(audit(cloud, "--json", "--fix").stdout)["findings"][0]["is_mended"] is True


def test_young_allocations_are_nobodys_business(cloud: RunningCloud, admin: Api, host: str) -> None:
    hold(admin, host, VCPU=2)
    assert run_pileus("placement", "audit", "--state", cloud.state.path).returncode == 0
    assert audit(cloud, "--fix").returncode == 0


def test_what_is_not_mended_by_itself_comes_with_what_to_do(cloud: RunningCloud, admin: Api, host: str) -> None:
    # Of a provider of its own, as compute tells placement of its hosts again and again.
    body = {"name": "shrinking"}
    shrinking = admin.call("placement", "POST", "/resource_providers", body)["uuid"]
    path = f"/resource_providers/{shrinking}/inventories"
    body = {"resource_provider_generation": 0, "inventories": {"SRIOV_NET_VF": {"total": 4}}}
    generation = admin.call("placement", "PUT", path, body)["resource_provider_generation"]
    consumer = hold(admin, shrinking, SRIOV_NET_VF=3)
    body = {"resource_provider_generation": generation + 1, "total": 2}
    admin.call("placement", "PUT", f"{path}/SRIOV_NET_VF", body)
    done = audit(cloud, "--fix")
    assert done.returncode == 1
    assert re.search(r"over capacity +shrinking SRIOV_NET_VF +3 are held of 2", done.stdout)
    assert "next: over capacity: move servers away" in done.stdout
    admin.call("placement", "DELETE", f"/allocations/{consumer}")
    admin.call("placement", "DELETE", f"/resource_providers/{shrinking}")


def test_without_compute_the_rest_is_checked(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert run_pileus("database", "sync", "placement", "--state", state).returncode == 0
    closed = {"PILEUS_IDENTITY__LISTEN__PORT": str(5000 + free_offset())}
    done = run_pileus("placement", "audit", "--state", state, **closed)
    assert done.returncode == 3
    assert re.match(r"not checked: orphaned consumer: http://127.0.0.1:\d+ does not answer: ", done.stdout)
    assert done.stdout.endswith("the rest adds up\n")
    done = run_pileus("placement", "audit", "--state", state, "--no-compute", **closed)
    assert (done.returncode, done.stdout) == (0, "everything adds up\n")


@pytest.mark.databases("postgresql", "mariadb")
def test_other_databases_are_checked_too(tmp_path: Path, database_url: str) -> None:
    there = {"PILEUS_PLACEMENT__DATABASE__URL": database_url}
    words = ("placement", "audit", "--state", tmp_path / "state", "--no-compute")
    refused = run_pileus(*words, **there)
    assert (refused.returncode, "pileus database sync" in refused.stderr) == (1, True), refused
    run_pileus("database", "sync", "placement", "--state", tmp_path / "state", **there)
    assert run_pileus(*words, **there).stdout == "everything adds up\n"
    assert run_pileus("placement", "top", "--state", tmp_path / "state", **there).returncode == 0


# --- top --------------------------------------------------------------------------------------------------------------


def test_piped_every_class_is_a_line_of_whole_numbers(cloud: RunningCloud, admin: Api, host: str, server: str) -> None:
    aggregate = str(uuid.uuid4())
    provider = admin.call("placement", "GET", f"/resource_providers/{host}")
    body = {"resource_provider_generation": provider["generation"], "aggregates": [aggregate]}
    admin.call("placement", "PUT", f"/resource_providers/{host}/aggregates", body)
    done = run_pileus("placement", "top", "--state", cloud.state.path)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[:2] for row in rows[1:]] == [
        [where, name] for where in ("-", aggregate) for name in ("VCPU", "MEMORY_MB", "DISK_GB")
    ]
    assert rows[1][2:] == ["1", "256", "0", "1", "255", "0.4%", provider["name"], "0.4%"]


def on_terminal(cloud: RunningCloud, *words: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start `pileus placement top` on a terminal of 80 columns; return it and our end of the terminal."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "pileus", "placement", "top", "--state", str(cloud.state.path), *words]
    process = subprocess.Popen(command, env=own_environment(**TERMINAL), stdin=its, stdout=its, stderr=its)
    os.close(its)
    return process, ours


def read_until(ours: int, wanted: str = "") -> str:
    """Return what was drawn up to some text, or to the end."""
    seen = b""
    with suppress(OSError):  # Linux says so when the other side has closed
        while piece := os.read(ours, 65536):
            seen += piece
            if wanted and wanted in seen.decode(errors="replace"):
                break
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode(errors="replace"))


def test_a_terminal_of_80_columns_holds_it(cloud: RunningCloud, server: str) -> None:
    process, ours = on_terminal(cloud, "--once")
    lines = read_until(ours).replace("\r", "").splitlines()
    os.close(ours)
    assert process.wait(30) == 0
    assert all(len(line) <= 80 for line in lines), lines
    vcpu = next(line for line in lines if line.startswith("VCPU"))
    assert re.match(r"VCPU +1 +256 +0 +1 +255 +░{6} +0% \S+ +0% *$", vcpu), vcpu


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_live_it_looks_again_until_it_is_told_to_end(cloud: RunningCloud, server: str, how: signal.Signals) -> None:
    process, ours = on_terminal(cloud, "--interval", "0.2")
    try:
        for _ in range(3):
            read_until(ours, "DISK_GB")
        process.send_signal(how)
        read_until(ours)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
