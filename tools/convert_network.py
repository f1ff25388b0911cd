"""Convert the shipped weights to the float32 LiteRT network that ships beside them.

Run it after ``tools/extract_weights.py`` or an upgrade of TensorFlow. The conversion is
deterministic for a version of TensorFlow: it converts twice and stops if the bytes differ.

    .venv/bin/python tools/convert_network.py
"""

import hashlib
from pathlib import Path

from fruits_kedro.model.backbone import (
    SHIPPED,
    BackboneSpec,
    locate_weights,
    ship_backbone,
    weights_sha256,
)
from fruits_kedro.model.conversion import convert

NETWORK, IMAGE_SIZE = "mobilenet_v2", 224


def main() -> None:
    """Write the network beside the weights."""
    weights = locate_weights(SHIPPED, NETWORK)
    spec = BackboneSpec(weights_sha256(weights), IMAGE_SIZE, "float32")
    first, second = (convert(weights, spec, NETWORK) for _ in range(2))
    if first.model != second.model:
        raise SystemExit("TensorFlow converted the same weights to different bytes twice.")
    ship_backbone(first, Path(str(weights)).parent)
    digest = hashlib.sha256(first.model).hexdigest()
    print(f"{spec.request}.tflite: {len(first.model):,} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
