"""What goes wrong on bad days ends in one clear sentence, or goes on."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from pileus.__main__ import main
from pileus.image.stores.filesystem import MARK
from pileus.kit.state import StateDirectory
from tests.crash.api import Api, Refused, wait_until
from tests.lacking import require_module, require_root, skip_outside_ci
from tests.running import RunningCloud, free_offset, run_pileus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Refuse = Callable[[Path], str]


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence that a command failed with."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("pileus: ")
    return lines[0]


def up(path: Path, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Try to start a cloud that will not come up."""
    return run_pileus("up", "--state", path, "--driver", "fake", *words, **changes)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refuse:
    """The same in this process, for what is refused before anything is started: it saves the time of all imports."""

    def try_up(path: Path) -> str:
        words = ["pileus", "up", "--state", str(path), "--driver", "fake"]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return sentence(subprocess.CompletedProcess(words, int(str(end.value.code)), out, err))

    return try_up


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[RunningCloud]:
    made = RunningCloud(tmp_path / "state")
    made.start()
    yield made
    made.stop()


# --- it does not start ---


@pytest.mark.parametrize(("port", "detach"), [(5000, ()), (8774, ("--detach",))])
def test_a_taken_port_is_named(tmp_path: Path, port: int, detach: tuple[str, ...]) -> None:
    offset = free_offset()
    with socket.create_server(("127.0.0.1", port + offset)):
        said = sentence(up(tmp_path / "state", "--port-offset", str(offset), *detach))
    assert f"Port {port + offset} on 127.0.0.1 is taken" in said
    assert run_pileus("status", "--state", tmp_path / "state").returncode == 3


def test_an_address_of_another_machine_is_named(tmp_path: Path) -> None:
    said = sentence(up(tmp_path / "state", "--listen", "192.0.2.1", "--port-offset", str(free_offset())))
    assert "Cannot listen on 192.0.2.1" in said


def test_a_missing_libvirt_binding_is_named(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['libvirt'] = None\n")
    words = ("--driver", "libvirt", "--port-offset", str(free_offset()))
    path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    said = sentence(up(tmp_path / "state", *words, PYTHONPATH=path))
    assert "pileus[libvirt]" in said


def test_a_hypervisor_that_is_not_there_shows_in_status(tmp_path: Path) -> None:
    missing = {"PILEUS_AGENT__LIBVIRT_URI": f"qemu+unix:///system?socket={tmp_path}/lacks"}
    cloud = RunningCloud(tmp_path / "state", "--driver", "libvirt", **missing)
    require_module("libvirt", "libvirt")
    cloud.start()
    try:
        wait_until("status does not tell", lambda: "agent: " in status(cloud), 20)
    finally:
        cloud.stop()


def status(cloud: RunningCloud) -> str:
    return run_pileus("status", "--state", cloud.state.path).stdout


def test_a_state_directory_of_another_user_is_left_alone(tmp_path: Path, refused: Refuse) -> None:
    require_root()
    path = tmp_path / "state"
    path.mkdir()
    os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)
    assert "belongs to nobody, and you are root" in refused(path)
    assert list(path.iterdir()) == []


