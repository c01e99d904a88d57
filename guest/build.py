#!/usr/bin/env python3
"""Build the Pileus guest image: a small bootable qcow2 disk.

The kernel comes from the distribution's package, downloaded and unpacked but never installed; user space is a static
busybox. Nothing here needs root. README.md says what the guest does.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import lzma
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

# The first one apt knows wins: Debian's small cloud kernel, Ubuntu's, then Debian's full one.
KERNEL_PACKAGES = ("linux-image-cloud-amd64", "linux-image-virtual", "linux-image-amd64")

# The guest is no use without these; the others serve devices and file systems it may meet.
NEEDED_MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "ext4", "isofs", "button", "evdev")
OTHER_MODULES = (
    *("virtio_rng", "virtio_scsi", "virtio_console", "ata_piix", "ahci", "sr_mod"),
    *("crc32c_generic", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859_1", "nls_utf8"),
)

# What init and the files under rootfs/ call.
APPLETS = {
    *("acpid", "awk", "base64", "chmod", "cp", "echo", "findfs", "getty", "head", "hostname", "init", "ip", "login"),
    *("mkdir", "modprobe", "mount", "poweroff", "printf", "reboot", "sh", "sha256sum", "sleep", "tr", "udhcpc"),
    *("umount", "xxd"),
}

# no_timer_check, nowatchdog and the stall option keep a busy or paused host from looking like a broken machine;
# self-tests, mitigations and security modules are slow under emulation.
KERNEL_ARGUMENTS = (
    "console=ttyS0 quiet no_timer_check nowatchdog rcupdate.rcu_cpu_stall_suppress=1 "
    "mitigations=off cryptomgr.notests audit=0 apparmor=0 random.trust_cpu=on panic=5"
)
SYSLINUX_CONFIG = f"""\
DEFAULT linux
PROMPT 0
LABEL linux
  LINUX /vmlinuz
  INITRD /initrd
  APPEND {KERNEL_ARGUMENTS}
