"""x"""

from typing import Any

from fruits_kedro.model.backbone import calibration, conversion
from fruits_kedro.model.backbone.weights import locate_weights

calibration_id = calibration.calibration_id


def convert(weights: Any, spec: Any, pixels: Any, network: Any) -> Any:
    """x"""
    return conversion.convert(locate_weights(weights, network), spec, pixels, network)
