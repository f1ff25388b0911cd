"""Finding the right rows in the table of all features ever computed."""

from typing import TYPE_CHECKING

import numpy as np

from fruits_kedro.model.backbone.artefact import N_FEATURES
from fruits_kedro.model.matrices import mebibytes
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.stored_rows import collect_rows, is_stored, read_stored

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


def first_train_features(
    features: DataFrame, splits: DataFrame, fingerprint: str, most: int, driver_megabytes: int
) -> "pa.Table":
    """The first train rows by sha256, which is as good as a draw and the same in every run.

    Args:
        features, fingerprint, driver_megabytes: As ``features_on_driver`` takes them.
        splits: ``schemas.SPLITS``.
        most: Rows, at most.

    Returns:
        The columns of ``splits`` and ``features`` (array of 1280 float32), by sha256.
    """
    import pyarrow.compute as pc

    table = features_on_driver(features, splits, fingerprint, driver_megabytes)
    if table is not None:
        return table.filter(pc.field("split") == "train").sort_by("sha256").slice(0, most)
    train = present_features(features, splits.filter("split = 'train'"), fingerprint)
    return train.orderBy("sha256").limit(most).toArrow()


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


def present_copies(augmented_features: DataFrame, variants: DataFrame) -> DataFrame:
    """Features of the copies that shall be there.

    Args:
        augmented_features: ``schemas.FEATURES`` of copies.
        variants: ``schemas.VARIANTS``.

    Returns:
        sha256, variant, label and ``features`` (array of 1280 float32).
    """
    computed = augmented_features.filter("reason is null")
    key = ["sha256", "fingerprint", "variant"]
    joined = variants.join(computed.select(*key, "features"), key)
    return joined.select("sha256", "variant", "label", "features")


def copies_on_driver(
    augmented_features: DataFrame, variants: DataFrame, driver_megabytes: int
) -> "pa.Table | None":
    """``present_copies`` in the driver's memory.

    Args:
        augmented_features, variants: As ``present_copies`` takes them.
        driver_megabytes: MiB of features that may be read to the driver.

    Returns:
        None where the features do not fit, or do not come straight from storage.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = collect_rows(variants)
    if not rows.num_rows:
        kinds = pa.string(), pa.int32(), pa.string(), pa.list_(pa.float32())
        names = ["sha256", "variant", "label", "features"]
        return pa.table([pa.array([], kind) for kind in kinds], names=names)
    if not is_stored(augmented_features):
        return None
    if mebibytes(rows.num_rows, N_FEATURES, np.float32) > driver_megabytes:
        return None
    wanted = pc.field("fingerprint").isin(rows["fingerprint"].unique())
    columns = ["sha256", "fingerprint", "variant", "features"]
    known = read_stored(augmented_features, columns, wanted & pc.field("reason").is_null())
    places = pc.index_in(_keys(rows), value_set=_keys(known))
    found = places.is_valid()
    features = known["features"].take(places.filter(found))
    kept = rows.filter(found).select(["sha256", "variant", "label"])
    return kept.append_column("features", features)


def copies_of_first(
    augmented_features: DataFrame, variants: DataFrame, train: "pa.Table", driver_megabytes: int
) -> "pa.Table":
    """``present_copies`` of what ``first_train_features`` gave, on the driver; others may be there.

    Args:
        augmented_features, variants, driver_megabytes: As ``copies_on_driver`` takes them.
        train: Rows by sha256.
    """
    table = copies_on_driver(augmented_features, variants, driver_megabytes)
    if table is not None:
        return table
    last = train["sha256"][-1].as_py()
    return present_copies(augmented_features, variants.filter(f"sha256 <= '{last}'")).toArrow()


def _keys(rows: "pa.Table") -> "pa.Array":
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = rows["sha256"], rows["fingerprint"], pc.cast(rows["variant"], pa.string())
    return pc.binary_join_element_wise(*parts, ":").combine_chunks()


def named_by_copy(copies: DataFrame) -> DataFrame:
    """Rows of copies whose ``sha256`` also tells the variant: their place in a sum over rows.

    A sum over rows goes by their sha256, which a photograph and its copies share.
    """
    from pyspark.sql import functions as F

    name = F.concat_ws(":", "sha256", "variant")
    return copies.withColumn("sha256", name).drop("variant")


def table_named_by_copy(copies: "pa.Table") -> "pa.Table":
    """``named_by_copy`` of rows that are on the driver."""
    import pyarrow as pa
    import pyarrow.compute as pc

    variants = pc.cast(copies["variant"], pa.string())
    names = pc.binary_join_element_wise(copies["sha256"], variants, ":")
    place = copies.schema.get_field_index("sha256")
    return copies.set_column(place, "sha256", names).drop_columns(["variant"])
