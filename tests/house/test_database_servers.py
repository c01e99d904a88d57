"""The databases that tests are given, and what is left of them when a run ends badly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60

SLEEPING_TEST = """
import os, pathlib, time
from tests.conftest import RUN_DIRECTORY

def test_that_has_a_database_and_never_ends(database_url, pytestconfig):
    pathlib.Path("told").write_text(str(pytestconfig.stash[RUN_DIRECTORY]))
    time.sleep(600)
"""


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_database_is_empty_and_one_may_write_to_it(database_url: str, attempt: int) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE made (attempt INTEGER)"))
        connection.execute(text("INSERT INTO made VALUES (:attempt)"), {"attempt": attempt})
    with engine.connect() as connection:
        assert connection.execute(text("SELECT attempt FROM made")).scalars().all() == [attempt]
    engine.dispose()


def test_two_databases_of_one_test_differ(new_database: Callable[[], str]) -> None:
    assert new_database() != new_database()


left_open: list[Connection] = []


@pytest.mark.databases("postgresql", "mariadb")
def test_a_connection_left_open_does_not_keep_a_database(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE made (attempt INTEGER)"))
    left_open.append(engine.connect())
    left_open[-1].execute(text("SELECT * FROM made"))


@pytest.mark.databases("mariadb")
def test_mariadb_compares_names_by_their_bytes(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE made (name VARCHAR(8) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO made VALUES ('a'), ('A')"))
        assert connection.execute(text("SELECT name FROM made WHERE name = 'A'")).scalars().all() == ["A"]
    engine.dispose()


@pytest.mark.parametrize("workers", [0, 1], ids=["alone", "with-a-worker"])
@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_nothing_is_left_of_a_run_that_was_killed(kind: str, workers: int, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import *")
    (tmp_path / "test_sleeping.py").write_text(SLEEPING_TEST)
    program = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--import-mode=importlib", "-k", kind]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([*program, "."], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as run:
        wait_for((tmp_path / "told").exists)
        run_directory = Path((tmp_path / "told").read_text())
        assert list_processes(run_directory)
        run.send_signal(signal.SIGKILL)
    wait_for(lambda: not list_processes(run_directory) and not run_directory.exists())


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def list_processes(mentioning: Path) -> list[str]:
    """The command lines that name this directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found += [words] if str(mentioning) in words else []
    return found
