"""Makes docs/pictures/kedro-viz.png: Kedro-Viz on a finished run, photographed in Chromium.

usage: python tools/picture_viz.py [STORAGE]     after `kedro run`; `data` where none is named
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "kedro-viz.png"
SIZE = {"width": 1360, "height": 860}
PATIENCE = 120.0
"""Seconds until the server has to answer; it imports Kedro and the project first."""


def main(storage: str) -> None:
    """Take the picture."""
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import opened

    PICTURE.parent.mkdir(exist_ok=True)
    with served_viz(storage) as url, opened(url, **SIZE) as shown:
        page = shown.page
        page.wait_for_selector(".pipeline-node--modularPipeline")
        page.locator(".feature-hints__close").click()
        page.get_by_label("Hide menu").click()
        page.get_by_label("Turn minimap off").click()
        page.locator(".pipeline-node", has_text="tsne_map").first.click(force=True)
        page.wait_for_selector(".pipeline-metadata .js-plotly-plot .scatterlayer")
        page.get_by_label("Reset zoom").click()
        page.mouse.move(0, 0)
        page.wait_for_timeout(2000)  # the graph glides to the chosen node
        page.screenshot(path=str(PICTURE))
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


@contextmanager
def served_viz(storage: str) -> Iterator[str]:
    """Kedro-Viz on a storage, on a free port; gives its URL."""
    port = free_port()
    program = Path(sys.executable).parent / "kedro"
    command = [str(program), "viz", "run", "--no-browser", f"--port={port}"]
    variables = {**os.environ, "FRUITS_STORAGE": str(Path(storage).resolve())}
    server = subprocess.Popen(command, cwd=ROOT, env=variables, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/api/main", server)
        yield url
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, 15)  # Kedro-Viz serves from a child of its own
        server.wait()


def free_port() -> int:
    """A port that nobody has, below those that a system hands out by itself."""
    for port in range(4200, 5000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("No port from 4200 to 4999 is free")


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until a URL answers. Raises RuntimeError where it does not."""
    until = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(url):  # noqa: S310  loopback
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"Kedro-Viz does not answer at {url}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "data"))
