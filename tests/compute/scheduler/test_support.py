from __future__ import annotations

import pytest

from pileus.compute.model.flavor import Flavor
from pileus.compute.scheduler import support


def flavor(**specs: str) -> Flavor:
    named = {name.replace("__", ":"): value for name, value in specs.items()}
    return Flavor(id="1", name="one", vcpus=1, memory_mb=512, root_gb=1, extra_specs=named)


@pytest.mark.parametrize(
    ("specs", "properties", "traits"),
    [
        ({}, {"os_distro": "debian", "hw_firmware_stateless": "false", "os_secure_boot": "optional"}, set()),
        ({"os__secure_boot": "required"}, {}, {"COMPUTE_SECURITY_UEFI_SECURE_BOOT"}),
        ({}, {"os_secure_boot": "required"}, {"COMPUTE_SECURITY_UEFI_SECURE_BOOT"}),
        ({"hw__tpm_version": "2.0"}, {}, {"COMPUTE_SECURITY_TPM_2_0", "COMPUTE_SECURITY_TPM_TIS"}),
        (
            {}, {"hw_tpm_version": "2.0", "hw_tpm_model": "tpm-crb"},
            {"COMPUTE_SECURITY_TPM_2_0", "COMPUTE_SECURITY_TPM_CRB"},
        ),
        ({}, {"hw_firmware_stateless": "True"}, {"COMPUTE_SECURITY_STATELESS_FIRMWARE"}),
        ({"hw__mem_encryption": "True"}, {}, {"HW_CPU_X86_AMD_SEV"}),
        ({"hw__mem_encryption": "True"}, {"hw_mem_encryption_model": "amd-sev-es"}, {"HW_CPU_X86_AMD_SEV_ES"}),
        ({"hw__maxphysaddr_mode": "passthrough"}, {}, {"COMPUTE_ADDRESS_SPACE_PASSTHROUGH"}),
    ],
)  # fmt: skip
def test_what_protects_a_guest_is_a_trait_of_its_host(
    specs: dict[str, str], properties: dict[str, str], traits: set[str]
) -> None:
    assert support.traits(flavor(**specs), properties) == traits


def test_a_host_encrypts_the_memory_of_so_many_guests() -> None:
    assert support.amounts(flavor(), {"hw_mem_encryption": "true"}) == {"MEM_ENCRYPTION_CONTEXT": 1}
    assert support.amounts(flavor(), {}) == {"MEM_ENCRYPTION_CONTEXT": 0}
