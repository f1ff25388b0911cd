"""Assigns photographs to train and test, before anything is fitted."""

import logging
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.parameters import AUTO, SplitParameters
from fruits_kedro.parameters.kinds import SPLIT_METHODS, kind_in
from fruits_kedro.photos.folders import OUTSIDE
from fruits_kedro.photos.layout import OWN
from fruits_kedro.photos.layout_summary import names_of
from fruits_kedro.photos.split_methods.folder import can_test

logger = logging.getLogger(__name__)


def assign_splits(rows: pa.Table, parameters: SplitParameters) -> tuple[pa.Array, str]:
    """Assign every photograph to ``train``, ``test``, ``validation`` or ``outside``.

    With every method, photographs beside the split folders stay outside, and own photographs that
    are in no split folder train.

    Args:
        rows: Kept photographs: sha256, label, split (as folders or a table say, or null), and
            perhaps source (``images`` or ``own``).
        parameters: The method, and how it draws.

    Returns:
        A split per row, never null; and the method used, never ``auto``.

    Raises:
        FruitsError: If the method is ``folder`` and the folders do not say what trains and tests.
    """
    said = rows.column("split").combine_chunks()
    train_anyway = pc.and_(_is_own(rows), said.is_null())
    decided = pc.or_(train_anyway, pc.fill_null(pc.equal(said, OUTSIDE), False))
    open_rows = rows.filter(pc.invert(decided))
    method = parameters.method
    if method == AUTO:
        method = "folder" if can_test(open_rows) else "random"
        if method == "random":
            logger.info("No folders name what trains and what tests: the split is drawn at random")
    drawn = kind_in(SPLIT_METHODS, method).assign(open_rows, parameters)
    settled = pc.if_else(train_anyway, "train", OUTSIDE)
    return _merge(decided, settled, drawn), method


def uncovered_labels(rows: pa.Table) -> dict[str, list[str]]:
    """Labels without a row that trains, and without one that tests, by split.

    Args:
        rows: Photographs with label and split; those outside are not looked at.

    Returns:
        Sorted labels under ``train`` and ``test``.
    """
    inside = rows.filter(pc.not_equal(rows.column("split"), OUTSIDE))
    labels = set(inside.column("label").unique().to_pylist())
    return {split: sorted(labels - _labels_in(inside, split)) for split in ("train", "test")}


def warnings(rows: pa.Table) -> Iterator[str]:
    """What the user should look at in a split: labels that cannot be learnt or measured."""
    uncovered = uncovered_labels(rows)
    if uncovered["train"]:
        yield (
            f"Nothing trains {_labels(uncovered['train'])}, so they are never predicted: "
            f"{names_of(uncovered['train'])}."
        )
    if uncovered["test"]:
        yield (
            f"Nothing tests {_labels(uncovered['test'])}, so no figure covers them: "
            f"{names_of(uncovered['test'])}."
        )


def _labels(names: list[str]) -> str:
    return f"{len(names)} {'label' if len(names) == 1 else 'labels'}"


def _labels_in(rows: pa.Table, split: str) -> set[str]:
    return set(
        rows.filter(pc.equal(rows.column("split"), split)).column("label").unique().to_pylist()
    )


def _is_own(rows: pa.Table) -> pa.Array:
    if "source" not in rows.column_names:
        return pa.repeat(False, rows.num_rows)
    return pc.equal(rows.column("source").combine_chunks(), OWN)


def _merge(decided: pa.Array, settled: pa.Array, drawn: pa.Array) -> pa.Array:
    """``settled`` where ``decided`` is true; elsewhere the values of ``drawn``, in order."""
    position = pc.subtract(pc.cumulative_sum(pc.cast(pc.invert(decided), pa.int64())), 1)
    return pc.if_else(decided, settled, drawn.take(pc.if_else(decided, None, position)))
