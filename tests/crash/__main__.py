"""Kill the cloud at random moments and check: python -m tests.crash [--times N] [--driver fake] [--seed N]."""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pileus.kit.state import StateDirectory
from tests.crash import hypervisor, invariants
from tests.crash.api import Api, wait_until
from tests.crash.job import VERSION, Job, hosts_of

PILEUS = str(Path(sys.prefix) / "bin" / "pileus")
LONGEST_S = {"libvirt": 8.0, "fake": 1.0}  # about as long as the job is at one thing
STEPS = 6  # of the job; what is done after the first two is chosen by chance
HOSTS = {"libvirt": 1, "fake": 2}
HOSTS_S = 60  # until they are all known


class Crash:
    """One cloud that is killed again and again."""

    def __init__(self, folder: Path, driver: str, image: Path, port_offset: int, chance: random.Random) -> None:
        self.state = StateDirectory(folder / "state")
        self._driver = driver
        self._image = image
        self._port_offset = port_offset
        self._chance = chance

    def start(self, *, is_waiting: bool = True) -> subprocess.Popen[bytes]:
        """Start the cloud in the background."""
        words = [PILEUS, "up", "--state", str(self.state.path), "--driver", self._driver]
        words += ["--port-offset", str(self._port_offset)]
        words += ["--hosts", "2"] if HOSTS[self._driver] == 2 else []
        self.state.runtime.unlink(missing_ok=True)
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=sys.stderr)
        while is_waiting and not self.state.runtime.exists():
            assert process.poll() is None, "the cloud did not start"
            time.sleep(0.02)
        return process

    def admin(self) -> Api:
        """Return the administrator's client."""
        api = Api(self.state.clouds_yaml, "pileus")
        api.log_in()
        api.compute_version = VERSION
        return api

    def kill_in_start(self) -> str:
        """Kill a cloud that is just starting."""
        process = self.start(is_waiting=False)
        time.sleep(self._chance.uniform(0.2, 1.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        return "start"

    def kill_in_job(self) -> str:
        """Kill the cloud in the middle of its job; return where."""
        process = self.start()
        admin = self.admin()
        wait_until("the hosts are not there", lambda: len(hosts_of(admin)) == HOSTS[self._driver], HOSTS_S)
        job, place = Job(self.state.clouds_yaml, self._image, self._chance, HOSTS[self._driver]), list[str]()
        worker = threading.Thread(target=lambda: place.append(job.run()))
        step, moment_s = self._chance.randint(1, STEPS), self._chance.uniform(0, LONGEST_S[self._driver])
        worker.start()
        while worker.is_alive() and job.begun < step:
            time.sleep(0.002)
        worker.join(moment_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        worker.join(60)
        assert place, f"the job failed before the cloud was killed: {job.place}"
        return place[0]

    def verify(self) -> None:
        """Start it again, let it settle, check, and clear everything away."""
        process = self.start()
        try:
            admin, path = self.admin(), self.state.path
            have = hypervisor.fake(path) if self._driver == "fake" else hypervisor.libvirt(path)
            invariants.settle(admin)
            invariants.check(admin, path, have)
            invariants.clear(admin, have, path)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def main() -> None:
    """Kill so many times; the first thing that does not add up ends it."""
    parser = argparse.ArgumentParser(prog="crash", description=__doc__)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--driver", choices=["libvirt", "fake"], default="libvirt")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--image", type=Path, default=Path("guest/build/pileus-guest.qcow2"))
    parser.add_argument("--port-offset", type=int, default=23000)
    chosen = parser.parse_args()
    if not chosen.image.is_file():
        parser.error(f"there is no image {chosen.image}: `make guest` builds it")
    chance = random.Random(chosen.seed)  # noqa: S311 (it shall be repeatable)
    print(f"killing {chosen.times} times, {chosen.driver} driver, seed {chosen.seed}")
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with tempfile.TemporaryDirectory(prefix="pileus-crash-") as folder, Progress(*columns) as progress:
        crash = Crash(Path(folder), chosen.driver, chosen.image, chosen.port_offset, chance)
        task = progress.add_task("", total=chosen.times)
        for number in range(chosen.times):
            place = crash.kill_in_start() if number % 6 == 0 else crash.kill_in_job()
            crash.verify()
            progress.update(task, advance=1, description=f"killed in: {place}")
            progress.console.print(f"{number + 1:3}  killed in: {place:19} everything adds up")
    print(f"{chosen.times} passed, 0 failed")


if __name__ == "__main__":
    main()
