"""The whole settings file, and what the services are called."""

from __future__ import annotations

from pathlib import Path

from pileus.compute.agent.settings import Settings as AgentSettings
from pileus.compute.settings import Settings as ComputeSettings
from pileus.identity.settings import Settings as IdentitySettings
from pileus.image.settings import Settings as ImageSettings
from pileus.kit.settings import AuthSettings, BusSettings, CorsSettings, Section, TlsSettings
from pileus.placement.settings import Settings as PlacementSettings

SERVICES = ("identity", "image", "placement", "compute")
PATH_OF = {"identity": "/v3", "image": "", "placement": "", "compute": "/v2.1"}


class Settings(Section, frozen=True, kw_only=True):
    """The whole settings file."""

    identity: IdentitySettings = IdentitySettings()
    image: ImageSettings = ImageSettings()
    placement: PlacementSettings = PlacementSettings()
    compute: ComputeSettings = ComputeSettings()
    agent: AgentSettings = AgentSettings()
    auth: AuthSettings = AuthSettings()
    bus: BusSettings = BusSettings()
    tls: TlsSettings = TlsSettings()
    cors: CorsSettings = CorsSettings()
    region: str = ""  # empty: that of the first start, which is RegionOne unless --region said otherwise
    log_level: str = "INFO"


def path_of(text: str) -> Path | None:
    """Return the file that a setting names, or None if it is empty."""
    return Path(text) if text else None
