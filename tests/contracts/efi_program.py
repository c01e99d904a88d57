"""A UEFI program of one section: it greets on the serial port, as a boot sector does where there is a BIOS."""

from __future__ import annotations

import struct

from tests.contracts.boot_sector import GREETING

_SAY = b"\x66\xba\xf8\x03\xb0%c\xee"  # mov dx,COM1; mov al,c; out dx,al
_SLEEP = b"\xf4\xeb\xfd"  # hlt, for ever
_ALIGNED = 512
_ADDRESS = 4096  # of the code, in memory
_X86_64, _EFI_APPLICATION = 0x8664, 10


def greeting() -> bytes:
    """Return the program as the file BOOTX64.EFI."""
    code = b"".join(_SAY % byte for byte in GREETING.encode()) + _SLEEP
    size = -(-len(code) // _ALIGNED) * _ALIGNED
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    kind = struct.pack("<4sHHIIIHH", b"PE\0\0", _X86_64, 1, 0, 0, 0, 240, 0x22)
    optional = struct.pack("<HBBIIIIIQII", 0x20B, 0, 0, size, 0, 0, _ADDRESS, _ADDRESS, 0, _ADDRESS, _ALIGNED)
    optional += struct.pack("<HHHHHHIIIIHH", 0, 0, 0, 0, 0, 0, 0, 2 * _ADDRESS, _ALIGNED, 0, _EFI_APPLICATION, 0)
    optional += struct.pack("<QQQQII", 0, 0, 0, 0, 0, 16) + bytes(16 * 8)
    section = struct.pack("<8sIIIIIIHHI", b".text", len(code), _ADDRESS, size, _ALIGNED, 0, 0, 0, 0, 0x60000020)
    return (dos + kind + optional + section).ljust(_ALIGNED, b"\0") + code.ljust(size, b"\0")
