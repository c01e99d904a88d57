"""Run the demo: python -m demo IMAGE [--state DIR] [--port-offset N]."""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from demo.terminal import BIN, CONSOLE, Client, DemoFailed, Stopwatch, check, title
from pileus.kit.state import StateDirectory

SERVER, IMAGE, SNAPSHOT, KEY = "demo-server", "demo-image", "demo-snapshot", "demo-key"
PROMPT_TIMEOUT_S = 900  # a large image under emulation takes its time; the guest built here takes seconds


def main() -> None:
    """Run every part; the first that fails ends the demo."""
    parser = argparse.ArgumentParser(prog="demo", description="Boot a guest in a cloud of your own, and look at it.")
    parser.add_argument("image", type=Path, help="a bootable qcow2")
    parser.add_argument("--state", type=Path, default=StateDirectory.default().path)
    parser.add_argument("--port-offset", type=int, default=0)
    chosen = parser.parse_args()
    try:
        _run(chosen.image, StateDirectory(chosen.state.absolute()), chosen.port_offset)
    except DemoFailed as error:
        CONSOLE.print(f"\n[bold red]✘ {error}[/]")
        sys.exit(1)


def _run(image: Path, state: StateDirectory, port_offset: int) -> None:
    if not image.is_file():
        raise DemoFailed(f"there is no image {image}")
    is_own_guest = image.name == "pileus-guest.qcow2"
    watch = Stopwatch()
    start_cloud(state, port_offset)
    admin, member = Client(state.clouds_yaml, "pileus"), Client(state.clouds_yaml, "pileus-demo")
    tidy(member)
    look_around(member, admin)
    upload(member, image)
    look_for_room(admin)
    with tempfile.TemporaryDirectory() as folder:
        nonce, fingerprint = boot(member, Path(folder), virtual_size_gb(image))
    console = wait_for_prompt(member)
    title("What the guest says of itself")
    check("it shows a login prompt", is_true="login:" in console)
    if is_own_guest:
        check(f"its host name is the server's name: {SERVER}", is_true=f"hostname {SERVER}" in console)
        check(f"the user data ran and said {nonce}", is_true=nonce in console)
        check(f"it has the SSH key {fingerprint}", is_true=fingerprint in console)
    snapshot_and_delete(member, admin)
    farewell(state, watch)


def start_cloud(state: StateDirectory, port_offset: int) -> None:
    """Start the cloud, or use the one that runs."""
    title("A cloud")
    if state.running_pid() is not None:
        CONSOLE.print(f"   it runs already, on {state.path}")
        return
    words = [str(BIN / "pileus"), "up", "--detach", "--state", str(state.path), "--port-offset", str(port_offset)]
    CONSOLE.print(f"\n[bold]# {' '.join(words[0:3])}[/]")
    if subprocess.run(words, check=False).returncode != 0:
        raise DemoFailed("the cloud did not start")


def tidy(member: Client) -> None:
    """Remove what an earlier demo left, so that names are free."""
    for kind, name, wait in (
        ("server", SERVER, "--wait"),
        ("image", IMAGE, ""),
        ("image", SNAPSHOT, ""),
        ("keypair", KEY, ""),
    ):
        rows = json.loads(member.ask(f"{kind} list -f json"))
        for row in rows:
            if row["Name"] == name:
                member.ask(f"{kind} delete {wait} {row.get('ID', name)}")


def look_around(member: Client, admin: Client) -> None:
    """A token, the catalog, and who is there."""
    title("Who are we, and what is there?   ($ is a plain member of the project demo, # the administrator)")
    token = json.loads(member.show("token issue -f json -c expires -c project_id -c user_id"))
    check("a token of the demo project", is_true=bool(token["project_id"]))
    catalog = admin.show("catalog list -c Name -c Type")
    check(
        "four services in the catalog",
        is_true=all(kind in catalog for kind in ("identity", "image", "placement", "compute")),
    )
    member.show("flavor list -c ID -c Name -c RAM -c Disk -c VCPUs")


def upload(member: Client, image: Path) -> None:
    """An image, from a file to the image service."""
    title("An image")
    member.show(
        f"image create --progress --disk-format qcow2 --container-format bare --file {image} {IMAGE}"
        " -c id -c name -c size -c status"
    )
    member.show("image list")
    shown = json.loads(member.show(f"image show {IMAGE} -f json -c status -c size -c checksum"))
    check(
        "it is active, and as large as the file",
        is_true=(shown["status"], shown["size"]) == ("active", image.stat().st_size),
    )
    digest = hashlib.md5(image.read_bytes(), usedforsecurity=False).hexdigest()
    check("its checksum is the file's", is_true=shown["checksum"] == digest)


def look_for_room(admin: Client) -> None:
    """The host, as placement sees it."""
    title("Room for it")
    deadline = time.monotonic() + 60
    while not json.loads(admin.ask("resource provider list -f json")):
        if time.monotonic() > deadline:
            raise DemoFailed("no compute host showed up; the log of the cloud says why")
        time.sleep(0.5)
    provider = json.loads(admin.show("resource provider list -f json -c uuid -c name"))[0]["uuid"]
    admin.show(
        f"resource provider inventory list {provider} -c resource_class -c total -c reserved -c allocation_ratio"
    )
    used = _used(admin, is_shown=True)
    check("nothing is used yet", is_true=not any(used.values()))


