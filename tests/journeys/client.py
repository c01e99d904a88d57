"""The real command-line clients, started once and forked for each command: a command costs 0.05 s instead of 1.5 s."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.running import own_environment

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Done:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str


class Clients:
    """The process that forks; see `warm.py`."""

    def __init__(self, clouds_yaml: Path, directory: Path) -> None:
        environment = own_environment(OS_CLIENT_CONFIG_FILE=str(clouds_yaml), OS_CLOUD="pileus")
        self.directory = directory
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.warm", str(directory)],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, program: str, words: list[str], environment: dict[str, str]) -> Done:
        """Run one command to its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([program, words, environment]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the clients' process has ended"
        return Done(**json.loads(answer))

    def close(self) -> None:
        """End it."""
        self._process.communicate()


class Client:
    """The clients as one user. A line is split as a shell would."""

    def __init__(self, clients: Clients, clouds_yaml: Path, cloud: str) -> None:
        self.directory = clients.directory
        self.auth: dict[str, str] = yaml.safe_load(clouds_yaml.read_text())["clouds"][cloud]["auth"]
        self._clients = clients
        self.environment = {f"OS_{name.upper()}": value for name, value in self.auth.items()}
        self.environment |= {
            "OS_IDENTITY_API_VERSION": "3",
            "OS_REGION_NAME": "RegionOne",
            "OS_PLACEMENT_API_VERSION": "1.29",
        }

    def as_user(self, **changes: str) -> Client:
        """Return the clients with some OS_… variables changed; an empty one goes."""
        other = object.__new__(Client)
        other.__dict__ = {**self.__dict__}
        merged = {**self.environment, **{f"OS_{name.upper()}": value for name, value in changes.items()}}
        other.environment = {name: value for name, value in merged.items() if value}
        return other

    def with_nothing(self) -> Client:
        """Return the clients without any OS_… variable."""
        return self.as_user(**dict.fromkeys((name.removeprefix("OS_") for name in self.environment), ""))

    def run(self, line: str, *, program: str = "openstack") -> Done:
        """Run a command, whatever comes of it."""
        return self._clients.run(program, shlex.split(line), self.environment)

    def do(self, line: str, *, program: str = "openstack") -> str:
        """Run a command that must work; return what it printed."""
        done = self.run(line, program=program)
        assert done.status == 0, f"{program} {line} ended with {done.status}:\n{done.out}\n{done.err}"
        return done.out

    def json(self, line: str) -> Any:
        """Run a command of `openstack` with `-f json`; return what that is."""
        return json.loads(self.do(f"{line} -f json"))

    def value(self, line: str) -> str:
        """Run a command of `openstack` with `-f value`; return the text."""
        return self.do(f"{line} -f value").strip()

    def refused(self, line: str, *, program: str = "openstack") -> str:
        """Run a command that must fail; return what it said, which is no traceback."""
        done = self.run(line, program=program)
        assert done.status != 0, f"{program} {line} was not refused:\n{done.out}"
        assert "Traceback" not in done.err, done.err
        return done.err

    def glance(self, line: str) -> str:
        """Run the client of Glance."""
        return self.do(line, program="glance")

    def nova(self, line: str) -> str:
        """Run the client of Nova."""
        return self.do(line, program="nova")


def fields(table: str) -> dict[str, str]:
    """Return the rows of a two-column table, as `glance` and `nova` print them."""
    rows = [line.split("|", 2) for line in table.splitlines() if line.startswith("|")]
    return {name.strip(): value.strip(" |") for _, name, value in rows}


def rows(table: str) -> list[dict[str, str]]:
    """Return the rows of a list, as `glance` and `nova` print them."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    return [dict(zip(lines[0], cells, strict=True)) for cells in lines[1:]]
