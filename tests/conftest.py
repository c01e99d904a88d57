"""What every test may ask for: an empty database of each kind that Pileus runs on."""

from __future__ import annotations

import os
import shutil
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from tests.lacking import LackingError, skip_outside_ci
from tests.servers import shared
from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import Node, RabbitMQ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.server import Server

DATABASES = ("sqlite", "postgresql", "mariadb")
SERVERS: dict[str, Server] = {"postgresql": PostgreSQL(), "mariadb": MariaDB()}

RUN_DIRECTORY = pytest.StashKey[Path]()
_serial = count(1)


def pytest_configure(config: pytest.Config) -> None:
    """The run's directory is made by the controller, and its workers are told."""
    before = structlog.get_config()["processors"][:-1]  # what draws boxes around tracebacks takes seconds for each
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*before, plain])
    workerinput = getattr(config, "workerinput", None)
    if workerinput is None:
        directory = Path(tempfile.mkdtemp(prefix="pileus-tests-"))
        directory.chmod(0o755)  # a server's account must be able to pass
        config.stash[RUN_DIRECTORY] = directory
    else:
        config.stash[RUN_DIRECTORY] = Path(workerinput["run_directory"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["run_directory"] = str(node.config.stash[RUN_DIRECTORY])


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        directory = config.stash[RUN_DIRECTORY]
        shared.stop_all(directory)
        shutil.rmtree(directory, ignore_errors=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of a database runs on every kind, or on those that its marker `databases` names."""
    marks = metafunc.definition.iter_markers("parametrize")
    if "database_kind" in metafunc.fixturenames and not any("database_kind" in mark.args[0] for mark in marks):
        chosen = metafunc.definition.get_closest_marker("databases")
        metafunc.parametrize("database_kind", chosen.args if chosen else DATABASES)


@pytest.fixture
def new_database(database_kind: str, tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Callable[[], str]]:
    """Makes empty databases, each to be had by its SQLAlchemy URL; they go when the test ends."""
    if database_kind == "sqlite":
        yield lambda: f"sqlite:///{tmp_path}/{next(_serial)}.sqlite"
        return
    server, made = SERVERS[database_kind], list[str]()
    home = _find_home(server, pytestconfig)

    def create() -> str:
        made.append(f"t{os.getpid()}_{next(_serial)}")
        return server.create(home, made[-1])

    yield create
    for database in made:
        server.drop(home, database)


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """One empty database: sqlite:////path, postgresql+psycopg://… or mysql+pymysql://…."""
    return new_database()


@pytest.fixture
def broker_url(pytestconfig: pytest.Config) -> str:
    """An empty virtual host of the run's RabbitMQ: amqp://user:password@127.0.0.1:port/vhost. It goes with the run."""
    server = RabbitMQ()
    return server.create(_find_home(server, pytestconfig), f"t{os.getpid()}_{next(_serial)}")


@pytest.fixture
def broker(pytestconfig: pytest.Config) -> Iterator[Node]:
    """A RabbitMQ for one test alone, which may stop and start it."""
    home = pytestconfig.stash[RUN_DIRECTORY] / f"rabbitmq{os.getpid()}_{next(_serial)}"
    try:
        node = Node(home)
    except LackingError as lacking:
        skip_outside_ci(str(lacking))
    node.start()
    yield node
    node.kill()
    shutil.rmtree(home, ignore_errors=True)


def _find_home(server: Server, config: pytest.Config) -> Path:
    controller = os.getppid() if hasattr(config, "workerinput") else os.getpid()
    try:
        return shared.find_home(server, config.stash[RUN_DIRECTORY], controller)
    except LackingError as lacking:
        reason = str(lacking)
    return skip_outside_ci(reason)
