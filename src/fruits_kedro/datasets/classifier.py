"""The trained classifier as files, in the format of its kind (``classifiers``)."""

import json
from typing import Any

from kedro_datasets._typing import JSONPreview

from fruits_kedro import FruitsError
from fruits_kedro.datasets.artefact import ArtefactDataset
from fruits_kedro.datasets.previews import json_preview
from fruits_kedro.model import classifiers
from fruits_kedro.model.classifier import Classifier, kind_of
from fruits_kedro.parameters.kinds import kind_in, names_in
from fruits_kedro.storage.artefacts import current_part, load_files

_LABELS_FILE = "labels.json"
"""Where a kind that needs no Spark keeps its labels, for the preview."""


class ClassifierDataset(ArtefactDataset[Classifier]):
    """A classifier as snapshots with verified hashes; nothing in its files is unpickled.

    A logistic regression is numpy arrays and JSON (labels, calibration), a random forest Spark ML's
    own format (Parquet and JSON).

    Usage in the catalog::

        classifier:
          type: fruits_kedro.datasets.ClassifierDataset
          filepath: data/06_models/classifier

    Args:
        filepath: The artefact's folder, local or ``s3://``.
        metadata: For Kedro plugins, not read here.
    """

    # Kedro reads the arguments of an entry from the class's own signature.
    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(filepath=filepath, metadata=metadata)

    def load(self) -> Classifier:
        """The newest classifier, its hashes verified.

        Raises:
            FruitsError: Where there is none, a file is altered, or an older version wrote it.
        """
        part = current_part(self._folder)
        files = load_files(self._folder, part)
        kind = part.notes.get("kind")
        if kind not in names_in(classifiers):
            raise FruitsError(
                f"{self._folder.part_uri(part)} holds a classifier as another version of this "
                "project wrote it: run kedro run --pipelines=classification to train it again."
            )
        classifier: Classifier = kind_in(classifiers, kind).read(self._folder, part, files)
        return classifier

    def save(self, data: Classifier) -> None:
        """Write the classifier as a new snapshot.

        Raises:
            TypeError: Where it is of no kind known here.
        """
        name = kind_of(data)
        notes = {"kind": name, "reducer_id": data.reducer_id}
        self._folder.replace(kind_in(classifiers, name).write(self._folder, data, **notes))

    def preview(self) -> JSONPreview:
        """Kind and labels, for Kedro-Viz; a forest's labels need Spark and are left out."""
        part = current_part(self._folder)
        shown = {"kind": part.notes.get("kind"), "reducer": part.notes["reducer_id"]}
        files = load_files(self._folder, part)
        if _LABELS_FILE in files:
            shown["labels"] = json.loads(files[_LABELS_FILE])
        return json_preview(shown)
