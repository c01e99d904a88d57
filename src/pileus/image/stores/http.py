"""A store of what others keep on the web: a key is a URL, which passes the gate each time. It can only be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pileus.image.model.errors import DataMissing, StoreReadOnly
from pileus.image.stores.store import Writer
from pileus.kit.calling import Run
from pileus.kit.web.fetch import PIECE_BYTES, Bounds, FetchFailed, FetchRefused, Source, SourceTooLarge, fetch
from pileus.kit.web.gate import Gate
from pileus.kit.web.url import DEFAULT_PORTS, parse

_GONE = (404, 410)


class HttpStore:
    """Objects on other people's servers."""

    kind = "http"
    schemes = frozenset(DEFAULT_PORTS)
    is_read_only = True
    run: Run | None = None

    def __init__(self, name: str, gate: Gate, bounds: Bounds) -> None:
        self._name = name
        self._gate = gate
        self._bounds = bounds

    def create(self, key: str, size_bytes: int | None) -> Writer:  # noqa: ARG002
        """Nothing is written to the web. Raises StoreReadOnly."""
        raise StoreReadOnly(store=self._name)

    def open(self, key: str) -> HttpReader:
        """Connect. Raises DataMissing, UrlRefused, HostUnknown, FetchFailed, FetchRefused."""
        return HttpReader(self, key)

    def size(self, key: str) -> int:
        """Ask for an object's size in bytes. Raises what `open` does."""
        with self.fetched(key, 0) as source:
            size = source.size_bytes
        return self.told_size(key) if size is None else size

    def told_size(self, key: str) -> int:
        """Ask who sends an object without saying how long it is: a HEAD may tell. Raises what `open` does."""
        origin, told = parse(key).origin, ""
        with suppress(FetchRefused), self.fetched(key, 0, "HEAD") as source:
            told = source.headers.get("content-length", "")
        if not (told.isascii() and told.isdigit() and len(told) < 20):
            raise FetchFailed(origin=origin, reason="it does not say how many bytes there are.")
        if int(told) > self._bounds.size_bytes:
            raise SourceTooLarge(origin=origin, limit=self._bounds.size_bytes)
        return int(told)

    def path(self, key: str) -> Path | None:  # noqa: ARG002
        """There is no file."""
        return None

    def url(self, key: str) -> str:
        """Return the key, which is one."""
        return key

    def properties(self) -> Mapping[str, Any]:
        """There is nothing to tell."""
        return {}

    def delete(self, key: str) -> None:
        """Leave the object alone: it is not ours. Whoever deletes an image only forgets where it was."""

    def keys(self) -> Iterator[str] | None:
        """What others keep is not to be listed."""
        return None

    def claim(self, *, is_new: bool) -> None:
        """The place is the web."""

    def problem(self) -> str | None:
        """Nothing is known to be wrong with the web."""
        return None

    @contextmanager
    def fetched(self, key: str, offset: int, method: str = "GET") -> Iterator[Source]:
        """Open an object from an offset on, if its server knows of offsets. Raises what `open` does."""
        headers = {"range": f"bytes={offset}-"} if offset else {}
        with ExitStack() as stack:
            try:
                source = stack.enter_context(
                    fetch(key, self._gate, bounds=self._bounds, method=method, headers=headers)
                )
            except FetchRefused as refusal:
                if refusal.details["status"] in _GONE:  # the rest of a URL may hold a secret
                    raise DataMissing(store=self._name, key=parse(key).origin) from None
                raise
            yield source


class HttpReader:
    """An object that is being read. Reading on is one request; each jump is another."""

    def __init__(self, store: HttpStore, key: str) -> None:
        self._store = store
        self._key = key
        self._stack = ExitStack()
        source = self._opened(0)
        self._etag = source.headers.get("etag")
        if source.size_bytes is not None:
            self._size = source.size_bytes
            return
        self._stack.close()  # its server may take one caller at a time
        self._size = store.told_size(key)
        self._opened(0)

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`. Raises FetchFailed, also if they are not the same any more."""
        length = min(length, self._size - offset)
        if length <= 0:
            return b""
        if offset != self._position:
            self._jump(offset)
        return self._take(length)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _opened(self, offset: int) -> Source:
        self._stack.close()
        source = self._stack.enter_context(self._store.fetched(self._key, offset))
        self._pieces, self._rest = iter(source), b""
        self._position = offset if source.headers.get("content-range", "").startswith(f"bytes {offset}-") else 0
        return source

    def _jump(self, offset: int) -> None:
        source = self._opened(offset)
        size = self._size if source.size_bytes is None else self._position + source.size_bytes
        if (source.headers.get("etag"), size) != (self._etag, self._size):
            raise FetchFailed(origin=source.url.origin, reason="it has other bytes now.")
        while self._position < offset:  # its server does not know of offsets
            self._take(min(offset - self._position, PIECE_BYTES))

    def _take(self, length: int) -> bytes:
        taken = [self._rest[:length]]
        self._rest = self._rest[length:]
        missing = length - len(taken[0])
        while missing:
            piece = next(self._pieces, b"")  # which raises before it ends too soon, if it knows its end
            if not piece:
                raise FetchFailed(origin=parse(self._key).origin, reason="it broke off.")
            taken.append(piece[:missing])
            self._rest = piece[missing:]
            missing -= len(taken[-1])
        self._position += length
        return b"".join(taken)
