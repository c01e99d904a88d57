"""UEFI firmware that is installed on a host, as its package describes it to whoever runs QEMU."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A file of an earlier directory takes the place of one of the same name in a later one.
DIRECTORIES = (Path("/etc/qemu/firmware"), Path("/usr/share/qemu/firmware"))
_ARCHITECTURE = "x86_64"
_UNWANTED = frozenset(("secure-boot", "requires-smm", "enrolled-keys", "amd-sev-es", "amd-sev-snp", "intel-tdx"))


@dataclass(frozen=True, slots=True)
class Uefi:
    """One build of it: the code, which all guests share, and what a guest's own variables begin as."""

    code: Path
    variables: Path


def find_uefi(machine: str, directories: Sequence[Path] = DIRECTORIES) -> Uefi | None:
    """Return the preferred firmware without Secure Boot for a machine type, such as pc-q35-7.2, if one is installed."""
    for description in _list_descriptions(directories):
        mapping = description.get("mapping", {})
        if _is_fit(description, machine) and mapping.get("device") == "flash":
            found = Uefi(Path(mapping["executable"]["filename"]), Path(mapping["nvram-template"]["filename"]))
            if found.code.exists() and found.variables.exists():
                return found
    return None


def _list_descriptions(directories: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield them in the order of their names, which is that of preference."""
    files: dict[str, Path] = {}
    for directory in reversed(directories):
        files |= {path.name: path for path in directory.glob("*.json")}
    for name in sorted(files):
        if text := files[name].read_text():  # an empty one hides another of its name
            yield json.loads(text)


def _is_fit(description: dict[str, Any], machine: str) -> bool:
    return (
        "uefi" in description.get("interface-types", ())
        and not _UNWANTED.intersection(description.get("features", ()))
        and any(
            target.get("architecture") == _ARCHITECTURE
            and any(fnmatchcase(machine, pattern) for pattern in target.get("machines", ()))
            for target in description.get("targets", ())
        )
    )
