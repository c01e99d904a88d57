"""One real guest from its first boot to its end, through a restart of the cloud around it."""

from __future__ import annotations

import base64
import os

import pytest

from tests.crash.api import wait_until
from tests.crash.hypervisor import libvirt_guests
from tests.journeys.real_guest import Member, fingerprint, new_admin, nothing_is_left, providers, take_snapshot
from tests.running import RunningCloud, run_pileus

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]


def test_a_guest_lives_through_it_all(real_cloud: RunningCloud) -> None:
    cloud = real_cloud
    member, admin = Member(cloud), new_admin(cloud)
    body = {"name": "m1.guest", "ram": 256, "vcpus": 1, "disk": 1}
    flavor = admin.call("compute", "POST", "/flavors", {"flavor": body})["flavor"]["id"]
    image, nonce = member.upload(), os.urandom(8).hex()
    key = member.api.call("compute", "POST", "/os-keypairs", {"keypair": {"name": "key"}})["keypair"]["public_key"]
    script = base64.b64encode(f"#!/bin/sh\necho 'user data says {nonce}'\n".encode()).decode()
    wait_until("no host shows up", lambda: providers(admin), 60)
    server = member.boot("first-guest", image, flavor, key_name="key", user_data=script)
    member.wait_for_boot(server, 1)
    console = member.console(server)
    assert "hostname first-guest" in console
    assert f"user data says {nonce}" in console
    assert fingerprint(key) in console

    pid = cloud.process.pid
    assert f"stopped (process {pid})" in run_pileus("down", "--state", cloud.state.path).stdout
    cloud.stop()
    assert libvirt_guests(cloud.state.path)() == {server: True}, "the guest went on without its cloud"
    cloud.start()
    member, admin = Member(cloud), new_admin(cloud)
    member.wait_for(server, "ACTIVE")
    assert member.boots(server) == [1], "it was adopted, not booted"

    member.act(server, "os-stop")
    member.wait_for(server, "SHUTOFF")
    member.act(server, "os-start")
    member.wait_for(server, "ACTIVE")
    member.wait_for_boot(server, 2)

    snapshot = take_snapshot(member, server)
    copy = member.boot("second-guest", snapshot, flavor)
    member.wait_for_boot(copy, 3)
    assert "hostname second-guest" in member.console(copy)

    for one in (server, copy):
        member.delete(one)
    for one in (image, snapshot):
        member.api.call("image", "DELETE", f"/v2/images/{one}")
    nothing_is_left(cloud, admin, (server, copy))
