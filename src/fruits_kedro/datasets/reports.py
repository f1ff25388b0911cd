"""Reports, plots and pages: Kedro's stock datasets, made atomic by one mixin."""

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from kedro_datasets._typing import ImagePreview, JSONPreview, PlotlyPreview
from kedro_datasets.json import JSONDataset
from kedro_datasets.text import TextDataset

from fruits_kedro.datasets.previews import json_preview, where_saved
from fruits_kedro.storage.files import filesystem, is_local, read_bytes, replace_file
from fruits_kedro.storage.manifest import HASHED_BYTES
from fruits_kedro.storage.s3 import client_options

if TYPE_CHECKING:
    from plotly import graph_objects

    Figure: TypeAlias = graph_objects.Figure
else:
    # Kedro resolves the annotations of nodes, and commands that only list them must not wait.
    Figure = Any


class Atomic:
    """Mixin that makes the saves of Kedro's single-file datasets atomic.

    Kedro's own ``save`` writes in place, so a reader or the next run can find half a file. An equal
    file is not rewritten, so its date says when it changed. List this mixin before the stock class
    and return the file's bytes from ``encode``.

    ``filepath`` is local or ``s3://``; ``stock`` are further arguments of the stock dataset.
    """

    media_type: str | None = None
    """Content type on an object store, so that a browser shows a page instead of saving it."""
    open_args: ClassVar[dict[str, Any]] = {"encoding": "utf-8"}
    """Mode in which the stock dataset opens the file to load it."""

    _protocol: str
    _filepath: Any

    def __init__(
        self, *, filepath: str, metadata: dict[str, Any] | None = None, **stock: Any
    ) -> None:
        fs_args = client_options(filepath) | {"open_args_load": dict(self.open_args)}
        stock |= {"filepath": filepath, "fs_args": fs_args, "metadata": metadata}
        super().__init__(**stock)

    @property
    def uri(self) -> str:
        """The file's path or URI."""
        path = str(self._filepath)
        return path if self._protocol in ("file", "local") else f"{self._protocol}://{path}"

    def encode(self, data: Any) -> bytes:
        """The file's content for ``data``."""
        raise NotImplementedError

    def save(self, data: Any) -> None:
        """Replace the file, unless it already has this content."""
        content = self.encode(data)
        try:
            unchanged = read_bytes(self.uri) == content
        except FileNotFoundError:
            unchanged = False
        if not unchanged:
            replace_file(self.uri, content, self.media_type)

    def snapshot_id(self) -> str | None:
        """Changes with the content (of a large file with size and time); None without a file."""
        fs, path = filesystem(self.uri)
        try:
            info = fs.info(path)
            if not is_local(self.uri):  # an object store hashes what it stores
                return str(info.get("ETag") or fs.ukey(path))
            if info["size"] > HASHED_BYTES:
                return str(fs.ukey(path))
            return hashlib.sha256(fs.cat_file(path)).hexdigest()
        except FileNotFoundError:
            return None


class JsonReportDataset(Atomic, JSONDataset):
    """``json.JSONDataset``, written atomically and indented, as UTF-8.

    Args:
        missing_ok: Load an empty dictionary if nothing was saved yet, instead of failing.
        volatile: The file differs after every run; nodes that read it are not rerun for that.
    """

    def __init__(
        self,
        *,
        filepath: str,
        missing_ok: bool = False,
        volatile: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(filepath=filepath, metadata=metadata)
        self.missing_ok = missing_ok
        self.volatile = volatile

    def encode(self, data: Any) -> bytes:
        """``data`` as JSON. Raises ValueError for NaN and infinity, which JSON does not have."""
        return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False).encode()

    def load(self) -> Any:
        """The content as it was saved."""
        return {} if self.missing_ok and not self.exists() else super().load()

    @where_saved
    def preview(self) -> JSONPreview:
        """The report for Kedro-Viz, with long lists cut."""
        return json_preview(self.load())


class PlotlyReportDataset(Atomic, JSONDataset):
    """A Plotly figure as JSON, written atomically; Kedro-Viz draws it.

    Not derived from ``plotly.JSONDataset``: its annotations import Plotly's notebook widgets, which
    takes half of the time of a run without changes.
    """

    def encode(self, data: Figure) -> bytes:
        """The figure as JSON."""
        return data.to_json().encode()

    def load(self) -> Figure:
        """The figure as it was saved."""
        import plotly.io

        return plotly.io.from_json(read_bytes(self.uri).decode())

    @where_saved
    def preview(self) -> PlotlyPreview:
        """The figure as Kedro-Viz draws it."""
        return PlotlyPreview(super().load())


class PageReportDataset(Atomic, TextDataset):
    """``text.TextDataset``, written atomically: an HTML page for people."""

    media_type = "text/html; charset=utf-8"

    def encode(self, data: str) -> bytes:
        """The page as UTF-8."""
        return data.encode()


class JpegReportDataset(Atomic, TextDataset):
    """A picture as the bytes of a JPEG file, written atomically."""

    media_type = "image/jpeg"
    open_args: ClassVar[dict[str, Any]] = {"mode": "rb"}

    def encode(self, data: bytes) -> bytes:
        """The bytes themselves."""
        return memoryview(data).tobytes()

    @where_saved
    def preview(self) -> ImagePreview:
        """The picture as Kedro-Viz shows it."""
        return ImagePreview(base64.b64encode(self.load()).decode())
