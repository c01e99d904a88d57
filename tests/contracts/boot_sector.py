"""Guests of 512 bytes: they boot in a moment under emulation, and do one thing that a test can see."""

from __future__ import annotations

GREETING = "tiny guest\r\nlogin: "
DISK_BYTES = 64 << 20
FIRST_SECTOR, LAST_SECTOR = 1, 100_000

_SAY = b"\xba\xf8\x03\xb0%c\xee"  # mov dx,COM1; mov al,c; out dx,al
_START = b"\xfa\xfc\x31\xc0\x8e\xd8\x8e\xc0\x8e\xd0\xbc\x00\x7c"  # cli; cld; ds, es, ss = 0; stack below us


def polite() -> bytes:
    """A guest that greets, sleeps, and switches itself off when the power button is pressed."""
    code = _START + _say(GREETING)
    code += b"\xba\x02\x06\xb8\x00\x01\xef"  # let ACPI (ports 0x600 and up) notice the button
    code += b"\xfb"  # sti
    wait = b"\xf4\xba\x00\x06\xed\xf6\xc4\x01"  # hlt until the clock ticks; was the button pressed?
    code += wait + b"\x74" + _back(len(wait) + 2)
    code += b"\xba\x04\x06\xb8\x00\x20\xef\xf4"  # power off
    return _sector(code)


def stubborn() -> bytes:
    """A guest that greets and then sleeps, whatever happens."""
    return _sector(_START + _say(GREETING) + b"\xfb\xf4\xeb\xfd")


def interruptible() -> bytes:
    """A guest that greets, sleeps, and says `nmi` whenever it gets one."""
    handler = _say("nmi\r\n") + b"\xcf"  # iret
    vector = b"\xc7\x06\x08\x00%b\xc7\x06\x0a\x00\x00\x00"  # mov [8],handler; mov [10],0
    sleep = b"\xfb\xf4\xeb\xfd"
    before = len(_START) + len(vector) + len(_say(GREETING)) + len(sleep)  # %b is as long as what it stands for
    where = (0x7C00 + before).to_bytes(2, "little")
    return _sector(_START + vector % where + _say(GREETING) + sleep + handler)


def counting() -> bytes:
    """A guest that writes 1, 2, 3 … to FIRST_SECTOR, and each number to LAST_SECTOR before the next one.

    At every moment the first number is the last one or one more, so a copy that mixes two moments shows.
    """
    code = _START + b"\xfb" + _say(GREETING)
    loop = b"\x66\xff\x06\x00\x80"  # inc dword [0x8000]
    for sector in (FIRST_SECTOR, LAST_SECTOR):
        loop += b"\x66\xc7\x06\x08\x90" + sector.to_bytes(4, "little")  # the packet's sector
        loop += b"\xbe\x00\x90\xb2\x80\xb8\x00\x43\xcd\x13"  # write the packet at 0x9000 to the first disk
    packet = b""
    for offset, word in ((0, 16), (2, 1), (4, 0x8000), (6, 0), (12, 0), (14, 0)):
        packet += b"\xc7\x06" + (0x9000 + offset).to_bytes(2, "little") + word.to_bytes(2, "little")
    return _sector(code + packet + loop + b"\xeb" + _back(len(loop) + 2))


def _say(text: str) -> bytes:
    return b"".join(_SAY % byte for byte in text.encode())


def _back(distance: int) -> bytes:
    return (-distance).to_bytes(1, "little", signed=True)


def _sector(code: bytes) -> bytes:
    if len(code) > 510:
        raise ValueError(len(code))
    return code.ljust(510, b"\0") + b"\x55\xaa"
