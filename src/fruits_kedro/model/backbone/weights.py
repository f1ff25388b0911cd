"""Where the backbone's weights come from."""

import atexit
import hashlib
from contextlib import ExitStack
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from fruits_kedro import FruitsError
from fruits_kedro.model.backbone.artefact import DEFAULT_NETWORK
from fruits_kedro.parameters.kinds import NETWORKS, kind_in

SHIPPED = "shipped"
IMAGENET = "imagenet"


def locate_weights(name: str, network: str = DEFAULT_NETWORK) -> Path:
    """The weights file that the parameter ``featurization.weights`` names.

    Args:
        name: ``shipped`` (Keras's ImageNet weights, part of this package), ``imagenet`` (the same,
            downloaded and cached by Keras), or the path of a Keras weights file.
        network: Whose weights, as ``featurization.network`` names it.

    Raises:
        FruitsError: Where there is no such file, or the download fails.
    """
    kind = kind_in(NETWORKS, network)
    if name == SHIPPED and kind.SHIPPED is not None:
        return _shipped_path(kind.SHIPPED)
    if name == IMAGENET and kind.DOWNLOAD is not None:
        return _download(kind.DOWNLOAD)
    path = Path(name)
    if not path.is_file():
        raise FruitsError(
            f"featurization.weights names {name}, which is no file: give the path of a Keras "
            f"weights file of {network} without top, or '{IMAGENET}', or '{SHIPPED}' for a "
            "network whose weights are part of this package."
        )
    return path


@cache
def _shipped_path(name: str) -> Path:
    """A copy that lives as long as the process where the package is a zip file, as on a cluster."""
    opened = ExitStack()
    atexit.register(opened.close)
    return opened.enter_context(as_file(files("fruits_kedro.model.weights") / name))


def weights_sha256(path: Path) -> str:
    """Hexadecimal digest of a weights file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(url: str) -> Path:
    from keras.utils import get_file

    try:
        return Path(get_file(url.rsplit("/", 1)[-1], url, cache_subdir="models"))
    except Exception as error:
        raise FruitsError(
            f"Keras could not download its ImageNet weights ({error}): use "
            f"featurization.weights={SHIPPED}, which needs no network."
        ) from error
