"""Filters that look at what the host can: what the flavor's extra specs and the image's properties demand of it."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from pileus.compute.model.image_property import current
from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.facts import Facts, looks_at
from pileus.compute.scheduler.filter.extra_spec import is_match

_SCOPE = "capabilities"
_ADDRESS_BITS = "hw:maxphysaddr_bits"

# --- extra specs ----------------------------------------------------------------------------------


_FACTS: Mapping[str, tuple[str, ...] | None] = {
    "host": None,
    "nodename": None,
    "hypervisor_hostname": None,
    "uuid": None,
    "hypervisor_type": ("hypervisor_type",),
    "hypervisor_version": ("hypervisor_version",),
    "cpu_info": ("cpu_info",),
    "vcpus_total": ("total:VCPU",),
    "vcpus_used": ("used:VCPU",),
    "total_usable_ram_mb": ("total:MEMORY_MB",),
    "free_ram_mb": ("free:MEMORY_MB",),
    "total_usable_disk_gb": ("total:DISK_GB",),
    "free_disk_mb": ("free:DISK_GB",),
    "disk_mb_used": ("used:DISK_GB",),
    "num_instances": ("servers",),
    "num_io_ops": ("io_ops",),
    "failed_builds": ("failed_builds",),
}
"""Where each capability comes from; None: every host has its own."""


def _demanded(ask: Ask) -> Facts:
    """Return what the capabilities come from that extra specs demand."""
    facts: set[str] = set()
    for spec, demand in ask.extra_specs.items():
        path, _ = _demand(spec, demand)
        source = () if path is None else _FACTS.get(path[0], ())
        if source is None:
            return None
        facts.update(source)
    return sorted(facts)


@looks_at(if_asked=_demanded)
def compute_capabilities(ask: Ask, host: HostView) -> str | None:
    """The host must have what the extra specs under `capabilities:` demand, and those of no scope that name one."""
    if not ask.extra_specs:
        return None
    known = capabilities(host)
    for spec, demand in ask.extra_specs.items():
        path, wanted = _demand(spec, demand)
        if path is None or (len(path) == 1 and ":" not in spec and path[0] not in known):
            continue
        value = look_up(known, path)
        if value is None or not is_match(str(value), wanted):
            return f"its {':'.join(path)} is {'not known' if value is None else value}, not {wanted}"
    return None


def capabilities(host: HostView) -> Mapping[str, Any]:
    """Return what there is to demand of a host, by the names that extra specs and queries use."""
    free, used, total = host.free, host.used, host.total
    return {
        "host": host.host,
        "nodename": host.node,
        "hypervisor_hostname": host.node,
        "uuid": host.provider,
        "hypervisor_type": host.hypervisor_type,
        "hypervisor_version": host.hypervisor_version,
        "cpu_info": host.cpu_info,
        "vcpus_total": total.get("VCPU", 0),
        "vcpus_used": used.get("VCPU", 0),
        "total_usable_ram_mb": total.get("MEMORY_MB", 0),
        "free_ram_mb": free.get("MEMORY_MB", 0),
        "total_usable_disk_gb": total.get("DISK_GB", 0),
        "free_disk_mb": free.get("DISK_GB", 0) * 1024,
        "disk_mb_used": used.get("DISK_GB", 0) * 1024,
        "num_instances": host.servers,
        "num_io_ops": host.io_ops,
        "failed_builds": host.failed_builds,
    }


def look_up(known: Any, path: list[str]) -> Any:
    """Return what is at the end of a path into nested mappings; None if it leads nowhere."""
    for part in path:
        if not isinstance(known, Mapping):
            return None
        known = known.get(part)
    return known


def _demand(spec: str, demand: str) -> tuple[list[str] | None, str]:
    """Return the path of the capability that an extra spec speaks of, None if it speaks of none, and the demand."""
    if spec == _ADDRESS_BITS:
        return ["cpu_info", "maxphysaddr", "bits"], f">= {demand}"
    path = spec.split(":")
    if len(path) == 1:
        return path, demand
    return (path[1:] if path[0] == _SCOPE else None), demand


# --- image properties -----------------------------------------------------------------------------

_ARCHITECTURES = {"amd64": "x86_64", "i386": "i686", "i486": "i686", "i586": "i686", "x86_32": "i686"}
_RUN_BY_QEMU = frozenset(("qemu", "kvm"))
_VERSION_RULE = re.compile(r"\s*(<=|>=|==|!=|<|>)\s*([0-9]+(?:\.[0-9]+)*)\s*")
_COMPARE: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}


@looks_at("cpu_info", "hypervisor_type", "hypervisor_version")
def image_properties(ask: Ask, host: HostView, *, default_architecture: str) -> str | None:
    """The host must be of the architecture, hypervisor, version and mode that the image's properties demand."""
    if not ask.image_properties and not default_architecture:
        return None
    wanted = current(ask.image_properties)
    architecture = _architecture(str(wanted.get("hw_architecture") or default_architecture))
    if architecture and architecture != _architecture(str(host.cpu_info.get("arch", ""))):
        return f"its architecture is {host.cpu_info.get('arch', 'not known')}, not {architecture}"
    kind, has = str(wanted.get("img_hv_type") or "").lower(), host.hypervisor_type.lower()
    if kind and kind not in (_RUN_BY_QEMU if has in _RUN_BY_QEMU else {has}):
        return f"its hypervisor is {host.hypervisor_type or 'not known'}, not {kind}"
    mode = str(wanted.get("hw_vm_mode") or "hvm").lower()
    if mode != "hvm":
        return f"it has no machines of the mode {mode}"
    return _refuse_version(str(wanted.get("img_hv_requested_version") or ""), host) or _refuse_bits(wanted, host)


def _architecture(name: str) -> str:
    return _ARCHITECTURES.get(name.lower(), name.lower())


def _refuse_version(demand: str, host: HostView) -> str | None:
    """Return why the hypervisor's version is not what is demanded, such as `>=6.0, <8`."""
    if not demand or not host.hypervisor_version:
        return None
    number = host.hypervisor_version
    version = (number // 1_000_000, number // 1_000 % 1_000, number % 1_000)
    for rule in demand.split(","):
        parts = _VERSION_RULE.fullmatch(rule)
        if parts is None:
            return f"the image's demand for a hypervisor's version is not understood: {demand}"
        bound = tuple(int(part) for part in parts[2].split("."))
        if not _COMPARE[parts[1]](version, bound + (0,) * (3 - len(bound))):
            return f"its hypervisor's version is {'.'.join(map(str, version))}, not {rule.strip()}"
    return None


def _refuse_bits(wanted: Mapping[str, object], host: HostView) -> str | None:
    bits, has = wanted.get("hw_maxphysaddr_bits"), look_up(host.cpu_info, ["maxphysaddr", "bits"])
    if not bits or not has or is_match(str(has), f">= {bits}"):
        return None
    return f"its physical addresses have {has} bits, not {bits}"
