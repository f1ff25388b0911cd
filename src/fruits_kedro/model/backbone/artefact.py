"""What the backbone is, independent of how it is made or run."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace

from fruits_kedro.model.networks import mobilenet_v2

N_FEATURES = 1280
"""Features per photograph: channels of MobileNetV2's last convolution, averaged over space. What
others have is told by the converted network itself."""

DEFAULT_NETWORK = "mobilenet_v2"

PREPROCESSING = "first frame, EXIF upright, RGB on white, bicubic without cropping, x/127.5-1"
"""Part of the fingerprint: change the words when the pixels change."""

QUANTIZATION = {"float32": "", "int8": "full integer, per channel, biases corrected"}
"""By precision; part of the fingerprint: change the words when a conversion computes otherwise."""


@dataclass(frozen=True)
class BackboneSpec:
    """Everything that decides which features come out.

    Attributes:
        weights_sha256: Digest of the Keras weights file.
        image_size: Pixels of each side of the input.
        precision: Arithmetic of the converted network, ``float32`` or ``int8``.
        scaled_decoding: Whether large JPEGs are decoded at a fraction of their size.
        calibration: What the ranges of an int8 network were measured on
            (``calibration.calibration_id``); empty for float32.
        architecture: ``ARCHITECTURE`` of the network.
        preprocessing: What ``PREPROCESSING`` says.
        quantization: What ``QUANTIZATION`` says of the precision.
    """

    weights_sha256: str
    image_size: int
    precision: str
    scaled_decoding: bool = True
    calibration: str = ""
    architecture: str = mobilenet_v2.ARCHITECTURE
    preprocessing: str = PREPROCESSING
    quantization: str = ""

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that name these features; equal specs give equal features."""
        # Features that were named before quantization had words keep their name.
        said = {k: value for k, value in asdict(self).items() if value or k != "quantization"}
        text = json.dumps(said, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def request(self) -> str:
        """The same without the calibration: what a user asks for.

        A folder that grows would change the sample, and with it every feature; so a network that
        was once calibrated stays in use.
        """
        return replace(self, calibration="").fingerprint


@dataclass(frozen=True)
class Backbone:
    """A converted network.

    Attributes:
        spec: What it computes.
        model: LiteRT flatbuffer: ``(1, size, size, 3)`` uint8 in, ``(1, features)`` float32 out;
            the scaling of pixels is inside the graph.
    """

    spec: BackboneSpec
    model: bytes

    @property
    def fingerprint(self) -> str:
        """See ``BackboneSpec.fingerprint``."""
        return self.spec.fingerprint
