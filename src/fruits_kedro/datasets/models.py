"""Network, reducer and classifier as files with verified hashes; nothing is unpickled."""

import hashlib
import io
import json
from collections.abc import Callable, Iterable
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
from fruits_kedro.storage.files import join, read_bytes, replace_file
from fruits_kedro.storage.manifest import Folder, Manifest, StoredFile

FindBackbone = Callable[[BackboneSpec], Backbone | None]
"""Function from a spec to its newest conversion, of any calibration; None if there is none."""

_KEPT = 8
"""Conversions that are kept, of 9 MB each."""


class _InFolder:
    """Mixin for models in a folder, local or ``s3://``; ``metadata`` is for Kedro plugins.

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
        # Also on a store: a damaged model must not count as unchanged, or no run would mend it.
        if manifest is None or not all(map(self._content, manifest.files)):
            return None
        return manifest.id

    @where_saved
    def preview(self) -> JSONPreview:
        """Facts about the model, for Kedro-Viz."""
        return json_preview(dict(self._saved().notes))

    def _saved(self) -> Manifest:
        manifest = self._folder.current()
        if manifest is None:
            raise FruitsError(
                f"There is nothing at {self._filepath} yet: run the pipelines that make it first "
                "(kedro run runs all of them)."
            )
        return manifest

    def _read(self, stem: str) -> bytes:
        """The content of a file. Raises FruitsError if it is missing or was altered."""
        [file] = (file for file in self._saved().files if _stem(file) == stem)
        content = self._content(file)
        if content is None:
            raise FruitsError(
                f"{join(self._folder.uri, file.name)} is missing or not what this project wrote "
                "(its sha256 differs): run kedro run, which makes it again."
            )
        return content

    def _content(self, file: StoredFile) -> bytes | None:
        """The content of a file; None if it is missing or was altered."""
        with suppress(FileNotFoundError):
            content = read_bytes(join(self._folder.uri, file.name))
            if hashlib.sha256(content).hexdigest() == file.sha256:
                return content
        return None

    def _write(
        self, name: str, content: bytes, notes: dict[str, Any], others: Iterable[StoredFile] = ()
    ) -> None:
        """Make ``stem.extension``, beside the ``others``, the newest version.

        The digest is part of the stored name, so a reader finds the old version or the new one.
        """
        digest = hashlib.sha256(content).hexdigest()
        stem, extension = name.split(".")
        file = StoredFile(f"{stem}-{digest[:16]}.{extension}", 1, len(content), digest)
        replace_file(join(self._folder.uri, file.name), content)
        self._folder.commit([*others, file], notes)

    def _exists(self) -> bool:
        return self._folder.current() is not None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


class ReducerDataset(_InFolder, AbstractDataset[Reducer, Reducer]):
    """The fitted scaler and PCA as numpy arrays."""

    def load(self) -> Reducer:
        """The newest reducer, its hash verified."""
        return Reducer.from_arrays(_unpacked(self._read("reducer")))

    def save(self, data: Reducer) -> None:
        """Replace the reducer."""
        notes = {
            "id": data.id,
            "backbone": data.fingerprint,
            "components": data.k,
            "explained_variance": float(data.explained_variance_ratio.sum()),
            "train_rows": data.rows,
        }
        self._write("reducer.npz", _packed(data.arrays()), notes)


class ClassifierDataset(_InFolder, AbstractDataset[Classifier, Classifier]):
    """A classifier of any kind in ``model/classifiers`` as numpy arrays."""

    def load(self) -> Classifier:
        """The newest classifier, its hash verified.

        Raises:
            FruitsError: If there is none, a file was altered, or its kind is unknown.
        """
        return classifier_from_arrays(_unpacked(self._read("classifier")))

    def save(self, data: Classifier) -> None:
        """Replace the classifier."""
        notes = {"kind": data.kind, "reducer": data.reducer_id, "labels": list(data.labels)}
        self._write("classifier.npz", _packed(data.arrays()), notes)


class _Networks(_InFolder):
    """Conversions, each named by its fingerprint; the notes have their specs in order of use."""

    def _specs(self) -> dict[str, Any]:
        manifest = self._folder.current()
        return dict(manifest.notes["specs"]) if manifest else {}

    def _backbone(self, fingerprint: str) -> Backbone:
        spec = self._saved().notes["specs"][fingerprint]
        return Backbone(BackboneSpec(**spec), self._read(fingerprint))


class BackboneDataset(_Networks, AbstractDataset[Backbone, Backbone]):
    """The network as LiteRT flatbuffers; earlier conversions are kept for reuse."""

    def load(self) -> Backbone:
        """The current network: the one that computed features last."""
        return self._backbone(self._saved().notes["current"])

    def save(self, data: Backbone) -> None:
        """Make ``data`` the current network, beside the conversions made before."""
        current, manifest = data.fingerprint, self._folder.current()
        # A damaged conversion is forgotten, so that a run makes it again.
        others = [
            file
            for file in (manifest.files if manifest else ())
            if _stem(file) != current and self._content(file) is not None
        ][1 - _KEPT :]
        specs = {_stem(file): self._specs()[_stem(file)] for file in others}
        notes = {"current": current, "specs": specs | {current: asdict(data.spec)}}
        self._write(f"{current}.tflite", data.model, notes, others)


class KnownBackbonesDataset(_Networks, AbstractDataset[None, FindBackbone]):
    """Finds an earlier conversion by its spec; shares its folder with BackboneDataset.

    With ``refresh`` only shipped networks are found, so that all others are converted again.
    """

    missing_ok = True

    def __init__(
        self, *, filepath: str, refresh: bool = False, metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(filepath=filepath, metadata=metadata)
        self._refresh = refresh

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
                        return self._backbone(fingerprint)
            return None

        return find

    def save(self, data: None) -> None:
        """Raise FruitsError: networks are saved through BackboneDataset."""
        raise FruitsError(f"{self._filepath} is opened for reading only under this name.")

    def snapshot_id(self) -> str | None:
        """Changes with the known conversions, not with which of them is current."""
        return json.dumps(sorted(self._specs())) if self._exists() else None


def _stem(file: StoredFile) -> str:
    return file.name.rpartition("-")[0]


def _packed(arrays: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _unpacked(content: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
