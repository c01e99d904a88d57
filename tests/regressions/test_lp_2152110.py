"""One of the ways to import an image asked nobody whether its URL was allowed.

So nothing of the image service can open a connection by itself: what it fetches it fetches through the gate, which is
the same for all.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from pileus.image.service import ImportFilteringInvalid, new_gate, new_stores
from pileus.image.settings import ImportFilteringSettings, Settings, StoreSettings
from pileus.kit.web.fetch import fetch
from pileus.kit.web.url import UrlRefused
from tests.image.bench import ADMIN
from tests.kit.web.site import serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.image.bench import Site

REFUSALS: tuple[dict[str, tuple[str, ...]], ...] = (
    {"allowed_schemes": ("https",)},
    {"allowed_hosts": ("mirror.example",)},
    {"disallowed_hosts": ("0x7f.1",)},
)
ROOT = Path(__file__).parents[2]


def from_url(settings: Settings, _folder: Path, url: str) -> bytes:
    with fetch(url, new_gate(settings.import_filtering)) as source:
        return b"".join(source)


def from_location(settings: Settings, folder: Path, url: str) -> bytes:
    with new_stores(settings, folder)["web"].open(url) as reader:
        return reader.read(0, 100)


@pytest.mark.parametrize("way", [from_url, from_location])
def test_each_way_passes_the_one_gate(way: Callable[[Settings, Path, str], bytes], tmp_path: Path) -> None:
    with serving() as site:
        url = site.publish("/x", b"data")
        closed = Settings(stores={"web": StoreSettings(kind="http")})
        with pytest.raises(UrlRefused):
            way(closed, tmp_path, url)
        filtering = ImportFilteringSettings(allowed_ports=(site.port,), allowed_networks=("127.0.0.1/32",))
        opened = msgspec.structs.replace(closed, import_filtering=filtering)
        assert way(opened, tmp_path, url) == b"data"
        for refusal in REFUSALS:
            shut = msgspec.structs.replace(opened, import_filtering=msgspec.structs.replace(filtering, **refusal))
            with pytest.raises(UrlRefused):
                way(shut, tmp_path, url)
        assert len(site.heard) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_each_request_that_names_a_url_passes_the_one_gate(new_site: Callable[..., Site], host: str) -> None:
    stores = {"local": StoreSettings(), "web": StoreSettings(kind="http")}
    site = new_site(Settings(stores=stores, show_multiple_locations=True))
    url, image_id = f"http://{host}/x", site.create_raw()
    described = {"disk_format": "raw", "container_format": "bare"}
    given = {"import_from": url, "import_from_format": "raw", "image_properties": described}
    place = {"op": "add", "path": "/locations/-", "value": {"url": url, "metadata": {}}}
    replies = (
        site.call("POST", "/v2/tasks", {"type": "import", "input": given}, token=ADMIN),
        site.begin_import(image_id, "web-download", method={"uri": url}),
        site.call("POST", f"/v2/images/{image_id}/locations", {"url": url}),
        site.patch(image_id, place),
    )
    assert [reply.status for reply in replies] == [400] * 4
    assert all("may be reached" in str(reply.body) for reply in replies)
    assert site.work.run_due() == 0


@pytest.mark.parametrize("wrong", [{"allowed_networks": ("10.0.0.1/8",)}, {"disallowed_hosts": ("a b",)}])
def test_a_filter_that_makes_no_sense_stops_the_service(wrong: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(ImportFilteringInvalid, match=r"^image\.import_filtering: "):
        new_gate(msgspec.structs.replace(ImportFilteringSettings(), **wrong))


def test_the_layers_say_that_image_opens_no_connection_itself() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (found,) = [one for one in contracts if one["name"] == "Image fetches through the one gate"]
    assert found["source_modules"] == ["pileus.image"]
    assert {"http", "socket", "ssl", "urllib3"} <= set(found["forbidden_modules"])
