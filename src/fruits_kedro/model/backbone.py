"""The pretrained network that turns pixels into features: identity, weights, shipped conversion."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from fruits_kedro import FruitsError
from fruits_kedro.model.networks import mobilenet_v2
from fruits_kedro.parameters import FeaturizationParameters
from fruits_kedro.parameters.kinds import NETWORKS, kind_in

SHIPPED = "shipped"
IMAGENET = "imagenet"

PREPROCESSING = (
    "first frame, EXIF upright, embedded profile to sRGB, on white, bicubic without cropping, "
    "x/127.5-1"
)
"""Part of the fingerprint: change this text whenever the pixels change."""

QUANTIZATION = {"float32": "", "int8": "full integer, per channel, biases corrected"}
"""By precision; part of the fingerprint: change this text whenever a conversion changes."""


@dataclass(frozen=True)
class BackboneSpec:
    """Everything that determines the features.

    ``calibration`` identifies the photographs on which the ranges of an int8 network were
    measured.
    """

    weights_sha256: str  # of the Keras weights file
    image_size: int  # pixels of each side of the input
    precision: str  # arithmetic of the converted network, float32 or int8
    scaled_decoding: bool = True  # whether large JPEGs are decoded at a fraction of their size
    calibration: str = ""  # empty for float32
    architecture: str = mobilenet_v2.ARCHITECTURE
    preprocessing: str = PREPROCESSING
    quantization: str = ""

    @classmethod
    def of(cls, parameters: FeaturizationParameters) -> "BackboneSpec":
        """The spec that parameters ask for, without calibration.

        Raises:
            FruitsError: If there is no file of the weights.
        """
        return cls(
            weights_sha256(locate_weights(parameters.weights, parameters.network)),
            parameters.image_size,
            parameters.precision,
            parameters.scaled_decoding,
            architecture=kind_in(NETWORKS, parameters.network).ARCHITECTURE,
            quantization=QUANTIZATION[parameters.precision],
        )

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that identify the features."""
        # Fingerprints from before the field existed stay valid.
        said = {k: value for k, value in asdict(self).items() if value or k != "quantization"}
        text = json.dumps(said, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def request(self) -> str:
        """Fingerprint without the calibration.

        More photographs would change the calibration sample and so every feature. Networks are
        therefore looked up by this, and a calibrated one stays in use.
        """
        return replace(self, calibration="").fingerprint


@dataclass(frozen=True)
class Backbone:
    """A converted network: what it computes, and a LiteRT flatbuffer.

    The flatbuffer takes ``(1, size, size, 3)`` uint8 and gives ``(1, features)`` float32; the
    scaling of pixels is inside the graph.
    """

    spec: BackboneSpec
    model: bytes

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that identify the features."""
        return self.spec.fingerprint


def shipped_backbone(spec: BackboneSpec) -> Backbone | None:
    """The conversion of a spec that is part of this package; None if there is none.

    The default network ships, so a default run needs no TensorFlow. ``kedro emr package`` adds
    others to the wheel it builds.

    Raises:
        FruitsError: If the file was altered.
    """
    folder = files("fruits_kedro.model.weights")
    described = folder / f"{spec.request}.json"
    if not described.is_file():
        return None
    notes = json.loads(described.read_text())
    model = (folder / f"{spec.request}.tflite").read_bytes()
    if hashlib.sha256(model).hexdigest() != notes.pop("model_sha256"):
        raise FruitsError(
            f"{folder}/{spec.request}.tflite is not the file that was shipped (its sha256 differs "
            f"from that in {spec.request}.json): install the package again."
        )
    return Backbone(BackboneSpec(**notes), model)


def ship_backbone(backbone: Backbone, weights: Path) -> None:
    """Write a conversion into ``weights``, the folder of a package that is being built."""
    name = backbone.spec.request
    notes = asdict(backbone.spec) | {"model_sha256": hashlib.sha256(backbone.model).hexdigest()}
    (weights / f"{name}.json").write_text(json.dumps(notes, indent=1) + "\n")
    (weights / f"{name}.tflite").write_bytes(backbone.model)


def locate_weights(name: str, network: str) -> Traversable:
    """The weights file that the parameter ``featurization.weights`` names.

    Args:
        name: ``shipped`` (Keras's ImageNet weights, part of this package), ``imagenet`` (downloaded
            and cached by Keras), or the path of a Keras weights file.
        network: ``featurization.network``.

    Raises:
        FruitsError: If there is no such file, or the download fails.
    """
    kind = kind_in(NETWORKS, network)
    if name == SHIPPED and kind.SHIPPED is not None:
        return files("fruits_kedro.model.weights") / kind.SHIPPED
    if name == IMAGENET and kind.DOWNLOAD is not None:
        from keras.utils import get_file

        url = kind.DOWNLOAD
        try:
            return Path(get_file(url.rsplit("/", 1)[-1], url, cache_subdir="models"))
        except Exception as error:
            raise FruitsError(
                f"Keras could not download its ImageNet weights ({error}): use "
                f"featurization.weights={SHIPPED}, which needs no network."
            ) from error
    path = Path(name)
    if not path.is_file():
        raise FruitsError(
            f"featurization.weights names {name}, which is no file: give the path of a Keras "
            f"weights file of {network} without top, or '{IMAGENET}', or '{SHIPPED}' for a "
            "network whose weights are part of this package."
        )
    return path


def weights_sha256(weights: Traversable) -> str:
    """Hexadecimal digest of a weights file."""
    return hashlib.sha256(weights.read_bytes()).hexdigest()
