"""`pileus explain`, on a state directory whose cloud need not run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pileus.cli import explain
from pileus.compute.db import action, server
from pileus.compute.model.action import SELECT_DESTINATIONS, Action
from pileus.compute.model.error.server import InstanceNotFound
from pileus.compute.model.flavor import STANDARD
from pileus.compute.model.server import Server
from pileus.compute.service import MIGRATIONS
from pileus.kit.db import Database, Transaction
from pileus.kit.state import StateDirectory
from pileus.wiring.database import new_database
from pileus.wiring.settings import Settings

NOW = datetime(2026, 1, 1)


@dataclass
class Bench:
    state: StateDirectory
    database: Database

    def homeless(self, *reports: str, server_id: str = "s1") -> None:
        """A server in ERROR for which hosts were looked for so often."""
        self.database.write(self._make, reports, server_id)

    @staticmethod
    def _make(tx: Transaction, reports: tuple[str, ...], server_id: str) -> None:
        made = Server(
            id=server_id, project_id="p", user_id="u", name="web", hostname="web", flavor=STANDARD[0], image=None,
            created_at=NOW, vm_state="error", task_state=None,
        )  # fmt: skip
        server.add(tx, made)
        server.add_fault(tx, server_id, 500, "No valid host was found.", "", NOW)
        action.start(
            tx,
            Action(server_id=server_id, action="create", request_id="r", user_id="u", project_id="p", started_at=NOW),
        )
        for report in reports:
            action.add_failure(tx, server_id, SELECT_DESTINATIONS, NOW, report)

    def explain(self, *arguments: str) -> Result:
        return CliRunner().invoke(explain.command, ["--state", str(self.state.path), *arguments])


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    state = StateDirectory(tmp_path)
    state.prepare()
    with closing(new_database(Settings(), state, "compute")) as database:
        MIGRATIONS.sync(database)
        yield Bench(state, database)


def test_the_hosts_that_were_refused_last_are_shown_with_their_reasons(bench: Bench) -> None:
    bench.homeless("old: ComputeFilter: it was down", "h1: ComputeFilter: its compute service is down\nand 7 more")
    result = bench.explain("s1")
    assert result.exit_code == 0, result.output
    assert "web is ERROR, on no host." in result.output
    assert "No valid host was found." in result.output
    (row,) = [line for line in result.output.splitlines() if "h1" in line]
    assert "ComputeFilter" in row
    assert "its compute service is down" in row
    assert "and 7 more" in result.output
    assert "old" not in result.output


def test_a_program_gets_a_document(bench: Bench) -> None:
    bench.homeless("h1: ComputeFilter: down: since May")
    document = json.loads(bench.explain("s1", "--json").output)
    assert document["refused"] == [{"host": "h1", "filter": "ComputeFilter", "reason": "down: since May"}]
    assert (document["status"], document["host"]) == ("ERROR", None)


def test_where_no_host_was_refused_that_is_said(bench: Bench) -> None:
    bench.homeless()
    assert "No host was refused." in bench.explain("s1").output


def test_a_server_may_be_named_as_its_user_does(bench: Bench) -> None:
    bench.homeless("h1: ComputeFilter: its compute service is down")
    bench.database.write(server.mark_deleted, "s1", NOW)
    assert "its compute service is down" in bench.explain("web").output
    bench.homeless("h2: ComputeFilter: it is disabled", server_id="s2")
    assert "it is disabled" in bench.explain("web").output


def test_of_several_with_one_name_the_ids_are_told(bench: Bench) -> None:
    bench.homeless()
    bench.homeless(server_id="s2")
    error = bench.explain("web").exception
    assert isinstance(error, explain.NameAmbiguous)
    assert str(error) == "Several servers are named 'web': s2, s1. Say which one by its id."


def test_a_server_that_nobody_knows_is_an_error(bench: Bench) -> None:
    assert isinstance(bench.explain("s2").exception, InstanceNotFound)
