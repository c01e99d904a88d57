from __future__ import annotations

from datetime import datetime

from pileus.compute.model.flavor import Flavor
from pileus.compute.model.image import attributes_of_snapshot
from pileus.compute.model.server import ImageSnapshot, Server


def test_a_snapshot_inherits_what_an_image_is_but_not_its_signature_nor_what_is_the_image_services() -> None:
    properties = {
        "os_distro": "debian", "hw_vif_multiqueue_enabled": True, "kernel_id": None, "img_signature": "c2ln",
        "img_signature_hash_method": "SHA-256", "img_signature_key_type": "RSA-PSS",
        "img_signature_certificate_uuid": "c", "os_glance_importing_to_stores": "", "image_type": "snapshot",
    }  # fmt: skip
    server = Server(
        id="s", project_id="p", user_id="u", name="n", hostname="n",
        flavor=Flavor(id="1", name="one", vcpus=1, memory_mb=512, root_gb=1),
        image=ImageSnapshot(id="i", properties=properties), created_at=datetime(2026, 1, 1),
    )  # fmt: skip
    attributes = attributes_of_snapshot(server, "copy", {"note": "mine"})
    assert {name: attributes[name] for name in ("os_distro", "hw_vif_multiqueue_enabled", "note")} == {
        "os_distro": "debian", "hw_vif_multiqueue_enabled": "True", "note": "mine",
    }  # fmt: skip
    assert not [name for name in attributes if name == "kernel_id" or name.startswith(("img_signature", "os_glance"))]
    assert attributes["base_image_ref"] == "i"
