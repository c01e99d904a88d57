"""The daemons that libvirt needs, started where nothing else starts them.

With systemd, libvirt's own sockets do it. Without (a container, a small machine), virtlogd and libvirtd are started by
hand. libvirtd then lets the group `libvirt` in by the socket's permissions, since there is nobody to ask (polkit needs
a message bus); that is what Debian's polkit rule grants that group as well.
"""

from __future__ import annotations

import grp
import logging
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from pileus.compute.agent.drivers.driver import HostFailed

_LOG = logging.getLogger(__name__)

GROUP = "libvirt"
_START_TIMEOUT_S = 30.0
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
_RUN = Path("/run")
_KVM = Path("/dev/kvm")
_SYSTEMD = Path("/run/systemd/system")
_ADMINS_SETTINGS = Path("/etc/libvirt/libvirtd.conf")
_PACKAGE = "install the package libvirt-daemon-system (or libvirt-daemon-driver-qemu)"


def ensure_log_daemon() -> None:
    """Start virtlogd, which keeps the guests' console logs, where it does not run. Raises HostFailed."""
    if not _SYSTEMD.exists() and not is_running("virtlogd"):
        _start("virtlogd")


def start_libvirtd(directory: Path) -> None:
    """Start libvirtd, which did not answer; `directory` is for its settings. Raises HostFailed."""
    if _SYSTEMD.exists():
        _start_socket()
    elif not is_running("libvirtd"):
        settings = _write_settings(directory)
        _start("libvirtd", "-f", str(settings))


def open_kvm() -> None:
    """Give /dev/kvm to the group of libvirt's QEMU, as the distribution's device rules would if somebody followed them.

    libvirt asks QEMU what it can do with rights that ignore the device's mode, then checks the answer against the
    mode. Where the two differ it asks again for every element of every domain: minutes for one start.
    """
    users = [user for user in pwd.getpwall() if user.pw_name in ("libvirt-qemu", "qemu")]
    if _SYSTEMD.exists() or not _KVM.exists() or not users or _may_open(_KVM.stat(), users):
        return
    try:
        for command in (["chgrp", str(users[0].pw_gid), str(_KVM)], ["chmod", "g+rw", str(_KVM)]):
            _run([*_privilege(command[0]), *command], command[0])
        _LOG.info("%s may be opened by the group of %s now", _KVM, users[0].pw_name)
    except HostFailed as error:
        _LOG.warning("libvirt will be slow, since its QEMU may not open %s: %s", _KVM, error)


def _may_open(kvm: os.stat_result, users: list[pwd.struct_passwd]) -> bool:
    """Tell whether one of libvirt's usual QEMU users may read and write the device."""
    if kvm.st_mode & 0o006 == 0o006:
        return True
    in_group = any(kvm.st_gid in os.getgrouplist(user.pw_name, user.pw_gid) for user in users)
    return in_group and kvm.st_mode & 0o060 == 0o060


def libvirtd_settings(admins: str, *, has_group: bool) -> str:
    """Return the administrator's settings with ours for what they leave open. Pure."""
    ours = {"auth_unix_ro": '"none"', "auth_unix_rw": '"none"', "unix_sock_rw_perms": '"0700"'}
    if has_group:
        ours |= {"unix_sock_group": f'"{GROUP}"', "unix_sock_rw_perms": '"0770"'}
    lines = [line for line in admins.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    stated = {line.partition("=")[0].strip() for line in lines}
    lines += [f"{name} = {value}" for name, value in ours.items() if name not in stated]
    return "\n".join(lines) + "\n"


def is_running(name: str) -> bool:
    """Tell whether the daemon of this name, and with its usual pid file, is alive."""
    pid = _read(_RUN / f"{name}.pid").strip()
    if not pid.isdigit():
        return False
    process, _, rest = _read(Path("/proc") / pid / "stat").rpartition(")")
    return process.endswith(f"({name}") and not rest.startswith((" Z", " X"))  # nor one that nobody buried yet


def hint() -> str:
    """Return what the user may do about a libvirt that refuses, as a sentence."""
    group = _group_id()
    if os.geteuid() == 0 or group is None:
        return "Is libvirtd well?"
    if group not in os.getgroups():
        user = f"user {os.getuid()}"
        return f"{user} is not in the group {GROUP}: run `sudo adduser $USER {GROUP}` and log in again."
    return (
        "libvirtd asks polkit, which does not answer: end libvirtd (guests go on) so that it is started anew, or set "
        f'auth_unix_rw = "none", unix_sock_group = "{GROUP}", unix_sock_rw_perms = "0770" in {_ADMINS_SETTINGS}.'
    )


def _write_settings(directory: Path) -> Path:
    """Write the settings in one step: a libvirtd that another process starts now must not read half of them."""
    directory.mkdir(parents=True, exist_ok=True)
    settings = directory.absolute() / "libvirtd.conf"
    part = settings.with_suffix(f".{os.getpid()}.part")
    part.write_text(libvirtd_settings(_read(_ADMINS_SETTINGS), has_group=_group_id() is not None))
    part.rename(settings)
    return settings


def _start_socket() -> None:
    for unit in ("virtqemud.socket", "libvirtd.socket"):
        if subprocess.run(["systemctl", "cat", unit], capture_output=True, check=False).returncode == 0:
            _run([*_privilege(unit), "systemctl", "start", unit], unit)
            return
    raise HostFailed(why=f"systemd knows no libvirtd.socket: {_PACKAGE}.")


def _start(name: str, *arguments: str) -> None:
    program = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{_SBIN}")
    if program is None:
        raise HostFailed(why=f"There is no {name}: {_PACKAGE}.")
    try:
        _run([*_privilege(name), program, "-d", *arguments], name)
    except HostFailed:
        if not is_running(name):  # else somebody else was faster
            raise


def _privilege(what: str) -> list[str]:
    if os.geteuid() == 0:
        return []
    if sudo := shutil.which("sudo"):
        return [sudo, "-n"]
    raise HostFailed(why=f"{what} does not run and only root can start it.")


def _run(command: list[str], what: str) -> None:
    try:
        done = subprocess.run(
            command,
            cwd="/",
            env={"PATH": f"{os.defpath}:{_SBIN}", "LANG": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_START_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HostFailed(why=f"{what} could not be started: {error}") from error
    if done.returncode:
        raise HostFailed(why=f"{what} could not be started: {done.stderr.strip()[-300:]}")


def _group_id() -> int | None:
    try:
        return grp.getgrnam(GROUP).gr_gid
    except KeyError:
        return None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
