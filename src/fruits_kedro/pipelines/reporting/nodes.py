"""Builds the report page from the results of a run."""

import logging
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.parameters import ReductionParameters, ReportingParameters
from fruits_kedro.photos.reasons import SENTENCES
from fruits_kedro.pipelines.coverage import coverage_warnings
from fruits_kedro.pipelines.reporting.report import selection
from fruits_kedro.pipelines.reporting.report.page import (
    confusion_matrix,
    labels_that_gain,
    map_data,
    render_page,
)
from fruits_kedro.pipelines.reporting.report.quality import (
    PHOTOGRAPHS,
    find_neighbours,
    find_problems,
    read_examined,
)
from fruits_kedro.pipelines.reporting.report.thumbnails import (
    Thumbnails,
    make_thumbnails,
    read_photographs,
)
from fruits_kedro.storage import schemas
from fruits_kedro.storage.tables import Table

logger = logging.getLogger(__name__)

_CARD_SHARE, _TILE_SHARE = 0.15, 0.6
"""Shares of the page's size for pictures of the galleries and of the map; the rest is for text."""


def find_quality_problems(
    reduced_features: Table, predictions: Table, parameters: ReportingParameters
) -> tuple[pa.Table, pd.DataFrame, dict[str, Any]]:
    """Find near-duplicates between train and test, likely wrong labels, and outliers of a label.

    Returns ``schemas.DATA_QUALITY``, its rows for a spreadsheet, and the counts.
    """
    photographs = len(reduced_features.read(["split"], PHOTOGRAPHS))
    examined, vectors = read_examined(reduced_features, parameters.examined)
    known = _predictions_of(predictions, examined["sha256"].tolist())
    examined = examined.merge(known, on="sha256", how="left")
    examined = find_neighbours(examined, vectors, reduced_features, parameters.neighbours)
    problems, report = find_problems(examined, vectors, parameters)
    logger.info(
        "%d of %d examined test photographs have a near-duplicate in train; %d of %d examined "
        "photographs are likely mislabelled, %d are outliers of their label",
        report["near_duplicates"]["tested_with_twin"],
        report["near_duplicates"]["tested"],
        report["likely_mislabelled"]["found"],
        report["examined"],
        report["outliers"]["found"],
    )
    table = pa.Table.from_pandas(problems, schemas.DATA_QUALITY, preserve_index=False)
    return table, problems.fillna(""), {"photographs": photographs, **report}


def choose_photographs(
    predictions: Table,
    confusions: pd.DataFrame,
    data_quality: Table,
    parameters: ReportingParameters,
) -> dict[str, Any]:
    """Choose what the galleries show: mistakes, hits, confused pairs, and problems by kind."""
    chosen: dict[str, Any] = {"mistakes": [], "hits": [], "pairs": []}
    if len(confusions):
        chosen = {
            "mistakes": selection.choose_tested(predictions, parameters.gallery, right=False),
            "hits": selection.choose_tested(predictions, parameters.gallery, right=True),
            "pairs": selection.choose_pairs(predictions, confusions, parameters.pairs),
        }
    problems = selection.choose_problems(data_quality.to_pandas(), parameters.gallery)
    return chosen | {"problems": problems}


def shrink_photographs(
    chosen_photographs: dict[str, Any],
    map_points: Table,
    images: Table,
    parameters: ReportingParameters,
) -> Thumbnails:
    """Make small pictures of everything that is shown, galleries first."""
    galleries = [chosen_photographs[name] for name in ("mistakes", "hits", "pairs")]
    galleries += chosen_photographs["problems"].values()
    cards = selection.shown_photographs(*galleries)
    points = map_points.read(["sha256", "path"]).to_pydict()
    tiles = dict(zip(points["sha256"], points["path"], strict=True))
    size = parameters.page_megabytes * 10**6
    return make_thumbnails(
        list(cards),
        list(tiles),
        read_photographs(images, list({**cards, **tiles}.items()), parameters.read_megabytes),
        parameters.decoded_megapixels * 10**6,
        int(size * _CARD_SHARE),
        int(size * _TILE_SHARE),
    )


def render_report(
    run_facts: dict[str, Any],
    ingestion: dict[str, Any],
    featurization: dict[str, Any],
    timings: dict[str, Any],
    explained_variance: dict[str, Any],
    map_points: Table,
    predictions: Table,
    metrics: dict[str, Any],
    confusions: pd.DataFrame,
    evaluation: dict[str, Any],
    data_quality_report: dict[str, Any],
    chosen_photographs: dict[str, Any],
    thumbnails: Thumbnails,
    reduction: ReductionParameters,
    reporting: ReportingParameters,
) -> str:
    """Render the page as HTML.

    ``timings`` are those of ``timings.json`` so far, empty in a first run.
    """
    points = map_points.to_pandas()
    known = _predictions_of(predictions, points["sha256"].tolist())
    total = data_quality_report["photographs"]
    classified = metrics if len(confusions) else {}
    covered = classified.get("coverage")
    content = {
        "run_facts": run_facts,
        "ingestion": ingestion,
        "featurization": featurization,
        "timings": timings,
        "sentences": {str(reason): sentence for reason, sentence in SENTENCES.items()},
        "variance": explained_variance,
        "metrics": classified,
        "warnings": coverage_warnings(covered, reporting.covered_share) if covered else [],
        "evaluation": evaluation,
        "gaining": labels_that_gain(evaluation),
        "unpredicted": total - predictions.rows,
        "studio": predictions.read(["studio"]).to_pandas()["studio"].value_counts().to_dict(),
        "quality": data_quality_report,
        **chosen_photographs,
        "total": total,
        "landmarks": reduction.map.landmarks,
        "reporting": reporting,
        "data": {
            "map": map_data(points, known, ingestion["images"], thumbnails),
            "matrix": confusion_matrix(confusions) if classified else None,
        },
    }
    page = render_page(content, ingestion["images"], thumbnails)
    logger.info("The report has %.1f MB", len(page.encode()) / 10**6)
    return page


def _predictions_of(predictions: Table, hashes: list[str]) -> pd.DataFrame:
    columns = ["sha256", "prediction", "probability"]
    chosen = pc.field("sha256").isin(pa.array(hashes, pa.string()))
    frame: pd.DataFrame = predictions.read(columns, chosen).to_pandas()
    return frame.astype({"sha256": object, "prediction": object})
