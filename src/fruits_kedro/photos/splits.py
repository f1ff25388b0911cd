"""Assigns photographs to train and test, before anything is fitted."""

import logging
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.parameters import AUTO, SplitParameters
from fruits_kedro.parameters.kinds import SPLIT_METHODS, kind_in
from fruits_kedro.photos.folders import OUTSIDE
from fruits_kedro.photos.layout import OWN, names_of
from fruits_kedro.photos.split_methods.folder import can_test

logger = logging.getLogger(__name__)


def assign_splits(rows: pa.Table, parameters: SplitParameters) -> tuple[pa.Array, str]:
    """Assign every photograph to ``train``, ``test``, ``validation`` or ``outside``.

    With every method, photographs beside the split folders stay outside, and own photographs that
    are in no split folder train.

    Args:
        rows: Kept photographs: sha256, label, source, and split (as folders or a table say, or
            null).
        parameters: The method, and how it draws.

    Returns:
        A split per row, never null; and the method used, never ``auto``.

    Raises:
        FruitsError: If the method is ``folder`` and the folders do not say what trains and tests.
    """
    said = rows.column("split").combine_chunks()
    train_anyway = pc.and_(said.is_null(), pc.equal(rows.column("source").combine_chunks(), OWN))
    decided = pc.or_(train_anyway, pc.fill_null(pc.equal(said, OUTSIDE), False))
    open_rows = rows.filter(pc.invert(decided))
    method = parameters.method
    if method == AUTO:
        method = "folder" if can_test(open_rows) else "random"
        if method == "random":
            logger.info("No folders name what trains and what tests: the split is drawn at random")
    drawn = kind_in(SPLIT_METHODS, method).assign(open_rows, parameters)
    settled = pc.if_else(train_anyway, "train", OUTSIDE)
    return pc.replace_with_mask(settled, pc.invert(decided), drawn), method


def warnings(rows: pa.Table) -> Iterator[str]:
    """What the user should look at in a split: labels that cannot be learnt or measured."""
    pairs = rows.select(["split", "label"]).to_pandas().drop_duplicates()
    inside = pairs[pairs["split"] != OUTSIDE]
    for split, verb, effect in (
        ("train", "trains", "they are never predicted"),
        ("test", "tests", "no figure covers them"),
    ):
        names = sorted(set(inside["label"]) - set(inside["label"][inside["split"] == split]))
        if names:
            labels = f"{len(names)} {'label' if len(names) == 1 else 'labels'}"
            yield f"Nothing {verb} {labels}, so {effect}: {names_of(names)}."
