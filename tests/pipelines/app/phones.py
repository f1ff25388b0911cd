"""Phones that look at the app, with a camera that shows one picture."""

from pathlib import Path
from typing import Self

from browser import Opened
from PIL import Image

FRAME = (640, 480)


class Phone(Opened):
    """A page of the app."""

    def open(self, url: str, ready: bool = True) -> Self:
        self.page.goto(url)
        if ready:
            self.page.wait_for_selector("html[data-ready]", timeout=60_000)
        return self

    def go(self, view: str) -> None:
        self.page.evaluate("view => { location.hash = view; }", view)
        self.page.wait_for_selector(f"#{view}:not([hidden])")

    def choose(self, path: Path) -> dict[str, str]:
        """Choose a photograph; gives what the result says of itself."""
        self.go("camera")
        self.page.set_input_files("#file", str(path))
        return self.result()

    def result(self) -> dict[str, str]:
        self.page.wait_for_selector("#result:not([hidden]) h2")
        return dict(self.page.eval_on_selector("#result", "e => ({...e.dataset})"))

    def correct(self, label: str, name: str = "") -> None:
        """Say what it is: a label, or something new with a name."""
        self.page.locator("#result .row .second").click()
        self.page.select_option("#result select", label=label)
        if name:
            self.page.fill("#result input", name)
        self.page.locator("#result form button").first.click()
        self.page.wait_for_selector("#notice span")


def film(picture: Image.Image, folder: Path, fill: float = 0.9) -> list[str]:
    """Options of Chromium for a camera that shows a picture in front of white."""
    frame = Image.new("RGB", FRAME, "white")
    scale = min(FRAME) * fill / max(picture.size)
    shown = picture.convert("RGB").resize(
        (round(picture.width * scale), round(picture.height * scale))
    )
    frame.paste(shown, ((FRAME[0] - shown.width) // 2, (FRAME[1] - shown.height) // 2))
    file = folder / "film.mjpeg"
    frame.save(file, "JPEG", quality=95)
    file.write_bytes(10 * file.read_bytes())
    return [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={file}",
    ]
