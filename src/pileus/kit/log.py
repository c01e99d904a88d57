"""Structured logs: one JSON object a line in a file, one readable line on a terminal, and never a secret."""

from __future__ import annotations

import logging
import logging.handlers
import re
import sys
from collections.abc import Mapping
from contextvars import Token
from pathlib import Path
from typing import Any, cast

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
    if _SECRET_KEYS.search(key):
        return REDACTED
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _clean(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", inner) for inner in value]
    text = value if isinstance(value, str) else repr(value)
    return _SECRET_ASSIGNMENT.sub(rf"\1{REDACTED}", _SECRET_TEXT.sub(REDACTED, text))


def configure(*, file: Path | None = None, level: str = "INFO", terminal: bool = False) -> None:
    """Send events of Pileus and of its libraries to `file` (rotated at 32 MiB) and, if asked, to the terminal."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    root.setLevel(level)
    logging.getLogger("alembic").setLevel("WARNING")
    if file is not None:
        handler = logging.handlers.RotatingFileHandler(file, maxBytes=32 * 2**20, backupCount=3)
        handler.setFormatter(_formatter(shared, structlog.processors.JSONRenderer()))
        root.addHandler(handler)
    if terminal:
        stream = logging.StreamHandler(sys.stderr)
        stream.setFormatter(_formatter(shared, structlog.dev.ConsoleRenderer()))
        root.addHandler(stream)


def _formatter(shared: list[Processor], renderer: Any) -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
    )
