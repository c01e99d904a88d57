"""The broker that tests are given, and what is left of it when a run ends badly."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.test_database_servers import ROOT, wait_for

SLEEPING_TEST = """
import json, pathlib, time
from tests.conftest import RUN_DIRECTORY

def test_that_has_the_shared_broker_and_never_ends(broker_url, pytestconfig):
    tell(pytestconfig.stash[RUN_DIRECTORY] / "rabbitmq", pytestconfig)

def test_that_has_a_broker_alone_and_never_ends(broker, pytestconfig):
    tell(broker.home, pytestconfig)

def tell(home, pytestconfig):
    ports = json.loads((home / "ports.json").read_text())
    pathlib.Path("telling").write_text(json.dumps({"directory": str(home.parent), "ports": list(ports.values())}))
    pathlib.Path("telling").rename("told")
    time.sleep(600)
"""


@pytest.mark.parametrize("which", ["shared", "alone"])
def test_nothing_runs_on_of_a_broker_whose_run_was_killed(which: str, tmp_path: Path, broker_url: str) -> None:
    assert broker_url  # skips where there is no RabbitMQ
    (tmp_path / "conftest.py").write_text("from tests.conftest import *")
    (tmp_path / "test_sleeping.py").write_text(SLEEPING_TEST)
    program = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "-k", which]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([*program, "."], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as run:
        wait_for((tmp_path / "told").exists)
        told = json.loads((tmp_path / "told").read_text())
        assert all(is_open(port) for port in told["ports"])
        run.send_signal(signal.SIGKILL)
    wait_for(lambda: not any(is_open(port) for port in told["ports"]))
    shutil.rmtree(told["directory"], ignore_errors=True)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
