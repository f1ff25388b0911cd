"""The columns of every table, as Spark DDL: catalog, nodes and tests read the same words."""

from fruits_kedro.storage.heavy_types import DataFrame

LISTING = "path string, label string, split string, size bigint, modified string, reason string"
"""One row per candidate photograph found, before anything is read; ``reason`` if unreadable."""

IMAGES = (
    "path string, label string, split string, size bigint, modified string, sha256 string, "
    "width int, height int, format string, bytes binary, reason string"
)
"""One row per file ever read, keyed by (path, size, modified)."""

PHOTOGRAPHS = (
    "path string, label string, split string, size bigint, modified string, sha256 string, "
    "status string, reason string"
)
"""The present listing resolved: one row per candidate, ``kept``, ``duplicate`` or ``rejected``."""

FEATURES = (
    "sha256 string, path string, label string, split string, fingerprint string, variant int, "
    "features array<float>, reason string"
)
"""One row per (sha256, fingerprint, variant) ever computed: 1280 float32, or the reason."""

VARIANTS = "sha256 string, path string, label string, variant int, fingerprint string"
"""Copies of train photographs that shall be there; ``fingerprint`` is that of their features."""

SPLITS = "path string, label string, split string, sha256 string"
"""Photographs with features, each assigned to ``train``, ``test`` or ``validation``."""

REDUCED_FEATURES = "path string, label string, split string, sha256 string, components array<float>"
"""One row per photograph: its principal components, float32."""

REDUCED_VARIANTS = "sha256 string, variant int, label string, components array<float>"
"""One row per copy of a train photograph: its principal components, float32."""

MAP_POINTS = (
    "path string, label string, split string, sha256 string, x double, y double, pc_1 double, "
    "pc_2 double"
)
"""One row per photograph of a sample: its place on the t-SNE map, and on two components."""

CANDIDATES = (
    "prediction string, probability double, second string, second_probability double, "
    "third string, third_probability double"
)
"""The three most probable labels of a row, null beyond those there are."""

DOUBTS = "sure boolean, outlier_score double, outlier boolean"
"""How far the first label is to be believed; null where nothing was chosen to go by."""

PREDICTED = f"{CANDIDATES}, {DOUBTS}"
"""All that a classifier adds to a row."""

PREDICTIONS = f"path string, label string, split string, sha256 string, {PREDICTED}"
"""One row per photograph: the three most probable labels, and how far they are to be believed."""

DATA_QUALITY = (
    "problem string, path string, label string, split string, sha256 string, value double, "
    "suggested_label string, other_path string, other_label string, other_split string, "
    "other_sha256 string"
)
"""One row per finding: ``near_duplicate`` of a train photograph (value: cosine),
``likely_mislabelled`` (share of neighbours) or ``outlier`` (robust standard deviations)."""

FACTS = (
    "common_name string, species string, family string, taste string, season string, "
    "storage string, biodiversity string, sources string"
)
"""What is known of the predicted label (``facts.FruitFacts``), null where nothing is."""

INFERENCE = f"path string, {PREDICTED}, reason string, {FACTS}"
"""One row per new photograph: its three most probable labels, or the reason why none; and facts."""

NEW_PHOTOGRAPHS = "path string, size bigint, listing_reason string"
"""One row per new photograph found, before it is read."""


def names_of(ddl: str) -> list[str]:
    """The names of columns without parentheses in their types."""
    return [column.split()[0] for column in ddl.split(", ")]


def ddl_of(rows: DataFrame) -> str:
    """The columns of a table that is there."""
    return ", ".join(f"`{f.name}` {f.dataType.simpleString()}" for f in rows.schema.fields)
