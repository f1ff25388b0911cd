"""MobileNetV2, the network of the original notebook: 1280 features of each photograph.

Source: Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR 2018.
"""

from typing import Any

ARCHITECTURE = "MobileNetV2 alpha=1.0, no top, global average pooling"
SCALE, OFFSET = 1 / 127.5, -1.0
SHIPPED = "mobilenet_v2_imagenet_no_top.weights.h5"
DOWNLOAD = (
    "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/"
    "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
)


def build(image_size: int) -> Any:
    """The network without weights, averaged over space."""
    import keras

    return keras.applications.MobileNetV2(
        weights=None, include_top=False, pooling="avg", input_shape=(image_size, image_size, 3)
    )
