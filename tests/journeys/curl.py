"""curl, as documents teach it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from email.parser import Parser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]  # names in small letters
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def curl(*words: str | Path) -> Reply:
    """Run curl with `-si` and these words; return its last answer (an upload may have a "100 Continue" first)."""
    done = subprocess.run(["curl", "-si", "--max-time", "60", *map(str, words)], capture_output=True, check=True)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    while head.split()[1] == b"100":
        head, _, body = body.partition(b"\r\n\r\n")
    first, _, rest = head.decode().partition("\r\n")
    headers = {name.lower(): value for name, value in Parser().parsestr(rest).items()}
    return Reply(int(first.split()[1]), headers, body)


def curl_json(token: str, method: str, url: str, document: Any = None, *words: str) -> Reply:
    """Send a JSON document with a token."""
    data = () if document is None else ("-H", "Content-Type: application/json", "-d", json.dumps(document))
    return curl("-X", method, "-H", f"X-Auth-Token: {token}", *data, *words, url)
