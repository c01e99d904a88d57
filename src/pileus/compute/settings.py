"""`[compute]`: what an operator may choose."""

from __future__ import annotations

from typing import Literal

import msgspec

from pileus.kit.settings import DatabaseSettings, ListenSettings, NotifierSettings, Section


class OsloLimitSettings(Section, frozen=True, kw_only=True):
    """`[compute.quota.oslo_limit]`: the endpoint in the catalog whose limits count."""

    endpoint_id: str = ""  # if it is given, the others do not matter
    endpoint_service_type: str = "compute"
    endpoint_service_name: str = ""
    endpoint_region_name: str = ""  # empty: our own region
    endpoint_interface: str = "public"


class QuotaSettings(Section, frozen=True, kw_only=True):
    """`[compute.quota]`: what a project gets that has no quota of its own. -1: as much as there is."""

    is_unified: bool = False  # the identity service keeps the limits, and says them instead of these
    unified_required: tuple[str, ...] = ("servers",)  # its resources of which nobody has any that it says nothing of
    oslo_limit: OsloLimitSettings = OsloLimitSettings()
    limits_cache_s: float = 5  # for how long they may be older, if the identity service is somebody else's

    instances: int = 100
    cores: int = 400
    ram_mb: int = 1048576
    key_pairs: int = 100
    metadata_items: int = 128
    injected_files: int = 5
    injected_file_content_bytes: int = 10240
    injected_file_path_bytes: int = 255
    server_groups: int = 10
    server_group_members: int = 10


class PciAlias(Section, frozen=True, kw_only=True):
    """One of `[[compute.pci.alias]]`: a name by which flavors ask for PCI devices of a kind."""

    name: str
    vendor_id: str  # four hexadecimal digits
    product_id: str


class PciSettings(Section, frozen=True, kw_only=True):
    """`[compute.pci]`."""

    alias: tuple[PciAlias, ...] = ()


class MetricsSettings(Section, frozen=True, kw_only=True):
    """`[compute.scheduler.metrics]`: how much it counts what hosts measure of themselves."""

    weight_multiplier: float = 1.0
    weight_setting: tuple[str, ...] = ()  # such as "cpu.percent=-1.0"
    weight_of_unavailable: float = -10000.0  # of a host that did not measure all of it


class SchedulerSettings(Section, frozen=True, kw_only=True):
    """`[compute.scheduler]`: how a server's host is chosen. docs/scheduler.md says what filters and weighers do."""

    enabled_filters: tuple[str, ...] = (
        "ComputeFilter",
        "ComputeCapabilitiesFilter",
        "ImagePropertiesFilter",
        "ServerGroupAntiAffinityFilter",
        "ServerGroupAffinityFilter",
        "SameHostFilter",
        "DifferentHostFilter",
        "NUMATopologyFilter",
    )
    max_placement_results: int = 1000  # hosts with room that are looked at
    host_subset_size: int = 1  # of so many of the best hosts one is taken at random
    shuffle_best_same_weighed_hosts: bool = False  # of the best hosts that are equally good one is taken at random
    limit_tenants_to_placement_aggregate: bool = False  # a project keeps to its aggregates, if it has any
    placement_aggregate_required_for_tenants: bool = False  # a project without any gets no host
    enable_isolated_aggregate_filtering: bool = False  # `trait:` in an aggregate's metadata keeps others out
    query_placement_for_image_type_support: bool = False  # hosts must know the image's format
    max_io_ops_per_host: int = 8
    max_instances_per_host: int = 50
    isolated_hosts: tuple[str, ...] = ()
    isolated_images: tuple[str, ...] = ()  # by id
    restrict_isolated_hosts_to_isolated_images: bool = True
    image_properties_default_architecture: str = ""  # of an image that names none; empty: any
    aggregate_image_properties_isolation_namespace: str = ""  # only metadata that begins so; empty: all
    aggregate_image_properties_isolation_separator: str = "."
    # More than 0 prefers hosts with much of it, less than 0 those with little. Metadata of aggregates goes before them.
    ram_weight_multiplier: float = 1.0
    cpu_weight_multiplier: float = 1.0
    disk_weight_multiplier: float = 1.0
    io_ops_weight_multiplier: float = -1.0
    hypervisor_version_weight_multiplier: float = 1.0
    pci_weight_multiplier: float = 1.0
    num_instances_weight_multiplier: float = 0.0
    build_failure_weight_multiplier: float = 1000000.0
    image_cache_weight_multiplier: float = 0.0
    soft_affinity_weight_multiplier: float = 1.0
    soft_anti_affinity_weight_multiplier: float = 1.0
    metrics: MetricsSettings = MetricsSettings()
    custom_weighers: dict[str, float] = msgspec.field(default_factory=dict)  # a weigher's entry point → its multiplier


class ConsoleSettings(Section, frozen=True, kw_only=True):
    """`[compute.console]`: the proxies through which users reach guests' consoles. Empty: there is none."""

    novnc_url: str = ""
    spice_html5_url: str = ""
    spice_direct_url: str = ""
    serial_url: str = ""
    webmks_url: str = ""
    token_ttl_s: float = 600.0


class NotificationSettings(NotifierSettings, frozen=True, kw_only=True):
    """`[compute.notifications]`: what happens here, told to those who listen at a broker. Without a URL: nothing."""

    exchange: str = "nova"
    notification_format: Literal["unversioned", "versioned", "both"] = "unversioned"  # `topics` are of the first
    versioned_notifications_topics: tuple[str, ...] = ("versioned_notifications",)
    notify_on_state_change: Literal["", "vm_state", "vm_and_task_state"] = ""  # which changes are an `update`
    max_kept: int = 100_000  # while the broker is away; of more than these the oldest are never sent


class Settings(Section, frozen=True, kw_only=True):
    """`[compute]`."""

    database: DatabaseSettings = DatabaseSettings()
    listen: ListenSettings = ListenSettings(port=8774)
    quota: QuotaSettings = QuotaSettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    pci: PciSettings = PciSettings()
    cpu_allocation_ratio: float = 16.0
    ram_allocation_ratio: float = 1.5
    disk_allocation_ratio: float = 1.0
    reserved_host_memory_mb: int = 512
    policy_file: str = ""
    service_down_time_s: float = 60.0  # a host that was silent for longer is down
    max_limit: int = 1000  # rows of one page
    may_resize_to_same_host: bool = True
    resize_confirm_after_s: float = 0.0  # when a resize that nobody confirms is confirmed; 0: never
    shelved_offload_after_s: float = 0.0  # how long a shelved server stays on its host; less than 0: for ever
    reclaim_deleted_after_s: float = 0.0  # how long a deleted server may be restored; 0: not at all
    console: ConsoleSettings = ConsoleSettings()
    notifications: NotificationSettings = NotificationSettings()
    console_timeout_s: float = 10.0  # for an agent's answer about a guest's console
