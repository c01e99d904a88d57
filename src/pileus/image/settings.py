"""`[image]`: what an operator may choose."""

from __future__ import annotations

from typing import Literal

import msgspec

from pileus.image.model.imports import OVF_PROPERTIES
from pileus.image.model.remote import EXTRA_PROPERTIES
from pileus.kit.settings import DatabaseSettings, ListenSettings, NotifierSettings, Section


class StoreSettings(Section, frozen=True, kw_only=True):
    """`[image.stores.NAME]`."""

    kind: str = "file"  # or memory, or http: what others keep on the web
    directory: str = ""  # of a file store; empty: images/NAME in the state directory
    description: str = ""  # for people
    weight: int = 0  # an image is read from the store of the greatest weight that has it


class LimitSettings(Section, frozen=True, kw_only=True):
    """`[image.limits]`: what one image may hold. A negative count is no limit."""

    properties: int = 128
    tags: int = 128
    members: int = 128
    locations: int = 10
    size_gb: int = 1024


class FormatSettings(Section, frozen=True, kw_only=True):
    """`[image.formats]`: what an image's bytes may be."""

    require_image_format_match: bool = True  # refuse bytes that are not of the declared disk format
    gpt_safety_checks_nonfatal: tuple[str, ...] = ("mbr",)  # empty: refuse partition tables that are out of order
    vmdk_allowed_types: tuple[str, ...] = ("streamOptimized", "monolithicSparse")  # no other is ever allowed
    signature_certificates: str = ""  # of those who sign images: a folder, or the URL of a key manager's secrets


class ConversionSettings(Section, frozen=True, kw_only=True):
    """`[image.conversion]`: how much a run of qemu-img may take."""

    address_space_mb: int = 2048
    cpu_s: int = 3600
    timeout_s: float = 7200


class ImportFilteringSettings(Section, frozen=True, kw_only=True):
    """`[image.import_filtering]`: where a URL that a caller names may lead to.

    A list of what is disallowed counts if the list of what is allowed is empty. Networks are not so: addresses of the
    Internet may be reached, others if they are allowed, disallowed ones never.
    """

    allowed_schemes: tuple[str, ...] = ("http", "https")
    disallowed_schemes: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    disallowed_hosts: tuple[str, ...] = ()
    allowed_ports: tuple[int, ...] = (80, 443)
    disallowed_ports: tuple[int, ...] = ()
    allowed_networks: tuple[str, ...] = ()  # such as 10.20.0.0/16, if images are kept there
    disallowed_networks: tuple[str, ...] = ()
    ca_file: str = ""  # whose certificates are good; empty: what the machine trusts


class NotificationSettings(NotifierSettings, frozen=True, kw_only=True):
    """`[image.notifications]`: what happens here, told to those who listen at a broker. Without a URL: nothing."""

    exchange: str = "glance"
    disabled: tuple[str, ...] = ()  # types such as image.send, or groups such as image.member


class PropertyProtectionSettings(Section, frozen=True, kw_only=True):
    """`[image.property_protection]`: who may create, read, update and delete which properties."""

    file: str = ""  # in the original's format; empty: whoever may change an image may change all its properties
    rule_format: Literal["roles", "policies"] = "roles"


class ImportSettings(Section, frozen=True, kw_only=True):
    """`[image.imports]`: how bytes may come other than by upload, and what is done to them on the way."""

    enabled_import_methods: tuple[str, ...] = ("glance-direct", "web-download", "copy-image", "glance-download")
    image_import_plugins: tuple[str, ...] = ()  # image_decompression, ovf_process, image_conversion, …
    output_format: str = "raw"  # of image_conversion
    cim_pasd: tuple[str, ...] = OVF_PROPERTIES  # what ovf_process takes over of what a package says of processors
    inject: dict[str, str] = msgspec.field(default_factory=dict)  # properties, by inject_image_metadata
    ignore_user_roles: tuple[str, ...] = ("admin",)  # whose images get none
    extra_properties: tuple[str, ...] = EXTRA_PROPERTIES  # beginnings of those that glance-download takes over
    staging_directory: str = ""  # empty: images/os_glance_staging_store in the state directory
    task_time_to_live_h: float = 48  # after a task has ended
    threads: int = 8  # imports at the same time
    max_parallel_stores: int = 8  # that one import writes to at the same time


class CacheSettings(Section, frozen=True, kw_only=True):
    """`[image.cache]`: copies on this host of what the stores keep, if `flavor` has caching or cachemanagement."""

    directory: str = ""  # empty: image-cache in the state directory
    max_size_mb: int = 10 * 1024
    stall_time_s: float = 300  # after which a copy that has not grown is given up


class OsloLimitSettings(Section, frozen=True, kw_only=True):
    """`[image.oslo_limit]`: the endpoint in the catalog whose limits count."""

    endpoint_id: str = ""  # if it is given, the others do not matter
    endpoint_service_type: str = "image"
    endpoint_service_name: str = ""
    endpoint_region_name: str = ""  # empty: our own region
    endpoint_interface: str = "public"


class Settings(Section, frozen=True, kw_only=True):
    """`[image]`."""

    database: DatabaseSettings = DatabaseSettings()
    listen: ListenSettings = ListenSettings(port=9292)
    flavor: Literal["", "keystone", "caching", "keystone+caching", "cachemanagement", "keystone+cachemanagement"] = (
        "keystone"  # without keystone everybody is an administrator: on loopback only
    )
    cache: CacheSettings = CacheSettings()
    stores: dict[str, StoreSettings] = msgspec.field(default_factory=lambda: {"local": StoreSettings()})
    default_store: str = ""  # empty: the first one
    limits: LimitSettings = LimitSettings()
    import_filtering: ImportFilteringSettings = ImportFilteringSettings()
    formats: FormatSettings = FormatSettings()
    conversion: ConversionSettings = ConversionSettings()
    imports: ImportSettings = ImportSettings()
    notifications: NotificationSettings = NotificationSettings()
    property_protection: PropertyProtectionSettings = PropertyProtectionSettings()
    schema_file: str = ""  # schema-image.json: properties that all images of this cloud may or must have
    upload_lease_s: float = 60  # after which an upload whose process was not heard of counts as dead
    stall_s: float = 300  # after which an upload that brings no bytes is given up
    use_keystone_limits: bool = False  # hold projects to the limits that the identity service keeps
    oslo_limit: OsloLimitSettings = OsloLimitSettings()
    limits_cache_s: float = 5  # for how long they may be older, if the identity service is somebody else's
    user_storage_quota: str = "0"  # of each project otherwise, such as 20GB; 0: none
    delayed_delete: bool = False  # keep what is deleted, until it is scrubbed
    scrub_time: float = 0  # seconds for which it is kept, and may be restored
    scrub_pool_size: int = 1  # images that are scrubbed at the same time
    wakeup_time: float = 300  # seconds between two looks for what is to be scrubbed
    store_deadline_s: float = 30  # after which a store that does not answer counts as hanging
    show_multiple_locations: bool = False  # whether owners see and change where the bytes lie
    show_image_direct_url: bool = False  # whether owners see where the bytes lie that are read first
    do_secure_hash: bool = True  # whether the bytes at a location that somebody adds are read and hashed
    http_retries: int = 3  # how often that is tried
    policy_file: str = ""