def test_a_state_directory_of_a_newer_release_is_left_alone(tmp_path: Path, refused: Refuse) -> None:
    (tmp_path / "format").write_text("999\n")
    assert "written by a newer release (format 999" in refused(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["format"]


def test_a_directory_with_other_things_is_left_alone(tmp_path: Path, refused: Refuse) -> None:
    (tmp_path / "photo.jpeg").touch()
    assert "it holds other things" in refused(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["photo.jpeg"]


def test_a_file_in_place_of_the_directory_is_named(tmp_path: Path, refused: Refuse) -> None:
    (tmp_path / "state").touch()
    assert f"{tmp_path}/state is a file" in refused(tmp_path / "state")
    assert f"{tmp_path}/state is a file" in refused(tmp_path / "state" / "deeper")


def test_a_directory_that_may_not_be_written_is_named(tmp_path: Path, refused: Refuse) -> None:
    with mounted(tmp_path, "ro"):
        assert f"{tmp_path} may not be written by root" in refused(tmp_path / "state")
        assert f"{tmp_path} may not be written by root" in refused(tmp_path)


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Put an empty file system over a folder for a while."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    require_root()
    if subprocess.run(command, capture_output=True, check=False).returncode:
        skip_outside_ci("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_an_unknown_setting_names_the_nearest(tmp_path: Path, refused: Refuse, monkeypatch: pytest.MonkeyPatch) -> None:
    path = prepared(tmp_path)
    (path / "pileus.toml").write_text("[compute.lisen]\nport = 1\n")
    assert "there is no setting 'compute.lisen'; did you mean 'compute.listen'?" in refused(path)
    (path / "pileus.toml").write_text("not toml")
    assert "pileus.toml" in refused(path)
    (path / "pileus.toml").unlink()
    monkeypatch.setenv("PILEUS_REGOIN", "x")
    assert "did you mean 'region'?" in refused(path)
    monkeypatch.delenv("PILEUS_REGOIN")
    monkeypatch.setenv("PILEUS_COMPUTE__LISTEN__PORT", "many")
    assert "PILEUS_COMPUTE__LISTEN__PORT" in refused(path)


def prepared(tmp_path: Path) -> Path:
    """Return a state directory as the first start leaves it."""
    state = StateDirectory(tmp_path / "state")
    state.prepare()
    return state.path


def test_a_broken_database_is_one_sentence(tmp_path: Path) -> None:
    path = prepared(tmp_path)
    (path / "databases" / "identity.sqlite").write_bytes(b"this is no database" * 1000)
    said = sentence(up(path, "--port-offset", str(free_offset())))
    assert f"The database of identity, sqlite:///{path}/databases/identity.sqlite, cannot be used" in said
    assert "file is not a database" in said


def test_a_database_server_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    require_module("psycopg", "postgresql")
    url = "postgresql+psycopg://user:very-secret@127.0.0.1:1/pileus"
    words = ("--port-offset", str(free_offset()))
    done = up(tmp_path / "state", *words, PILEUS_IMAGE__DATABASE__URL=url)
    assert "The database of image, postgresql+psycopg://user:***@127.0.0.1:1/pileus, cannot be used" in sentence(done)
    assert "very-secret" not in done.stderr
    assert "very-secret" not in (tmp_path / "state" / "logs" / "pileus.log").read_text()


# --- it runs already, or not at all ---


def test_a_second_cloud_on_the_same_state_is_refused(cloud: RunningCloud) -> None:
    for detach in ((), ("--detach",)):
        said = sentence(up(cloud.state.path, "--port-offset", str(free_offset()), *detach))
        assert f"A cloud already runs on {cloud.state.path} (process {cloud.process.pid})" in said
    assert run_pileus("status", "--state", cloud.state.path).returncode == 0, "the first one is as well as before"


def test_nothing_to_stop_and_nothing_to_show(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "lacks"):
        done = run_pileus("down", "--state", path)
        assert (done.returncode, done.stdout.strip()) == (0, f"nothing runs on {path}")
        done = run_pileus("status", "--state", path)
        assert (done.returncode, done.stdout.strip()) == (3, f"nothing runs on {path}; pileus up starts it")
    assert list(tmp_path.iterdir()) == [], "looking makes nothing"


def test_status_and_down_import_no_service() -> None:
    code = (
        "import sys, pileus.cli.status, pileus.cli.down; "
        "print({'sqlalchemy', 'uvicorn', 'jsonschema', 'pileus.wiring'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "set()\n", done


def test_a_detached_cloud_is_seen_and_stopped(tmp_path: Path) -> None:
    path, offset = tmp_path / "state", free_offset()
    done = up(path, "--detach", "--port-offset", str(offset))
    assert (done.returncode, "started a new cloud" in done.stdout) == (0, True), done
    shown = run_pileus("status", "--state", path)
    assert (shown.returncode, shown.stdout.count(" ok")) == (0, 4)
    assert "stopped (process" in run_pileus("down", "--state", path).stdout
    assert run_pileus("status", "--state", path).returncode == 3


def test_status_trusts_the_cloud_that_has_a_ca_of_its_own(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cloud.pem", tmp_path / "cloud.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, capture_output=True, check=True)
    path = prepared(tmp_path)
    (path / "pileus.toml").write_text(f'[tls]\ncertificate = "{certificate}"\nkey = "{key}"\nca = "{certificate}"\n')
    cloud = RunningCloud(path)
    cloud.start()
    try:
        shown = run_pileus("status", "--state", path)
        assert (shown.returncode, shown.stdout.count(" ok")) == (0, 4), shown
        (path / "pileus.toml").unlink()
        assert run_pileus("status", "--state", path).returncode == 0, "it is told by the cloud that runs"
    finally:
        cloud.stop()


def test_the_version_is_told() -> None:
    done = run_pileus("--version")
    assert re.fullmatch(r"pileus, version \d+\.\d+\.\d+\S*\n", done.stdout)


def test_each_database_says_what_a_purge_did(tmp_path: Path) -> None:
    run_pileus("database", "sync", "--state", tmp_path / "state")
    lines = run_pileus("database", "purge", "--state", tmp_path / "state").stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["identity", "image", "placement", "compute"]
    assert "its id" in lines[1]


# --- while it runs ---


def log_in(cloud: RunningCloud, name: str = "pileus-demo") -> Api:
    api = Api(cloud.clouds_yaml, name)
    api.log_in()
    return api


def new_image(member: Api, data: bytes | None = None) -> str:
    body = {"name": "image", "disk_format": "raw", "container_format": "bare"}
    image = str(member.call("image", "POST", "/v2/images", body)["id"])
    if data is not None:
        member.call("image", "PUT", f"/v2/images/{image}/file", body=data)
    return image


def image_of(member: Api, image: str) -> dict[str, object]:
    return dict(member.call("image", "GET", f"/v2/images/{image}"))


def test_a_full_disk_refuses_the_upload_and_nothing_else(cloud: RunningCloud) -> None:
    member = log_in(cloud)
    folder = cloud.state.images / "local"
    mark = (folder / MARK).read_bytes()
    with mounted(folder, "size=2m"):
        (folder / MARK).write_bytes(mark)  # it is the same store, only small
        image = new_image(member)
        with pytest.raises(Refused) as refused:
            member.call("image", "PUT", f"/v2/images/{image}/file", body=os.urandom(8 * 2**20))
        assert refused.value.status == 413, refused.value
        assert "space" in str(refused.value)
        assert image_of(member, image)["status"] == "queued"
        wait_until("bytes are left", lambda: shutil.disk_usage(folder).used < 100_000, 10)
        member.call("image", "PUT", f"/v2/images/{image}/file", body=b"small enough")
        assert image_of(member, image)["status"] == "active"


def test_a_client_that_hangs_up_leaves_a_queued_image(cloud: RunningCloud) -> None:
    member = log_in(cloud)
    image = new_image(member)
    begin_upload(cloud, member, image).close()
    wait_until("the image is not queued", lambda: image_of(member, image)["status"] == "queued", 20)
    wait_until("bytes are left", lambda: not files(cloud), 20)
    member.call("image", "PUT", f"/v2/images/{image}/file", body=b"at last")
    assert image_of(member, image)["status"] == "active"


def begin_upload(cloud: RunningCloud, member: Api, image: str) -> socket.socket:
    """Send half of an image, and wait until the service has taken it up."""
    client = socket.create_connection(("127.0.0.1", 9292 + cloud.offset))
    head = (
        f"PUT /v2/images/{image}/file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {member.token}\r\n"
        "Content-Type: application/octet-stream\r\nContent-Length: 2000000\r\n\r\n"
    )
    client.sendall(head.encode() + bytes(1_000_000))
    wait_until("the upload does not begin", lambda: image_of(member, image)["status"] == "saving", 20)
    return client


def files(cloud: RunningCloud) -> list[Path]:
    return [path for path in cloud.state.images.rglob("*") if path.is_file() and path.name != MARK]


@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_a_cloud_that_ends_in_mid_upload_goes_on_afterwards(cloud: RunningCloud, how: str) -> None:
    member = log_in(cloud)
    image = new_image(member)
    client = begin_upload(cloud, member, image)
    took_s = cloud.stop(signal.Signals[how])
    assert took_s < 15
    client.close()
    cloud.start()
    member = log_in(cloud)
    wait_until("the image is not queued", lambda: image_of(member, image)["status"] == "queued", 30)
    member.call("image", "PUT", f"/v2/images/{image}/file", body=b"once more")
    assert image_of(member, image)["status"] == "active"
    wait_until("bytes are left", lambda: len(files(cloud)) == 1, 30)


@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_a_cloud_that_ends_while_servers_boot_goes_on_afterwards(cloud: RunningCloud, how: str) -> None:
    member = log_in(cloud)
    image = new_image(member, os.urandom(10_000))
    body = {"name": "server", "imageRef": image, "flavorRef": "1"}
    admin = log_in(cloud, "pileus")
    wait_until("no host", lambda: admin.call("placement", "GET", "/resource_providers")["resource_providers"], 20)
    servers = [member.call("compute", "POST", "/servers", {"server": body})["server"]["id"] for _ in range(5)]
    assert cloud.stop(signal.Signals[how]) < 10
    cloud.start()
    member = log_in(cloud)

    def statuses() -> set[str]:
        return {member.call("compute", "GET", f"/servers/{one}")["server"]["status"] for one in servers}

    wait_until("not all are ACTIVE", lambda: statuses() == {"ACTIVE"}, 60)
    for server in servers:
        member.call("compute", "DELETE", f"/servers/{server}")
    wait_until("not all are gone", lambda: not member.call("compute", "GET", "/servers")["servers"], 30)


def test_a_cloud_stops_at_once_while_clients_stay_connected(cloud: RunningCloud) -> None:
    idle = [socket.create_connection(("127.0.0.1", port + cloud.offset)) for port in (5000, 9292, 8778, 8774)]
    assert cloud.stop() < 5
    for one in idle:
        one.close()


# --- secrets ---


def test_what_is_secret_is_for_the_owner_and_in_no_log(cloud: RunningCloud) -> None:
    member = log_in(cloud)
    told = os.urandom(8).hex()
    user_data = f"I2Nsb3Vk{told.encode().hex()}"
    admin = log_in(cloud, "pileus")
    made = admin.call("identity", "POST", "/users", {"user": {"name": "u", "password": f"password-{told}"}})
    key = member.call("compute", "POST", "/os-keypairs", {"keypair": {"name": "key"}})["keypair"]["private_key"]
    image = new_image(member, b"data")
    wait_until("no host", lambda: admin.call("placement", "GET", "/resource_providers")["resource_providers"], 20)
    body = {"name": "s", "imageRef": image, "flavorRef": "1", "key_name": "key", "user_data": user_data}
    answer = member.call("compute", "POST", "/servers", {"server": body})["server"]
    wait_until(
        "it is not ACTIVE",
        lambda: member.call("compute", "GET", f"/servers/{answer['id']}")["server"]["status"] == "ACTIVE",
        30,
    )
    with suppress(Refused):
        bad = {
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {"user": {"id": made["user"]["id"], "password": f"wrong-{told}"}},
                }
            }
        }
        member.call("identity", "POST", "/auth/tokens", bad)
    member.call("compute", "DELETE", f"/servers/{answer['id']}")
    secrets = [member.token, admin.token, f"password-{told}", f"wrong-{told}", user_data, key, *key.splitlines()[1:-1]]
    secrets += [
        answer.get("adminPass", "-" * 99),
        *json.loads((cloud.state.path / "keys/passwords.json").read_text()).values(),
    ]
    secrets += [file.read_text().strip() for file in (cloud.state.keys / "fernet").iterdir()]
    logs = [*(cloud.state.path / "logs").iterdir(), cloud.output]
    assert len(logs[0].read_text()) > 1000
    for file in logs:
        text = file.read_text()
        assert not [secret for secret in secrets if secret in text], file
        assert "gAAAA" not in text
    for file in private_files(cloud.state.path):
        assert file.stat().st_mode & 0o077 == 0, file


def private_files(path: Path) -> list[Path]:
    named = [path / name for name in ("clouds.yaml", "admin-openrc", "demo-openrc")]
    return [path, *named, *(path / "keys").rglob("*")]
