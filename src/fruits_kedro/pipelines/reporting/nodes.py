"""Builds the report page from the results of a run."""

import logging
from collections import Counter
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.parameters import ReductionParameters, ReportingParameters
from fruits_kedro.photos.reasons import SENTENCES
from fruits_kedro.pipelines.reporting.report import selection, tables
from fruits_kedro.pipelines.reporting.report.page import render_page
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
from fruits_kedro.pipelines.reporting.run_facts import Facts
from fruits_kedro.storage import schemas
from fruits_kedro.storage.heavy_types import ArrowTable
from fruits_kedro.storage.tables import Table

logger = logging.getLogger(__name__)

_CARD_SHARE, _TILE_SHARE = 0.15, 0.6
"""Shares of the page's size for pictures of the galleries and of the map; the rest is for text."""
_IGNORED, _OUTLIER_LABELS = 12, 200
"""Rows of these tables on the page, at most."""


def find_quality_problems(
    reduced_features: Table, predictions: Table, parameters: ReportingParameters
) -> tuple[ArrowTable, pd.DataFrame, dict[str, Any]]:
    """Find near-duplicates between train and test, likely wrong labels, and outliers of a label.

    Returns ``schemas.DATA_QUALITY``, its rows for a spreadsheet, and the counts.
    """
    photographs = len(reduced_features.read(["split"], PHOTOGRAPHS))
    examined, vectors = read_examined(reduced_features, parameters.examined)
    known = _predictions_of(predictions, examined["sha256"].tolist())
    examined = examined.merge(known, on="sha256", how="left")
    neighbours = find_neighbours(examined, vectors, reduced_features, parameters.neighbours)
    problems, report = find_problems(examined, vectors, neighbours, parameters)
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
    facts: Facts,
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
    """Render the page as HTML."""
    images = facts["images"]
    total = data_quality_report["photographs"]
    points = map_points.to_pandas()
    known = _predictions_of(predictions, points["sha256"].tolist())
    evaluated = tables.evaluated_photographs(evaluation)
    classified = metrics if len(confusions) else {}
    matrix = tables.confusion_matrix(confusions) if classified else None
    outliers = data_quality_report["outliers"]["by_label"]
    landmarks = reduction.map.landmarks
    content = {
        "facts": facts,
        "layout": facts["counts"].get("layout"),
        "sentences": {str(reason): sentence for reason, sentence in SENTENCES.items()},
        "ignored": Counter(facts["counts"]["ignored_by_extension"]).most_common(_IGNORED),
        "stages": tables.stages_of(facts),
        "variance": tables.variance_charts(explained_variance),
        "metrics": classified,
        "stands_on": tables.figures_stand_on(classified, reporting.covered_share),
        "matrix": matrix,
        "per_label": tables.label_scores(classified) if classified else None,
        "splits": tables.compare_splits(classified, evaluation),
        "own": tables.own_photographs(evaluation),
        "evaluation": evaluation,
        "evaluation_of_others": evaluated if evaluated not in (None, total) else None,
        "capture": evaluation.get("capture", {}).get("mean"),
        "unpredicted": total - predictions.rows,
        "borders": tables.count_borders(predictions.read(["studio"])["studio"]),
        "csv_rows": reporting.csv_rows if total > reporting.csv_rows else None,
        "quality": data_quality_report,
        "outlier_labels": Counter(outliers).most_common(_OUTLIER_LABELS),
        **chosen_photographs,
        "total": total,
        "map": {
            "points": len(points),
            "sampled": len(points) < total,
            "landmarks": min(len(points), landmarks),
            "beside": max(0, len(points) - landmarks),
            "without_picture": len(points) - len(thumbnails.tiles),
        },
        "data": {"map": tables.map_data(points, known, images, thumbnails), "matrix": matrix},
    }
    page = render_page(content, images, thumbnails)
    logger.info("The report has %.1f MB", len(page.encode()) / 10**6)
    return page


def _predictions_of(predictions: Table, hashes: list[str]) -> pd.DataFrame:
    columns = ["sha256", "prediction", "probability"]
    chosen = pc.field("sha256").isin(pa.array(hashes, pa.string()))
    frame: pd.DataFrame = predictions.read(columns, chosen).to_pandas()
    return frame.astype({"sha256": object, "prediction": object})
