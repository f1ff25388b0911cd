"""The pretrained network that turns pixels into features: its identity, conversion and engine."""

from fruits_kedro.model.backbone.artefact import QUANTIZATION, Backbone, BackboneSpec
from fruits_kedro.model.backbone.calibration import Pixels, no_calibration
from fruits_kedro.model.backbone.shipped import shipped_backbone
from fruits_kedro.model.backbone.weights import locate_weights, weights_sha256
from fruits_kedro.parameters.kinds import NETWORKS, kind_in

__all__ = [
    "Backbone",
    "BackboneSpec",
    "Pixels",
    "no_calibration",
    "shipped_backbone",
    "backbone_spec",
]


def backbone_spec(parameters):
    return BackboneSpec(
        weights_sha256(locate_weights(parameters.weights, parameters.network)),
        parameters.image_size,
        parameters.precision,
        parameters.scaled_decoding,
        architecture=kind_in(NETWORKS, parameters.network).ARCHITECTURE,
        quantization=QUANTIZATION[parameters.precision],
    )
