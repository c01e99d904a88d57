"""Structured logs: one JSON object a line in a file, one readable line on a terminal, and never a secret."""

from __future__ import annotations

import json
import logging
import logging.handlers
import re
import sys
from collections.abc import Callable, Mapping
from contextvars import Token
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn, cast

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "***"
_SECRET_KEYS = re.compile(r"password|secret|token|credential|signature|private|user_data|authorization", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"gAAAA[\w\-=]{20,}"  # a Fernet token
    r"|eyJ[\w\-]{8,}\.[\w\-]+\.[\w\-]+"  # a signed token (JWS)
    r"|(?<=://)[^/\s:@\"']*:(?!\d{1,5}[/?])[^\s\"']+(?=@)"  # user:password of a URL, but not host:port
)
_SECRET_ASSIGNMENT = re.compile(
    r"""((?:password|secret|passwd|adminpass|x-[a-z-]*token|authorization)["']?\s*(?:[:=]|=>)\s*)"""
    r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;)}\]]+)""",
    re.IGNORECASE,
)  # password='…', "x-auth-token": "…": how documents and headers look when they are printed
_SUSPICIOUS = re.compile(r"gAAAA|eyJ|:|=")  # no text without one of these holds any of the above: most are none


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger whose events carry the current request's id."""
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(name))


def bind_request(request_id: str) -> Mapping[str, Token[Any]]:
    """Let every event of this thread carry `request_id`, until `unbind_request` is given what this returns."""
    return structlog.contextvars.bind_contextvars(request_id=request_id)


def unbind_request(bound: Mapping[str, Token[Any]]) -> None:
    """Go back to the request that this thread was at before: one service calls another on the same thread."""
    structlog.contextvars.reset_contextvars(**bound)


def current_request_id() -> str | None:
    """Return the id of the request that this thread works for."""
    found = structlog.contextvars.get_contextvars().get("request_id")
    return None if found is None else str(found)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank whatever looks like a secret, by its key and by its shape."""
    for key, value in event.items():
        event[key] = _clean(key, value)
    return event


def _clean(key: str, value: Any) -> Any:
    if _is_secret(key):
        return REDACTED
    if isinstance(value, str):
        return _clean_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _clean(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", inner) for inner in value]
    return _clean_text(repr(value))


def _clean_text(text: str) -> str:
    if _SUSPICIOUS.search(text) is None:
        return text
    return _SECRET_ASSIGNMENT.sub(rf"\1{REDACTED}", _SECRET_TEXT.sub(REDACTED, text))


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    return _SECRET_KEYS.search(key) is not None


_CHAIN: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.format_exc_info,
    redact,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
"""What is done to every event, once, before it is rendered."""

_LEVELS = {name.lower(): number for name, number in logging.getLevelNamesMapping().items()}


def configure(*, file: Path | None = None, level: str = "INFO", terminal: bool = False) -> None:
    """Send events of Pileus and of its libraries to `file` (rotated at 32 MiB) and, if asked, to the terminal."""
    processors = structlog.get_config()["processors"]
    processors[:] = structlog.stdlib.filter_by_level, *_CHAIN, _hand_on  # in place: loggers in use hold this list
    structlog.configure(
        processors=processors,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # no line shows what these cost
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    root.setLevel(level)
    logging.getLogger("alembic").setLevel("WARNING")
    if file is not None:
        handler = _LogFile(file, maxBytes=32 * 2**20, backupCount=3, encoding="utf-8")
        handler.setFormatter(_Lines(_as_json))
        root.addHandler(handler)
    if terminal:
        stream = logging.StreamHandler(sys.stderr)
        console = structlog.dev.ConsoleRenderer()
        stream.setFormatter(_Lines(lambda event: str(console(None, "", event))))
        root.addHandler(stream)


def _as_json(event: EventDict) -> str:
    try:
        return msgspec.json.encode(event).decode()
    except (TypeError, UnicodeEncodeError):  # half a character, or a float that is more than one, as numpy's are
        return json.dumps(event)


def _hand_on(logger: logging.Logger, _method: str, event: EventDict) -> NoReturn:
    """Give an event to the handlers. `logger.info` would first look for the line of code that it comes from."""
    logger.handle(_Event(logger.name, _LEVELS[event["level"]], "", 0, event, (), None))
    raise structlog.DropEvent


class _Event(logging.LogRecord):
    """A record whose message is an event of Pileus, to which all has been done already."""

    msg: EventDict


class _Lines(logging.Formatter):
    """Renders an event; a library's message is made one first."""

    def __init__(self, render: Callable[[EventDict], str]) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        return self._render(dict(record.msg) if isinstance(record, _Event) else _event_of(record))


def _event_of(record: logging.LogRecord) -> EventDict:
    event: EventDict = {"event": record.getMessage(), "exc_info": record.exc_info}
    for process in _CHAIN:
        event = cast("EventDict", process(record, record.levelname.lower(), event))
    return event


class _LogFile(logging.handlers.RotatingFileHandler):
    """A log that is moved aside once it is full."""

    def shouldRollover(self, _record: logging.LogRecord) -> bool:  # noqa: N802 (inherited, and there renders the record)
        return self.stream is not None and self.stream.tell() >= self.maxBytes
