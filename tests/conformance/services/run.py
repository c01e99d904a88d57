"""The real services on Pileus' identity, and Pileus' services on the real Keystone: see README.md.

scripts/conformance services
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.markup import escape

from demo.terminal import CONSOLE, DemoFailed, Stopwatch, title
from pileus.kit.settings import AuthSettings
from tests.conformance.services.cloud import Cloud
from tests.conformance.services.peers import ADMIN_PASSWORD, KEYSTONE, SERVICE_PASSWORD, Peers
from tests.conformance.services.step import step
from tests.running import RunningCloud

CACHE_S = AuthSettings().token_cache_s
ENDS = (signal.SIGINT, signal.SIGTERM)


def theirs_on_ours(folder: Path) -> None:
    """The real Placement, Glance and Nova ask Pileus' identity about their callers."""
    title("The real Placement, Glance and Nova, on Pileus' identity")
    with running(Peers(folder / "peers", identity="pileus"), "Placement, Glance and Nova"):
        cloud = Cloud(folder / "RegionOne", KEYSTONE, ADMIN_PASSWORD, "RegionOne")
        cloud.use()
        cloud.refuse_revoked_unseen()


def ours_on_theirs(folder: Path) -> None:
    """Pileus' image, placement and compute ask the real Keystone; once registered by themselves, once by others."""
    title("Pileus' placement, image and compute, on the real Keystone")
    peers = Peers(folder / "peers")
    with running(peers, "Keystone", "keystone"):
        use_own(folder, "RegionTwo", registers_itself(folder))
        use_own(folder, "RegionThree", is_registered(folder, peers))


def registers_itself(folder: Path) -> RunningCloud:
    """The administrator's password is all that it is given."""
    words = ("--driver", "fake", "--region", "RegionTwo", "--identity", KEYSTONE)
    return RunningCloud(folder / "pileus-two", *words, PILEUS_AUTH__ADMIN__PASSWORD=ADMIN_PASSWORD)


def is_registered(folder: Path, peers: Peers) -> RunningCloud:
    """Somebody made the users and endpoints before; the settings hold a service's password and nobody else's."""
    settings = folder / "pileus-three.toml"
    settings.write_text(
        f'region = "RegionThree"\n[auth]\nurl = "{KEYSTONE}"\nusername = "nova"\npassword = "{SERVICE_PASSWORD}"\n'
    )
    made = RunningCloud(folder / "pileus-three", "--driver", "fake", "--settings", str(settings))
    urls = {"image=glance": made.url(9292), "placement=placement": made.url(8778), "compute=nova": made.url(8774)}
    urls["compute=nova"] += "/v2.1"
    with step("an operator makes users and endpoints in RegionThree"):
        peers.register("RegionThree", "identity=keystone=" + KEYSTONE, *(f"{name}={url}" for name, url in urls.items()))
    return made


def use_own(folder: Path, region: str, own: RunningCloud) -> None:
    """Start one of Pileus' clouds, use it, and stop it."""
    try:
        with step(f"Pileus is up in {region}"):
            own.start()
        cloud = Cloud(folder / region, KEYSTONE, ADMIN_PASSWORD, region)
        cloud.use()
        cloud.refuse_revoked_within(CACHE_S)
    finally:
        with step(f"Pileus in {region} is stopped"):
            own.stop()


@contextmanager
def running(peers: Peers, what: str, *words: str) -> Iterator[None]:
    """Have real services run."""
    try:
        with step(f"{what} are up" if " and " in what else f"{what} is up"):
            peers.up(*words)
        yield
    finally:
        with step("the real services are stopped"):
            peers.down()


def is_passed(part: Callable[[Path], None], folder: Path) -> bool:
    """Do a part; say why it failed, if it did."""
    folder.mkdir()
    try:
        part(folder)
    except Exception as error:
        what = str(error) if isinstance(error, DemoFailed) else f"{type(error).__name__}: {error}"
        CONSOLE.print(f"\n[bold red]✘ {escape(what)}[/]", soft_wrap=True)
        return False
    return True


def end(*_: object) -> None:
    """Stop everything and end; whoever asks again does not disturb that."""
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> None:
    """Do both parts, also if the first fails. Exit with 1 if one did."""
    for number in ENDS:  # a shell that starts us in the background has SIGINT ignored
        signal.signal(number, end)
    watch, folder = Stopwatch(), Path(tempfile.mkdtemp(prefix="pileus-services-"))
    try:
        passed = [is_passed(part, folder / part.__name__) for part in (theirs_on_ours, ours_on_theirs)]
    except KeyboardInterrupt:
        CONSOLE.print("\n[bold red]✘ stopped[/]")
        shutil.rmtree(folder)
        sys.exit(130)
    if not all(passed):
        CONSOLE.print(f"  What everybody logged is in {folder}", soft_wrap=True)
        sys.exit(1)
    shutil.rmtree(folder)
    CONSOLE.print(f"\n[bold green]✔ All of it works.[/] [dim]({watch.seconds():.0f} s)[/]")


if __name__ == "__main__":
    main()
