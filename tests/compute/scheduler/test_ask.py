from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from pileus.compute.model.flavor import Flavor
from pileus.compute.model.server import ImageSnapshot, Server
from pileus.compute.scheduler.ask import ask_of
from pileus.compute.scheduler.demand import DemandInvalid


def server(**flavor: object) -> Server:
    size = {"vcpus": 2, "memory_mb": 512, "root_gb": 10} | flavor
    made = Flavor(id="1", name="one", **size)  # type: ignore[arg-type]
    return Server(
        id="s", project_id="p", user_id="u", name="n", hostname="n", flavor=made, image=None,
        created_at=datetime(2026, 1, 1), availability_zone="east",
    )  # fmt: skip


def test_a_server_asks_for_what_its_flavor_has() -> None:
    ask = ask_of(server())
    assert ask.resources == {"VCPU": 2, "MEMORY_MB": 512, "DISK_GB": 10}
    assert ask.availability_zone == "east"


def test_disk_is_root_and_ephemeral_and_swap_rounded_up() -> None:
    assert ask_of(server(ephemeral_gb=5, swap_mb=1025)).resources["DISK_GB"] == 17


def test_what_a_server_wants_nothing_of_is_not_asked_for() -> None:
    assert "DISK_GB" not in ask_of(server(root_gb=0)).resources


def test_traits_are_read_from_the_extra_specs() -> None:
    specs = {"trait:HW_CPU_X86_AVX": "required", "trait:CUSTOM_OLD": "forbidden", "hw:cpu_policy": "shared"}
    ask = ask_of(server(extra_specs=specs))
    assert ask.required_traits == {"HW_CPU_X86_AVX"}
    assert ask.forbidden_traits == {"CUSTOM_OLD"}


def test_amounts_of_the_extra_specs_go_before_the_flavors_own() -> None:
    specs = {"resources:VCPU": "1", "resources:CUSTOM_LICENSE": "3", "resources:DISK_GB": "0"}
    assert ask_of(server(extra_specs=specs)).resources == {"VCPU": 1, "MEMORY_MB": 512, "CUSTOM_LICENSE": 3}


def test_whoever_names_the_cpus_gets_those_and_no_others() -> None:
    assert ask_of(server(extra_specs={"resources:PCPU": "2"})).resources == {
        "PCPU": 2, "MEMORY_MB": 512, "DISK_GB": 10,
    }  # fmt: skip


def test_what_groups_of_extra_specs_ask_for_is_asked_of_the_host() -> None:
    specs = {
        "resources1:CUSTOM_LICENSE": "1", "resources_B:CUSTOM_LICENSE": "2", "trait1:CUSTOM_FAST": "required",
        "group_policy": "none",
    }  # fmt: skip
    ask = ask_of(server(extra_specs=specs))
    assert ask.resources["CUSTOM_LICENSE"] == 3
    assert ask.required_traits == {"CUSTOM_FAST"}
    with pytest.raises(DemandInvalid, match="group_policy=isolate asks for several"):
        ask_of(server(extra_specs={**specs, "group_policy": "isolate"}))


def test_an_extra_spec_that_is_no_amount_is_not_asked_for() -> None:
    assert ask_of(server(extra_specs={"resources:VCPU": "many"})).resources["VCPU"] == 2


def test_an_image_may_require_traits_too_and_says_what_it_is() -> None:
    image = ImageSnapshot(id="i", properties={"trait:HW_CPU_X86_AVX": "required", "os_distro": "debian"})
    ask = ask_of(replace(server(), image=image, hints={"query": "[]"}))
    assert ask.required_traits == {"HW_CPU_X86_AVX"}
    assert (ask.image_id, ask.image_properties["os_distro"], ask.hints) == ("i", "debian", {"query": "[]"})
