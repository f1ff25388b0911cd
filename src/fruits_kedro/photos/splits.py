"""Which photographs train and which test, decided before anything is fitted."""

import logging

from fruits_kedro.parameters import AUTO, SplitParameters
from fruits_kedro.parameters.kinds import SPLIT_METHODS, kind_in
from fruits_kedro.photos.split_methods.folder import names_both
from fruits_kedro.storage.heavy_types import DataFrame

logger = logging.getLogger(__name__)


def assign_splits(photographs: DataFrame, parameters: SplitParameters) -> tuple[DataFrame, str]:
    """Assign every photograph to ``train``, ``test`` or ``validation``.

    Args:
        photographs: Rows with sha256, path, label and split (what the folders say, or null).
        parameters: The method.

    Returns:
        The same rows with ``split`` never null; and the method used, never ``auto``.

    Raises:
        FruitsError: Where ``folder`` is asked for and the folders do not name a train and a test.
    """
    method = parameters.method
    if method == AUTO:
        method = "folder" if names_both(photographs) else "random"
        if method == "random":
            logger.info("No Training and Test folders: the split is drawn at random")
    return kind_in(SPLIT_METHODS, method).assign(photographs, parameters), method
