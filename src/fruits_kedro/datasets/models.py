"""Network, reducer and classifier as files with verified hashes; nothing is unpickled."""

import io
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import numpy as np
from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from fruits_kedro import FruitsError
from fruits_kedro.datasets.previews import json_preview, where_saved
from fruits_kedro.model.backbone import Backbone, BackboneSpec, shipped_backbone
from fruits_kedro.model.classifier import Classifier, classifier_from_arrays
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.storage.artefacts import (
    is_unaltered,
    load_files,
    load_unaltered,
    save_files,
    saved,
)
from fruits_kedro.storage.manifest import Folder

FindBackbone = Callable[[BackboneSpec], Backbone | None]
"""Function from a spec to its newest conversion, of any calibration; None if there is none."""


_KEPT = 8
"""Conversions that are kept, of 9 MB each."""


class _InFolder:
    """Mixin for a model in a folder, local or ``s3://``; ``metadata`` is for Kedro plugins.

    A mixin and no dataset, because Kedro would record the arguments of an inherited ``__init__``
    as ``args`` and ``kwargs``.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self._folder = Folder(filepath)
        self.metadata = metadata

    def tidy(self) -> None:
        """Remove files that a killed save left behind."""
        self._folder.tidy()

    def snapshot_id(self) -> str | None:
        """Changes with the content; None if nothing was saved or a file was altered."""
        manifest = self._folder.current()
        return manifest.id if manifest and is_unaltered(self._folder, manifest) else None

    @where_saved
    def preview(self) -> JSONPreview:
        """Facts about the model, for Kedro-Viz."""
        return json_preview(dict(saved(self._folder).notes))

    def _exists(self) -> bool:
        return self._folder.current() is not None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


class ReducerDataset(_InFolder, AbstractDataset[Reducer, Reducer]):
    """The fitted scaler and PCA as numpy arrays."""

    def load(self) -> Reducer:
        """The newest reducer, its hash verified."""
        return Reducer.from_arrays(_unpacked(load_files(self._folder)["reducer.npz"]))

    def save(self, data: Reducer) -> None:
        """Replace the reducer."""
        notes = {
            "id": data.id,
            "backbone": data.fingerprint,
            "components": data.k,
            "explained_variance": float(data.explained_variance_ratio.sum()),
            "train_rows": data.rows,
        }
        save_files(self._folder, {"reducer.npz": _packed(data.arrays())}, notes)


class ClassifierDataset(_InFolder, AbstractDataset[Classifier, Classifier]):
    """A classifier of any kind in ``model/classifiers`` as numpy arrays."""

    def load(self) -> Classifier:
        """The newest classifier, its hash verified.

        Raises:
            FruitsError: If there is none, a file was altered, or its kind is unknown.
        """
        return classifier_from_arrays(_unpacked(load_files(self._folder)["classifier.npz"]))

    def save(self, data: Classifier) -> None:
        """Replace the classifier."""
        notes = {"kind": data.kind, "reducer": data.reducer_id, "labels": list(data.labels)}
        save_files(self._folder, {"classifier.npz": _packed(data.arrays())}, notes)


class BackboneDataset(_InFolder, AbstractDataset[Backbone, Backbone]):
    """The network as LiteRT flatbuffers; earlier conversions are kept for reuse."""

    def load(self) -> Backbone:
        """The current network: the one that computed features last."""
        return _backbone(self._folder, saved(self._folder).notes["current"])

    def save(self, data: Backbone) -> None:
        """Make ``data`` the current network, beside the conversions made before."""
        current, files, specs = data.fingerprint, dict[str, bytes](), dict[str, Any]()
        if self._exists():
            # A damaged conversion is forgotten, so that a run makes it again.
            files = load_unaltered(self._folder)
            known = saved(self._folder).notes["specs"]
            specs = {name: known[name] for name in known if f"{name}.tflite" in files}
            specs.pop(current, None)
        kept = [*list(specs)[1 - _KEPT :], current]
        specs[current] = asdict(data.spec)
        files[f"{current}.tflite"] = data.model
        notes = {"current": current, "specs": {name: specs[name] for name in kept}}
        save_files(
            self._folder, {f"{name}.tflite": files[f"{name}.tflite"] for name in kept}, notes
        )


class KnownBackbonesDataset(AbstractDataset[None, FindBackbone]):
    """Finds an earlier conversion by its spec; shares its folder with BackboneDataset.

    With ``refresh`` only shipped networks are found, so that all others are converted again.
    """

    missing_ok = True

    def __init__(
        self, *, filepath: str, refresh: bool = False, metadata: dict[str, Any] | None = None
    ) -> None:
        self._filepath = filepath
        self._refresh = refresh
        self._folder = Folder(filepath)
        self.metadata = metadata

    def load(self) -> FindBackbone:
        """A function from a spec to its network; None if it was never converted."""

        def find(spec: BackboneSpec) -> Backbone | None:
            shipped = shipped_backbone(spec)
            if shipped is not None or self._refresh:
                return shipped
            for fingerprint, known in reversed(self._specs().items()):
                if BackboneSpec(**known).request == spec.request:
                    # A damaged conversion is made again.
                    with suppress(FruitsError):
                        return _backbone(self._folder, fingerprint)
            return None

        return find

    def save(self, data: None) -> None:
        """Raise FruitsError: networks are saved through BackboneDataset."""
        raise FruitsError(f"{self._filepath} is opened for reading only under this name.")

    def snapshot_id(self) -> str | None:
        """Changes with the known conversions, not with which of them is current."""
        return json.dumps(sorted(self._specs())) if self._exists() else None

    def _specs(self) -> dict[str, Any]:
        manifest = self._folder.current()
        return dict(manifest.notes["specs"]) if manifest else {}

    def _exists(self) -> bool:
        return self._folder.current() is not None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


def _backbone(folder: Folder, fingerprint: str) -> Backbone:
    spec = BackboneSpec(**saved(folder).notes["specs"][fingerprint])
    name = f"{fingerprint}.tflite"
    return Backbone(spec, load_files(folder, name)[name])


def _packed(arrays: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _unpacked(content: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
