"""Where the backbone's weights come from."""

import atexit
import hashlib
from contextlib import ExitStack
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from fruits_kedro.errors import FruitsError

SHIPPED = "shipped"
IMAGENET = "imagenet"
_SHIPPED_FILE = "mobilenet_v2_imagenet_no_top.weights.h5"


def locate_weights(name: str) -> Path:
    """The weights file that the parameter ``featurization.weights`` names.

    Args:
        name: ``shipped`` (Keras's ImageNet weights, part of this package), ``imagenet`` (the same,
            downloaded and cached by Keras), or the path of a Keras weights file.

    Raises:
        FruitsError: Where there is no such file, or the download fails.
    """
    if name == SHIPPED:
        return _shipped_path()
    if name == IMAGENET:
        return _download_imagenet()
    path = Path(name)
    if not path.is_file():
        raise FruitsError(
            f"featurization.weights names {name}, which is no file: give the path of a Keras "
            f"weights file of MobileNetV2 without top, or '{SHIPPED}', or '{IMAGENET}'."
        )
    return path


@cache
def _shipped_path() -> Path:
    """A copy that lives as long as the process where the package is a zip file, as on a cluster."""
    opened = ExitStack()
    atexit.register(opened.close)
    return opened.enter_context(as_file(files("fruits_kedro.weights") / _SHIPPED_FILE))


def weights_sha256(path: Path) -> str:
    """Hexadecimal digest of a weights file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download_imagenet() -> Path:
    from keras.applications import mobilenet_v2
    from keras.utils import get_file

    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
    try:
        return Path(get_file(name, mobilenet_v2.BASE_WEIGHT_PATH + name, cache_subdir="models"))
    except Exception as error:
        raise FruitsError(
            f"Keras could not download its ImageNet weights ({error}): use "
            f"featurization.weights={SHIPPED}, which needs no network."
        ) from error
