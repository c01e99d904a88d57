"""A real guest with a CPU of this machine for itself, from the flavor to the thread that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contracts.host_cpus import CPUS, processors
from tests.crash.api import wait_until
from tests.journeys.real_guest import BOOT_S, Member, new_admin, nothing_is_left, providers
from tests.lacking import skip_outside_ci

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crash.api import Api
    from tests.running import RunningCloud

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(600)]


def test_a_guest_has_a_cpu_for_itself_until_it_is_deleted(new_real_cloud: Callable[..., RunningCloud]) -> None:
    if len(CPUS) < 2:
        skip_outside_ci("this machine has one CPU")
    shared, own = str(CPUS[0]), str(CPUS[-1])
    cloud = new_real_cloud(PILEUS_AGENT__CPU_SHARED_SET=shared, PILEUS_AGENT__CPU_DEDICATED_SET=own)
    member, admin = Member(cloud), new_admin(cloud)
    member.api.compute_version = admin.compute_version = "2.78"
    wait_until("no host shows up", lambda: providers(admin), 60)
    pinned = new_flavor(admin, "pinned", **{"hw:cpu_policy": "dedicated"})
    image = member.upload()

    first = member.boot("first", image, pinned, networks="none")
    member.wait_for_boot(first, 1)
    assert processors(first) == [own]
    (node,) = admin.call("compute", "GET", f"/servers/{first}/topology")["nodes"]
    assert node["cpu_pinning"] == {"0": int(own)}
    (seen,) = member.api.call("compute", "GET", f"/servers/{first}/topology")["nodes"]
    assert seen == {"vcpu_set": [0], "siblings": [], "memory_mb": 256}
    assert "1 PCPU" in refused(member, image, pinned)
    large_pages = new_flavor(admin, "large-pages", **{"hw:mem_page_size": "1GB"})
    assert "NUMATopologyFilter: 1" in refused(member, image, large_pages)

    other = member.boot("other", image, new_flavor(admin, "plain"), networks="none")
    assert processors(other) == [shared]
    cloud.stop()
    cloud.start()
    member.do(first, "reboot", "ACTIVE", type="HARD")
    assert processors(first) == [own]
    member.delete(first)
    second = member.boot("second", image, pinned, networks="none")
    assert processors(second) == [own]
    for server in (other, second):
        member.delete(server)
    member.api.call("image", "DELETE", f"/v2/images/{image}")
    nothing_is_left(cloud, admin, (first, other, second))


def new_flavor(admin: Api, name: str, **specs: str) -> str:
    body = {"name": name, "ram": 256, "vcpus": 1, "disk": 1}
    flavor_id = str(admin.call("compute", "POST", "/flavors", {"flavor": body})["flavor"]["id"])
    if specs:
        admin.call("compute", "POST", f"/flavors/{flavor_id}/os-extra_specs", {"extra_specs": specs})
    return flavor_id


def refused(member: Member, image: str, flavor: str) -> str:
    """Why a server finds no host; it is removed."""
    body: dict[str, Any] = {"name": "refused", "imageRef": image, "flavorRef": flavor, "networks": "none"}
    server = str(member.api.call("compute", "POST", "/servers", {"server": body})["server"]["id"])
    wait_until("it is not refused", lambda: member.show(server)["status"] == "ERROR", BOOT_S)
    why = str(member.show(server)["fault"]["message"])
    member.delete(server)
    return why
