"""Azure's trace for packing of 2020: an SQLite database whose servers take shares of a machine."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from pileus.replay.request import Request, Size, TraceInvalid

MAGIC = b"SQLite format 3\x00"
_DAY_S = 86_400.0
_SLIP = 1e-6  # of a share that was written down as a decimal number

_COUNTS = "SELECT vmTypeId, COUNT(*) FROM vm GROUP BY vmTypeId"
_TYPES = "SELECT vmTypeId, machineId, core, memory, MAX(COALESCE(hdd, 0), COALESCE(ssd, 0)) FROM vmType"
_SERVERS = "SELECT vmId, tenantId, vmTypeId, starttime, endtime FROM vm ORDER BY starttime, vmId"

_Sizes = Mapping[object, Size]  # by type


def read_packing(file: Path, host: Size) -> Iterator[Request | None]:
    """Yield what the trace asks for, on hosts like one, in the order of time. Raises TraceInvalid.

    A share is one of a machine of some kind. The hosts are taken for those of the kind on which most servers may run;
    in place of a server that may not run there comes None.
    """
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True)) as database:
            sizes = _sizes(file, database, host)
            for server, tenant, kind, start, end in database.execute(_SERVERS):
                size = sizes.get(kind)
                yield (
                    None
                    if size is None
                    else Request(
                        id=str(server),
                        start_s=_moment(file, server, "starttime", start),
                        end_s=None if end is None else _moment(file, server, "endtime", end),
                        size=size,
                        project=str(tenant),
                        flavor=str(kind),
                    )
                )
    except sqlite3.Error as error:
        raise TraceInvalid(file=file, place="as Azure's trace for packing", reason=error) from None


def _sizes(file: Path, database: sqlite3.Connection, host: Size) -> _Sizes:
    """Return the sizes of the types of servers on the machine on which most servers may run."""
    wanted = dict(database.execute(_COUNTS).fetchall())
    rows = database.execute(_TYPES).fetchall()
    servers: Counter[object] = Counter()
    for kind, machine, *_ in rows:
        servers[machine] += wanted.get(kind, 0)
    best = min(servers, key=lambda machine: (-servers[machine], str(machine)), default=None)
    return {kind: _size(file, kind, host, shares) for kind, machine, *shares in rows if machine == best}


def _size(file: Path, kind: object, host: Size, shares: list[object]) -> Size:
    amounts = []
    for name, share, whole in zip(
        ("core", "memory", "disk"), shares, (host.vcpus, host.memory_mb, host.disk_gb), strict=True
    ):
        if not isinstance(share, int | float) or not 0 <= share <= 1:
            raise TraceInvalid(file=file, place=f"vmType {kind}, {name}", reason=f"{share!r} is no share of a machine")
        amounts.append(math.ceil(share * whole - _SLIP))
    vcpus, memory_mb, disk_gb = amounts
    return Size(max(1, vcpus), max(1, memory_mb), disk_gb)


def _moment(file: Path, server: object, field: str, days: object) -> float:
    if not isinstance(days, int | float):
        raise TraceInvalid(file=file, place=f"vm {server}, {field}", reason=f"{days!r} is no number of days")
    return days * _DAY_S
