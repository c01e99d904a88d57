from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pileus.compute.agent.drivers.fake_guest import FakeGuest
from tests.running import own_environment
from tests.simulation.invariants import REPAIRED_IN
from tests.simulation.storm import storm

REPOSITORY = Path(__file__).parents[2]
SEED, HOSTS, STEPS = 20261121, 200, 60

ASKED = {
    "boot", "DELETE", "os-stop", "os-start", "pause", "unpause", "suspend", "resume", "rescue", "unrescue", "rebuild",
    "reboot", "resize", "confirmResize", "revertResize", "migrate", "os-migrateLive", "evacuate", "shelve", "unshelve",
    "createImage", "createBackup", "restore",
}  # fmt: skip
DIED = {"control plane died", "second worker died", "agent died", "vanished", "guest crashed"}


def test_whatever_is_asked_for_in_a_storm_everything_adds_up_after_it(tmp_path: Path) -> None:
    with storm(tmp_path, SEED, HOSTS) as one:
        one.run(STEPS)
        counts, ended = one.trace.counts, one.world.ended()
        assert ASKED | DIED | {"lost", "doubled"} <= set(counts)
        assert set(ended) == {"done", "undone"}
        assert ended.count("done") > 100
        assert ended.count("undone") > 5


def _fingerprint(seed: int, hash_seed: int) -> subprocess.Popen[str]:
    words = ["--seed", str(seed), "--hosts", "8", "--steps", "12"]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.simulation", *words],
        cwd=REPOSITORY,
        env=own_environment(PYTHONHASHSEED=str(hash_seed)),
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_seed_is_a_recipe_whatever_process_follows_it() -> None:
    runs = [_fingerprint(1, 1), _fingerprint(1, 2), _fingerprint(2, 1)]
    first, again, other = (run.communicate(timeout=300)[0].splitlines()[-1] for run in runs)
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert first == again
    assert first != other


def test_what_goes_wrong_says_what_came_before_and_how_to_see_it_again(tmp_path: Path) -> None:
    with storm(tmp_path, 1, 8) as one:
        one.step()
        one.invariants.require()
        one.world.hosts["h0"].driver.guests["of nobody"] = FakeGuest(hostname="x", name="x")
        one.invariants.require()
        one.world.clock.sleep(2 * REPAIRED_IN.total_seconds())
        with pytest.raises(AssertionError, match="it is not repaired") as error:
            one.run(2)
    (note,) = error.value.__notes__
    assert note.startswith(one.trace.tell(""))
    assert note.endswith("make soak ARGS='--seed 1 --hosts 8 --steps 2'")
