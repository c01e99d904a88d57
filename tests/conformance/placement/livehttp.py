"""HTTP transport that stands in for gabbi's own client.

gabbi hands every request of a test file to one object with a ``request``
method.  We supply that object ourselves, for three reasons:

* ``http.client`` sends what the test says, including malformed headers that
  stricter clients refuse to put on the wire;
* hooks see every request, so ``--auth keystone`` can swap the noauth headers
  for real tokens;
* the last exchange is kept, so a failing test can be reported with the
  request and the response that made it fail.
"""

import http.client
import re
import urllib.parse

_BODY_METHODS = ("POST", "PUT", "PATCH")
_PATH_SAFE = "/:@!$&'()*+,;=~-._%"
_QUERY_SAFE = _PATH_SAFE + "?"
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


def wire_target(url):
    """Return (host, port, request-target) for an absolute http URL."""
    parts = urllib.parse.urlsplit(url)
    path = urllib.parse.quote(_STRAY_PERCENT.sub("%25", parts.path or "/"), safe=_PATH_SAFE)
    if parts.query:
        path += "?" + urllib.parse.quote(_STRAY_PERCENT.sub("%25", parts.query), safe=_QUERY_SAFE)
    return parts.hostname, parts.port or 80, path


class LiveHttp:
    """Callable-compatible with gabbi.httpclient.Http (4.x)."""

    def __init__(self, hooks=(), keepalive=False):
        self.hooks = hooks  # each takes the headers and returns them
        self.keepalive = keepalive
        self.last = None
        self._conn = None
        self._conn_key = None

    def close(self):
        if self._conn is not None:
            self._conn.close()
            self._conn = None

    # gabbi passes redirect; nothing in this suite follows redirects.
    def request(self, absolute_uri, method="GET", body=b"", headers=None, redirect=False, timeout=30):
        headers = dict(headers or {})
        for hook in self.hooks:
            headers = hook(headers)
        if isinstance(body, str):
            body = body.encode("utf-8")
        body = body or b""
        self.last = {
            "method": method,
            "url": absolute_uri,
            "request_headers": dict(headers),
            "request_body": body[:4000].decode("utf-8", "replace"),
        }
        host, port, target = wire_target(absolute_uri)
        status, reason, pairs, content = self._exchange((host, port), method, target, headers, body, timeout)
        out = {}
        for key, value in pairs:
            key = key.lower()
            out[key] = out[key] + ", " + value if key in out else value
        self.last.update(
            status=status, response_headers=dict(out), response_body=content[:4000].decode("utf-8", "replace")
        )
        out["status"] = str(status)
        out["reason"] = str(reason)
        return out, content

    def _exchange(self, key, method, target, headers, body, timeout):
        reused = self.keepalive and self._conn is not None
        if not reused or self._conn_key != key:
            self.close()
            self._conn = http.client.HTTPConnection(*key, timeout=timeout)
            self._conn_key = key
            reused = False
        try:
            return self._send(method, target, headers, body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.close()
            if not reused:
                raise
            # The server closed an idle connection under us.
            return self._exchange(key, method, target, headers, body, timeout)
        except Exception:
            self.close()
            raise

    def _send(self, method, target, headers, body):
        conn = self._conn
        given = {name.lower() for name in headers}
        conn.putrequest(method, target, skip_host="host" in given, skip_accept_encoding=True)
        if "accept" not in given:
            conn.putheader("accept", "*/*")
        if "connection" not in given and not self.keepalive:
            conn.putheader("connection", "close")
        if "content-length" not in given and (body or method in _BODY_METHODS):
            conn.putheader("content-length", str(len(body)))
        for name, value in headers.items():
            conn.putheader(name, str(value).encode("utf-8"))
        conn.endheaders(body or None)
        response = conn.getresponse()
        content = response.read()
        result = (response.status, response.reason, response.getheaders(), content)
        if not self.keepalive or response.will_close:
            self.close()
        return result
