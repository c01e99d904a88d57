"""The store of what others keep on the web, where it is unlike the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pileus.image.model.errors import DataMissing
from pileus.image.stores.http import HttpStore
from pileus.kit.web.fetch import Bounds, FetchFailed, FetchRefused, SourceTooLarge
from pileus.kit.web.gate import Gate, GateRules
from pileus.kit.web.url import UrlRefused
from tests.kit.web.site import Site, gate_to, no_names, send, send_file, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = bytes(range(256)) * 4096


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        yield made


@pytest.fixture
def store(site: Site) -> HttpStore:
    return HttpStore("web", gate_to(site), Bounds())


def test_reading_on_is_one_request_and_a_jump_another(site: Site, store: HttpStore) -> None:
    with store.open(site.publish("/x", DATA)) as reader:
        assert b"".join(reader.read(offset, 65536) for offset in range(0, len(DATA), 65536)) == DATA
        assert len(site.heard) == 1
        assert reader.read(1000, 5) == DATA[1000:1005]
        assert reader.read(1005, 5) == DATA[1005:1010]
    assert [headers.get("range") for _, headers in site.heard] == [None, "bytes=1000-"]


@pytest.mark.parametrize("second", [(DATA[:-1], '"1"'), (DATA, '"2"')])
def test_bytes_that_have_changed_are_not_put_together(site: Site, store: HttpStore, second: tuple[bytes, str]) -> None:
    tagged = [(DATA, '"1"'), second]

    def page(handler: object) -> None:
        data, tag = tagged[len(site.heard) - 1]
        send(handler, 200, {"etag": tag}, data)  # type: ignore[arg-type]

    site.pages["/x"] = page
    with store.open(f"{site.url}/x") as reader:
        assert reader.read(0, 4) == DATA[:4]
        with pytest.raises(FetchFailed, match="other bytes"):
            reader.read(1000, 5)


def test_an_object_of_unknown_size_is_no_image(site: Site, store: HttpStore) -> None:
    def page(handler: object) -> None:
        handler.send_response(200)  # type: ignore[attr-defined]
        handler.end_headers()  # type: ignore[attr-defined]

    site.pages["/x"] = page
    with pytest.raises(FetchFailed, match="how many bytes"):
        store.size(f"{site.url}/x")
    with pytest.raises(FetchFailed, match="how many bytes"):
        store.open(f"{site.url}/x")


@pytest.mark.parametrize("told", [len(DATA), len(DATA) + 1, 2**40 + 1])
def test_the_size_of_what_is_streamed_is_what_a_head_says(site: Site, store: HttpStore, told: int) -> None:
    def page(handler: object) -> None:
        handler.send_response(200)  # type: ignore[attr-defined]
        is_head = handler.command == "HEAD"  # type: ignore[attr-defined]
        if is_head:
            handler.send_header("content-length", str(told))  # type: ignore[attr-defined]
        handler.end_headers()  # type: ignore[attr-defined]
        if not is_head:
            handler.wfile.write(DATA)  # type: ignore[attr-defined]

    site.pages["/x"] = page
    if told > 2**40:
        with pytest.raises(SourceTooLarge):
            store.size(f"{site.url}/x")
        return
    assert store.size(f"{site.url}/x") == told
    with store.open(f"{site.url}/x") as reader:
        assert reader.read(0, 1000) == DATA[:1000]
        assert reader.read(5000, 1000) == DATA[5000:6000]
        if told == len(DATA):
            assert reader.read(6000, told) == DATA[6000:]
        else:
            with pytest.raises(FetchFailed, match="broke off"):
                reader.read(6000, told)


def test_what_is_missing_is_told_without_the_secret_in_its_url(site: Site, store: HttpStore) -> None:
    with pytest.raises(DataMissing) as missing:
        store.open(f"{site.url}/x?signature=secret")
    assert "secret" not in missing.value.reason
    site.pages["/x"] = lambda handler: send(handler, 403, {})
    with pytest.raises(FetchRefused) as refusal:
        store.open(f"{site.url}/x?signature=secret")
    assert "secret" not in refusal.value.reason


def test_an_object_larger_than_an_image_may_be_is_refused(site: Site) -> None:
    with pytest.raises(SourceTooLarge):
        HttpStore("web", gate_to(site), Bounds(size_bytes=9)).open(site.publish("/x", b"0123456789"))


def test_a_location_passes_the_gate_each_time_it_is_read(site: Site) -> None:
    store = HttpStore("web", Gate(GateRules(allowed_ports=frozenset()), no_names), Bounds())
    for key in (site.publish("/x", DATA), "http://user:password@mirror.example/x", "/etc/passwd", "file:///etc/passwd"):
        with pytest.raises(UrlRefused):
            store.size(key)
        with pytest.raises(UrlRefused):
            store.open(key)
    assert site.heard == []


def test_the_site_of_these_tests_knows_ranges(site: Site) -> None:
    site.pages["/x"] = lambda handler: send_file(handler, DATA)
    store = HttpStore("web", gate_to(site), Bounds())
    with store.open(f"{site.url}/x") as reader:
        assert reader.read(len(DATA) - 1, 100) == DATA[-1:]
