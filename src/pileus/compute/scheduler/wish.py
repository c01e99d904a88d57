"""What flavors and images wish of a host's CPUs and memory: which are the guest's own, its NUMA cells, its pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pileus.compute.model.flavor import Flavor
from pileus.compute.model.guest_topology import ANY, ISOLATE, LARGE, PREFER, REQUIRE, SMALL, CellWish, TopologyWish
from pileus.compute.model.topology import numbers_in
from pileus.compute.scheduler.spec import DemandInvalid, both, said

_THREADS = "HW_CPU_HYPERTHREADING"
_CPU_POLICIES = ("shared", "dedicated", "mixed")
_THREAD_POLICIES = (PREFER, ISOLATE, REQUIRE)
_EMULATOR_POLICIES = ("isolate", "share")
_PAGE_SIZES = (ANY, LARGE, SMALL)
_PAGE_SIZE = re.compile(r"(\d{1,12})\s*([kKMGT]?)i?(b|bit|B)?")
_BYTES = {"": 1, "k": 1 << 10, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_MOST_CELLS = 64  # more than any machine has

Properties = Mapping[str, Any]


def topology_wish(flavor: Flavor, properties: Properties) -> TopologyWish | None:
    """Return which parts of a host a guest shall have for itself; None if it does not care. Raises DemandInvalid."""
    own, thread_policy = own_cpus(flavor, properties), _thread_policy(flavor, properties)
    page_size, emulator = _page_size(flavor, properties), _emulator_policy(flavor)
    if not own:
        _refuse_without_own_cpus(thread_policy, emulator)
    if not own and not page_size and not any(both(flavor, properties, "numa_nodes")):
        return None
    return TopologyWish(
        cells=_cells(flavor, properties, own),
        thread_policy=thread_policy or PREFER,
        page_size=page_size,
        has_own_emulator_cpu=emulator == "isolate",
        shares_emulator_cpus=emulator == "share" and bool(own),
    )


def _refuse_without_own_cpus(thread_policy: str, emulator: str) -> None:
    if thread_policy:
        raise DemandInvalid(reason="Cannot set cpu thread pinning policy in a non dedicated cpu pinning policy")
    if emulator == "isolate":
        raise DemandInvalid(
            reason="An isolated CPU emulator threads option requires a dedicated CPU policy option."
        )  # fmt: skip


# --- CPUs -----------------------------------------------------------------------------------------


def cpu_amounts(flavor: Flavor, properties: Properties) -> dict[str, int]:
    """Return how many CPUs are shared, VCPU, and how many are the guest's own, PCPU. Raises DemandInvalid."""
    own = len(own_cpus(flavor, properties))
    extra = 1 if own and _emulator_policy(flavor) == "isolate" else 0
    return {"VCPU": flavor.vcpus - own, "PCPU": own + extra}


def thread_traits(flavor: Flavor, properties: Properties) -> dict[str, str]:
    """Return which trait the policy for CPU threads requires or forbids. Raises DemandInvalid."""
    wish = {REQUIRE: "required", ISOLATE: "forbidden"}.get(_thread_policy(flavor, properties))
    return {} if wish is None else {_THREADS: wish}


def own_cpus(flavor: Flavor, properties: Properties) -> frozenset[int]:
    """Return which CPUs of a guest have one of the host for themselves. Raises DemandInvalid."""
    policy, every = _cpu_policy(flavor, properties), frozenset(range(flavor.vcpus))
    mask = flavor.extra_specs.get("hw:cpu_dedicated_mask", "").strip()
    if mask and policy != "mixed":
        raise DemandInvalid(reason="Cannot specify 'hw:cpu_dedicated_mask' without the 'mixed' policy.")
    if policy != "mixed":
        is_named = flavor.extra_specs.get("resources:PCPU", "0") != "0"
        return every if policy == "dedicated" or is_named else frozenset()
    own = _masked(mask, every)
    if not own or own == every:
        raise DemandInvalid(
            reason="Mixed instance must have at least 1 pinned vCPU and 1 unpinned vCPU. See 'hw:cpu_dedicated_mask'."
        )
    return own


def _masked(mask: str, every: frozenset[int]) -> frozenset[int]:
    """Return the CPUs of a mask; one that begins with `^` is of those that it leaves."""
    complaint = "The mask of dedicated CPUs is not understood"
    if mask.startswith("^"):
        return every - _numbers(mask.replace("^", ""), complaint)
    return _numbers(mask, complaint) & every


def _numbers(text: str, complaint: str) -> frozenset[int]:
    try:
        return frozenset(numbers_in(text))
    except ValueError:
        raise DemandInvalid(reason=f"{complaint}: {text}") from None


def _cpu_policy(flavor: Flavor, properties: Properties) -> str:
    of_flavor, of_image = both(flavor, properties, "cpu_policy")
    _require_known("CPU policy", of_flavor, of_image, _CPU_POLICIES)
    forbidden = {"shared": ("mixed", "dedicated"), "mixed": ("dedicated",)}
    if of_image in forbidden.get(of_flavor, ()):
        raise DemandInvalid(
            reason="Image property 'hw_cpu_policy' is not permitted to override CPU pinning policy set against the "
            "flavor"
        )
    return of_flavor or of_image


def _thread_policy(flavor: Flavor, properties: Properties) -> str:
    of_flavor, of_image = both(flavor, properties, "cpu_thread_policy")
    _require_known("CPU thread policy", of_flavor, of_image, _THREAD_POLICIES)
    if of_flavor in (ISOLATE, REQUIRE) and of_image and of_image != of_flavor:
        raise DemandInvalid(
            reason="Image property 'hw_cpu_thread_policy' is not permitted to override CPU thread pinning policy set "
            "against the flavor"
        )
    return of_flavor if of_flavor in (ISOLATE, REQUIRE) else of_image or of_flavor


