"""An image as compute takes it from its owner: with what boots it."""

from __future__ import annotations

from typing import Any

import pytest

from pileus.compute.model.error.image import ImageNotActive, ImageNotFound
from pileus.compute.operations.image import get_for_user
from tests.compute.cloud import MemoryImages


def images(**properties: Any) -> Any:
    kinds = {"disk": "ami", "kernel": "aki", "ramdisk": "ari"}
    documents = {
        name: {"id": name, "status": "active", "disk_format": form, "container_format": form}
        for name, form in kinds.items()
    }
    documents["disk"] |= properties
    return MemoryImages(documents)


def test_an_image_comes_with_the_kernel_and_the_ramdisk_that_it_names() -> None:
    found = get_for_user(images(kernel_id="kernel", ramdisk_id="ramdisk"), "disk", "token")
    assert found.kernel is not None
    assert found.ramdisk is not None
    assert (found.kernel.id, found.kernel.disk_format, found.ramdisk.id) == ("kernel", "aki", "ramdisk")


@pytest.mark.parametrize("properties", [{}, {"kernel_id": ""}, {"kernel_id": "nokernel", "ramdisk_id": "ramdisk"}])
def test_an_image_that_names_none_boots_itself(properties: dict[str, str]) -> None:
    found = get_for_user(images(**properties), "disk", "token")
    assert (found.kernel, found.ramdisk) == (None, None)


@pytest.mark.parametrize("properties", [{"kernel_id": "another's"}, {"kernel_id": "kernel", "ramdisk_id": "another's"}])
def test_what_the_caller_does_not_see_boots_nothing_for_him(properties: dict[str, str]) -> None:
    with pytest.raises(ImageNotFound):
        get_for_user(images(**properties), "disk", "token")


def test_a_kernel_without_its_bytes_boots_nothing() -> None:
    found = images(kernel_id="kernel")
    found.documents["kernel"]["status"] = "queued"
    with pytest.raises(ImageNotActive):
        get_for_user(found, "disk", "token")
