"""Photograph Kedro-Viz for docs/pictures/kedro-viz.png, in Chromium.

kedro viz run --no-browser &             # after kedro run
.venv/bin/python tools/picture_viz.py [URL]
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "kedro-viz.png"


def main(url: str) -> None:
    """Take the picture."""
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import opened

    with opened(url, width=1360, height=860) as shown:
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


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:4141")