def _require_known(what: str, of_flavor: str, of_image: str, known: tuple[str, ...]) -> None:
    for source, value in (("flavor extra specs", of_flavor), ("image properties", of_image)):
        if value and value not in known:
            raise DemandInvalid(
                reason=f"{what} requested from '{source}' is invalid, given: '{value}', available: '{known}'."
            )


def _emulator_policy(flavor: Flavor) -> str:
    policy = flavor.extra_specs.get("hw:emulator_threads_policy", "").strip()
    if policy and policy not in _EMULATOR_POLICIES:
        raise DemandInvalid(
            reason=f"CPU emulator threads option requested is invalid, given: '{policy}', "
            f"available: '{_EMULATOR_POLICIES}'."
        )
    return policy


# --- memory ---------------------------------------------------------------------------------------


def _page_size(flavor: Flavor, properties: Properties) -> str:
    """Return the size of pages: KiB, or any, large, small. An image may choose where the flavor lets it."""
    of_flavor, of_image = both(flavor, properties, "mem_page_size")
    wanted = _page_kib(of_flavor)
    if of_image and wanted not in (ANY, LARGE):
        raise DemandInvalid(reason=f"Page size {of_image} forbidden against '{of_flavor or '<empty>'}'")
    return _page_kib(of_image) or wanted


def _page_kib(text: str) -> str:
    if not text or text in _PAGE_SIZES:
        return text
    match = _PAGE_SIZE.fullmatch(text)
    if match is None:
        raise DemandInvalid(reason=f"Invalid memory page size '{text}'")
    number, unit, bits_or_bytes = match.groups()
    if not unit and not bits_or_bytes:
        return number  # KiB
    return str(int(number) * _BYTES[unit] // (1 if bits_or_bytes in (None, "B") else 8) // 1024)


# --- cells ----------------------------------------------------------------------------------------


def _cells(flavor: Flavor, properties: Properties, own: frozenset[int]) -> tuple[CellWish, ...]:
    """Return the NUMA cells: equal parts, unless CPUs and memory of each are named. Raises DemandInvalid."""
    count = _cell_count(flavor, properties)
    cpus = [_of_cell(flavor, properties, f"numa_cpus.{number}") for number in range(count)]
    memory = [_of_cell(flavor, properties, f"numa_mem.{number}") for number in range(count)]
    if not any(cpus) and not any(memory):
        parts = _equal_parts(flavor, count)
    elif all(cpus) and all(memory):
        parts = [
            (_numbers(c, "The NUMA cells are not understood"), _whole(m)) for c, m in zip(cpus, memory, strict=True)
        ]
        _require_parts(flavor, parts)
    else:
        raise DemandInvalid(reason="CPU and memory allocation must be provided for all NUMA nodes")
    return tuple(
        CellWish(cpus=tuple(sorted(some)), dedicated_cpus=tuple(sorted(some & own)), memory_mb=memory_mb)
        for some, memory_mb in parts
    )  # fmt: skip


def _cell_count(flavor: Flavor, properties: Properties) -> int:
    text = _of_cell(flavor, properties, "numa_nodes") or "1"
    if not text.isdecimal() or not int(text):
        raise DemandInvalid(
            reason=f"The property 'numa_nodes' cannot be '{text}'. It must be a number greater than 0"
        )  # fmt: skip
    return min(int(text), _MOST_CELLS * max(1, flavor.vcpus))


def _of_cell(flavor: Flavor, properties: Properties, name: str) -> str:
    if all(both(flavor, properties, name)):
        raise DemandInvalid(
            reason=f"Image property 'hw_{name}' is not permitted to override NUMA configuration set against the flavor"
        )
    return said(flavor, properties, name)


def _equal_parts(flavor: Flavor, count: int) -> list[tuple[frozenset[int], int]]:
    if flavor.vcpus % count or flavor.memory_mb % count:
        raise DemandInvalid(
            reason="Instance CPUs and/or memory cannot be evenly distributed across instance NUMA nodes. Explicit "
            "assignment of CPUs and memory to nodes is required"
        )
    cpus, memory_mb = flavor.vcpus // count, flavor.memory_mb // count
    return [(frozenset(range(cpus * number, cpus * (number + 1))), memory_mb) for number in range(count)]


def _require_parts(flavor: Flavor, parts: list[tuple[frozenset[int], int]]) -> None:
    """Raise DemandInvalid unless each CPU is in one cell, and the memory is as much as the guest has."""
    left = set(range(flavor.vcpus))
    for cpus, _ in parts:
        for cpu in sorted(cpus):
            if cpu >= flavor.vcpus:
                raise DemandInvalid(reason=f"CPU number {cpu} is larger than max {flavor.vcpus - 1}")
            if cpu not in left:
                raise DemandInvalid(reason=f"CPU number {cpu} is assigned to two nodes")
            left.remove(cpu)
    if left:
        raise DemandInvalid(reason=f"CPU number {left} is not assigned to any node")
    total = sum(memory_mb for _, memory_mb in parts)
    if total != flavor.memory_mb:
        raise DemandInvalid(reason=f"{total} MB of memory assigned, but expected {flavor.memory_mb} MB")


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise DemandInvalid(reason="The NUMA cells are not understood.")
    return int(text)