def boot(member: Client, folder: Path, disk_gb: int) -> tuple[str, str]:
    """Boot a server as the plain member; return the nonce that its user data says, and its key's fingerprint."""
    title("A server")
    nonce = f"nonce-{secrets.token_hex(8)}"
    user_data = folder / "user-data"
    user_data.write_text(f"#!/bin/sh\necho 'user data says {nonce}'\n")
    private_key = folder / "id_demo"
    member.show(f"keypair create --private-key {private_key} {KEY} -c name -c fingerprint")
    public_key = member.ask(f"keypair show --public-key {KEY}").split()[1]
    digest = base64.b64encode(hashlib.sha256(base64.b64decode(public_key)).digest()).decode().rstrip("=")
    flavor = "m1.tiny" if disk_gb <= 1 else "m1.small" if disk_gb <= 20 else "m1.medium"
    watch = Stopwatch()
    try:
        _create(member, flavor, user_data)
    except DemoFailed:
        member.show(f"server show {SERVER} -f value -c fault")  # why, in the server's own words
        raise
    CONSOLE.print(f"   [dim]ACTIVE after {watch.seconds():.1f} s[/]")
    return nonce, f"SHA256:{digest}"


def _create(member: Client, flavor: str, user_data: Path) -> None:
    member.show(
        f"server create --flavor {flavor} --image {IMAGE} --key-name {KEY} --user-data {user_data} --wait {SERVER}"
        " -c id -c name -c status -c flavor -c image"
    )


def wait_for_prompt(member: Client) -> str:
    """Show the guest's console as it grows, until there is a login prompt; return it."""
    title("Its console")
    CONSOLE.print(f"\n[bold]$ openstack console log show {SERVER}[/]")
    watch, shown = Stopwatch(), 0
    while watch.seconds() < PROMPT_TIMEOUT_S:
        console = member.ask(f"console log show {SERVER}")
        if len(console) > shown:
            sys.stdout.write(console[shown:])
            sys.stdout.flush()
            shown = len(console)
        if re.search(r"login: ?\Z", console):
            CONSOLE.print(f"\n   [dim]login prompt seen {watch.seconds():.1f} s after ACTIVE was[/]")
            return console
        time.sleep(0.3)
    raise DemoFailed(f"no login prompt within {PROMPT_TIMEOUT_S} s")


def snapshot_and_delete(member: Client, admin: Client) -> None:
    """What it holds, a snapshot of it, and its end."""
    title("What it takes, a snapshot, and its end")
    server_id = member.ask(f"server show {SERVER} -f value -c id")
    allocation = admin.show(f"resource provider allocation show {server_id} -c resource_provider -c resources")
    check("it has an allocation", is_true="VCPU" in allocation)
    member.show(f"server image create --name {SNAPSHOT} --wait {SERVER} -c id -c name -c status")
    status = json.loads(member.ask(f"image show {SNAPSHOT} -f json"))["status"]
    check("the snapshot is an active image", is_true=status == "active")
    member.show(f"server delete --wait {SERVER}")
    check("no server is left", is_true=not member.show("server list").strip())
    used = _used(admin, is_shown=True)
    check("usage is back to zero", is_true=not any(used.values()))


def virtual_size_gb(image: Path) -> int:
    """Return how large a disk an image wants, in GiB, rounded up."""
    done = subprocess.run(
        ["qemu-img", "info", "-f", "qcow2", "--output=json", str(image)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise DemoFailed(f"{image} is no qcow2 image: {done.stderr.strip()}")
    return -(-int(json.loads(done.stdout)["virtual-size"]) // 2**30)


def _used(admin: Client, *, is_shown: bool) -> dict[str, int]:
    provider = json.loads(admin.ask("resource provider list -f json"))[0]["uuid"]
    run = admin.show if is_shown else admin.ask
    rows = json.loads(run(f"resource provider usage show {provider} -f json"))
    return {row["resource_class"]: row["usage"] for row in rows}


def farewell(state: StateDirectory, watch: Stopwatch) -> None:
    """Say how to go on."""
    here = "" if state.path == StateDirectory.default().path else f" --state {state.path}"
    CONSOLE.print(
        f"\n[bold green]✔ All of it works.[/] [dim]({watch.seconds():.0f} s)[/]  The cloud goes on running.\n\n"
        f"  Talk to it:  [cyan]export OS_CLIENT_CONFIG_FILE={state.clouds_yaml} OS_CLOUD=pileus[/]\n"
        f"               [cyan]{BIN}/openstack server list[/]\n"
        f"  Look at it:  [cyan]{BIN}/pileus status{here}[/]\n"
        f"  Stop it:     [cyan]{BIN}/pileus down{here}[/]\n",
        soft_wrap=True,
    )


if __name__ == "__main__":
    main()
