"""`[compute]`: what an operator may choose."""

from __future__ import annotations

from pileus.kit.settings import DatabaseSettings, ListenSettings, Section


class QuotaSettings(Section, frozen=True, kw_only=True):
    """`[compute.quota]`: what a project gets that has no quota of its own. -1: as much as there is."""

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


class Settings(Section, frozen=True, kw_only=True):
    """`[compute]`."""

    database: DatabaseSettings = DatabaseSettings()
    listen: ListenSettings = ListenSettings(port=8774)
    quota: QuotaSettings = QuotaSettings()
    cpu_allocation_ratio: float = 16.0
    ram_allocation_ratio: float = 1.5
    disk_allocation_ratio: float = 1.0
    reserved_host_memory_mb: int = 512
    policy_file: str = ""
    service_down_time_s: float = 60.0  # a host that was silent for longer is down
    max_limit: int = 1000  # rows of one page
    console_timeout_s: float = 10.0  # for an agent's answer about a guest's console
