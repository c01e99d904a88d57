"""CVE-2026-34881: an image's URL led the service into its own network, by a redirect or by an odd spelling."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from pileus.image.formats.ova import open_disk
from pileus.image.model.format_errors import ArchiveRefused
from pileus.image.settings import ImportFilteringSettings, Settings
from pileus.image.stores.http import HttpStore
from pileus.kit.web.fetch import USUAL, fetch
from pileus.kit.web.gate import Gate, GateRules, networks
from pileus.kit.web.url import UrlRefused
from tests.image.bench import OWNER, Site, with_catalog
from tests.kit.web.site import Site as Web
from tests.kit.web.site import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

PUBLIC, INTERNAL = "127.0.0.1", "127.0.0.2"
SPELLINGS = (
    "127.0.0.2",
    "127.2",
    "2130706434",
    "0x7f000002",
    "0x7F.2",
    "0177.0.0.2",
    "017700000002",
    "0000177.0.0.0x2",
    "127.0.0.2.",
    "127\u30020\u30020\u30022",
    "\uff11\uff12\uff17.0.0.2",
    "[::ffff:127.0.0.2]",
    "[::ffff:7f00:2]",
    "[0:0:0:0:0:FFFF:7F00:0002]",
    "[64:ff9b::127.0.0.2]",
    "[2002:7f00:2::]",
    "[::127.0.0.2]",
    "internal.example",
    "INTERNAL.EXAMPLE.",
)
TRICKS = (
    "public.example@127.0.0.2",
    "public.example:80@127.0.0.2",
    "127.0.0.2\\@public.example",
    "public.example\\.127.0.0.2",
    "127.0.0.2%2f@public.example",
    "127%2e0%2e0%2e2",
)


class World:
    """A site on the Internet and one in our own network, on the same port, and the names of both."""

    def __init__(self, public: Web, internal: Web) -> None:
        self.public, self.internal, self.port = public, internal, public.port
        self.names = {"public.example": [[PUBLIC]], "internal.example": [[INTERNAL]]}
        self.asked: list[str] = []
        rules = GateRules(allowed_ports=frozenset((self.port,)), allowed_networks=networks((PUBLIC,)))
        self.gate = Gate(rules, self.resolve)
        self.secret = internal.publish("/x", b"secret")

    def resolve(self, host: str) -> Sequence[str]:
        """Answer as the name's owner likes, each time another thing; at last always the same."""
        self.asked.append(host)
        answers = self.names.get(host)
        if not answers:
            raise OSError(host)
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def fetched(self, url: str) -> bytes:
        with fetch(url, self.gate) as source:
            return b"".join(source)

    def require_refused(self, url: str) -> None:
        with pytest.raises(UrlRefused):
            self.fetched(url)
        assert self.internal.heard == []


@pytest.fixture
def world() -> Iterator[World]:
    with serving(PUBLIC) as public, serving(INTERNAL, public.port) as internal:
        yield World(public, internal)


def test_what_is_public_can_be_fetched(world: World) -> None:
    world.public.publish("/x", b"image")
    assert world.fetched(f"http://public.example:{world.port}/x") == b"image"
    assert world.fetched(f"http://2130706433:{world.port}/x") == b"image"


@pytest.mark.parametrize("spelling", [*SPELLINGS, *TRICKS])
def test_no_spelling_leads_inside(world: World, spelling: str) -> None:
    world.require_refused(f"http://{spelling}:{world.port}/x")


@pytest.mark.parametrize("spelling", [*SPELLINGS, *TRICKS])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_leads_inside(world: World, spelling: str, status: int) -> None:
    location = f"//{spelling}:{world.port}/x".encode().decode("latin-1")
    first = world.public.redirect("/a", "/b", status)
    world.public.redirect("/b", f"http:{location}", status)
    world.require_refused(first)
    world.public.redirect("/b", location, status)
    world.require_refused(first)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.2/x", "gopher://127.0.0.2/", "http://127.0.0.1:22/"]
)
def test_no_redirect_leads_to_another_scheme_or_port(world: World, location: str) -> None:
    world.require_refused(world.public.redirect("/a", location))


