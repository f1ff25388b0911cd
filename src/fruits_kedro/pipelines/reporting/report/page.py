"""The report as one self-contained HTML page, without network or further files."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any

from fruits_kedro.pipelines.reporting.report.thumbnails import (
    SHEET_COLUMNS,
    SHEET_TILES,
    Thumbnails,
)

_PAGE = files("fruits_kedro") / "pipelines" / "reporting" / "report" / "page"


def render_page(content: Mapping[str, Any], images: str, thumbnails: Thumbnails) -> str:
    """Render ``page/report.html.j2`` as HTML, with every name escaped.

    ``data`` of the content becomes JSON for the script. Paths are shown relative to ``images``.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup, escape

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "breakable": lambda path: escape(path).replace("/", Markup("/<wbr>")),
        "relative": lambda path: relative(path, images),
        "run_time": _run_time,
        "short": shorten,
    }
    script = _resource("report.js")
    digest = hashlib.sha256(script.encode()).digest()  # the only script that the page's policy runs
    sheets = {
        "sheets": thumbnails.sheets,
        "side": thumbnails.tile_side,
        "columns": SHEET_COLUMNS,
        "per_sheet": SHEET_TILES,
    }
    # Markup: this package's own text, or JSON that cannot end the element it stands in.
    return environment.from_string(_resource("report.html.j2")).render(
        content,
        cards=thumbnails.cards,
        style=Markup(_resource("report.css")),  # noqa: S704
        script=Markup(script),  # noqa: S704
        script_hash=f"sha256-{base64.b64encode(digest).decode()}",
        data=Markup(as_script_json(content["data"])),  # noqa: S704
        sheets=Markup(as_script_json(sheets)),  # noqa: S704
    )


def as_script_json(value: Any) -> str:
    """JSON that is safe inside of a script element, whatever text it holds."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def shorten(text: str, length: int) -> str:
    """``text`` shortened to ``length``, with an ellipsis in the middle."""
    if len(text) <= length:
        return text
    half = (length - 1) // 2
    return text[:half] + "…" + text[-(length - 1 - half) :]


def relative(path: str, images: str) -> str:
    """``path`` relative to the folder ``images``; unchanged if it is elsewhere."""
    return path.removeprefix(images.removeprefix("file://").rstrip("/")).lstrip("/")


def _run_time(run: str) -> str:
    """Kedro's run id as a time, if it is one."""
    try:
        return datetime.strptime(run, "%Y-%m-%dT%H.%M.%S.%fZ").strftime("%d %B %Y, %H:%M UTC")
    except ValueError:
        return run


def _resource(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")
