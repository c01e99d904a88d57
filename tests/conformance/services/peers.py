"""The real Keystone, Glance, Placement and Nova, by the scripts of bench/peers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from demo.terminal import DemoFailed

SCRIPTS = Path(__file__).parents[3] / "bench" / "peers"
OFFSET = int(os.environ.get("PEERS_OFFSET", "5000"))
KEYSTONE = f"http://127.0.0.1:{15000 + OFFSET}/v3"
ADMIN_PASSWORD, SERVICE_PASSWORD = "password", "service-secret"  # as lib.sh has them


class Peers:
    """One set of them, with everything in a folder."""

    def __init__(self, folder: Path, *, identity: str = "keystone") -> None:
        folder.mkdir()
        self._output = folder / "up.out"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("OS_", "PILEUS_"))},
            "PEERS_STATE": str(folder),
            "PEERS_OFFSET": str(OFFSET),
            "PEERS_PROCESSES": "1",
            "PEERS_IDENTITY": identity,
        }

    def up(self, *words: str) -> None:
        """Start them, and wait until they are ready."""
        self._run("up", *words)

    def down(self) -> None:
        """Stop whatever of them was started."""
        self._run("down")

    def register(self, region: str, *parts: str) -> None:
        """Have services (TYPE=NAME=URL) in a region, and users for them, as an operator would."""
        words = [KEYSTONE, ADMIN_PASSWORD, SERVICE_PASSWORD, region, *parts]
        self._wait_for([sys.executable, str(SCRIPTS / "catalog.py"), *words])

    def _run(self, script: str, *words: str) -> None:
        self._wait_for([str(SCRIPTS / script), *words])

    def _wait_for(self, command: list[str]) -> None:
        with self._output.open("a") as out:
            process = subprocess.Popen(
                command, env=self._environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, process_group=0
            )
        try:
            status = process.wait()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)  # it has children that fill databases
            process.wait()
            raise
        if status:
            raise DemoFailed(f"`{Path(command[-1]).name}` ended with {status}:\n{self._last_lines()}")

    def _last_lines(self) -> str:
        return "\n".join(self._output.read_text().splitlines()[-8:])
