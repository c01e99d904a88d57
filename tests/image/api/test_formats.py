"""What an image's bytes must be: their format, the digest that is expected of them, the signature that was given."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pileus.image.model.image import CONTAINER_FORMATS, DISK_FORMATS
from pileus.image.settings import FormatSettings, Settings
from tests.image import hostile
from tests.image.bench import Site, Wire
from tests.image.formats.test_check import DATA, KEYS, UUID, certify, signed

GIB = 2**30


def refusal(site: Site, image_id: str, reply: Wire) -> tuple[int, str]:
    """Return status and sentence, once it is sure that the image is as if nobody had tried."""
    image = site.get(image_id)
    assert (image["status"], image["size"], image["checksum"], image["min_disk"]) == ("queued", None, None, 0)
    assert site.files() == []
    return reply.status, reply.json()["message"]


def test_every_format_may_be_declared(site: Site) -> None:
    formats = site.call("GET", "/v2/schemas/image").decoded()["properties"]
    assert formats["disk_format"]["enum"] == [None, *DISK_FORMATS]
    assert formats["container_format"]["enum"] == [None, *CONTAINER_FORMATS]
    for disk_format in DISK_FORMATS:
        for container_format in CONTAINER_FORMATS:
            site.create(disk_format=disk_format, container_format=container_format)


@pytest.mark.parametrize(
    ("disk_format", "data", "virtual_size", "min_disk"),
    [
        ("qcow2", hostile.qcow2(virtual_size=5 * GIB), 5 * GIB, 5),
        ("qcow2", hostile.qcow2(virtual_size=5 * GIB + 1), 5 * GIB + 1, 6),
        ("vdi", hostile.vdi(virtual_size=GIB), GIB, 1),
        ("raw", b"x", 1, 1),
        ("aki", b"x", None, 0),
    ],
)
def test_the_size_of_the_disk_is_on_record(
    site: Site, disk_format: str, data: bytes, virtual_size: int | None, min_disk: int
) -> None:
    image_id = site.create_raw(disk_format=disk_format)
    assert site.upload(image_id, data).status == 204
    image = site.get(image_id)
    assert (image["virtual_size"], image["min_disk"]) == (virtual_size, min_disk)


def test_what_the_owner_says_of_the_disk_stays(site: Site) -> None:
    image_id = site.create_raw(disk_format="qcow2", min_disk=2)
    site.upload(image_id, hostile.qcow2(virtual_size=5 * GIB))
    assert site.get(image_id)["min_disk"] == 2


def test_a_package_is_not_looked_into(site: Site) -> None:
    image_id = site.create(disk_format="vmdk", container_format="ova")
    assert site.upload(image_id, hostile.qcow2(backing_offset=1)).status == 204
    assert site.get(image_id)["virtual_size"] is None


def test_the_settings_are_those_of_the_original(new_site: Callable[..., Site]) -> None:
    formats = FormatSettings(
        require_image_format_match=False, gpt_safety_checks_nonfatal=(), vmdk_allowed_types=("monolithicSparse",)
    )
    site = new_site(Settings(formats=formats))
    wrong = site.create_raw(disk_format="vmdk")
    assert site.upload(wrong, hostile.qcow2()).status == 204
    assert site.get(wrong)["virtual_size"] is None
    image_id = site.create_raw()
    assert site.upload(image_id, hostile.divided(kinds=())).status == 415
    stream = site.create_raw(disk_format="vmdk")
    assert site.upload(stream, hostile.sparse_vmdk(kind="streamOptimized")).status == 415
    assert site.upload(stream, hostile.sparse_vmdk()).status == 204


@pytest.mark.parametrize("algorithm", ["md5", "sha256", "sha512"])
def test_an_image_is_refused_unless_it_has_the_digest_that_its_vendor_publishes(site: Site, algorithm: str) -> None:
    value = hashlib.new(algorithm, DATA).hexdigest()
    image_id = site.create_raw(expected_hash=f"{algorithm}:{value}")
    status, sentence = refusal(site, image_id, site.upload(image_id, DATA[1:]))
    assert (status, f"but {value} is expected" in sentence) == (400, True)
    assert site.upload(image_id, [DATA[:7], DATA[7:]]).status == 204


def test_an_expected_digest_that_is_none_is_told_before_any_byte(site: Site) -> None:
    image_id = site.create_raw(expected_hash="sha256:abc")
    status, sentence = refusal(site, image_id, site.upload(image_id, DATA))
    assert (status, "is no digest to expect" in sentence) == (400, True)


def test_a_signed_image_is_refused_unless_its_bytes_are_those_that_were_signed(
    new_site: Callable[..., Site], tmp_path: Path
) -> None:
    (tmp_path / f"{UUID}.pem").write_bytes(certify(KEYS["RSA-PSS"]))
    site = new_site(Settings(formats=FormatSettings(signature_certificates=str(tmp_path))))
    properties: dict[str, Any] = signed()
    image_id = site.create_raw(**properties)
    status, sentence = refusal(site, image_id, site.upload(image_id, DATA[1:]))
    assert (status, sentence.startswith("Signature verification failed")) == (400, True)
    assert site.upload(image_id, [DATA[:7], DATA[7:]]).status == 204
    assert site.download(image_id).body == DATA


def test_a_signed_image_is_refused_where_nobody_can_verify_it(site: Site) -> None:
    image_id = site.create_raw(**signed())
    status, sentence = refusal(site, image_id, site.upload(image_id, DATA))
    assert (status, "this cloud has no certificates" in sentence) == (400, True)
