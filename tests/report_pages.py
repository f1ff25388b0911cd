"""Pages of made-up photographs: any number of labels and points, any names, without Spark."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import yaml
from PIL import Image

from fruits_kedro.model.scores import score
from fruits_kedro.parameters import ReductionParameters, ReportingParameters
from fruits_kedro.pipelines.coverage import coverage
from fruits_kedro.pipelines.reporting import nodes
from fruits_kedro.storage import schemas
from fruits_kedro.storage.tables import Table, write_table

CONF = Path(__file__).resolve().parents[1] / "conf" / "base"


def shipped(group: str) -> dict[str, Any]:
    """Parameters as they are in conf/base."""
    values: dict[str, Any] = yaml.safe_load((CONF / f"parameters_{group}.yml").read_text())[group]
    return values


PARAMETERS = ReportingParameters(**shipped("reporting"))
REDUCTION = ReductionParameters(**shipped("reduction"))


def stored(folder: Path, schema: pa.Schema, **columns: Any) -> Table:
    """A stored table; columns that are not given are null."""
    rows = len(next(iter(columns.values())))
    nothing: list[None] = [None] * rows
    arrays = [pa.array(list(columns.get(f.name, nothing)), f.type) for f in schema]
    table = pa.Table.from_arrays(arrays, schema=schema)
    return Table(str(folder), schema, tuple(write_table(str(folder), 1, table, schema)))


def photograph(seed: int, side: int = 40) -> bytes:
    """A JPEG of noise, which takes more bytes than any photograph."""
    rng = np.random.default_rng(seed)
    buffer = io.BytesIO()
    pixels = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def make_page(
    folder: Path,
    labels: Sequence[str],
    each: int = 6,
    classified: bool = True,
    evaluation: dict[str, Any] | None = None,
    side: int = 40,
    mistakes: float = 0.1,
    parameters: ReportingParameters = PARAMETERS,
    untested: Sequence[str] = (),
    layout: dict[str, Any] | None = None,
) -> str:
    """The report of made-up photographs, through the nodes that make a real one.

    A third of each label tests, none of those ``untested``; ``mistakes`` is a share of predictions.
    """
    rng = np.random.default_rng(7)
    rows = len(labels) * each
    frame = pd.DataFrame({"label": np.repeat(labels, each), "number": [*range(each)] * len(labels)})
    tests = (frame["number"] % 3 == 2) & ~frame["label"].isin(list(untested))
    frame["split"] = np.where(tests, "test", "train")
    frame["path"] = "/photos/" + frame["label"] + "/" + frame["number"].astype(str) + ".jpg"
    frame["sha256"] = [f"{n * 7919 % 1_000_003:064x}" for n in range(rows)]
    codes, names = pd.factorize(frame["label"])
    components = rng.normal(size=(rows, 16)) + 8 * rng.normal(size=(len(names), 16))[codes]
    other = np.asarray(names, object)[(codes + 1) % len(names)]
    wrong = rng.random(rows) < mistakes
    frame["prediction"] = np.where(wrong, other, frame["label"])
    frame["probability"] = rng.uniform(0.3, 1, rows)

    def store(name: str, schema: pa.Schema, **columns: Any) -> Table:
        known = {column: frame[column] for column in schema.names if column in frame}
        return stored(folder / name, schema, **known | columns)

    vectors = {"components": components.astype(np.float32), "variant": np.zeros(rows, np.int32)}
    reduced = store("reduced", schemas.REDUCED_FEATURES, **vectors)
    points = {f"pc_{n + 1}": components[:, n] for n in range(2)}
    points |= {"x": components[:, 2], "y": components[:, 3]}
    map_points = store("map", schemas.MAP_POINTS, **points)
    predictions = store("predictions", schemas.PREDICTIONS, studio=frame["number"] % 3 == 0)
    if not classified:
        predictions = Table(str(folder / "none"), schemas.PREDICTIONS)
    images = store("images", schemas.IMAGES, bytes=[photograph(n, side) for n in range(rows)])
    test = frame[frame["split"] == "test"]
    confusions = test.groupby(["label", "prediction"]).size().rename("rows").reset_index()
    metrics = score(test["label"], test["prediction"])
    covered = coverage(metrics["per_label"], labels)
    metrics |= {"split": "folder", "rows": {"test": len(test)}, "coverage": covered}
    if not classified:
        confusions, metrics = confusions.iloc[:0], {}
    quality, _, quality_report = nodes.find_quality_problems(reduced, predictions, parameters)
    found = store("quality", schemas.DATA_QUALITY, **quality.to_pydict())
    chosen = nodes.choose_photographs(predictions, confusions, found, parameters)
    small = nodes.shrink_photographs(chosen, map_points, images, parameters)
    return nodes.render_report(
        *facts(frame, labels, layout, timed=classified),
        variance(),
        map_points,
        predictions,
        metrics,
        confusions,
        evaluation or {},
        quality_report,
        chosen,
        small,
        REDUCTION,
        parameters,
    )


def facts(
    frame: pd.DataFrame, labels: Sequence[str], layout: dict[str, Any] | None, timed: bool
) -> tuple[dict[str, Any], ...]:
    """What a run says about itself."""
    ingestion = {
        "images": "/photos",
        "listed": len(frame) + 3,
        "kept": len(frame),
        "duplicates": 1,
        "rejected": 1,
        "ignored": 1,
        "read": len(frame),
        "rejected_by_reason": {"empty_file": 1},
        "ignored_by_extension": {"txt": 1},
        "kept_by_label": dict.fromkeys(labels, 6),
        "kept_by_source": {"images": len(frame) - 2, "own": 2},
    } | ({"layout": layout} if layout else {})
    featurization = {"inferred": len(frame), "undecodable": 0, "fingerprint": "ab12"}
    stage = {"run": "2026-11-25T21.51.00.000Z", "seconds": 4.0, "nodes": {"compute_features": 4.0}}
    changed = [{"name": "reduction.k", "value": "0.9", "default": "300"}]
    handed = {"environment": "local", "parameters": changed, "versions": {"python": "3.11"}}
    timings = {"pipelines": {"featurization": stage}} if timed else {}
    return handed, ingestion, featurization, timings


def variance() -> dict[str, Any]:
    shares = [0.5, 0.3, 0.1]
    return {
        "k": 3,
        "train_rows": 100,
        "explained_variance": 0.9,
        "explained_variance_ratio": shares,
        "cumulative": list(np.cumsum(shares)),
    }
