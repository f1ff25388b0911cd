"""The columns of every table of the catalog."""

import pyarrow as pa

_TEXT, _FLAG, _INT, _LONG = pa.string(), pa.bool_(), pa.int32(), pa.int64()
_DOUBLE, _VECTOR = pa.float64(), pa.list_(pa.float32())

IMAGES = pa.schema(
    {"path": _TEXT, "size": _LONG, "modified": _TEXT, "sha256": _TEXT}
    | {"width": _INT, "height": _INT, "format": _TEXT}
    | {"bytes": pa.binary(), "reason": _TEXT}
)
"""One row per file ever read, keyed by (path, size, modified)."""

_WHERE = {"path": _TEXT, "label": _TEXT, "split": _TEXT, "source": _TEXT, "place": _TEXT}

PHOTOGRAPHS = pa.schema(
    _WHERE
    | {"capture": _TEXT, "size": _LONG, "modified": _TEXT, "sha256": _TEXT}
    | {"status": _TEXT, "reason": _TEXT}
)
"""The present listing: one row per candidate, ``kept``, ``duplicate`` or ``rejected``."""

FEATURES = pa.schema(
    {"sha256": _TEXT, "fingerprint": _TEXT, "variant": _INT}
    | {"features": _VECTOR, "studio": _FLAG, "reason": _TEXT}
)
"""One row per (sha256, fingerprint, variant) ever computed: float32 features, or the reason.

Variant 0 is the photograph itself; its augmented copies count from 1. ``studio`` says whether the
border of the photograph has one colour; null for copies. Labels belong to files, not to features:
join ``photographs`` on ``sha256``.
"""

VARIANTS = pa.schema({"sha256": _TEXT, "variant": _INT, "fingerprint": _TEXT})
"""One row per augmented copy of a train photograph that is needed; variants count from 1."""

REDUCED_FEATURES = pa.schema(
    _WHERE | {"sha256": _TEXT, "variant": _INT, "studio": _FLAG, "components": _VECTOR}
)
"""One row per photograph (variant 0) and per augmented copy: principal components, float32."""

MAP_POINTS = pa.schema(
    {"path": _TEXT, "label": _TEXT, "split": _TEXT, "sha256": _TEXT}
    | {"x": _DOUBLE, "y": _DOUBLE, "pc_1": _DOUBLE, "pc_2": _DOUBLE}
)
"""One row per photograph of a sample: its place on the t-SNE map, and on two components."""

CANDIDATES = {
    "prediction": _TEXT,
    "probability": _DOUBLE,
    "second": _TEXT,
    "second_probability": _DOUBLE,
    "third": _TEXT,
    "third_probability": _DOUBLE,
}
"""The three most probable labels of a row; null if there are fewer labels."""

DOUBTS = {"sure": _FLAG, "outlier_score": _DOUBLE, "outlier": _FLAG}
"""How far the first label can be believed; null without calibration."""

PREDICTED = CANDIDATES | DOUBTS
"""Everything that a classifier adds to a row."""

PREDICTIONS = pa.schema(_WHERE | {"sha256": _TEXT, "studio": _FLAG} | PREDICTED)
"""One row per photograph: the three most probable labels, and how far they can be believed."""

DATA_QUALITY = pa.schema(
    {"problem": _TEXT, "path": _TEXT, "label": _TEXT, "split": _TEXT, "sha256": _TEXT}
    | {"value": _DOUBLE, "suggested_label": _TEXT}
    | {"other_path": _TEXT, "other_label": _TEXT, "other_split": _TEXT, "other_sha256": _TEXT}
)
"""One row per finding: ``near_duplicate`` of a train photograph (value: cosine),
``likely_mislabelled`` (share of neighbours) or ``outlier`` (robust standard deviations)."""

FACTS = dict.fromkeys(
    ("common_name", "species", "family", "taste", "season", "storage", "biodiversity", "sources"),
    _TEXT,
)
"""Facts about the predicted label; null if none are known."""

INFERENCE = pa.schema({"path": _TEXT, "studio": _FLAG} | PREDICTED | {"reason": _TEXT} | FACTS)
"""One row per new file: its three most probable labels with facts, or the reason for none."""
