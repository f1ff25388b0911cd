"""The split that folders, or a table of labels, name."""

import logging

import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro import FruitsError
from fruits_kedro.parameters import SplitParameters
from fruits_kedro.photos.folders import OUTSIDE

logger = logging.getLogger(__name__)


def assign(rows: pa.Table, parameters: SplitParameters) -> pa.Array:
    """The split of the folders; without a test folder, validation photographs test.

    Raises:
        FruitsError: If no folder is for training, or none for testing or validation.
    """
    if not can_test(rows):
        raise FruitsError(
            "split.method is folder, and the folders name "
            f"{', '.join(sorted(_named(rows))) or 'no split'}: put the label folders into "
            "Training and Test folders, or use split.method=random."
        )
    said = pc.fill_null(rows.column("split").combine_chunks(), OUTSIDE)
    if "test" not in _named(rows):
        logger.info("No folder names a test: the validation photographs test")
        said = pc.if_else(pc.equal(said, "validation"), "test", said)
    return said


def can_test(rows: pa.Table) -> bool:
    """Whether folders name train photographs, and test or validation photographs."""
    named = _named(rows)
    return "train" in named and bool(named & {"test", "validation"})


def _named(rows: pa.Table) -> set[str]:
    return set(rows.column("split").drop_null().unique().to_pylist())
