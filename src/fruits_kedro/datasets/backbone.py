"""The converted backbone, kept by fingerprint."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from kedro_datasets._typing import JSONPreview

from fruits_kedro import FruitsError
from fruits_kedro.datasets.artefact import ArtefactDataset
from fruits_kedro.datasets.previews import json_preview, where_saved
from fruits_kedro.datasets.snapshots import SnapshotDataset
from fruits_kedro.model.backbone.artefact import Backbone, BackboneSpec
from fruits_kedro.model.backbone.shipped import shipped_backbone
from fruits_kedro.storage.artefacts import current_part, load_files, write_files
from fruits_kedro.storage.snapshots import Part, SnapshotFolder

logger = logging.getLogger(__name__)

_MODEL = "backbone.tflite"
_SPEC = "backbone.json"


class BackboneDataset(ArtefactDataset[Backbone]):
    """A LiteRT flatbuffer with its spec; earlier conversions stay for when they are wanted again.

    Usage in the catalog::

        backbone:
          type: fruits_kedro.datasets.BackboneDataset
          filepath: data/06_models/backbone

    Args:
        filepath: The artefact's folder, local or ``s3://``.
        keep: Conversions that stay (9 MB each).
        metadata: For Kedro plugins, not read here.
    """

    def __init__(
        self, *, filepath: str, keep: int = 8, metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(filepath=filepath, metadata=metadata)
        # One snapshot holds all conversions, so that earlier snapshots would only hold lost ones.
        self._folder = SnapshotFolder(filepath, keep=1)
        self._keep = max(2, keep)

    def load(self) -> Backbone:
        """The backbone that features were last made with."""
        return _read(self._folder, current_part(self._folder))

    def save(self, data: Backbone) -> None:
        """Make ``data`` the current backbone, without writing it again where it is known."""
        snapshot = self._folder.current()
        parts = snapshot.parts if snapshot else ()
        known = self._folder.find(fingerprint=data.fingerprint)
        if known is None or known != parts[-1]:
            others = [part for part in parts if part != known][1 - self._keep :]
            self._folder.replace(*others, known or self._write(data))
        logger.debug("Backbone %s", data.fingerprint)

    @where_saved
    def preview(self) -> JSONPreview:
        """The spec, for Kedro-Viz."""
        return json_preview(asdict(self.load().spec))

    def _write(self, backbone: Backbone) -> Part:
        spec = json.dumps(asdict(backbone.spec), indent=1).encode()
        files = {_MODEL: backbone.model, _SPEC: spec}
        notes = {"fingerprint": backbone.fingerprint, "request": backbone.spec.request}
        return write_files(self._folder, files, **notes)


FindBackbone = Callable[[BackboneSpec], Backbone | None]
"""From a spec, whatever its calibration, to its newest conversion."""


class KnownBackbonesDataset(SnapshotDataset[None, FindBackbone]):
    """Finds an earlier conversion by its spec; shares its folder with BackboneDataset.

    Usage in the catalog::

        known_backbones:
          type: fruits_kedro.datasets.KnownBackbonesDataset
          filepath: data/06_models/backbone

    Args:
        filepath: The artefact's folder, local or ``s3://``.
        refresh: Find nothing, so that everything is converted again.
        metadata: For Kedro plugins, not read here.
    """

    def __init__(
        self, *, filepath: str, refresh: bool = False, metadata: dict[str, Any] | None = None
    ) -> None:
        self._filepath = filepath
        self._refresh = refresh
        self._folder = SnapshotFolder(filepath)
        self.metadata = metadata

    def load(self) -> FindBackbone:
        """A function from a spec to its backbone, or to None where it was never made.

        What was not made here may have come with the package (``backbone.shipped``).
        """

        def find(spec: BackboneSpec) -> Backbone | None:
            part = None if self._refresh else self._folder.find(request=spec.request)
            return _read(self._folder, part) if part else shipped_backbone(spec)

        return find

    def save(self, data: None) -> None:
        """Never: save through BackboneDataset."""
        raise FruitsError(f"{self._filepath} is opened for reading only under this name.")

    @where_saved
    def preview(self) -> JSONPreview:
        """Fingerprints of the conversions, for Kedro-Viz."""
        snapshot = self._folder.current()
        parts = snapshot.parts if snapshot else ()
        return json_preview([part.notes["fingerprint"] for part in parts])

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


def _read(folder: SnapshotFolder, part: Part) -> Backbone:
    files = load_files(folder, part)
    return Backbone(BackboneSpec(**json.loads(files[_SPEC])), files[_MODEL])
