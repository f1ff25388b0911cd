"""The photographs behind augmented copies as a dataset."""

from typing import Any

import pyarrow.compute as pc
from kedro.io import AbstractDataset

from fruits_kedro import FruitsError
from fruits_kedro.photos.augmentation.backgrounds import (
    SHIPPED,
    Backgrounds,
    read_backgrounds,
    shipped_backgrounds,
)
from fruits_kedro.photos.listing import Listing, list_files
from fruits_kedro.storage.files import filesystem

_NAMES = r"(?i)^[^.].*\.(jpe?g|png|webp|bmp|tiff?|hei[cf]|avif)$"
"""Extensions of photographs in a folder of backgrounds."""


class BackgroundsDataset(AbstractDataset[None, Backgrounds]):
    """Reads the photographs of a folder, or those that ship with the package.

    Usage in the catalog::

        backgrounds:
          type: fruits_kedro.datasets.BackgroundsDataset
          folder: shipped

    Args:
        folder: ``shipped``, or a folder, local or ``s3://``. Not called ``filepath``, because Kedro
            prefixes that with the project's folder.
        metadata: For Kedro plugins, not read here.
    """

    def __init__(self, *, folder: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = folder
        self.metadata = metadata

    def load(self) -> Backgrounds:
        """Read the photographs.

        Raises:
            FruitsError: If there is no such folder, or no photograph in it that can be read.
        """
        if self._folder == SHIPPED:
            return shipped_backgrounds("train")
        paths = self._list().files.column("path").to_pylist()
        return read_backgrounds(paths, self._folder)

    def save(self, data: None) -> None:
        """Never: the pipeline does not write photographs."""
        raise FruitsError(f"The folder of backgrounds {self._folder} is only read.")

    def snapshot_id(self) -> str:
        """Text that changes when a photograph is added, removed or rewritten."""
        if self._folder == SHIPPED:
            return shipped_backgrounds("train").id
        return self._list().digest()

    def _list(self) -> Listing:
        if not self._exists():
            raise FruitsError(
                f"The folder of backgrounds {self._folder} does not exist: name one that does "
                "with --params=backgrounds=FOLDER, or leave the parameter out."
            )
        listing = self._photographs(list_files(self._folder))
        if not listing.files.num_rows:
            raise FruitsError(
                f"There are no photographs in the folder of backgrounds {self._folder}: name one "
                "that has some with --params=backgrounds=FOLDER, or leave the parameter out."
            )
        return listing

    def _photographs(self, listing: Listing) -> Listing:
        chosen = pc.match_substring_regex(listing.files.column("relative_path"), _NAMES)
        return Listing(listing.uri, listing.files.filter(chosen))

    def _exists(self) -> bool:
        if self._folder == SHIPPED:
            return True
        fs, path = filesystem(self._folder)
        return bool(fs.isdir(path))

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder}
