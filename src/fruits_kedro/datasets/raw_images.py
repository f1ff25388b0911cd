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
from fruits_kedro.photos.listing import Listing, absolute, first_files, list_files
from fruits_kedro.storage.files import filesystem, read_bytes

logger = logging.getLogger(__name__)

_PREVIEWED, _LOOKED_AT = 10, 20000
"""Photographs of a preview, and most files that are searched for different labels."""

_BACKGROUNDS = r"(?i)^[^.].*\.(jpe?g|png|webp|bmp|tiff?|hei[cf]|avif)$"
"""Extensions of photographs in a folder of backgrounds."""


class RawImagesDataset(AbstractDataset[None, Listing]):
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
        self._exclude = [folder for entry in exclude for folder in split_folders(entry)]
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

    def save(self, data: None) -> None:
        """Never: the pipeline does not write photographs."""
        raise FruitsError(f"The image folder {self._filepath} is only read, never written.")

    def snapshot_id(self) -> str:
        """Digest of the listing, which the next load returns."""
        self._listed = self._list()
        return self._listed.digest()

    def _samples(self) -> Iterator[bytes]:
        files = first_files(self._filepath, self._exclude, _LOOKED_AT)
        relative, paths = (files.column(name).to_pylist() for name in ("relative_path", "path"))
        trees = [tuple(path.split("/")[:-1]) for path in relative]
        rule = find_rule(set(trees))
        by_label: dict[str, str] = {}
        for folders, path in zip(trees, paths, strict=True):
            by_label.setdefault(rule.read(folders).label or "", path)
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


class OwnImagesDataset(AbstractDataset[None, list[Listing]]):
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
        named = [folders] if isinstance(folders, str) else folders or []
        self._datasets = [
            _OwnFolder(filepath=folder, exclude=exclude)
            for entry in named
            for folder in split_folders(entry)
        ]
        self.metadata = metadata

    def load(self) -> list[Listing]:
        """A listing of each folder, in order. Raises FruitsError if one does not exist."""
        return [dataset.load() for dataset in self._datasets]

    def save(self, data: None) -> None:
        """Never: the pipeline does not write photographs."""
        raise FruitsError("The folders of own photographs are read-only: save to another dataset.")

    def snapshot_id(self) -> str:
        """A digest of the listings, which the next load returns."""
        return " ".join(dataset.snapshot_id() for dataset in self._datasets)

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"folders": [dataset._filepath for dataset in self._datasets]}


class BackgroundsDataset(AbstractDataset[None, Backgrounds]):
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
        files = list_files(self._folder).files
        files = files.filter(pc.match_substring_regex(files.column("relative_path"), _BACKGROUNDS))
        if not files.num_rows:
            raise FruitsError(
                f"There are no photographs in the folder of backgrounds {self._folder}: name one "
                "that has some with --params=backgrounds=FOLDER, or leave the parameter out."
            )
        return Listing(self._folder, files)

    def _exists(self) -> bool:
        fs, path = filesystem(self._folder)
        return self._folder == SHIPPED or bool(fs.isdir(path))

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder}


def split_folders(text: str | None) -> list[str]:
    """The folders in a text with commas; none in None or empty text."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]
