"""The phone file and the JSON beside it."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from fruits_kedro import FruitsError
from fruits_kedro.datasets.previews import json_preview
from fruits_kedro.model.phone import Card, NoPhoneModel, PhoneModel
from fruits_kedro.storage.files import filesystem, read_bytes, replace_file


class PhoneModelDataset(AbstractDataset[PhoneModel | NoPhoneModel, PhoneModel | NoPhoneModel]):
    """A ``.tflite`` file, local or ``s3://``, and beside it a ``.json`` with its card and sha256.

    If there is no file, the ``.json`` holds the reason. It is written last.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self._beside = filepath.removesuffix(".tflite") + ".json"
        self.metadata = metadata

    def load(self) -> PhoneModel | NoPhoneModel:
        """The file, or the reason why there is none.

        Raises:
            FruitsError: If nothing was saved yet, or the file's sha256 is not what was saved.
        """
        return self._read()

    def _read(self) -> PhoneModel | NoPhoneModel:
        try:
            notes = json.loads(read_bytes(self._beside))
            if "left_out" in notes:
                return NoPhoneModel(notes["left_out"])
            model = PhoneModel(read_bytes(self._filepath), Card.from_json(notes["card"]))
            if model.sha256 != notes["sha256"]:
                raise ValueError("its sha256 differs")
        except FileNotFoundError as error:
            raise FruitsError(
                f"There is no {self._filepath} yet: run kedro run, which makes it, or name the "
                "storage of a run with --params=storage=FOLDER."
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise FruitsError(
                f"{self._filepath} or the .json beside it is not what this version of the project "
                "wrote: run kedro run --pipelines=classification to write them again."
            ) from error
        return model

    def save(self, data: PhoneModel | NoPhoneModel) -> None:
        """Write the file and its card, or remove it and write the reason."""
        if isinstance(data, NoPhoneModel):
            fs, path = filesystem(self._filepath)
            if fs.exists(path):
                fs.rm_file(path)
            notes: dict[str, Any] = {"left_out": data.reason}
        else:
            replace_file(self._filepath, data.content)
            card = asdict(data.card)
            notes = {"sha256": data.sha256, "bytes": len(data.content), "card": card}
        text = json.dumps(notes, indent=1, ensure_ascii=False)
        replace_file(self._beside, text.encode())

    def snapshot_id(self) -> str | None:
        """Changes with the content; None if the file is missing or was altered."""
        try:
            self._read()
        except FruitsError:
            return None
        return hashlib.sha256(read_bytes(self._beside)).hexdigest()

    def preview(self) -> JSONPreview:
        """The card, for Kedro-Viz."""
        return json_preview(json.loads(read_bytes(self._beside)))

    def _exists(self) -> bool:
        return self.snapshot_id() is not None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}
