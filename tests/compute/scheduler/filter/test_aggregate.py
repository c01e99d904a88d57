from __future__ import annotations

from dataclasses import replace

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.filter import aggregate as filters

ASK = Ask(server_id="s", project_id="red", resources={"VCPU": 1}, flavor_name="m1.tiny")
HOST = HostView(host="h1", provider="p1", zone="nova", is_up=True, is_enabled=True)


def within(*aggregates: dict[str, str]) -> HostView:
    return replace(HOST, aggregates=aggregates)


def test_an_extra_spec_without_a_scope_must_be_said_by_an_aggregate() -> None:
    ask = replace(ASK, extra_specs={"ssd": "true"})
    assert filters.aggregate_instance_extra_specs(ask, within({"ssd": "true"})) is None
    assert filters.aggregate_instance_extra_specs(ask, within({"ssd": "false"})) == "no aggregate of it has ssd true"
    assert filters.aggregate_instance_extra_specs(ask, HOST) == "no aggregate of it has ssd true"


def test_only_extra_specs_of_the_scope_are_looked_at() -> None:
    ask = replace(ASK, extra_specs={"aggregate_instance_extra_specs:cores": ">= 4", "hw:cpu_policy": "shared"})
    assert filters.aggregate_instance_extra_specs(ask, within({"cores": "2"}, {"cores": "8"})) is None
    assert filters.aggregate_instance_extra_specs(ask, within({"cores": "2"})) == "no aggregate of it has cores >= 4"


def test_any_of_the_words_between_commas_will_do() -> None:
    ask = replace(ASK, extra_specs={"disk": "<or> nvme <or> ssd"})
    assert filters.aggregate_instance_extra_specs(ask, within({"disk": "rust, ssd"})) is None


def test_a_flavor_without_extra_specs_may_be_anywhere() -> None:
    assert filters.aggregate_instance_extra_specs(ASK, within({"ssd": "true"})) is None


def isolation(ask: Ask, host: HostView, namespace: str = "") -> str | None:
    return filters.aggregate_image_properties_isolation(ask, host, namespace=namespace, separator=".")


def test_an_image_whose_property_is_another_than_the_aggregates_is_refused() -> None:
    ask = replace(ASK, image_properties={"os_distro": "debian"})
    assert isolation(ask, within({"os_distro": "debian,ubuntu"})) is None
    refusal = isolation(ask, within({"os_distro": "windows"}))
    assert refusal == "its aggregates are for images whose os_distro is windows, not debian"


def test_an_image_that_does_not_say_may_be_anywhere() -> None:
    assert isolation(ASK, within({"os_distro": "windows"})) is None


def test_only_metadata_of_the_namespace_is_looked_at_if_there_is_one() -> None:
    ask = replace(ASK, image_properties={"os_distro": "debian", "image.os": "linux"})
    assert isolation(ask, within({"os_distro": "windows"}), "image") is None
    assert isolation(ask, within({"image.os": "windows"}), "image") is not None


def test_hosts_of_some_projects_are_for_no_others() -> None:
    tenants = within({"filter_tenant_id": "blue, green"}, {"filter_tenant_id2": "red"})
    assert filters.aggregate_multi_tenancy_isolation(ASK, tenants) is None
    assert filters.aggregate_multi_tenancy_isolation(replace(ASK, project_id="black"), tenants) is not None
    assert filters.aggregate_multi_tenancy_isolation(ASK, within({"ssd": "true"})) is None


def test_hosts_of_some_flavors_are_for_no_others() -> None:
    assert filters.aggregate_type_affinity(ASK, within({"instance_type": "m1.huge, m1.tiny"})) is None
    assert filters.aggregate_type_affinity(ASK, within({"instance_type": "m1.huge"})) is not None
    assert filters.aggregate_type_affinity(ASK, HOST) is None
