"""What Kedro-Viz shows of a dataset, small and without a JVM.

Kedro-Viz finds out by the name of the annotated type how to draw what ``preview()`` returns.

Source: https://docs.kedro.org/projects/kedro-viz/en/stable/preview_datasets.html
"""

import base64
import functools
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from kedro_datasets._typing import ImagePreview, JSONPreview, TablePreview

SHOWN = 20
"""Rows of a table and elements of a list; the rest is counted."""

_SIDE, _GAP = 96, 6
"""Pixels of a photograph of a strip, and between two."""

_MAX_PIXELS = 50_000_000
"""Of a photograph of a strip: whoever clicks on a dataset does not want to wait for more."""


Preview = TypeVar("Preview")


def where_saved(preview: Callable[..., Preview]) -> Callable[..., Preview | None]:
    """Let a ``preview()`` show nothing, instead of failing, where nothing was saved yet."""

    @functools.wraps(preview)
    def shown(dataset: Any, *arguments: Any, **named: Any) -> Preview | None:
        return preview(dataset, *arguments, **named) if dataset.exists() else None

    return shown


def table_preview(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> TablePreview:
    """Rows as Kedro-Viz draws a table: text, numbers and null.

    Args:
        columns: Names, in order.
        rows: Values by name; long ones are cut.
    """
    data = [[_cell(row[name]) for name in columns] for row in rows]
    return TablePreview({"index": list(range(len(data))), "columns": list(columns), "data": data})


def json_preview(value: Any) -> JSONPreview:
    """A value as JSON, without the tails of long lists."""
    return JSONPreview(json.dumps(_shortened(value), ensure_ascii=False))


def strip_preview(photographs: Iterable[bytes]) -> ImagePreview:
    """Photographs beside one another, as base64 of a PNG; those that are none are left out."""
    from PIL import Image

    squares = [square for content in photographs for square in _decoded(content)]
    width = max(len(squares) * (_SIDE + _GAP) - _GAP, 1)
    strip = Image.new("RGBA", (width, _SIDE))
    for position, square in enumerate(squares):
        strip.paste(Image.fromarray(square), (position * (_SIDE + _GAP), 0))
    buffer = io.BytesIO()
    strip.save(buffer, "PNG")
    return ImagePreview(base64.b64encode(buffer.getvalue()).decode())


def _decoded(content: bytes) -> Iterator[Any]:
    """The pixels of a photograph, or nothing where it is none or too large."""
    from fruits_kedro.photos.decoding import decode, read_header
    from fruits_kedro.photos.reasons import Reason

    header = read_header(content)
    if not isinstance(header, Reason) and header.width * header.height <= _MAX_PIXELS:
        pixels = decode(content, _SIDE)
        if not isinstance(pixels, Reason):
            yield pixels


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
        left_out = len(value) - SHOWN
        return [*head, f"… and {left_out} more"] if left_out > 0 else head
    return value
