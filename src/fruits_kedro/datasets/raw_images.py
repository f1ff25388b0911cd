"""The folder of photographs as a dataset."""

import logging
from typing import Any

from kedro.io import AbstractDataset

from fruits_kedro.errors import FruitsError
from fruits_kedro.photos.listing import Listing, list_photographs
from fruits_kedro.storage.files import filesystem

logger = logging.getLogger(__name__)


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

    def save(self, data: None) -> None:
        """Never: the pipeline does not write photographs."""
        raise FruitsError(f"The image folder {self._filepath} is only read, never written.")

    def snapshot_id(self) -> str:
        """A digest of the listing: it changes when a file comes, goes or is written anew.

        The folder is listed for it, and the next load takes that listing.
        """
        self._listed = self._list()
        return self._listed.digest()

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
