"""Finding the right rows in the table of all features ever computed."""

from fruits_kedro.heavy_types import DataFrame

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
