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

from fruits_kedro.datasets.arrow_parquet import columns_of, render_parquet
from fruits_kedro.model.scores import score
from fruits_kedro.parameters import ReductionParameters
from fruits_kedro.parameters.reporting import ReportingParameters
from fruits_kedro.pipelines.reporting import nodes
from fruits_kedro.storage import schemas
from fruits_kedro.storage.stored_rows import remember_parts

CONF = Path(__file__).resolve().parents[1] / "conf" / "base"


def shipped(group: str) -> dict[str, Any]:
    """Parameters as they are in conf/base."""
    values: dict[str, Any] = yaml.safe_load((CONF / f"parameters_{group}.yml").read_text())[group]
    return values


PARAMETERS = ReportingParameters(**shipped("reporting"))
REDUCTION = ReductionParameters(**shipped("reduction"))


class Stored:
    """What nodes need of a table that comes from storage."""

    def __init__(self, folder: Path, table: pa.Table, schema: str) -> None:
        folder.mkdir(parents=True)
        (folder / "rows.parquet").write_bytes(render_parquet(table, schema))
        self.columns = [name for name, _ in columns_of(schema)]
        remember_parts(self, [str(folder)])  # type: ignore[arg-type]


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
) -> str:
    """The report of made-up photographs, through the nodes that make a real one.

    Args:
        folder: For tables; must be new.
        labels: Names, any.
        each: Photographs per label, a third of which test.
        classified: Whether there is a classifier.
        evaluation: Content of ``evaluation.json``.
        side: Pixels of a photograph.
        mistakes: Share of predictions that are wrong.
        parameters: Of the report.
    """
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        [(label, number) for label in labels for number in range(each)], columns=["label", "number"]
    )
    rows = len(frame)
    frame["split"] = np.where(frame["number"] % 3 == 2, "test", "train")
    frame["path"] = "/photos/" + frame["label"] + "/" + frame["number"].astype(str) + ".jpg"
    frame["sha256"] = [f"{n * 7919 % 1_000_003:064x}" for n in range(rows)]
    codes, names = pd.factorize(frame["label"])
    components = rng.normal(size=(rows, 16)) + 8 * rng.normal(size=(len(names), 16))[codes]
    other = np.asarray(names, object)[(codes + 1) % len(names)]
    wrong = rng.random(rows) < mistakes
    frame["prediction"] = np.where(wrong, other, frame["label"])
    frame["probability"] = rng.uniform(0.3, 1, rows)

    def store(name: str, schema: str, **columns: Any) -> Any:
        kept = {
            n: pa.array(list(columns.get(n, frame.get(n, [None] * rows)))) for n in names_of(schema)
        }
        return Stored(folder / name, pa.table(kept), schema)

    vectors = pa.array(list(components.astype(np.float32)))
    reduced = store("reduced", schemas.REDUCED_FEATURES, components=vectors)
    points = {f"pc_{n + 1}": components[:, n] for n in range(2)}
    points |= {"x": components[:, 2], "y": components[:, 3]}
    map_points = store("map", schemas.MAP_POINTS, **points)
    predictions = store("predictions", schemas.PREDICTIONS)
    if not classified:
        empty = pa.table({n: pa.array([], pa.string()) for n in names_of(schemas.PREDICTIONS)})
        predictions = Stored(folder / "none", empty, schemas.PREDICTIONS)
    images = store("images", schemas.IMAGES, bytes=[photograph(n, side) for n in range(rows)])
    test = frame[frame["split"] == "test"]
    confusions = test.groupby(["label", "prediction"]).size().rename("rows").reset_index()
    metrics = {"split": "folder", "rows": {"test": len(test)}, **_scores(confusions)}
    if not classified:
        confusions, metrics = confusions.iloc[:0], {}
    quality, _, quality_report = nodes.find_quality_problems(reduced, predictions, parameters)
    stored_quality = Stored(folder / "quality", quality, schemas.DATA_QUALITY)
    chosen = nodes.choose_photographs(predictions, confusions, stored_quality, parameters)
    small = nodes.shrink_photographs(chosen, map_points, images, parameters)
    return nodes.render_report(
        facts(frame, labels),
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
    )


def names_of(schema: str) -> list[str]:
    return [name for name, _ in columns_of(schema)]


def _scores(confusions: pd.DataFrame) -> dict[str, Any]:
    return {k: v for k, v in score(confusions).items() if k != "rows"}


def facts(frame: pd.DataFrame, labels: Sequence[str]) -> dict[str, Any]:
    """What a run says of itself."""
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
    }
    featurization = {"inferred": len(frame), "undecodable": 0, "fingerprint": "ab12"}
    stage = {"run": "2026-11-25T21.51.00.000Z", "seconds": 4.0, "nodes": {"compute_features": 4.0}}
    handed = {
        "environment": "local",
        "parameters": [{"name": "reduction.k", "value": "0.9", "default": "300"}],
        "versions": {"python": "3.11"},
    }
    timings = {"pipelines": {"featurization": stage}}
    return nodes.gather_run_facts(handed, ingestion, featurization, {"method": "folder"}, timings)


def variance() -> dict[str, Any]:
    shares = [0.5, 0.3, 0.1]
    return {
        "k": 3,
        "train_rows": 100,
        "explained_variance": 0.9,
        "explained_variance_ratio": shares,
        "cumulative": list(np.cumsum(shares)),
    }
