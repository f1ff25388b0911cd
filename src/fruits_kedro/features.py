"""Finding the right rows in the table of all features ever computed."""

from typing import TYPE_CHECKING

import numpy as np

from fruits_kedro.backbone.artefact import N_FEATURES
from fruits_kedro.heavy_types import DataFrame
from fruits_kedro.matrices import mebibytes
from fruits_kedro.stored_rows import collect_rows, is_stored, read_stored

if TYPE_CHECKING:
    import pyarrow as pa

ORIGINAL = 0
"""Variant of the photograph itself; augmented copies of train rows count from 1."""


def features_of(features: DataFrame, fingerprint: str) -> DataFrame:
    """Rows of the photographs themselves by one backbone, failures included."""
    return features.filter((features.fingerprint == fingerprint) & (features.variant == ORIGINAL))


def present_features(features: DataFrame, present: DataFrame, fingerprint: str) -> DataFrame:
    """Features of present photographs, described as the present listing describes them.

    A file may have moved to another label since its features were computed, so the path, label and
    split of the features table are not used.

    Args:
        features: ``schemas.FEATURES``.
        present: Rows with sha256 and the columns to describe each photograph by.
        fingerprint: Of the backbone; features of others never mix in.

    Returns:
        The columns of ``present`` and ``features`` (array of 1280 float32).
    """
    computed = features_of(features, fingerprint).filter("reason is null")
    return present.join(computed.select("sha256", "features"), "sha256")


def features_on_driver(
    features: DataFrame, present: DataFrame, fingerprint: str, driver_megabytes: int
) -> "pa.Table | None":
    """``present_features`` in the driver's memory.

    Args:
        features, present, fingerprint: As ``present_features`` takes them.
        driver_megabytes: MiB of features that may be read to the driver.

    Returns:
        None where the features do not fit, or do not come straight from storage.
    """
    if not is_stored(features):
        return None
    rows = collect_rows(present)
    if mebibytes(rows.num_rows, N_FEATURES, np.float32) > driver_megabytes:
        return None
    return _with_stored_features(rows, features, fingerprint)


def _with_stored_features(rows: "pa.Table", features: DataFrame, fingerprint: str) -> "pa.Table":
    import pyarrow.compute as pc

    computed = (
        (pc.field("fingerprint") == fingerprint)
        & (pc.field("variant") == ORIGINAL)
        & pc.field("reason").is_null()
    )
    known = read_stored(features, ["sha256", "features"], computed)
    places = pc.index_in(rows["sha256"], value_set=known["sha256"].combine_chunks())
    found = places.is_valid()
    return rows.filter(found).append_column(
        "features", known["features"].take(places.filter(found))
    )
