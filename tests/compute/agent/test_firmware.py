"""Which UEFI firmware a guest gets of those that the host's packages describe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.agent.drivers.libvirt.firmware import Uefi, find_uefi

if TYPE_CHECKING:
    from pathlib import Path

MACHINE = "pc-i440fx-7.2"


class Host:
    """A directory of an administrator's and one of the packages', and the firmware that they describe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.directories = (path / "etc", path / "usr")
        for directory in self.directories:
            directory.mkdir()

    def describe(
        self, name: str, where: str = "usr", machine: str = "pc-i440fx-*", interface: str = "uefi", **changes: Any
    ) -> Uefi:
        code, variables = self.path / f"{name}.code", self.path / f"{name}.vars"
        code.touch()
        variables.touch()
        description = {
            "interface-types": [interface],
            "mapping": {
                "device": "flash",
                "executable": {"filename": str(code)},
                "nvram-template": {"filename": str(variables)},
            },
            "targets": [{"architecture": "x86_64", "machines": [machine]}],
            "features": ["acpi-s3"],
        }
        (self.path / where / f"{name}.json").write_text(json.dumps({**description, **changes}))
        return Uefi(code, variables)

    def find(self, machine: str = MACHINE) -> Uefi | None:
        return find_uefi(machine, self.directories)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_host_without_descriptions_has_none(host: Host, tmp_path: Path) -> None:
    assert host.find() is None
    assert find_uefi(MACHINE, [tmp_path / "nowhere"]) is None


def test_the_first_by_name_that_fits_is_taken(host: Host) -> None:
    host.describe("10-other-machine", machine="pc-q35-*")
    host.describe("20-secure", features=["secure-boot", "requires-smm"])
    host.describe("30-bios", interface="bios")
    wanted = host.describe("40-plain")
    host.describe("50-plain")
    assert host.find() == wanted
    assert host.find("isapc") is None


def test_what_is_described_but_not_there_is_passed_over(host: Host) -> None:
    host.describe("10-gone").variables.unlink()
    assert host.find() is None


def test_an_administrators_description_takes_the_place_of_a_packages(host: Host) -> None:
    host.describe("10-plain")
    wanted = host.describe("20-plain")
    (host.path / "etc" / "10-plain.json").touch()  # it hides the other
    assert host.find() == wanted