def test_a_name_that_changes_its_mind_is_asked_once(world: World) -> None:
    world.public.publish("/x", b"image")
    world.names["rebound.example"] = [[PUBLIC], [INTERNAL]]
    assert world.fetched(f"http://rebound.example:{world.port}/x") == b"image"
    assert world.asked == ["rebound.example"]
    assert world.internal.heard == []


def test_a_name_that_changes_its_mind_between_two_hops_is_refused(world: World) -> None:
    world.names["rebound.example"] = [[PUBLIC], [INTERNAL]]
    world.public.redirect("/x", "/y")
    world.require_refused(f"http://rebound.example:{world.port}/x")
    assert len(world.public.heard) == 1


def test_a_name_with_a_good_and_a_bad_address_is_refused(world: World) -> None:
    world.names["both.example"] = [[PUBLIC, INTERNAL]]
    world.require_refused(f"http://both.example:{world.port}/x")


def test_no_location_leads_inside(world: World) -> None:
    store = HttpStore("web", world.gate, USUAL)
    for url in (world.secret, world.public.redirect("/a", world.secret)):
        with pytest.raises(UrlRefused):
            store.open(url)
        with pytest.raises(UrlRefused):
            store.size(url)
    assert world.internal.heard == []


def imported(new_site: Callable[..., Site], world: World, name: str, **method: str) -> str:
    """Import an image on a service whose operator allows the one address only, and return what became of it."""
    filtering = ImportFilteringSettings(allowed_ports=(world.port,), allowed_networks=(PUBLIC,))
    site = new_site(Settings(import_filtering=filtering))
    endpoint = {"region_id": "two", "interface": "public", "url": world.public.url}
    with_catalog(site, ({"type": "image", "endpoints": [endpoint]},))
    image_id = site.create_raw()
    assert site.begin_import(image_id, name, method=method).status == 202
    site.work.run_due()
    assert site.get(image_id)["status"] == "queued"
    assert site.files() == site.staged_files() == []
    assert world.internal.heard == []
    return str(site.tasks(image_id)[0]["message"])


def test_no_redirect_leads_an_import_inside(new_site: Callable[..., Site], world: World) -> None:
    first = world.public.redirect("/a", world.public.redirect("/b", world.secret))
    assert "not one that may be reached" in imported(new_site, world, "web-download", uri=first)


@pytest.mark.parametrize("path", ["", "/file"])
def test_another_regions_image_service_leads_nowhere_else_and_keeps_the_token(
    new_site: Callable[..., Site], world: World, path: str
) -> None:
    image_id = "9348b341-2dba-4f22-af8a-f7d44385be6b"
    source = {"status": "active", "disk_format": "raw", "container_format": "bare", "size": 6}
    world.public.publish(f"/v2/images/{image_id}", json.dumps(source).encode())
    world.public.redirect(f"/v2/images/{image_id}{path}", world.secret)
    reason = imported(new_site, world, "glance-download", glance_region="two", glance_image_id=image_id)
    assert "is not allowed" in reason
    assert world.public.heard[-1][1]["x-auth-token"] == OWNER


def test_a_package_that_names_a_url_leads_nowhere(tmp_path: Path, world: World) -> None:
    descriptor = f"""<Envelope><References><File id="f" href="{world.secret}"/></References>
        <DiskSection><Disk fileRef="f"/></DiskSection></Envelope>""".encode()
    with tarfile.open(tmp_path / "x.ova", "w") as package:
        member = tarfile.TarInfo("x.ovf")
        member.size = len(descriptor)
        package.addfile(member, io.BytesIO(descriptor))
    with pytest.raises(ArchiveRefused, match="does not have the disk"), open_disk(tmp_path / "x.ova"):
        pass
    assert world.internal.heard == []
