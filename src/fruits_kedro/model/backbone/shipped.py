"""Conversions that travel inside the package, so that a cluster needs no TensorFlow.

``kedro emr package`` puts them beside the weights in the wheel it builds; a source tree has none.
"""

import json
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

from fruits_kedro.model.backbone.artefact import Backbone, BackboneSpec


def shipped_backbone(spec: BackboneSpec) -> Backbone | None:
    """The conversion that was shipped for a spec, whatever its calibration; None where none was."""
    folder = files("fruits_kedro.model.weights")
    described = folder / f"{spec.request}.json"
    if not described.is_file():
        return None
    model = (folder / f"{spec.request}.tflite").read_bytes()
    return Backbone(BackboneSpec(**json.loads(described.read_text())), model)


def ship_backbone(backbone: Backbone, weights: Path) -> None:
    """Put a conversion into ``weights``, the folder of that name of a package to be built."""
    name = backbone.spec.request
    (weights / f"{name}.json").write_text(json.dumps(asdict(backbone.spec), indent=1))
    (weights / f"{name}.tflite").write_bytes(backbone.model)