"""

# The disk: a boot partition that is only ever read, and a journalled one that the guest writes.
MIB = 1 << 20
SECTOR = 512
BOOT_START, BOOT_SIZE = 1 * MIB, 40 * MIB
DATA_START, DATA_SIZE = 41 * MIB, 8 * MIB
DISK_SIZE = 49 * MIB
MBR_CODE = Path("/usr/lib/syslinux/mbr/mbr.bin")

# Each tool and the package that has it, by the same name on Debian and Ubuntu.
TOOLS = {
    "mcopy": "mtools",
    "mformat": "mtools",
    "mke2fs": "e2fsprogs",
    "qemu-img": "qemu-utils",
    "syslinux": "syslinux",
}

# Fixed times and identifiers make the same inputs give the same image.
EPOCH = 1_600_000_000
BOOT_SERIAL = "50494c45"
DATA_UUID = "70696c65-7573-4000-8000-000000000001"

# mke2fs lives in sbin, which ordinary users do not have on their path.
PATH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
ENVIRONMENT = {
    **os.environ,
    "PATH": PATH,
    "LC_ALL": "C",
    "TZ": "UTC",
    "SOURCE_DATE_EPOCH": str(EPOCH),
    "E2FSPROGS_FAKE_TIME": str(EPOCH),
}


class BuildError(Exception):
    """A failure, told in one sentence that says what to do."""


def say(line: str) -> None:
    """Report progress."""
    print(line, flush=True)


def run(*command: str | Path, cwd: Path | None = None) -> bytes:
    """Run a command and return its output; its last words explain a failure."""
    result = subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if result.returncode:
        words = (result.stderr or result.stdout).decode(errors="replace").strip().splitlines()
        raise BuildError(f"{command[0]} failed: {words[-1] if words else 'it gave no reason'}")
    return result.stdout


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_host() -> None:
    """Stop unless this machine can build the guest."""
    if not shutil.which("apt-get"):
        raise BuildError("this machine has no apt-get: build the guest on Debian or Ubuntu")
    if run("dpkg", "--print-architecture").strip() != b"amd64":
        raise BuildError("the guest is for x86-64: build it on an amd64 machine")
    missing = {package for tool, package in TOOLS.items() if not shutil.which(tool, path=PATH)}
    if not MBR_CODE.exists():
        missing.add("syslinux-common")
    if missing:
        raise BuildError(f"tools are missing: run 'apt-get install {' '.join(sorted(missing))}'")


@dataclass
class Package:
    """One package as apt would install it now."""

    name: str
    version: str
    sha256: str
    depends: list[str]

    @classmethod
    def find(cls, name: str) -> Package | None:
        """Look a package up, if apt knows it."""
        try:
            text = run("apt-cache", "show", "--no-all-versions", name).decode()
        except BuildError:
            return None
        fields = dict(re.findall(r"^(Version|SHA256|Depends): (.*)$", text, re.MULTILINE))
        if "SHA256" not in fields:
            return None
        depends = re.findall(r"(?:^|, )([^ ,:]+)", fields.get("Depends", ""))
        return cls(name, fields["Version"], fields["SHA256"], depends)

    @classmethod
    def get(cls, name: str) -> Package:
        """Look up a package that apt must know."""
        package = cls.find(name)
        if package is None:
            raise BuildError(f"apt does not know {name}: run 'apt-get update' and try again")
        return package

    def fetch(self, cache: Path) -> Path:
        """Return the package file, downloaded into the cache unless it is there intact."""
        kept = cache / f"{self.name}-{self.sha256[:16]}.deb"
        if kept.exists() and digest(kept) == self.sha256:
            return kept
        say(f"downloading {self.name} {self.version}")
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            # Root's apt would otherwise download as a user who cannot write here.
            apt = ("apt-get", "-o", "APT::Sandbox::User=root", "download", f"{self.name}={self.version}")
            try:
                run(*apt, cwd=Path(scratch))
            except BuildError as error:
                raise BuildError(f"{error}: check the network, run 'apt-get update' and try again") from None
            (downloaded,) = Path(scratch).glob("*.deb")
            downloaded.replace(kept)
        return kept


def kernel_packages() -> list[Package]:
    """Follow the metapackage to the packages that hold the kernel and its modules."""
    meta = next(filter(None, map(Package.find, KERNEL_PACKAGES)), None)
    if meta is None:
        raise BuildError(f"apt knows none of {', '.join(KERNEL_PACKAGES)}: run 'apt-get update' and try again")
    found: list[Package] = []
    names = meta.depends
    for name in names:
        # Ubuntu keeps the modules in a package that the image depends on, Debian in the image.
        if re.match(r"linux-(image|modules)-[0-9]", name):
            found.append(Package.get(name))
            names += found[-1].depends
    if not found:
        raise BuildError(f"{meta.name} depends on no kernel: report this as a bug")
    return found


def is_static(path: Path) -> bool:
    """Tell whether a program needs no loader, that is, whether its ELF headers have no PT_INTERP."""
    data = path.read_bytes()
    if data[:5] != b"\x7fELF\x02":
        return False
    (start,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    return all(struct.unpack_from("<I", data, start + size * index) != (3,) for index in range(count))


class Modules:
    """The modules of an unpacked kernel package, which comes without depmod's index of them."""

    def __init__(self, root: Path) -> None:
        self.release = root.name
        self.files = {self.normal(path.name): path for path in sorted(root.rglob("*.ko*"))}
        self.builtin = {self.normal(Path(line).name) for line in (root / "modules.builtin").read_text().split()}
        self.contents: dict[str, bytes] = {}
        self.depends: dict[str, list[str]] = {}
        for name in (*NEEDED_MODULES, *OTHER_MODULES):
            if name in self.files:
                self._add(name)
            elif name in NEEDED_MODULES and name not in self.builtin:
                raise BuildError(f"kernel {self.release} has no {name}: report this as a bug")

    @staticmethod
    def normal(name: str) -> str:
        """Return a file's module name, which spells "-" as "_"."""
        return name.split(".")[0].replace("-", "_")

    def _add(self, name: str) -> None:
        if name in self.contents or name in self.builtin:
            return
        data = self._read(self.files[name])
        found = re.search(rb"\0depends=([^\0]+)\0", data)
        self.contents[name] = data
        self.depends[name] = [self.normal(word) for word in found[1].decode().split(",")] if found else []
        for other in self.depends[name]:
            self._add(other)

    @staticmethod
    def _read(path: Path) -> bytes:
        match path.suffix:
            case ".gz":
                return gzip.decompress(path.read_bytes())
            case ".xz":
                return lzma.decompress(path.read_bytes())
            case ".zst":
                if not shutil.which("zstd"):
                    raise BuildError("tools are missing: run 'apt-get install zstd'")
                return run("zstd", "-dcq", path)
            case _:
                return path.read_bytes()

    def index(self) -> str:
        """Return modules.dep: each module with all it needs, nearest first."""
        lines = []
        for name in sorted(self.contents):
            needs: list[str] = []
            queue = self.depends[name].copy()
            for other in queue:
                if other in self.contents:
                    needs = [*(need for need in needs if need != other), other]
                    queue += self.depends[other]
            lines.append(f"{name}.ko:" + "".join(f" {need}.ko" for need in needs) + "\n")
        return "".join(lines)


