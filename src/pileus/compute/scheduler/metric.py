"""What hosts measure of themselves, as a filter and as a weigher. A host may lack any of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.choose import Weigher
from pileus.compute.scheduler.facts import Filter, looks_at
from pileus.compute.scheduler.hosts import Hosts, Numbers
from pileus.kit.settings import SettingInvalid


def ratios(weight_setting: tuple[str, ...]) -> Mapping[str, float]:
    """Return how much each metric counts, of items such as `cpu.percent=-1.0`. Raises SettingInvalid."""
    found = {}
    for item in weight_setting:
        name, _, ratio = item.partition("=")
        try:
            found[name.strip()] = float(ratio)
        except ValueError:
            source = "[compute.scheduler.metrics] weight_setting"
            raise SettingInvalid(source=source, reason=f"'{item}' is not NAME=RATIO") from None
    return found


def metrics_filter(names: Mapping[str, float]) -> Filter:
    """Return the filter by which a host must have measured everything that counts."""

    @looks_at(*(f"known:metrics:{name}" for name in names))
    def check(_ask: Ask, host: HostView) -> str | None:
        lacking = [name for name in names if name not in host.metrics]
        return f"it has not measured {', '.join(lacking)}" if lacking else None

    return check


def metrics_weigher(counting: Mapping[str, float], weight_of_unavailable: float) -> Weigher:
    """Return the weigher of what was measured; a host that lacks something of it has `weight_of_unavailable`."""

    def weigh(_ask: Ask, hosts: Hosts) -> Numbers:
        weights = np.zeros(len(hosts))
        for name, ratio in counting.items():
            weights = weights + ratio * hosts.measured(f"metrics:{name}")
        return np.where(np.isnan(weights), weight_of_unavailable, weights)

    return weigh
