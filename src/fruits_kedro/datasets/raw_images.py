"""The folder of photographs as a dataset."""

import itertools
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import ImagePreview

from fruits_kedro import FruitsError
from fruits_kedro.datasets.previews import strip_preview, where_saved
from fruits_kedro.photos.labels import parse_label
from fruits_kedro.photos.listing import FoundFile, Listing, list_photographs, walk_candidates
from fruits_kedro.storage.files import filesystem, read_bytes

logger = logging.getLogger(__name__)

_PREVIEWED, _LOOKED_AT = 10, 20000
"""Photographs of a preview, and files that are looked at to find as many labels."""


class RawImagesDataset(AbstractDataset[None, Listing]):
    """Lists a folder of photographs once, recursively; the bytes are read on the workers.

    Spark's ``binaryFile`` loses files without a word (see ``photos.listing``) and makes hundreds
    of tiny partitions; here every file is accounted for.

    Usage in the catalog::

        raw_images:
          type: fruits_kedro.datasets.RawImagesDataset
          filepath: data/01_raw/sample
          extensions: [jpg, png]

    Args:
        filepath: The folder, local or ``s3://``.
        extensions: Extensions of candidate photographs, without the dot.
        metadata: For Kedro plugins, not read here.
    """

    def __init__(
        self, *, filepath: str, extensions: list[str], metadata: dict[str, Any] | None = None
    ) -> None:
        self._filepath = filepath
        self._extensions = frozenset(extension.lower().lstrip(".") for extension in extensions)
        self._listed: Listing | None = None
        self.metadata = metadata

    def load(self) -> Listing:
        """List the folder.

        Raises:
            FruitsError: Where there is no such folder, or no candidate photograph in it.
        """
        listing, self._listed = self._listed or self._list(), None
        if listing.files.num_rows == 0:
            ignored = sum(listing.ignored.values())
            raise FruitsError(
                f"There are no photographs in {self._filepath} ({ignored} other files): name a "
                "folder that holds folders of photographs with --params=images=FOLDER."
            )
        return listing

    @where_saved
    def preview(self) -> ImagePreview:
        """A strip of photographs of different labels, for Kedro-Viz."""
        return strip_preview(self._samples())

    def save(self, data: None) -> None:
        """Never: the pipeline does not write photographs."""
        raise FruitsError(f"The image folder {self._filepath} is only read, never written.")

    def snapshot_id(self) -> str:
        """A digest of the listing: it changes when a file comes, goes or is written anew.

        The folder is listed for it, and the next load takes that listing.
        """
        self._listed = self._list()
        return self._listed.digest()

    def _samples(self) -> Iterator[bytes]:
        found = itertools.islice(walk_candidates(self._filepath, self._extensions), _LOOKED_AT)
        by_label: dict[str, FoundFile] = {}
        for file in found:
            by_label.setdefault(parse_label(file.relative_path) or "", file)
        for label in sorted(by_label)[:_PREVIEWED]:
            with suppress(OSError):  # what cannot be read is told by a run, not by a picture
                yield read_bytes(by_label[label].path)

    def _list(self) -> Listing:
        listing = list_photographs(self._filepath, self._extensions)
        logger.info(
            "Listed %s: %d photographs, %d other files",
            self._filepath,
            listing.files.num_rows,
            sum(listing.ignored.values()),
        )
        return listing

    def _exists(self) -> bool:
        fs, path = filesystem(self._filepath)
        return bool(fs.exists(path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "extensions": sorted(self._extensions)}