class Archive:
    """A cpio archive in the "newc" format, which the kernel unpacks as its root."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.names: set[str] = set()

    def _add(self, name: str, mode: int, data: bytes) -> None:
        self.names.add(name)
        inode = len(self.names)
        fields = (inode, mode, 0, 0, 1, EPOCH, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        for part in (header, data):
            self.parts.append(part + bytes(-len(part) % 4))

    def directory(self, name: str) -> None:
        """Add a directory and those it is in, unless they are there."""
        if name not in {".", *self.names}:
            self.directory(str(Path(name).parent))
            self._add(name, 0o040755, b"")

    def file(self, name: str, data: bytes, *, executable: bool = False) -> None:
        """Add a file."""
        self.directory(str(Path(name).parent))
        self._add(name, 0o100755 if executable else 0o100644, data)

    def link(self, name: str, target: str) -> None:
        """Add a symbolic link."""
        self.directory(str(Path(name).parent))
        self._add(name, 0o120777, target.encode())

    def finish(self) -> bytes:
        """End the archive and return it."""
        self._add("TRAILER!!!", 0, b"")
        return b"".join(self.parts)


def own_files() -> dict[str, Path]:
    """Return the files of this directory that go into the guest, by their names there."""
    root = HERE / "rootfs"
    files = {str(path.relative_to(root)): path for path in sorted(root.rglob("*")) if path.is_file()}
    return {"sbin/pileus-init": HERE / "init", **files}


def make_initramfs(busybox: Path, modules: Modules) -> bytes:
    """Return the guest's root file system, uncompressed: reading it is cheaper than unpacking it."""
    archive = Archive()
    for name in ("dev", "mnt/config", "mnt/disk", "proc", "root", "run", "sys", "tmp"):
        archive.directory(name)
    for name, path in own_files().items():
        archive.file(name, path.read_bytes(), executable=os.access(path, os.X_OK))

    applets = run(busybox, "--list-full").decode().split()
    missing = APPLETS - {Path(name).name for name in applets}
    if missing:
        raise BuildError(f"{busybox} lacks {' '.join(sorted(missing))}: report this as a bug")
    archive.file("bin/busybox", busybox.read_bytes(), executable=True)
    for name in ("init", *applets):
        if name not in archive.names:
            archive.link(name, "/bin/busybox")

    folder = f"lib/modules/{modules.release}"
    for name, data in sorted(modules.contents.items()):
        archive.file(f"{folder}/{name}.ko", data)
    archive.file(f"{folder}/modules.dep", modules.index().encode())
    return archive.finish()


