from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import cast

import pytest

from pileus.image.db import image as images
from pileus.image.model.errors import DataMissing
from pileus.image.model.image import Location
from pileus.image.model.location_errors import StoreHangs
from pileus.image.model.upload import STAGING
from pileus.image.service import new_service
from pileus.image.settings import Settings
from pileus.image.stores.bounded import THREADS, BoundedStore, Pool
from pileus.image.stores.memory import MemoryReader, MemoryStore, MemoryWriter
from pileus.kit.http.app import App
from pileus.kit.http.asgi import Listener
from pileus.kit.http.threads import Threads
from tests.image.bench import Site, TinyAuthenticator

DEADLINE_S = 0.3
AT_ONCE_S = 0.1


class HangingStore(MemoryStore):
    """A store that does not answer while `hang` is set, like a file system whose server is gone."""

    def __init__(self) -> None:
        super().__init__("dead")
        self.is_well = threading.Event()
        self.is_well.set()

    def create(self, key: str, size_bytes: int | None) -> MemoryWriter:
        self.is_well.wait()
        return super().create(key, size_bytes)

    def open(self, key: str) -> MemoryReader:
        self.is_well.wait()
        return super().open(key)

    def size(self, key: str) -> int:
        self.is_well.wait()
        return super().size(key)

    def delete(self, key: str) -> None:
        self.is_well.wait()
        super().delete(key)

    def problem(self) -> str | None:
        self.is_well.wait()
        return None


@pytest.fixture
def hanging() -> Iterator[HangingStore]:
    store = HangingStore()
    yield store
    store.is_well.set()


@pytest.fixture
def dead(site: Site, hanging: HangingStore) -> HangingStore:
    """A second store of the site's, which can be made to hang."""
    cast("dict[str, object]", site.backend.stores)["dead"] = BoundedStore("dead", hanging, DEADLINE_S)
    return hanging


def seconds(since: float) -> float:
    return time.monotonic() - since


def test_a_call_that_takes_too_long_is_given_up(hanging: HangingStore) -> None:
    store = BoundedStore("dead", hanging, DEADLINE_S)
    hanging.is_well.clear()
    began = time.monotonic()
    with pytest.raises(StoreHangs, match="Store dead does not answer"):
        store.size("key")
    assert DEADLINE_S <= seconds(began) < DEADLINE_S + 1


def test_a_store_that_answers_again_is_used_again(hanging: HangingStore) -> None:
    store = BoundedStore("dead", hanging, DEADLINE_S)
    hanging.is_well.clear()
    with pytest.raises(StoreHangs):
        store.size("key")
    hanging.is_well.set()
    with pytest.raises(DataMissing):
        store.size("key")


def test_deleting_and_asking_for_trouble_wait_for_nobody(hanging: HangingStore) -> None:
    store = BoundedStore("dead", hanging, deadline_s=60)
    hanging.is_well.clear()
    began = time.monotonic()
    with pytest.raises(StoreHangs):
        store.delete("key")
    assert seconds(began) < AT_ONCE_S
    assert store.problem() == "Store dead does not answer."


def test_a_store_with_half_its_threads_gone_is_refused_at_once_until_one_comes_back() -> None:
    pool, gate = Pool("dead", 0.1, count=4), threading.Event()
    for _ in range(2):
        with pytest.raises(StoreHangs):
            pool.call(gate.wait)
    began = time.monotonic()
    with pytest.raises(StoreHangs):
        pool.call(str, 1)
    assert seconds(began) < AT_ONCE_S
    gate.set()
    for _ in range(100):
        try:
            assert pool.call(str, 1) == "1"
            break
        except StoreHangs:
            time.sleep(0.02)
    else:
        pytest.fail("the store is still refused")


def test_calls_run_at_the_same_time_and_none_is_lost() -> None:
    pool, together = Pool("s", 10, count=4), threading.Barrier(4)
    begun = [pool.begin(together.wait) for _ in range(4)]
    assert sorted(pool.wait(each, 10) for each in begun) == [0, 1, 2, 3]
    futures = [pool.begin(pow, number, 2) for number in range(200)]
    assert [pool.wait(each, 10) for each in futures] == [number**2 for number in range(200)]


def test_what_is_opened_too_late_is_closed(hanging: HangingStore) -> None:
    store = BoundedStore("dead", hanging, DEADLINE_S)
    hanging.is_well.clear()
    with pytest.raises(StoreHangs):
        store.create("key", None)
    hanging.is_well.set()
    for _ in range(100):
        if not hanging._partial:
            break
        time.sleep(0.02)
    assert not hanging._partial


def test_the_api_answers_at_once_while_a_store_hangs(site: Site, dead: HangingStore) -> None:
    kept = site.create_raw(name="kept")
    site.upload(kept, b"here")
    doomed = [site.create_raw(name="lost") for _ in range(3)]
    for lost in doomed:
        site.upload(lost, b"data", x_image_meta_store="dead")
    assert site.names() == ["lost"] * 3 + ["kept"]  # what is slow the first time is not what is tested
    dead.is_well.clear()
    handlers = Threads(4)
    served = replace(site, listener=Listener(site.app, handlers))
    answers: list[int] = []
    crowd = [threading.Thread(target=lambda: answers.append(served.download(lost).status)) for _ in range(12)]
    for each in crowd:
        each.start()
    time.sleep(0.05)
    rounds = [slowest_of(served, lost) for lost in doomed]
    for each in crowd:
        each.join()
    handlers.close()
    assert min(rounds) < AT_ONCE_S  # the machine may be busy with other things
    assert set(answers) <= {503, 404}, answers
    assert 503 in answers
    assert site.download(kept).body == b"here"
    dead.is_well.set()
    assert is_gone(site, dead)


