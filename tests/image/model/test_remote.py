"""What a copy of another region's image takes over."""

from __future__ import annotations

from typing import Any

import pytest

from pileus.image.model.errors import SourceNotActive, SourceSizeUnknown
from pileus.image.model.remote import describe

SOURCE: dict[str, Any] = {
    "id": "a",
    "status": "active",
    "name": "theirs",
    "owner": "them",
    "disk_format": "qcow2",
    "container_format": "bare",
    "size": 5,
    "hw_disk_bus": "virtio",
    "trait:HW_CPU_X86_VMX": "required",
    "os_distro": "debian",
    "os_glance_importing_to_stores": "x",
    "secret": "theirs",
}


def test_formats_size_and_the_properties_that_matter_are_taken_over() -> None:
    found = describe(SOURCE)
    assert (found.disk_format, found.container_format, found.size) == ("qcow2", "bare", 5)
    assert found.properties == {"hw_disk_bus": "virtio", "trait:HW_CPU_X86_VMX": "required", "os_distro": "debian"}


def test_the_operator_says_which_properties_matter_and_never_our_own() -> None:
    assert describe(SOURCE, ["os_", "sec"]).properties == {"os_distro": "debian", "secret": "theirs"}
    assert describe(SOURCE, []).properties == {}


def test_only_an_active_image_of_a_known_size_is_copied() -> None:
    with pytest.raises(SourceNotActive):
        describe({**SOURCE, "status": "deactivated"})
    with pytest.raises(SourceSizeUnknown):
        describe({**SOURCE, "size": None})