def make_boot_record() -> bytes:
    """Return the first sector: syslinux's boot code and the partition table."""

    def entry(flag: int, kind: int, start: int, size: int) -> bytes:
        # The cylinder numbers of old say "see the sector numbers".
        old = b"\xfe\xff\xff"
        return struct.pack("<B3sB3sII", flag, old, kind, old, start // SECTOR, size // SECTOR)

    table = entry(0x80, 0x0E, BOOT_START, BOOT_SIZE) + entry(0, 0x83, DATA_START, DATA_SIZE)
    return struct.pack("<440s6s64sH", MBR_CODE.read_bytes(), b"PILE", table, 0xAA55)


def make_disk(work: Path, kernel: Path, initramfs: bytes) -> Path:
    """Put the parts together and return the image."""
    disk = work / "disk.raw"
    with disk.open("wb") as file:
        file.write(make_boot_record())
        file.truncate(DISK_SIZE)

    files = {"vmlinuz": kernel.read_bytes(), "initrd": initramfs, "syslinux.cfg": SYSLINUX_CONFIG.encode()}
    if sum(map(len, files.values())) > BOOT_SIZE - MIB:
        raise BuildError("the kernel does not fit the boot partition: raise BOOT_SIZE in guest/build.py")
    boot = f"{disk}@@{BOOT_START}"
    sectors, before = str(BOOT_SIZE // SECTOR), str(BOOT_START // SECTOR)
    geometry = ("-T", sectors, "-H", before, "-h", "255", "-s", "63", "-c", "16")
    run("mformat", "-i", boot, *geometry, "-N", BOOT_SERIAL, "-v", "PILEUS", "::")
    for name, data in files.items():
        path = work / name
        path.write_bytes(data)
        os.utime(path, (EPOCH, EPOCH))
        run("mcopy", "-m", "-i", boot, path, f"::{name}")
    run("syslinux", "--install", "--offset", str(BOOT_START), disk)

    options = f"offset={DATA_START},hash_seed={DATA_UUID},root_owner=0:0"
    mke2fs = ("mke2fs", "-q", "-F", "-t", "ext4", "-L", "pileus-data", "-U", DATA_UUID, "-E", options)
    run(*mke2fs, disk, f"{DATA_SIZE // 1024}k")

    # Compressing the image would save a third of it and cost a second at each boot.
    image = work / "disk.qcow2"
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, image)
    return image


def make_image(packages: list[Package], busybox: Path, cache: Path, work: Path) -> Path:
    """Make the image from packages in a scratch directory."""
    tree = work / "tree"
    for package in packages:
        archive = package.fetch(cache)
        say(f"unpacking {package.name}")
        run("dpkg-deb", "-x", archive, tree)
    if not is_static(busybox):
        busybox = next(path for path in (tree / "bin/busybox", tree / "usr/bin/busybox") if path.exists())
    roots = [root for folder in ("lib/modules", "usr/lib/modules") for root in tree.glob(f"{folder}/*/")]
    if len(roots) != 1:
        raise BuildError("the kernel's packages hold no modules: report this as a bug")
    modules = Modules(roots[0])
    say(f"making the disk with kernel {modules.release}")
    return make_disk(work, tree / "boot" / f"vmlinuz-{modules.release}", make_initramfs(busybox, modules))


def build(output: Path, cache: Path) -> None:
    """Write the image, made anew only if what goes into it has changed."""
    check_host()
    cache.mkdir(parents=True, exist_ok=True)
    output.parent.mkdir(parents=True, exist_ok=True)

    packages = kernel_packages()
    busybox = Path("/bin/busybox")
    files = [HERE / "build.py", *own_files().values(), MBR_CODE, Path(shutil.which("syslinux", path=PATH) or "")]
    if busybox.exists() and is_static(busybox):
        files.append(busybox)
    else:
        packages.append(Package.get("busybox-static"))

    inputs = [f"{path.name} {os.access(path, os.X_OK)} {digest(path)}" for path in files]
    inputs += [package.sha256 for package in packages]
    kept = cache / f"guest-{hashlib.sha256(repr(inputs).encode()).hexdigest()[:16]}.qcow2"
    if kept.exists():
        say("nothing has changed")
    else:
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            make_image(packages, busybox, cache, Path(scratch)).replace(kept)
        wanted = {kept.name, *(package.fetch(cache).name for package in packages)}
        for old in (*cache.glob("guest-*.qcow2"), *cache.glob("*.deb")):
            if old.name not in wanted:
                old.unlink()

    # The image appears under its name whole or not at all.
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".guest-") as scratch:
        shutil.copyfile(kept, Path(scratch) / output.name).replace(output)
    say(f"{output}: {output.stat().st_size / 1e6:.1f} MB")


def main() -> int:
    """Build as the command line says."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser = argparse.ArgumentParser(description="Build the Pileus guest image.")
    parser.add_argument("output", type=Path, help="the qcow2 file to write")
    parser.add_argument(
        "--cache",
        type=Path,
        default=caches / "pileus" / "guest",
        help="where packages and the last image are kept (default: %(default)s)",
    )
    options = parser.parse_args()
    try:
        build(options.output.absolute(), options.cache.absolute())
    except BuildError as error:
        print(f"guest/build.py: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        where = error.filename2 or error.filename
        print(f"guest/build.py: {where}: {error.strerror}: make room or name another place", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
