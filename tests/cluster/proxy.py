"""A proxy in front of the S3 server that counts requests by kind and puts faults in between."""

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import urllib3

Fault = Callable[["Request"], str | None]
"""Name of the fault to put into a request's way, or None to let it pass."""

ERRORS = {
    "500": (500, "InternalError", "We encountered an internal error. Please try again."),
    "503": (503, "SlowDown", "Please reduce your request rate."),
    "expired": (400, "ExpiredToken", "The provided token has expired."),
}
LATENCY_SECONDS = 2


@dataclass(frozen=True)
class Request:
    """One request of S3's protocol.

    Attributes:
        number: Counted from 1.
        kind: What is paid for: LIST, GET, HEAD, PUT, COPY, POST or DELETE.
        key: Bucket and key, or bucket and prefix of a LIST.
        at: When it came, on Python's monotonic clock.
    """

    number: int
    kind: str
    key: str
    at: float = field(default_factory=time.monotonic)


class Traffic:
    """What passed a proxy, in order, and the faults that it put in between.

    ``fault`` decides on each request.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Count from nothing, and let everything pass."""
        self.requests: list[Request] = []
        self.faults: Counter[str] = Counter()
        self.fault: Fault = lambda request: None

    def take(self, method: str, target: str, headers: Any) -> str | None:
        """Count a request, and give the fault that it meets."""
        with self._lock:
            request = Request(len(self.requests) + 1, *_classify(method, target, headers))
            self.requests.append(request)
            fault = self.fault(request)
            if fault:
                self.faults[fault] += 1
            return fault


def _classify(method: str, target: str, headers: Any) -> tuple[str, str]:
    parts = urlsplit(target)
    query = parse_qs(parts.query, keep_blank_values=True)
    key = unquote(parts.path).lstrip("/")
    if method == "GET" and ("list-type" in query or "prefix" in query or "uploads" in query):
        return "LIST", f"{key.rstrip('/')}/{query.get('prefix', [''])[0]}"
    if method == "POST" and "delete" in query:
        return "DELETE", key
    if method == "PUT" and "x-amz-copy-source" in headers:
        return "COPY", key
    return method, key


@contextmanager
def proxying(port: int) -> Iterator[tuple[str, Traffic]]:
    """A proxy in front of a port of loopback: its URL and what passes it."""
    traffic = Traffic()
    pool = urllib3.HTTPConnectionPool("127.0.0.1", port, timeout=120, maxsize=64, retries=1)
    handler = type("Handler", (_Handler,), {"traffic": traffic, "pool": pool})
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", traffic
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone, killed maybe, is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    traffic: Traffic
    pool: urllib3.HTTPConnectionPool

    def handle_expect_100(self) -> bool:
        """A client that waits to be asked for its content must not wait for a full buffer."""
        answered = super().handle_expect_100()
        self.wfile.flush()
        return answered

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.traffic.take(self.command, self.path, self.headers)
        if fault == "latency":
            time.sleep(LATENCY_SECONDS)
        if fault == "reset":
            self._reset()
        elif fault in ERRORS:
            status, code, message = ERRORS[fault]
            error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
            self._answer(status, {"Content-Type": "application/xml"}, error, len(error))
        else:
            answer = self._forward(body)
            length = answer.headers.get("Content-Length") if self.command == "HEAD" else None
            if fault == "lost":  # done, and nobody is told
                self._reset()
            else:
                self._answer(answer.status, answer.headers, answer.data, length or len(answer.data))

    def _forward(self, body: bytes) -> urllib3.BaseHTTPResponse:
        """With the headers as they are signed, the host's among them."""
        dropped = ("expect", "connection")
        headers = {n: v for n, v in self.headers.items() if n.lower() not in dropped}
        options = {"decode_content": False, "redirect": False}
        return self.pool.urlopen(self.command, self.path, body or None, headers, **options)

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes, length: object) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: the traffic is counted."""


def every(number: int, *faults: str) -> Fault:
    """Each fault in turn, in the way of every ``number``-th request."""

    def fault(request: Request) -> str | None:
        turn, rest = divmod(request.number, number)
        return None if rest else faults[turn % len(faults)]

    return fault


def below(prefix: str, kind: str, requests: list[Request]) -> list[Request]:
    """Requests of a kind below a prefix."""
    return [r for r in requests if r.kind == kind and r.key.startswith(prefix)]
