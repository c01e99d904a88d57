"""Extra specs that the API knows: what they are called and what they may say. All others mean what anybody likes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from pileus.compute.api import parse
from pileus.kit.errors import Invalid

Check = Callable[[str], str | None]
"""Tells what is wrong with a value, or None."""


class ExtraSpecInvalid(Invalid):
    """An extra spec that is known says something that it may not, or is not known in a namespace that is."""

    message = "Validation failed; {reason}."


def require_valid(name: str, value: str) -> None:
    """Raise ExtraSpecInvalid if the name is that of no extra spec in a known namespace, or the value is not its."""
    check = _find_check(name)
    if check is None:
        namespace = name.split(":", 1)[0]
        if ":" in name and _NAMESPACE.fullmatch(namespace):
            raise ExtraSpecInvalid(reason=f"extra spec '{name}' does not appear to be a valid extra spec")
        return
    reason = check(value)
    if reason is not None:
        raise ExtraSpecInvalid(reason=f"'{value}' {reason}")


def _find_check(name: str) -> Check | None:
    if name in _BY_NAME:
        return _BY_NAME[name]
    return next((check for pattern, check in _by_pattern().items() if re.fullmatch(pattern, name)), None)


# --- what a value may be --------------------------------------------------------------------------


def _text(_value: str) -> str | None:
    return None


def _boolean(value: str) -> str | None:
    return None if value.strip().lower() in parse.TRUE + parse.FALSE else "is not a valid boolean-like value"


def _whole(minimum: int | None = None, maximum: int | None = None) -> Check:
    def check(value: str) -> str | None:
        try:
            number = int(value)
        except ValueError:
            return "is not a valid integer value"
        if maximum is not None and number > maximum:
            return f"is greater than the max value of '{maximum}'"
        if minimum is not None and number < minimum:
            return f"is less than the min value of '{minimum}'"
        return None

    return check


def _one_of(*words: str) -> Check:
    return lambda value: None if value in words else f"is not one of: {', '.join(words)}"


def _like(pattern: str) -> Check:
    return lambda value: None if re.fullmatch(pattern, value) else f"is not of the format '{pattern}'"


# --- the names ------------------------------------------------------------------------------------

_CPUS = _like(r"\^?\d+(-\d+|,\^?\d+)*")
_LEVEL = _one_of("custom", "high", "normal", "low")
_AMOUNT, _COUNT, _NUMBER = _whole(0), _whole(1), _whole()
_TRAIT = _one_of("required", "forbidden")
_GROUP = "[a-zA-Z0-9_-]{0,64}"

_NAMESPACE = re.compile(
    "accel|aggregate_instance_extra_specs|capabilities|hw|hw_rng|hw_video|os|pci_passthrough|quota|vmware|"
    f"resources{_GROUP}|trait{_GROUP}"
)


def _named(prefix: str, check: Check, names: str) -> dict[str, Check]:
    return {f"{prefix}{name}": check for name in names.split()}


_BY_NAME: Mapping[str, Check] = {
    "accel:device_profile": _text,
    "group_policy": _one_of("isolate", "none"),
    "hide_hypervisor_id": _boolean,
    **_named("capabilities:", _text, "id uuid service_id host vcpus memory_mb local_gb vcpus_used memory_mb_used "
             "local_gb_used hypervisor_type hypervisor_version hypervisor_hostname free_ram_mb free_disk_gb "
             "current_workload running_vms disk_available_least host_ip mapped cpu_allocation_ratio "
             "ram_allocation_ratio disk_allocation_ratio total_usable_ram_mb total_usable_disk_gb disk_mb_used "
             "free_disk_mb vcpus_total num_instances num_io_ops failed_builds aggregates cell_uuid updated"),
    **_named("hw:", _boolean, "cpu_realtime hide_hypervisor_id locked_memory boot_menu vif_multiqueue_enabled "
             "mem_encryption pmu virtio_packed_ring ephemeral_encryption"),
    **_named("hw:", _COUNT, "numa_nodes cpu_sockets cpu_cores cpu_threads cpu_max_sockets cpu_max_cores "
             "cpu_max_threads"),
    "hw:cpu_realtime_mask": _CPUS,
    "hw:cpu_dedicated_mask": _CPUS,
    "hw:cpu_policy": _one_of("dedicated", "shared", "mixed"),
    "hw:cpu_thread_policy": _one_of("prefer", "isolate", "require"),
    "hw:emulator_threads_policy": _one_of("isolate", "share"),
    "hw:ephemeral_encryption_format": _one_of("plain", "luks", "luksv2"),
    "hw:mem_encryption_model": _one_of("amd-sev", "amd-sev-es", "amd-sev-snp", "intel-tdx"),
    "hw:mem_page_size": _like(r"(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)"),
    "hw:pci_numa_affinity_policy": _one_of("required", "preferred", "legacy", "socket"),
    "hw:pmem": _like("[a-zA-Z0-9_]+(,[a-zA-Z0-9_]+)*,?"),
    "hw:redirected_usb_ports": _whole(0, 15),
    "hw:serial_port_count": _AMOUNT,
    "hw:sound_model": _one_of("sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio"),
    "hw:tpm_model": _one_of("tpm-tis", "tpm-crb"),
    "hw:tpm_secret_security": _one_of("user", "host", "deployment"),
    "hw:tpm_version": _one_of("1.2", "2.0"),
    "hw:usb_model": _one_of("none", "nec-xhci", "qemu-xhci"),
    "hw:viommu_model": _one_of("intel", "smmuv3", "virtio", "auto"),
    "hw:watchdog_action": _one_of("none", "pause", "poweroff", "reset", "disabled"),
    "hw_rng:allowed": _boolean,
    **_named("hw_rng:", _AMOUNT, "rate_bytes rate_period"),
    "hw_video:ram_max_mb": _AMOUNT,
    "os:secure_boot": _one_of("disabled", "required"),
    "pci_passthrough:alias": _like(r"[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*"),
    **_named("quota:", _AMOUNT, "cpu_limit cpu_shares_share memory_limit memory_shares_share disk_io_limit "
             "disk_io_shares_share vif_limit vif_shares_share cpu_shares cpu_period disk_read_bytes_sec "
             "disk_read_iops_sec disk_write_bytes_sec disk_write_iops_sec disk_total_bytes_sec disk_total_iops_sec "
             "vif_inbound_average vif_inbound_peak vif_inbound_burst vif_outbound_average vif_outbound_peak "
             "vif_outbound_burst"),
    **_named("quota:", _NUMBER, "cpu_reservation memory_reservation disk_io_reservation vif_reservation cpu_quota"),
    **_named("quota:", _LEVEL, "cpu_shares_level memory_shares_level disk_io_shares_level vif_shares_level"),
    **_named("vmware:", _text, "hw_version storage_policy"),
}  # fmt: skip


@cache
def _by_pattern() -> Mapping[str, Check]:
    """Return the names that vary; read once it is needed, for the traits and classes are many."""
    import os_resource_classes
    import os_traits

    classes = "|".join((*os_resource_classes.STANDARDS, "CUSTOM_[A-Z0-9_]+"))
    traits = "|".join((*os_traits.get_traits(), "CUSTOM_[A-Z0-9_]+"))
    facts = "cpu_info metrics stats numa_topology supported_hv_specs pci_device_pools nodename pci_stats"
    return {
        "aggregate_instance_extra_specs:.+": _text,
        rf"capabilities:({facts.replace(' ', '|')}|supported_instances|limits|instances)(:\w+)*": _text,
        r"hw:numa_cpus\.\d+": _CPUS,
        r"hw:numa_mem\.\d+": _COUNT,
        f"resources{_GROUP}:({classes})": _NUMBER,
        f"trait{_GROUP}:({traits})": _TRAIT,
    }
