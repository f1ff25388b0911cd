"""Previews of datasets in Kedro-Viz: small, and without a JVM.

The return annotation of ``preview()`` tells Kedro-Viz how to draw the value.

Source: https://docs.kedro.org/projects/kedro-viz/en/stable/preview_datasets.html
"""

import base64
import functools
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from kedro_datasets._typing import ImagePreview, JSONPreview, TablePreview

SHOWN = 20
"""Most rows of a table and elements of a list that are shown; the rest is counted."""
_SIDE, _GAP = 96, 6
"""Pixels: side of a photograph in a strip, and gap between two."""
_MAX_PIXELS = 50_000_000
"""Most pixels of a photograph in a strip: a click on a dataset must answer at once."""

Preview = TypeVar("Preview")


def where_saved(preview: Callable[..., Preview]) -> Callable[..., Preview | None]:
    """Decorator: a ``preview()`` of a dataset without content shows nothing instead of failing."""

    @functools.wraps(preview)
    def shown(dataset: Any, *arguments: Any, **named: Any) -> Preview | None:
        return preview(dataset, *arguments, **named) if dataset.exists() else None

    return shown


def table_preview(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> TablePreview:
    """Rows as Kedro-Viz shows them: short text, or null."""
    data = [[_cell(row[name]) for name in columns] for row in rows]
    return TablePreview({"index": list(range(len(data))), "columns": list(columns), "data": data})


def json_preview(value: Any) -> JSONPreview:
    """A value as JSON, with long lists cut."""
    return JSONPreview(json.dumps(_shortened(value), ensure_ascii=False))


def strip_preview(photographs: Iterable[bytes]) -> ImagePreview:
    """Photographs side by side, as base64 of a PNG; bytes that are no photograph are skipped."""
    from PIL import Image

    from fruits_kedro.photos.decoding import shrink

    small = (shrink(content, _SIDE, _MAX_PIXELS) for content in photographs)
    shown = [found[0] for found in small if isinstance(found, tuple)]
    strip = Image.new("RGBA", (max(len(shown) * (_SIDE + _GAP) - _GAP, 1), _SIDE))
    for position, image in enumerate(shown):
        left = position * (_SIDE + _GAP) + (_SIDE - image.width) // 2
        strip.paste(image, (left, (_SIDE - image.height) // 2))
    buffer = io.BytesIO()
    strip.save(buffer, "PNG")
    return ImagePreview(base64.b64encode(buffer.getvalue()).decode())


def _cell(value: Any) -> str | None:
    if isinstance(value, list):
        head = ", ".join(f"{number:.3g}" for number in value[:4])
        return f"{head}, … ({len(value)})" if len(value) > 4 else head
    return None if value is None else str(value)[:80]


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _shortened(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        head = [_shortened(inner) for inner in value[:SHOWN]]
        more = len(value) - SHOWN
        return [*head, f"… and {more} more"] if more > 0 else head
    return value
