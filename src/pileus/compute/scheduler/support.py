"""What hosts must support for flavors and images: a guest that shall be protected is not run where it would not be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pileus.compute.model.flavor import Flavor
from pileus.compute.scheduler.spec import said

_TRAITS = {
    ("os", "secure_boot", "required"): "COMPUTE_SECURITY_UEFI_SECURE_BOOT",
    ("hw", "tpm_version", "1.2"): "COMPUTE_SECURITY_TPM_1_2",
    ("hw", "tpm_version", "2.0"): "COMPUTE_SECURITY_TPM_2_0",
    ("hw", "tpm_model", "tpm-tis"): "COMPUTE_SECURITY_TPM_TIS",
    ("hw", "tpm_model", "tpm-crb"): "COMPUTE_SECURITY_TPM_CRB",
    ("hw", "maxphysaddr_mode", "passthrough"): "COMPUTE_ADDRESS_SPACE_PASSTHROUGH",
    ("hw", "maxphysaddr_mode", "emulate"): "COMPUTE_ADDRESS_SPACE_EMULATED",
    ("hw", "pci_numa_affinity_policy", "socket"): "COMPUTE_SOCKET_PCI_NUMA_AFFINITY",
}
"""The extra spec `os:secure_boot` or the image's property `os_secure_boot`, what it says, and the trait."""

_ENCRYPTION_TRAITS = {
    "amd-sev": "HW_CPU_X86_AMD_SEV",
    "amd-sev-es": "HW_CPU_X86_AMD_SEV_ES",
    "amd-sev-snp": "HW_CPU_X86_AMD_SEV_SNP",
}
"""By the model of memory encryption."""

_TRUE = frozenset(("1", "on", "t", "true", "y", "yes"))


def traits(flavor: Flavor, properties: Mapping[str, Any]) -> frozenset[str]:
    """Return the traits without which a host cannot do what is asked for."""
    found = {
        trait for (kind, name, word), trait in _TRAITS.items() if said(flavor, properties, name, kind).lower() == word
    }
    if said(flavor, properties, "tpm_version") and not said(flavor, properties, "tpm_model"):
        found.add("COMPUTE_SECURITY_TPM_TIS")
    if _is_true(str(properties.get("hw_firmware_stateless", ""))):
        found.add("COMPUTE_SECURITY_STATELESS_FIRMWARE")
    if _is_encrypted(flavor, properties):
        model = said(flavor, properties, "mem_encryption_model") or "amd-sev"
        found.update({_ENCRYPTION_TRAITS[model]} if model in _ENCRYPTION_TRAITS else ())
    return frozenset(found)


def amounts(flavor: Flavor, properties: Mapping[str, Any]) -> dict[str, int]:
    """Return of what else a host has only so much: guests whose memory it can encrypt."""
    return {"MEM_ENCRYPTION_CONTEXT": 1 if _is_encrypted(flavor, properties) else 0}


def _is_encrypted(flavor: Flavor, properties: Mapping[str, Any]) -> bool:
    return _is_true(said(flavor, properties, "mem_encryption"))


def _is_true(word: str) -> bool:
    return word.strip().lower() in _TRUE
