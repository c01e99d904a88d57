"""Every action that one machine allows, asked for through the API and done to real guests."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.contracts import bootable
from tests.contracts.boot_sector import GREETING
from tests.crash.api import Refused, wait_until
from tests.journeys.real_guest import BOOT_S, Member, new_admin, nothing_is_left, providers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.crash.api import Api
    from tests.running import RunningCloud

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(1200)]

# What the guest says at each boot of the disks that its flavor adds.
SCRIPT = """#!/bin/sh
mkdir /mnt/ephemeral
mount -t ext4 "$(findfs LABEL=ephemeral0)" /mnt/ephemeral
echo boot >>/mnt/ephemeral/boots
sync
echo "ephemeral disk $(findfs LABEL=ephemeral0) saw boots: $(wc -l </mnt/ephemeral/boots)"
umount /mnt/ephemeral
echo "swap of $(head -c 4096 /dev/vdc | tail -c 10)"
echo "told $(cat /proc/cmdline)"
"""


# A guest agent that knows one command.
AGENT = """#!/bin/sh
modprobe virtio_console
sleep 0.5
for port in /sys/class/virtio-ports/*; do
    if [ "$(cat "$port/name")" = org.qemu.guest_agent.0 ]; then device=/dev/${port##*/}; fi
done
exec 3<>"$device"
serve() {
    while :; do
        read -r line <&3 || { sleep 0.2; continue; }
        case $line in
        *guest-sync-delimited*) printf '\\377{"return": %s}\\n' "$(echo "$line" | tr -cd 0-9)" >&3 ;;
        *guest-sync*) echo "{\\"return\\": $(echo "$line" | tr -cd 0-9)}" >&3 ;;
        *guest-set-user-password*)
            password=$(echo "$line" | sed 's/.*"password": *"\\([^"]*\\)".*/\\1/' | base64 -d)
            echo "root's password is $password" && echo '{"return": {}}' >&3
            ;;
        esac
    done
}
serve >/dev/console 2>&1 &
echo "an agent listens on $device"
"""


def test_a_guest_comes_through_every_action(real_cloud: RunningCloud) -> None:
    member, admin = Member(real_cloud), new_admin(real_cloud)
    member.api.compute_version = "2.87"
    wait_until("no host shows up", lambda: providers(admin), 60)
    small, large = new_flavor(admin, "small", 256, 1), new_flavor(admin, "large", 320, 2)
    image = member.upload()
    script = base64.b64encode(SCRIPT.encode()).decode()
    server = member.boot("one", image, small, user_data=script, networks="none")
    member.wait_for_boot(server, 1)
    says(member, server, "ephemeral disk /dev/vdb saw boots: 1", "swap of SWAPSPACE2")
    stands_still(member, server)
    is_asked(member, admin, server)
    boots_again(member, server)
    is_rescued(member, server, image)
    is_resized(member, server, large)
    member.act(server, "createBackup", name="backup", backup_type="daily", rotation=1)
    wait_until("it is still at it", lambda: not member.show(server)["OS-EXT-STS:task_state"], BOOT_S)
    member.do(server, "shelve", "SHELVED_OFFLOADED")
    member.do(server, "unshelve", "ACTIVE")
    member.wait_for_boot(server, 7)
    member.do(server, "rebuild", "ACTIVE", imageRef=image)
    wait_until("it is not begun anew", lambda: member.boots(server) == [1], BOOT_S)
    member.delete(server)
    for one in member.api.call("image", "GET", "/v2/images")["images"]:
        member.api.call("image", "DELETE", f"/v2/images/{one['id']}")
    nothing_is_left(real_cloud, admin, (server,))


def stands_still(member: Member, server: str) -> None:
    """It goes on where it was after each."""
    member.do(server, "pause", "PAUSED")
    member.do(server, "unpause", "ACTIVE")
    member.do(server, "suspend", "SUSPENDED")
    member.do(server, "resume", "ACTIVE")
    assert member.boots(server) == [1]


def is_asked(member: Member, admin: Api, server: str) -> None:
    """It answers what is asked of it as it runs."""
    admin.compute_version = "2.48"
    found = admin.call("compute", "GET", f"/servers/{server}/diagnostics")
    assert (found["driver"], found["num_disks"], found["num_nics"]) == ("libvirt", 4, 1)
    member.act(server, "trigger_crash_dump")
    member.wait_for_console(server, "NMI")
    with pytest.raises(Refused, match="guest agent is not enabled") as refusal:
        member.act(server, "changePassword", adminPass="secret")
    assert refusal.value.status == 409


def boots_again(member: Member, server: str) -> None:
    member.do(server, "reboot", "ACTIVE", type="SOFT")
    member.wait_for_boot(server, 2)
    member.do(server, "reboot", "ACTIVE", type="HARD")
    member.wait_for_boot(server, 3)
    says(member, server, "saw boots: 3")


def is_rescued(member: Member, server: str, image: str) -> None:
    """A guest in rescue begins anew on another disk, and goes on with its own one after that."""
    member.do(server, "rescue", "RESCUE", rescue_image_ref=image)
    wait_until("it does not boot", lambda: member.boots(server) == [1, 2, 3, 1], BOOT_S)
    member.do(server, "unrescue", "ACTIVE")
    member.wait_for_boot(server, 4)
    says(member, server, "saw boots: ")


def is_resized(member: Member, server: str, flavor: str) -> None:
    """Once and back, and once to stay; its disks go with it."""
    member.do(server, "resize", "VERIFY_RESIZE", flavorRef=flavor)
    wait_until("it does not boot", lambda: member.boots(server) == [5], BOOT_S)
    member.do(server, "revertResize", "ACTIVE")
    member.wait_for_console(server, "boot count: 5")
    member.do(server, "resize", "VERIFY_RESIZE", flavorRef=flavor)
    member.wait_for_boot(server, 6)
    says(member, server, "ephemeral disk /dev/vdb saw boots: ")
    member.do(server, "confirmResize", "ACTIVE")
    assert member.show(server)["flavor"]["ram"] == 320


def test_images_boot_by_a_kernel_as_a_cd_and_by_uefi(real_cloud: RunningCloud, tmp_path: Path) -> None:
    member, admin = Member(real_cloud), new_admin(real_cloud)
    wait_until("no host shows up", lambda: providers(admin), 60)
    flavor = new_flavor(admin, "small", 256, 1)
    raw, kernel = bootable.guest_without_loader(tmp_path)
    assert kernel.ramdisk
    parts = {
        "kernel_id": member.upload(kernel.path, "aki", "aki"),
        "ramdisk_id": member.upload(kernel.ramdisk, "ari", "ari"),
    }
    script = base64.b64encode(SCRIPT.encode()).decode()
    by_kernel = member.boot("by-kernel", member.upload(raw, "ami", "ami", **parts), flavor, user_data=script)
    member.wait_for_boot(by_kernel, 1)
    says(member, by_kernel, "told root=/dev/vda console=tty0 console=ttyS0")

    as_cd = member.boot("as-cd", member.upload(bootable.cd(tmp_path), "iso"), flavor)
    member.wait_for_console(as_cd, GREETING)

    by_uefi = member.boot("by-uefi", member.upload(bootable.efi_disk(tmp_path), "raw", hw_firmware_type="uefi"), flavor)
    member.wait_for_console(by_uefi, GREETING)

    refused = member.upload(hw_machine_type="virt-1")
    body: dict[str, Any] = {"name": "refused", "imageRef": refused, "flavorRef": flavor}
    server = str(member.api.call("compute", "POST", "/servers", {"server": body})["server"]["id"])
    wait_until("it is not refused", lambda: member.show(server)["status"] == "ERROR", BOOT_S)
    assert "no machine type virt-1" in member.show(server)["fault"]["message"]

    servers = (by_kernel, as_cd, by_uefi, server)
    for one in servers:
        member.delete(one)
    for one in member.api.call("image", "GET", "/v2/images")["images"]:
        member.api.call("image", "DELETE", f"/v2/images/{one['id']}")
    nothing_is_left(real_cloud, admin, servers)


def test_a_password_is_set_by_the_guests_agent(real_cloud: RunningCloud) -> None:
    member, admin = Member(real_cloud), new_admin(real_cloud)
    wait_until("no host shows up", lambda: providers(admin), 60)
    flavor = new_flavor(admin, "small", 256, 1)
    script = base64.b64encode(AGENT.encode()).decode()
    server = member.boot("asked", member.upload(hw_qemu_guest_agent="yes"), flavor, user_data=script)
    member.wait_for_boot(server, 1)
    says(member, server, "an agent listens on /dev/vport")
    member.act(server, "changePassword", adminPass="s3cret")
    says(member, server, "root's password is s3cret")
    member.delete(server)


def new_flavor(admin: Api, name: str, memory_mb: int, root_gb: int) -> str:
    body = {"name": name, "ram": memory_mb, "vcpus": 1, "disk": root_gb, "OS-FLV-EXT-DATA:ephemeral": 1, "swap": 8}
    return str(admin.call("compute", "POST", "/flavors", {"flavor": body})["flavor"]["id"])


def says(member: Member, server: str, *texts: str) -> None:
    for text in texts:
        member.wait_for_console(server, text)
