"""Folders of photographs as datasets; the pipeline only reads them."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pyarrow.compute as pc
from kedro.io import AbstractDataset
from kedro_datasets._typing import ImagePreview

from fruits_kedro import FruitsError
from fruits_kedro.datasets.previews import strip_preview, where_saved
from fruits_kedro.photos.augmentation.backgrounds import (
    SHIPPED,
    Backgrounds,
    read_backgrounds,
    shipped_backgrounds,
)
from fruits_kedro.photos.folders import find_rule
from fruits_kedro.photos.listing import Listing, absolute, list_files
from fruits_kedro.storage.files import filesystem, read_bytes

logger = logging.getLogger(__name__)

_PREVIEWED, _LOOKED_AT = 10, 20000
"""Photographs of a preview, and most files that are searched for different labels."""

_BACKGROUNDS = r"(?i)^[^.].*\.(jpe?g|png|webp|bmp|tiff?|hei[cf]|avif)$"
"""Extensions of photographs in a folder of backgrounds."""


class _ReadOnly(AbstractDataset[None, Any]):
    def save(self, data: None) -> None:
        """Never: the pipeline does not write photographs."""
        raise FruitsError("Folders of photographs are only read: save to another dataset.")


class RawImagesDataset(_ReadOnly):
    """Lists a folder of photographs once, recursively; workers read the bytes.

    Args:
        filepath: The folder, local or ``s3://``.
        exclude: Folders that are not listed if they are below ``filepath``, such as the
            storage of results and own photographs. An entry may hold several, separated by commas.
    """

    _parameter = "images"

    def __init__(
        self,
        *,
        filepath: str,
        exclude: Sequence[str | None] = (),
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._filepath = filepath
        self._exclude = split_folders(exclude)
        self._listed: Listing | None = None
        self.metadata = metadata

    def load(self) -> Listing:
        """List the folder. Raises FruitsError if it does not exist or is an excluded one."""
        listing, self._listed = self._listed or self._list(), None
        return listing

    @where_saved
    def preview(self) -> ImagePreview:
        """A strip of photographs of different labels, for Kedro-Viz."""
        return strip_preview(self._samples())

    def snapshot_id(self) -> str:
        """Digest of the listing, which the next load returns."""
        self._listed = self._list()
        return self._listed.digest()

    def _samples(self) -> Iterator[bytes]:
        files = list_files(self._filepath, self._exclude, limit=_LOOKED_AT).files
        folders = [tuple(path.split("/")[:-1]) for path in files["relative_path"].to_pylist()]
        rule = find_rule(set(folders))
        labels = [rule.read(parts).label or "" for parts in folders]
        by_label = dict(zip(labels, files["path"].to_pylist(), strict=True))
        for label in sorted(by_label)[:_PREVIEWED]:
            with suppress(OSError):  # the run reports what cannot be read
                yield read_bytes(by_label[label])

    def _list(self) -> Listing:
        if absolute(self._filepath) in map(absolute, self._exclude):
            raise FruitsError(
                f"The image folder {self._filepath} is also the storage of results, or the folder "
                "of own photographs: name different folders for images, storage and own."
            )
        listing = list_files(self._filepath, self._exclude, self._parameter)
        logger.info("Listed %s: %d files", self._filepath, listing.files.num_rows)
        return listing

    def _exists(self) -> bool:
        fs, path = filesystem(self._filepath)
        return bool(fs.exists(path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "exclude": self._exclude}


class _OwnFolder(RawImagesDataset):
    _parameter = "own"


class OwnImagesDataset(_ReadOnly):
    """Lists the folders of own photographs; there may be none.

    Args:
        folders: Folders, local or ``s3://``: a list, or text with commas. Not called ``filepath``,
            because Kedro prefixes that with the project's folder.
        exclude: Folders that are not listed if they are below one of ``folders``.
    """

    def __init__(
        self,
        *,
        folders: str | Sequence[str] | None = None,
        exclude: Sequence[str | None] = (),
        metadata: dict[str, Any] | None = None,
    ) -> None:
        named = split_folders([folders] if isinstance(folders, str) else folders or [])
        self._datasets = [_OwnFolder(filepath=folder, exclude=exclude) for folder in named]
        self.metadata = metadata

    def load(self) -> list[Listing]:
        """A listing of each folder, in order. Raises FruitsError if one does not exist."""
        return [dataset.load() for dataset in self._datasets]

    def snapshot_id(self) -> str:
        """A digest of the listings, which the next load returns."""
        return " ".join(dataset.snapshot_id() for dataset in self._datasets)

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"folders": [dataset._filepath for dataset in self._datasets]}


class BackgroundsDataset(_ReadOnly):
    """The photographs behind augmented copies.

    Args:
        folder: ``shipped`` for those of the package, or a folder, local or ``s3://``. Not called
            ``filepath``, because Kedro prefixes that with the project's folder.
    """

    def __init__(self, *, folder: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = folder
        self.metadata = metadata

    def load(self) -> Backgrounds:
        """Read the photographs. Raises FruitsError if there is no folder, or none can be read."""
        if self._folder == SHIPPED:
            return shipped_backgrounds("train")
        return read_backgrounds(self._list().files.column("path").to_pylist(), self._folder)

    def snapshot_id(self) -> str:
        """Text that changes when a photograph is added, removed or rewritten."""
        if self._folder == SHIPPED:
            return shipped_backgrounds("train").id
        return self._list().digest()

    def _list(self) -> Listing:
        files = list_files(self._folder, parameter="backgrounds").files
        taken = pc.match_substring_regex(files.column("relative_path"), _BACKGROUNDS)
        return Listing(self._folder, files.filter(taken))

    def _exists(self) -> bool:
        fs, path = filesystem(self._folder)
        return self._folder == SHIPPED or bool(fs.isdir(path))

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder}


def split_folders(entries: Sequence[str | None]) -> list[str]:
    """The folders in texts with commas; none in None or empty text."""
    parts = [part.strip() for entry in entries for part in (entry or "").split(",")]
    return [part for part in parts if part]
