from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from pileus.compute.agent.drivers.libvirt import daemon

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_libvirtd_that_we_start_lets_its_group_in_without_polkit() -> None:
    assert daemon.libvirtd_settings("", has_group=True).splitlines() == [
        'auth_unix_ro = "none"',
        'auth_unix_rw = "none"',
        'unix_sock_rw_perms = "0770"',
        'unix_sock_group = "libvirt"',
    ]


def test_without_the_group_only_root_is_let_in() -> None:
    settings = daemon.libvirtd_settings("", has_group=False)
    assert 'unix_sock_rw_perms = "0700"' in settings
    assert "group" not in settings


def test_what_the_administrator_set_stays() -> None:
    admins = '# a comment\nauth_unix_rw = "sasl"\n#unix_sock_group = "x"\nmax_clients = 7\n'
    settings = daemon.libvirtd_settings(admins, has_group=True)
    assert settings.splitlines()[:2] == ['auth_unix_rw = "sasl"', "max_clients = 7"]
    assert settings.count("auth_unix_rw") == 1
    assert 'unix_sock_group = "libvirt"' in settings


def test_a_daemon_is_known_by_its_pid_file_and_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "_RUN", tmp_path)
    assert not daemon.is_running("sleep")
    with subprocess.Popen(["sleep", "60"]) as process:
        (tmp_path / "sleep.pid").write_text(f"{process.pid}\n")
        (tmp_path / "libvirtd.pid").write_text(f"{process.pid}\n")
        assert daemon.is_running("sleep")
        assert not daemon.is_running("libvirtd")
        process.kill()
    assert not daemon.is_running("sleep")
