"""The commands of docs/placement.md (its blocks of shell, not its dialogues), run as they are printed there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.running import own_environment

if TYPE_CHECKING:
    from tests.running import RunningCloud

PAGE = Path(__file__).parents[2] / "docs" / "placement.md"
SEPARATOR = "--- next block ---"


@pytest.fixture(scope="module")
def said(journey_cloud: RunningCloud) -> list[str]:
    """Run every shell block of the page in one shell, which ends at the first that fails; return what each printed."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    script = f"\necho; echo '{SEPARATOR}'\n".join(["set -euo pipefail", *blocks])
    script = script.replace("~/.local/state/pileus", str(journey_cloud.state.path))
    script = script.replace("http://127.0.0.1:8778", journey_cloud.url(8778))
    script = script.replace("curl -s", "curl -s --fail-with-body")
    path = f"{Path(sys.prefix) / 'bin'}:/usr/bin:/bin"
    environment = own_environment(PATH=path, PILEUS_STATE=str(journey_cloud.state.path))
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout.split(f"{SEPARATOR}\n")[1:]


def test_every_command_of_the_page_does_what_the_page_says(said: list[str]) -> None:
    login, classes, provider, inventory, reservation, left, handed_over, given_back, top = said
    assert login.strip() == ""
    assert {"name": "VCPU"}.items() <= json.loads(classes)["resource_classes"][0].items()
    assert json.loads(provider)["name"] == "licences"
    assert json.loads(inventory)["inventories"]["CUSTOM_LICENCE"]["reserved"] == 2
    assert reservation.strip() == handed_over.strip() == given_back.strip() == ""
    candidates, usages = re.findall(r"\{.*?\}(?=\{|\s*$)", left, re.DOTALL)
    assert json.loads(candidates)["allocation_requests"] == []
    assert json.loads(usages)["usages"]["RESERVATION"]["CUSTOM_LICENCE"] == 5
    assert all(re.fullmatch(r"[A-Z_]+ \d+", line) for line in top.splitlines() if line), top
