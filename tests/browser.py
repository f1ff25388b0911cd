"""A real, headless Chromium for tests that look at pages, driven by Playwright.

Chromium is the machine's own (``make test`` sees to it), so that nothing is downloaded by tests.
"""

import functools
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Root has no sandbox; a container's /dev/shm is small.
OPTIONS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@dataclass
class Opened:
    """A page, and what it complained of.

    Attributes:
        page: Playwright's.
        errors: Errors of the console and of scripts, and requests that failed.
        requests: Every URL that the page asked for.
    """

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @classmethod
    def watch(cls, context: Any) -> Self:
        """A new page of a browser's context, with all it and its workers complain of."""
        shown = cls(context.new_page())
        complain = shown.errors.append
        shown.page.on("console", lambda said: said.type == "error" and complain(said.text))
        shown.page.on("pageerror", lambda error: complain(str(error)))
        context.on("request", lambda request: shown.requests.append(request.url))
        return shown


def chromium() -> str:
    """The machine's Chromium. Raises RuntimeError where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise RuntimeError("Tests of pages need Chromium and none was found: run make test.")
    return found


@contextmanager
def launched() -> Iterator[Any]:
    """A browser for many pages: starting one takes a second."""
    from playwright.sync_api import sync_playwright

    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=OPTIONS) as browser,
    ):
        yield browser


@contextmanager
def opened(url: str, *, dark: bool = False, browser: Any = None, **size: int) -> Iterator[Opened]:
    """A page in a context of its own.

    Args:
        url: ``http:`` or ``file:``.
        dark: Whether the reader prefers dark pages.
        browser: As ``launched`` gives it; a new one where None.
        size: ``width`` and ``height`` in pixels; DESKTOP where none is given.
    """
    scheme = "dark" if dark else "light"
    with (
        nullcontext(browser) if browser else launched() as used,
        used.new_context(viewport=size or DESKTOP, color_scheme=scheme) as context,
    ):
        shown = Opened.watch(context)
        shown.page.on("requestfailed", lambda r: shown.errors.append(f"failed: {r.url}"))
        shown.page.goto(url)
        yield shown


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder on loopback; gives its URL, whose name browsers trust like https."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://localhost:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """A test's output is not a server's log."""
