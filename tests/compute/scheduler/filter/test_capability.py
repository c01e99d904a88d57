from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.filter import capability
from pileus.compute.scheduler.filter.extra_spec import is_match

ASK = Ask(server_id="s", project_id="p", resources={"VCPU": 1})
HOST = HostView(
    host="h1", provider="p1", node="n1", zone="nova", is_up=True, is_enabled=True,
    free={"MEMORY_MB": 2048}, total={"VCPU": 8}, hypervisor_type="QEMU", hypervisor_version=7002022,
    cpu_info={"arch": "x86_64", "features": ["avx", "sse"], "topology": {"cores": 4}, "maxphysaddr": {"bits": 46}},
)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "demand", "answer"),
    [
        ("4", "= 4", True), ("8", "= 4", True), ("3", "= 4", False),
        ("4", "== 4.0", True), ("4", "!= 4", False), ("5", "<= 4", False), ("4", ">= 4", True),
        ("abc", ">= 4", False), ("4", "==", False),
        ("abc", "s== abc", True), ("abc", "s!= abc", False), ("abc", "s< abd", True), ("abc", "s<= abc", True),
        ("abd", "s> abc", True), ("abc", "s>= abd", False), ("abc", "s==", False),
        ("x86_64", "<in> 86", True), ("arm", "<in> 86", False), ("arm", "<in>", False),
        ("['avx', 'sse']", "<all-in> avx sse", True), ("['avx']", "<all-in> avx sse", False),
        ("ssd", "<or> nvme <or> ssd", True), ("rust", "<or> nvme <or> ssd", False), ("rust", "<or>", False),
        ("true", "true", True), ("true", "True", False), ("", "", True),
    ],
)  # fmt: skip
def test_a_demand_is_met_by_its_operator(value: str, demand: str, answer: bool) -> None:
    assert is_match(value, demand) is answer


def refusal_for(**specs: str) -> str | None:
    return capability.compute_capabilities(
        replace(ASK, extra_specs={key.replace("__", ":"): value for key, value in specs.items()}), HOST
    )


def test_a_capability_must_be_what_the_scoped_extra_spec_demands() -> None:
    assert refusal_for(capabilities__hypervisor_type="s== QEMU") is None
    assert refusal_for(capabilities__free_ram_mb=">= 4096") == "its free_ram_mb is 2048, not >= 4096"


def test_a_path_leads_into_what_the_cpu_is() -> None:
    assert refusal_for(capabilities__cpu_info__topology__cores=">= 4") is None
    assert refusal_for(capabilities__cpu_info__features="<in> avx512") is not None


def test_a_capability_that_is_not_known_is_not_there() -> None:
    assert refusal_for(capabilities__gpus=">= 1") == "its gpus is not known, not >= 1"


def test_an_extra_spec_without_a_scope_counts_if_a_host_has_such_a_thing() -> None:
    assert refusal_for(vcpus_total=">= 16") == "its vcpus_total is 8, not >= 16"
    assert refusal_for(ssd="true") is None


def test_extra_specs_of_other_scopes_are_others_affair() -> None:
    assert refusal_for(hw__cpu_policy="shared", trait__CUSTOM_X="required") is None


def test_the_bits_of_physical_addresses_are_demanded_by_a_name_of_their_own() -> None:
    assert refusal_for(hw__maxphysaddr_bits="46") is None
    assert refusal_for(hw__maxphysaddr_bits="52") == "its cpu_info:maxphysaddr:bits is 46, not >= 52"


def refusal_of_image(default_architecture: str = "", **properties: Any) -> str | None:
    ask = replace(ASK, image_properties=properties)
    return capability.image_properties(ask, HOST, default_architecture=default_architecture)


def test_an_image_that_demands_nothing_may_be_anywhere() -> None:
    assert refusal_of_image(os_distro="debian") is None


def test_an_image_of_another_architecture_is_refused_under_its_old_name_too() -> None:
    assert refusal_of_image(hw_architecture="AMD64") is None
    assert refusal_of_image(hw_architecture="aarch64") == "its architecture is x86_64, not aarch64"
    assert refusal_of_image(architecture="aarch64") == "its architecture is x86_64, not aarch64"


def test_an_image_that_names_no_architecture_has_the_default_one() -> None:
    assert refusal_of_image("aarch64") == "its architecture is x86_64, not aarch64"
    assert refusal_of_image("aarch64", hw_architecture="x86_64") is None


def test_an_image_for_another_hypervisor_is_refused() -> None:
    assert refusal_of_image(img_hv_type="kvm") is None
    assert refusal_of_image(hypervisor_type="QEMU") is None
    assert refusal_of_image(img_hv_type="vmware") == "its hypervisor is QEMU, not vmware"


def test_an_image_for_another_mode_is_refused() -> None:
    assert refusal_of_image(hw_vm_mode="hvm") is None
    assert refusal_of_image(vm_mode="xen") == "it has no machines of the mode xen"


@pytest.mark.parametrize("demand", [">=7.0", ">=7.2.22", "<8", "!=7.2", ">=6.0, <7.3", "==7.2.22"])
def test_a_version_that_the_image_demands_will_do(demand: str) -> None:
    assert refusal_of_image(img_hv_requested_version=demand) is None


@pytest.mark.parametrize(("demand", "unmet"), [(">=8.0", ">=8.0"), (">=6.0, <7.2", "<7.2"), ("==7.2", "==7.2")])
def test_another_version_than_the_image_demands_is_refused(demand: str, unmet: str) -> None:
    assert refusal_of_image(img_hv_requested_version=demand) == f"its hypervisor's version is 7.2.22, not {unmet}"


def test_a_demand_for_a_version_that_makes_no_sense_is_refused() -> None:
    assert "not understood" in str(refusal_of_image(img_hv_requested_version="about 7"))


def test_an_image_that_wants_longer_addresses_is_refused() -> None:
    assert refusal_of_image(hw_maxphysaddr_bits=46) is None
    assert refusal_of_image(hw_maxphysaddr_bits="52") == "its physical addresses have 46 bits, not 52"
    assert refusal_of_image(hw_maxphysaddr_bits="many") == "its physical addresses have 46 bits, not many"
