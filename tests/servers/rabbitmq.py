"""A private RabbitMQ: three ports on loopback, everything else in its own directory, no plugins, little memory."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.lacking import LackingError
from tests.servers.server import become, own, run

SETTINGS = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
vm_memory_high_watermark.absolute = 256MB
disk_free_limit.absolute = 1MB
log.console = true
log.console.level = warning
log.file = false
"""
ERLANG = (
    "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",  # one scheduler that does not wait busily
    "-kernel inet_dist_use_interface {127,0,0,1}",
)
ACCOUNT = "pileus"
START_S = 60


class RabbitMQ:
    """RabbitMQ with an epmd of its own, which ends when it does. A database here is a virtual host."""

    kind = "rabbitmq"
    accounts: tuple[str, ...] = ("rabbitmq",)
    stop_signal = signal.SIGTERM

    def prepare(self, home: Path) -> None:
        _find_program("rabbitmq-server")
        amqp, distribution, epmd = _find_ports(3)
        (home / "ports.json").write_text(json.dumps({"amqp": amqp, "distribution": distribution, "epmd": epmd}))
        (home / "rabbitmq.conf").write_text(SETTINGS.format(amqp=amqp))
        (home / "enabled_plugins").touch()

    def command(self, home: Path) -> list[str]:
        epmd = ["setpriv", "--pdeathsig", "KILL", "epmd", "-port", str(_ports(home)["epmd"]), "-address", "127.0.0.1"]
        server = ["exec", _find_program("rabbitmq-server"), "-noinput"]
        return [*_environment(home), "sh", "-c", f"{' '.join(epmd)} & {' '.join(server)}"]

    def is_ready(self, home: Path) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", _ports(home)["amqp"])) == 0

    def create(self, home: Path, database: str) -> str:
        account = f'<<"{ACCOUNT}">>'
        everything = ", ".join(['<<".*">>'] * 3)
        self.evaluate(
            home,
            f"rabbit_auth_backend_internal:exists({account}) orelse"
            f" rabbit_auth_backend_internal:add_user({account}, {account}, {account}),"
            f'rabbit_vhost:add(<<"{database}">>, {account}),'
            f'rabbit_auth_backend_internal:set_permissions({account}, <<"{database}">>, {everything}, {account}).',
        )
        return f"amqp://{ACCOUNT}:{ACCOUNT}@127.0.0.1:{_ports(home)['amqp']}/{database}"

    def drop(self, home: Path, database: str) -> None:
        self.evaluate(home, f'rabbit_vhost:delete(<<"{database}">>, <<"{ACCOUNT}">>).')

    def evaluate(self, home: Path, expression: str) -> None:
        """Have the running server compute an Erlang expression."""
        run(self, home, *_environment(home), _find_program("rabbitmqctl"), "--quiet", "eval", expression)


class Node:
    """A RabbitMQ that a test stops and starts as it likes; what was durable is there again."""

    def __init__(self, home: Path) -> None:
        self.server = RabbitMQ()
        self.home = home
        self._process: subprocess.Popen[bytes] | None = None
        own(home, self.server.accounts)
        self.server.prepare(home)

    @property
    def port(self) -> int:
        return _ports(self.home)["amqp"]

    def start(self) -> None:
        """Start it and wait until it answers."""
        tied = ["setpriv", "--pdeathsig", "KILL", "--", *self.server.command(self.home)]
        with (self.home / "out.log").open("ab") as out:
            self._process = subprocess.Popen(
                [*become(self.server.accounts), *tied], cwd=self.home, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        deadline = time.monotonic() + START_S
        while not self.server.is_ready(self.home):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.home / "out.log").read_text())
            time.sleep(0.05)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _environment(home: Path) -> list[str]:
    """Everything that the server's programs look at; nothing of the machine's own RabbitMQ."""
    ports = _ports(home)
    names = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LC_ALL": "C.UTF-8",
        "HOME": home,  # the cookie
        "ERL_EPMD_PORT": ports["epmd"],
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_AFLAGS": "-start_epmd false",
        "ERL_CRASH_DUMP_SECONDS": 0,
        "RABBITMQ_ALLOW_INPUT": 1,  # no shell between us and the server
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_CONFIG_FILE": home / "rabbitmq.conf",
        "RABBITMQ_ADVANCED_CONFIG_FILE": home / "advanced.config",
        "RABBITMQ_NODENAME": f"pileus{ports['amqp']}@localhost",
        "RABBITMQ_DIST_PORT": ports["distribution"],
        "RABBITMQ_MNESIA_BASE": home / "mnesia",
        "RABBITMQ_LOG_BASE": home / "log",
        "RABBITMQ_ENABLED_PLUGINS_FILE": home / "enabled_plugins",
        "RABBITMQ_PLUGINS_EXPAND_DIR": home / "plugins",
        "RABBITMQ_FEATURE_FLAGS_FILE": home / "feature_flags",
        "RABBITMQ_PID_FILE": home / "pid",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": " ".join(ERLANG),
    }
    return ["env", "-i", *(f"{name}={value}" for name, value in names.items())]


def _ports(home: Path) -> dict[str, int]:
    return dict(json.loads((home / "ports.json").read_text()))


def _find_ports(count: int) -> list[int]:
    """Free ports below those that the kernel gives to whoever connects somewhere."""
    found: list[int] = []
    for port in random.sample(range(20_000, 32_000), 200):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no ports are free")


def _find_program(name: str) -> str:
    """Not Debian's wrapper, which is for its own service."""
    found = shutil.which(name, path="/usr/lib/rabbitmq/bin") or shutil.which(name)
    if not found:
        raise LackingError("RabbitMQ is not installed; `make dev` installs it")
    return found
