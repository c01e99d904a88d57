"""A command as a person runs it: the real program, on a terminal, where it draws its progress bars."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.running import own_environment

if TYPE_CHECKING:
    from tests.journeys.client import Client

BIN = Path(sys.prefix) / "bin"


def run_on_terminal(line: str, clouds_yaml: Path, user: Client | None = None) -> str:
    """Run a client of .venv/bin that must work, as the administrator; return all it drew."""
    as_cloud = {"OS_CLIENT_CONFIG_FILE": str(clouds_yaml), "OS_CLOUD": "pileus"}
    environment = own_environment(**(user.environment if user else as_cloud))
    program, *words = shlex.split(line)
    ours, its = pty.openpty()
    process = subprocess.Popen([BIN / program, *words], env=environment, stdin=its, stdout=its, stderr=its)
    os.close(its)
    pieces = []
    with suppress(OSError):  # Linux says so when the other side has closed
        while piece := os.read(ours, 65536):
            pieces.append(piece)
    os.close(ours)
    text = b"".join(pieces).decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    assert process.wait(60) == 0, text
    return text
