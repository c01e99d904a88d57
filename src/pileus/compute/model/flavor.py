"""Flavors: the sizes that servers come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """One size. A server keeps a copy of its own, so a flavor may be changed or deleted under it."""

    number: int = 0  # the row's; 0 while there is none
    id: str  # what the API calls it, such as "1"
    name: str
    vcpus: int
    memory_mb: int
    root_gb: int  # 0: as large as the image
    ephemeral_gb: int = 0
    swap_mb: int = 0
    rxtx_factor: float = 1.0
    is_public: bool = True
    is_disabled: bool = False
    description: str | None = None
    extra_specs: Mapping[str, str] = field(default_factory=dict)

    @property
    def disk_gb(self) -> int:
        """All the disk that a server of this size takes from its host, without swap."""
        return self.root_gb + self.ephemeral_gb


def _standard(flavor_id: str, name: str, memory_mb: int, root_gb: int, vcpus: int) -> Flavor:
    return Flavor(id=flavor_id, name=name, memory_mb=memory_mb, root_gb=root_gb, vcpus=vcpus)


STANDARD = (
    _standard("1", "m1.tiny", 512, 1, 1),
    _standard("2", "m1.small", 2048, 20, 1),
    _standard("3", "m1.medium", 4096, 40, 2),
    _standard("4", "m1.large", 8192, 80, 4),
    _standard("5", "m1.xlarge", 16384, 160, 8),
)
"""The flavors that people expect of a new cloud."""