def test_other_stores_bytes_go_in_and_out_while_a_store_hangs(site: Site, hanging: HangingStore) -> None:
    patience_s = 5.0
    cast("dict[str, object]", site.backend.stores)["dead"] = BoundedStore("dead", hanging, patience_s)
    kept, lost = site.create_raw(), site.create_raw()
    site.upload(kept, b"here")
    site.upload(lost, b"data", x_image_meta_store="dead")
    hanging.is_well.clear()
    answers: list[int] = []

    def ask_for_bytes() -> None:
        answers.append(site.download(lost).status)

    def bring_bytes() -> None:
        answers.append(site.upload(site.create_raw(), b"data", x_image_meta_store="dead").status)

    crowd = [threading.Thread(target=call, daemon=True) for call in [ask_for_bytes, bring_bytes] * 6]
    for each in crowd:
        each.start()
    time.sleep(0.2)
    began = time.monotonic()
    assert site.upload(site.create_raw(), b"new").status == 204
    assert site.stage(site.create_raw(), b"new").status == 204
    assert site.download(kept).body == b"here"
    assert seconds(began) < patience_s / 2
    assert answers == [], "the crowd waits still"
    hanging.is_well.set()
    for each in crowd:
        each.join()
    assert sorted(answers) == [200] * 6 + [204] * 6


def slowest_of(site: Site, image_id: str) -> float:
    """Return how long the slowest of some requests takes."""
    path, took_s = f"/v2/images/{image_id}", list[float]()
    for method, asked in (("GET", "/v2/images"), ("GET", path), ("DELETE", path)):
        began = time.monotonic()
        assert site.wire(method, asked, []).status in (200, 204)
        took_s.append(seconds(began))
    return max(took_s)


def is_gone(site: Site, store: HangingStore) -> bool:
    """Tell whether the store is empty after some rounds: the first may find it refused still."""
    for _ in range(100):
        site.repair()
        if not store._whole and not store._partial:
            return True
        time.sleep(0.02)
    return False


def test_an_upload_to_a_store_that_hangs_leaves_nothing(site: Site, dead: HangingStore) -> None:
    image_id = site.create_raw()
    dead.is_well.clear()
    assert site.upload(image_id, b"data", x_image_meta_store="dead").status == 503
    assert site.get(image_id)["status"] == "queued"
    dead.is_well.set()
    assert is_gone(site, dead)
    assert site.upload(image_id, b"data").status == 204


def test_a_download_goes_on_to_the_next_store_if_one_hangs(site: Site, dead: HangingStore) -> None:
    image_id = site.create_raw()
    site.upload(image_id, b"data", x_image_meta_store="dead")
    writer = site.backend.stores["local"].create("copy", 4)
    writer.write([b"data"])
    writer.commit()
    site.backend.database.write(images.insert_location, image_id, Location("local", "copy"))
    assert site.get(image_id)["stores"] == "dead,local"
    dead.is_well.clear()
    assert site.download(image_id).body == b"data"


def test_readiness_tells_which_store_hangs(site: Site, dead: HangingStore) -> None:
    assert "store dead" not in readiness(site)
    dead.is_well.clear()
    assert readiness(site)["store dead"] == "Store dead does not answer."


def readiness(site: Site) -> Mapping[str, str]:
    """What new_service would tell of this site."""
    ready = new_service(site.backend, TinyAuthenticator()).ready
    return ready()


def test_deletions_that_hang_have_the_store_refused_too(hanging: HangingStore) -> None:
    store = BoundedStore("dead", hanging, DEADLINE_S)
    hanging.is_well.clear()
    for _ in range(THREADS):
        with pytest.raises(StoreHangs):
            store.delete("key")
    time.sleep(DEADLINE_S)
    began = time.monotonic()
    with pytest.raises(StoreHangs):
        store.size("key")
    assert seconds(began) < AT_ONCE_S


def test_the_api_answers_at_once_while_files_hang(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(store_deadline_s=DEADLINE_S))
    image_id = site.create_raw()
    assert site.upload(image_id, b"").status == 204
    (name,) = site.files()
    (site.folder / name).unlink()
    os.mkfifo(site.folder / name)  # whoever opens it waits for a writer
    handlers = Threads(4)
    served = replace(site, listener=Listener(site.app, handlers))
    broken: list[type[Exception]] = []

    def read() -> None:
        try:
            served.download(image_id)
        except StoreHangs as error:
            broken.append(type(error))

    crowd = [threading.Thread(target=read) for _ in range(12)]
    for each in crowd:
        each.start()
    time.sleep(0.05)
    assert min(slowest_of(served, site.create_raw()) for _ in range(3)) < AT_ONCE_S
    for each in crowd:
        each.join()
    handlers.close()
    assert broken == [StoreHangs] * 12
    while threads_of("store-local"):
        with contextlib.suppress(OSError):
            os.close(os.open(site.folder / name, os.O_WRONLY | os.O_NONBLOCK))


def threads_of(name: str) -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == name and each.is_alive()]


def test_the_api_answers_at_once_while_the_staging_area_hangs(site: Site, hanging: HangingStore) -> None:
    assert site.backend.importing is not None
    staging = BoundedStore(STAGING, hanging, DEADLINE_S)
    backend = replace(site.backend, importing=replace(site.backend.importing, staging=staging))
    app = App(new_service(backend, TinyAuthenticator()))
    site = replace(site, app=app, backend=backend, listener=Listener(app, backend.threads))
    lost = site.create_raw()
    assert site.stage(lost, b"data").status == 204
    hanging.is_well.clear()
    assert site.stage(site.create_raw(), b"data").status == 503
    assert min(slowest_of(site, each) for each in (lost, site.create_raw())) < AT_ONCE_S
    assert readiness(site)["staging area"] == "Store os_glance_staging_store does not answer."
